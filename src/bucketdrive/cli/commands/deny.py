"""`bucketdrive deny`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import open_drive


@click.command(epilog=options.epilog("bucketdrive deny", "bucketdrive deny ~/Photos --json"))
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> None:
    """Undo deletions that a guard holds: the files come back with the next sync."""
    with open_drive(folder) as drive:
        number = drive.deny()
    if as_json:
        output.show_json({"denied": number})
        return
    output.say(f"Denied {output.count_text(number, 'deletion')}." if number else "No deletion waits for approval.")
    if number:
        output.hint("bucketdrive sync")
