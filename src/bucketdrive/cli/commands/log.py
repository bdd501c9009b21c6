"""`bucketdrive log`."""

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketdrive.model.log import LogLine

_EVERY_S = 0.3
_AT_ONCE = 10_000


@click.command(
    epilog=options.epilog("bucketdrive log", "bucketdrive log ~/Photos -n 1000 --json", "bucketdrive log --follow")
)
@options.folder_argument
@click.option("-n", "last", metavar="N", type=click.IntRange(1), default=50, help="How many lines.  [default: 50]")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is done from now on, until Ctrl-C.")
@options.as_json
def command(folder: Path | None, *, last: int, follow: bool, as_json: bool) -> None:
    """Show what was done, newest last: by syncs of this device, whoever asked for them.

    What waits for you, and what stopped the drive, stands there too. With --follow, --json prints an object a line.
    """
    record = find_record(folder)
    from bucketdrive.drive.settings import state_dir  # noqa: PLC0415  --help does not need it
    from bucketdrive.state.log import read_log  # noqa: PLC0415  it brings SQLite with it

    place = state_dir(record.root_id)
    found = read_log(place, last)
    if follow:
        _follow(found, lambda after: read_log(place, _AT_ONCE, after), as_json=as_json)
    elif as_json:
        output.show_json({"lines": [line.to_json() for line in found]})
    else:
        for line in found:
            output.say(_told(line))
        if not found:
            output.say("Nothing was done yet.")


def _follow(found: "list[LogLine]", read: "Callable[[int], list[LogLine]]", *, as_json: bool) -> None:
    """Print lines, and what comes after them, for ever."""
    after, pause = 0, threading.Event()
    while True:
        for line in found:
            output.say(json.dumps(line.to_json()) if as_json else _told(line))
            after = line.id
        output.flush()
        pause.wait(_EVERY_S)
        found = read(after)


def _told(line: "LogLine") -> str:
    about = ": ".join(filter(None, (line.path, line.note)))
    return output.safe(f"{output.time_text(line.at)}  {line.op:23} {about}")
