"""`bucketdrive approve`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import open_drive


@click.command(epilog=options.epilog("bucketdrive approve", "bucketdrive approve ~/Photos --json"))
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> None:
    """Let deletions happen that a guard holds.

    When far more is deleted than usual, the deletions wait. They happen with the next sync after this.
    """
    with open_drive(folder) as drive:
        number = drive.approve()
    if as_json:
        output.show_json({"approved": number})
        return
    output.say(f"Approved {output.count_text(number, 'deletion')}." if number else "No deletion waits for approval.")
    if number:
        output.hint("bucketdrive sync")
