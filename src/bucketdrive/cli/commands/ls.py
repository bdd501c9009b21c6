"""`bucketdrive ls`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_place, open_drive
from bucketdrive.cli.progress import Progress
from bucketdrive.model.reports import TreeEntry


@click.command(
    epilog=options.epilog(
        "bucketdrive ls", "bucketdrive ls notes --as-of 2026-11-24T08:15", codes=(0, 1, 2, 3, 5, 7, 130)
    )
)
@click.argument("path", metavar="[FOLDER_OR_PATH]", default=".")
@options.as_of
@options.folder_option
@options.as_json
def command(path: str, folder: Path | None, *, as_of: str, as_json: bool) -> None:
    """List the files in the bucket, as they are now or were at some moment.

    All files at and below FOLDER_OR_PATH, a drive's folder or a path in it; without it, the working directory. What
    has not gone up yet is not listed.
    """
    root, inside = find_place(path, folder)
    with Progress() as progress, open_drive(root, progress) as drive:
        found = drive.ls(inside, as_of)
    if as_json:
        output.show_json({"entries": [entry.to_json() for entry in found]})
        return
    if not found:
        output.say("There are no files.")
        return
    output.show_table(("WRITTEN", "SIZE", "PATH"), map(_row, found), right=(1,))


def _row(entry: TreeEntry) -> tuple[str, ...]:
    return (output.time_text(entry.modified), output.size_text(entry.size), entry.path)
