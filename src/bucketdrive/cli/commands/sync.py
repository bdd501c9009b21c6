"""`bucketdrive sync`."""

from pathlib import Path

import click

from bucketdrive.cli import options
from bucketdrive.cli.open import open_drive
from bucketdrive.cli.progress import Progress
from bucketdrive.cli.reporting import show_report


@click.command(
    epilog=options.epilog(
        "bucketdrive sync",
        "bucketdrive sync ~/Photos --dry-run",
        codes=(0, 1, 2, 3, 4, 5, 7, 130),
    )
)
@options.folder_argument
@options.dry_run
@options.as_json
def command(folder: Path | None, *, dry_run: bool, as_json: bool) -> int:
    """Make a drive's folder and bucket the same, once.

    FOLDER is the drive's folder or any below it; without it, the drive of the working directory. Where both sides
    changed a file, the first to reach the bucket keeps the name and the other becomes a conflict copy beside it.
    """
    with Progress() as progress, open_drive(folder, progress) as drive:
        report = drive.sync(dry_run=dry_run)
    return show_report(report, as_json=as_json)
