"""`bucketdrive retention`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import asking, options, output
from bucketdrive.cli.open import find_record

if TYPE_CHECKING:
    from bucketdrive.model.retention import RetentionReport


@click.command(
    epilog=options.epilog(
        "bucketdrive retention",
        "bucketdrive retention ~/Photos --versions 30d --deleted 180d --keep-last 5 --profile admin",
        "bucketdrive retention --versions 1y --deleted 1y --dry-run",
        codes=(0, 1, 2, 3, 4, 5, 7, 130),
    )
)
@options.folder_argument
@click.option("--versions", metavar="AGE", default="", help="Keep old versions so long: 30d, 26w, 1y, or forever.")
@click.option("--deleted", metavar="AGE", default="", help="Keep deleted files so long.")
@click.option(
    "--keep-last", type=click.IntRange(0), metavar="N", help="Keep the newest N old versions as long as deleted files."
)
@click.option("--profile", metavar="NAME", default="", help="Profile of the AWS configuration, instead of the drive's.")
@options.yes
@options.dry_run
@options.as_json
def command(
    folder: Path | None, *, profile: str, is_sure: bool, dry_run: bool, as_json: bool, **wanted: str | int | None
) -> int:
    """Show how long old versions and deleted files can be had, by the bucket's lifecycle rules; or set that.

    What is not named stays as it is. Rules of others stay as they are. The change is shown before it is made, and
    afterwards what the store really keeps. Nothing ever goes sooner than asked. Setting needs credentials that may
    write lifecycle rules.
    """
    record = find_record(folder)
    from bucketdrive.drive.retention import Asked, Keeping  # noqa: PLC0415  it brings the SDK with it

    keeping = Keeping(record, profile)
    if not any(wanted.values()) and wanted["keep_last"] is None:
        return _show(keeping.read(), as_json=as_json)
    proposal = keeping.propose(Asked(**wanted))  # type: ignore[arg-type]  # the options above are its fields
    if dry_run or not proposal.report.changes:
        return _show(proposal.report, as_json=as_json)
    if not is_sure:
        if not as_json:
            _show(proposal.report, as_json=False)
        if not asking.agrees("Set these rules?"):
            output.tell("Nothing was changed.")
            return 1
    return _show(keeping.set(proposal), as_json=as_json)


def _show(report: "RetentionReport", *, as_json: bool) -> int:
    if as_json:
        output.show_json(report.to_json())
        return report.exit_code
    output.say(output.safe(report.drive))
    for sentence in [*report.warnings, *report.says, *(f"NOT AS ASKED: {text}" for text in report.shortfalls)]:
        output.say(output.safe(f"  {sentence}"))
    lines = report.changes or report.rules
    if lines:
        heading = "Changed:" if report.is_set else "Would change:" if report.changes else "Rules:"
        output.say(f"  {heading}")
    for line in lines:
        output.say(output.safe(f"    {line}"))
    if not report.changes and not report.is_set and not lines:
        output.hint("bucketdrive retention --versions 30d --deleted 180d --keep-last 5")
    return report.exit_code
