"""`bucketdrive resume`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_kept


@click.command(epilog=options.epilog("bucketdrive resume", "bucketdrive resume ~/Photos", codes=(0, 1, 2, 3, 5, 7, 75)))
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> None:
    """Go on after a pause, at once.

    Without FOLDER it is the drive of the working directory; outside any drive, all that the daemon keeps.
    """
    found = [drive.resume() for drive in find_kept(folder)]
    if as_json:
        output.show_json({"drives": [status.to_json() for status in found]})
        return
    for status in found:
        output.say(output.safe(f"Resumed: {status.folder}"))
