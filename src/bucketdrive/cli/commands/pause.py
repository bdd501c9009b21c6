"""`bucketdrive pause`."""

from pathlib import Path

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_kept


@click.command(epilog=options.epilog("bucketdrive pause", "bucketdrive pause ~/Photos", codes=(0, 1, 2, 3, 5, 7, 75)))
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> None:
    """Let nothing travel for a while: neither up nor down, until `bucketdrive resume`.

    A restart does not end it. What waits is still looked at and told by `status`. A `sync` that you ask for is done.

    Without FOLDER it is the drive of the working directory; outside any drive, all that the daemon keeps.
    """
    found = [drive.pause() for drive in find_kept(folder)]
    if as_json:
        output.show_json({"drives": [status.to_json() for status in found]})
        return
    for status in found:
        output.say(output.safe(f"Paused: {status.folder}"))
