"""`bucketdrive restore`."""

from pathlib import Path

import click

from bucketdrive.cli import options
from bucketdrive.cli.open import find_path, find_place, open_drive
from bucketdrive.cli.progress import Progress
from bucketdrive.cli.reporting import show_report


@click.command(
    epilog=options.epilog(
        "bucketdrive restore notes/today.txt",
        "bucketdrive restore report.odt --version 3sL4kqtJlcpXroDTDmJ",
        "bucketdrive restore photos --as-of 2h --dry-run",
        codes=(0, 1, 2, 3, 4, 5, 7, 130),
    )
)
@click.argument("path")
@click.option(
    "--version", "version_id", metavar="ID", default="", help="Which version.  [default: last before deletion]"
)
@options.as_of
@options.folder_option
@options.dry_run
@options.as_json
def command(path: str, folder: Path | None, *, version_id: str, as_of: str, dry_run: bool, as_json: bool) -> int:
    """Bring back a deleted file, an old version of one, or a file or folder as it was.

    With --as-of, all files at and below PATH come back as they were then; files made since stay. The old content
    becomes the newest version; what is there now stays a version too, and no version is ever deleted. A change here
    that has not gone up yet goes up first.
    """
    root, inside = find_place(path, folder) if as_of else find_path(path, folder)
    with Progress() as progress, open_drive(root, progress) as drive:
        report = drive.restore(inside, version_id, as_of, dry_run=dry_run)
    return show_report(report, as_json=as_json)
