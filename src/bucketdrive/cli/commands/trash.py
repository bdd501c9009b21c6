"""`bucketdrive trash`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import open_drive


@click.command(epilog=options.epilog("bucketdrive trash", "bucketdrive trash ~/Photos --json", codes=(0, 1, 2, 3, 5)))
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> None:
    """List deleted files that can be restored."""
    with open_drive(folder) as drive:
        found = drive.trash()
    if as_json:
        output.show_json({"deleted": [deleted.to_json() for deleted in found]})
        return
    if not found:
        output.say("The trash is empty.")
        return
    rows = ((output.time_text(entry.deleted), output.size_text(entry.size), entry.path) for entry in found)
    output.show_table(("DELETED", "SIZE", "PATH"), rows, right=(1,))
    output.hint("bucketdrive restore PATH")
