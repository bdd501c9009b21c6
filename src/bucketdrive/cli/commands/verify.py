"""`bucketdrive verify`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import open_drive
from bucketdrive.model.reports import VerifyReport


@click.command(
    epilog=options.epilog(
        "bucketdrive verify", "bucketdrive verify ~/Photos --full --json", codes=(0, 1, 2, 3, 4, 5, 7, 130)
    )
)
@options.folder_argument
@click.option("--full", is_flag=True, help="Read every file here, and download those whose ETag is no proof.")
@options.as_json
def command(folder: Path | None, *, full: bool, as_json: bool) -> int:
    """Compare folder, state and bucket by hash. Changes nothing.

    Without --full, files that look changed are read here and a hundred others, chosen by chance, and nothing is
    downloaded. What has not been synced yet is listed as well.
    """
    with open_drive(folder) as drive:
        report = drive.verify(full=full)
    if as_json:
        output.show_json(report.to_json())
        return report.exit_code
    for difference in report.differences:
        output.say(output.safe(": ".join(filter(None, (difference.path, difference.what)))))
    output.say(_summary(report))
    if report.differences:
        output.hint("bucketdrive sync settles what is merely not synced yet; versions and restore bring contents back.")
    return report.exit_code


def _summary(report: VerifyReport) -> str:
    found = f"{output.count_text(len(report.differences), 'difference')}" if report.differences else "All agrees"
    checked = f"{output.count_text(report.files, 'file')}, {report.read_here:,} read here"
    proved = f"{report.proved_in_bucket:,} proved in the bucket"
    return f"{found}. {checked}, {proved}. {output.count_text(sum(report.requests.values()), 'request')}."
