"""`bucketdrive diff`."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_place, open_drive
from bucketdrive.cli.progress import Progress

if TYPE_CHECKING:
    from bucketdrive.drive.drive import Drive
    from bucketdrive.httpapi.remote import RemoteDrive
    from bucketdrive.model.history import TreeChange
    from bucketdrive.model.reports import TreeEntry

_MOST_BYTES = 8 << 20
"""Larger files are not compared line by line."""


@click.command(
    epilog=options.epilog(
        "bucketdrive diff --from 2h",
        "bucketdrive diff notes/today.txt --from 2026-11-24T08:15 --to 2026-11-24T09:00",
        codes=(0, 1, 2, 3, 5, 7, 130),
    )
)
@click.argument("path", metavar="[FOLDER_OR_PATH]", default=".")
@click.option("--from", "since", metavar="TIME", required=True, help="The earlier moment: an age or ISO 8601.")
@click.option("--to", "until", metavar="TIME", default="", help="The later moment.  [default: now]")
@options.folder_option
@options.as_json
def command(path: str, folder: Path | None, *, since: str, until: str, as_json: bool) -> None:
    """Show what differs in the bucket between two moments, at and below FOLDER_OR_PATH.

    Files that were added, removed, changed or moved, with their sizes before and after; of a single file that is text,
    the lines. TIME is as for `bucketdrive ls --as-of`.
    """
    root, inside = find_place(path, folder)
    with Progress() as progress, open_drive(root, progress) as drive:
        found = drive.diff(inside, since, until)
        if as_json:
            output.show_json(found.to_json())
            return
        only = found.changes[0] if len(found.changes) == 1 else None
        if only and only.path == inside and _show_lines(drive, only):
            return
    if not found.changes:
        output.say("There is no difference.")
        return
    output.show_table(("WHAT", "BEFORE", "AFTER", "PATH"), map(_row, found.changes), right=(1, 2))
    output.tell(", ".join(f"{number:,} {what}" for what, number in found.counts.items() if number))


def _row(change: "TreeChange") -> tuple[str, ...]:
    before, after = (output.size_text(side.size) if side else "-" for side in (change.before, change.after))
    moved = change.before is not None and change.before.path != change.path
    path = f"{change.before.path} -> {change.path}" if moved and change.before else change.path
    return (change.what, before, after, path)


def _show_lines(drive: "Drive | RemoteDrive", change: "TreeChange") -> bool:
    """Show how the lines of a file differ; whether it is text, and small enough for that."""
    before, after = _lines(drive, change.before), _lines(drive, change.after)
    if before is None or after is None:
        return False
    names = (f"{change.path} (before)", f"{change.path} (after)")
    lines = list(difflib.unified_diff(before, after, *names, lineterm=""))
    for line in lines:
        output.say(output.safe(line))
    return bool(lines)


def _lines(drive: "Drive | RemoteDrive", entry: "TreeEntry | None") -> list[str] | None:
    """The lines of a version, none where there is no version; None where it is no text."""
    if entry is None:
        return []
    if entry.size > _MOST_BYTES:
        return None
    data = b"".join(drive.cat(entry.path, entry.version_id))
    try:
        return None if b"\0" in data else data.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        return None
