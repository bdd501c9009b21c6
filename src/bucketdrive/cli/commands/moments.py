"""`bucketdrive moments`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import find_place, open_drive
from bucketdrive.cli.progress import Progress

if TYPE_CHECKING:
    from bucketdrive.model.history import Moment


@click.command(
    epilog=options.epilog(
        "bucketdrive moments", "bucketdrive moments photos --least 1 --before 2026-11-24", codes=(0, 1, 2, 3, 5, 7, 130)
    )
)
@click.argument("path", metavar="[FOLDER_OR_PATH]", default=".")
@click.option("--limit", metavar="N", type=click.IntRange(1), default=20, help="At most so many.  [default: 20]")
@click.option("--least", metavar="N", type=click.IntRange(1), default=10, help="Of at least N files.  [default: 10]")
@click.option("--before", metavar="TIME", default="", help="Only what happened up to then: an age or ISO 8601.")
@options.folder_option
@options.as_json
def command(path: str, folder: Path | None, *, limit: int, least: int, before: str, as_json: bool) -> None:
    """Show when many files came, changed or vanished, at and below FOLDER_OR_PATH; newest first.

    What happens within a minute of something else is one moment with it. AS OF is the time to give to `ls`, `diff` or
    `restore` to have all as it was just before.
    """
    root, inside = find_place(path, folder)
    with Progress() as progress, open_drive(root, progress) as drive:
        found = drive.moments(inside, limit, least, before)
    if as_json:
        output.show_json({"path": inside, "moments": [moment.to_json() for moment in found]})
        return
    if not found:
        output.say(f"There was no moment in which {output.count_text(least, 'file')} or more changed.")
        output.hint("bucketdrive moments --least 1")
        return
    headings = ("AS OF", "BEGAN", "LASTED", "NEW", "CHANGED", "DELETED", "DEVICE", "WHERE")
    output.show_table(headings, map(_row, found), right=(2, 3, 4, 5))
    output.hint(f"bucketdrive diff {path} --from {found[0].as_of}")


def _row(moment: "Moment") -> tuple[str, ...]:
    counts = (f"{number:,}" for number in (moment.new, moment.changed, moment.deleted))
    devices = ", ".join(share.device or "another tool" for share in moment.devices)
    where = f"{moment.folder}/" if moment.folder else "."
    lasted = f"{int(moment.ended - moment.began) + 1:,} s"
    began = output.time_text(moment.began)
    return (moment.as_of, began, lasted, *counts, devices, f"{where} (such as {moment.sample})")
