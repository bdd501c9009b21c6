"""`bucketdrive trash empty`."""

from collections.abc import Callable
from pathlib import Path

import click

from bucketdrive.cli import asking, options, output
from bucketdrive.cli.open import find_place, find_record
from bucketdrive.model.trash import EmptyReport

_WORD = "destroy"


@click.command(
    epilog=options.epilog(
        "bucketdrive trash empty --before 2026-01-01 --profile admin --dry-run",
        "bucketdrive trash empty videos --profile admin",
        codes=(0, 1, 2, 3, 4, 5, 130),
    )
)
@click.argument("path", metavar="[FOLDER_OR_PATH]", default=".")
@click.option(
    "--before", metavar="TIME", default="", help="Only what was deleted until then: an age (30d, 4w) or ISO 8601."
)
@click.option("--profile", metavar="NAME", default="", help="Profile of the AWS configuration, instead of the drive's.")
@options.folder_option
@options.yes
@options.dry_run
@options.as_json
def command(path: str, folder: Path | None, *, is_sure: bool, dry_run: bool, as_json: bool, **wanted: str) -> int:
    """Destroy deleted files for good, with all their versions. Nothing brings them back.

    Those at and below FOLDER_OR_PATH; without it, the working directory. It says what it destroys, and asks. No version
    of a file that is live is touched. It needs credentials that may destroy versions, which a device should not have.
    """
    root, inside = find_place(path, folder)
    from bucketdrive.drive.emptying import TrashCan  # noqa: PLC0415  it brings the SDK with it

    can = TrashCan(find_record(root), wanted["profile"])
    counted = can.count(inside, wanted["before"])
    if dry_run or not counted.files:
        return _show(counted, as_json=as_json)
    if not is_sure:
        what = f"{counted.drive}: {_what(counted)} will be destroyed for good."
        if not asking.agrees(output.safe(f"{what} No restore and no undelete brings them back."), _WORD):
            output.tell("Nothing was destroyed.")
            return 1
    try:
        report = can.empty(counted, _progress(counted.files))
    finally:
        if output.may_redraw():
            output.redraw("")
    return _show(report, as_json=as_json)


def _progress(files: int) -> Callable[[int, int], None]:
    def hear(done: int, versions: int) -> None:
        if output.may_redraw():
            output.redraw(f"{done:,} of {files:,} files, {versions:,} versions")

    return hear


def _show(report: EmptyReport, *, as_json: bool) -> int:
    if as_json:
        output.show_json(report.to_json())
        return report.exit_code
    if report.is_done:
        output.say(output.safe(f"{report.drive}: {_what(report)} were destroyed."))
    elif report.files:
        output.say(output.safe(f"{report.drive}: {_what(report)} would be destroyed for good. Nothing was done."))
    else:
        output.say("Nothing is in the trash there that could be destroyed.")
    if report.moved:
        kept = output.count_text(report.moved, "file")
        output.say(f"{kept} with the history of what was moved and has another name now: left alone.")
    for what, paths in (("spared", report.spared), ("not destroyed, ask again", report.failed)):
        for entry in paths:
            output.say(output.safe(f"{what}: {entry.path}: {entry.reason}"))
    return report.exit_code


def _what(report: EmptyReport) -> str:
    files, versions = output.count_text(report.files, "deleted file"), output.count_text(report.versions, "version")
    markers = output.count_text(report.markers, "delete marker")
    return f"{files} with {versions} ({output.size_text(report.size_bytes)}) and {markers}"
