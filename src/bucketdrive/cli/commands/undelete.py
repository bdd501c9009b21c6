"""`bucketdrive undelete`."""

from pathlib import Path

import click

from bucketdrive.cli import options
from bucketdrive.cli.open import find_place, find_record, open_drive
from bucketdrive.cli.progress import Progress
from bucketdrive.cli.reporting import show_report
from bucketdrive.errors import UsageError
from bucketdrive.model.trash import Which


@click.command(
    epilog=options.epilog(
        "bucketdrive undelete notes/today.txt photos/2025",
        "bucketdrive undelete --all --since 2h --by laptop --dry-run",
        codes=(0, 1, 2, 3, 4, 5, 7, 130),
    )
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="All deleted files of the drive.")
@options.deleted_since
@options.deleted_until
@options.deleted_by
@options.folder_option
@options.dry_run
@options.as_json
def command(
    paths: tuple[str, ...], folder: Path | None, *, is_all: bool, dry_run: bool, as_json: bool, **which: str
) -> int:
    """Bring back deleted files: those named, all below folders named, or with --all those of the whole drive.

    Each comes back with its last content, as a new version; a file that is there already is left alone. So it may be
    asked again, and goes on where it was broken off. No version is deleted.
    """
    if is_all == bool(paths):
        raise UsageError("Name files or folders, or --all. Nothing was restored.", hint="bucketdrive trash shows them.")
    places = [find_place(path, folder) for path in paths]
    root = places[0][0] if places else find_record(folder).folder
    if any(other != root for other, _ in places):
        raise UsageError("They are of different drives. Nothing was restored.", hint="Name those of one drive.")
    with Progress() as progress, open_drive(root, progress) as drive:
        report = drive.undelete([inside for _, inside in places], Which(**which), dry_run=dry_run)
    return show_report(report, as_json=as_json)
