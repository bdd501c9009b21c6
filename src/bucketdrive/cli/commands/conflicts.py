"""`bucketdrive conflicts`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import open_drive


@click.command(epilog=options.epilog("bucketdrive conflicts", "bucketdrive conflicts ~/Photos --json"))
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> None:
    """List conflict copies that wait for you.

    A conflict copy is an ordinary file. Keep what you want of the two, and delete or rename the copy.
    """
    with open_drive(folder) as drive:
        found = drive.conflicts()
    if as_json:
        output.show_json({"conflicts": found})
        return
    for path in found or ["There are no conflict copies."]:
        output.say(output.safe(path))
