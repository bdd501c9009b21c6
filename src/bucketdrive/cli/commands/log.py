"""`bucketdrive log`."""

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_record, open_drive
from bucketdrive.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketdrive.model.history import Deed
    from bucketdrive.model.log import LogLine

_EVERY_S = 0.3
_AT_ONCE = 10_000


@click.command(
    epilog=options.epilog(
        "bucketdrive log",
        "bucketdrive log ~/Photos -n 1000 --json",
        "bucketdrive log --follow",
        "bucketdrive log --all",
        codes=(0, 1, 2, 3, 5, 7, 130),
    )
)
@options.folder_argument
@click.option("-n", "last", metavar="N", type=click.IntRange(1), default=50, help="How many lines.  [default: 50]")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is done from now on, until Ctrl-C.")
@click.option("--all", "of_all", is_flag=True, help="What every device did in the bucket, as their journals tell.")
@options.as_json
def command(folder: Path | None, *, last: int, follow: bool, of_all: bool, as_json: bool) -> None:
    """Show what was done, newest last: by syncs of this device, whoever asked for them.

    What waits for you, and what stopped the drive, stands there too. With --follow, --json prints an object a line.
    With --all, what every device of the drive did in the bucket, with the versions that it made.
    """
    if of_all and follow:
        raise UsageError("--all and --follow cannot both be given. Nothing was done.", hint="bucketdrive log --all")
    if of_all:
        _show_deeds(folder, last, as_json=as_json)
        return
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


def _show_deeds(folder: Path | None, last: int, *, as_json: bool) -> None:
    with open_drive(folder) as drive:
        found = drive.deeds(last)
    if as_json:
        output.show_json({"deeds": [deed.to_json() for deed in found]})
        return
    if not found:
        output.say("Nothing was done yet.")
        return
    output.show_table(("WHEN", "DEVICE", "DID", "VERSION", "PATH"), map(_row, found))


def _row(deed: "Deed") -> tuple[str, ...]:
    path = f"{deed.source} -> {deed.path}" if deed.source else deed.path
    return (output.time_text(deed.at), deed.device, deed.op, deed.version_id, path)


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
