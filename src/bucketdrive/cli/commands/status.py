"""`bucketdrive status`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.open import read_statuses

if TYPE_CHECKING:
    from bucketdrive.model.reports import DriveStatus


@click.command(
    epilog=options.epilog("bucketdrive status", "bucketdrive status ~/Photos --json", codes=(0, 1, 2, 3, 5, 7))
)
@options.folder_argument
@options.as_json
def command(folder: Path | None, *, as_json: bool) -> None:
    """Show how a drive stands, without asking the bucket.

    Without FOLDER it is the drive of the working directory; outside any drive, all drives of this machine.
    """
    found = read_statuses(folder)
    if as_json:
        output.show_json({"drives": [status.to_json() for status in found]})
        return
    for number, status in enumerate(found):
        if number:
            output.say()
        _show(status)
    if not found:
        output.say("This machine has no drives.")
        output.hint("bucketdrive link s3://BUCKET/PREFIX FOLDER, or see it all first: bucketdrive demo")


def _show(status: "DriveStatus") -> None:
    output.say(output.safe(f"{status.folder}: {status.state}"))
    output.say(output.safe(f"  leads to   {status.drive} as {status.device}"))
    output.say(f"  files      {status.files:,}, {output.size_text(status.size_bytes)}")
    output.say(f"  verified   {output.time_text(status.verified_at)}{'' if status.is_kept else ', and no daemon runs'}")
    if status.pending:
        since = f", the oldest since {output.time_text(status.pending_since)}" if status.pending_since else ""
        output.say(f"  unsettled  {output.count_text(status.pending, 'change')}{since}")
    if status.up_bytes_per_s or status.down_bytes_per_s:
        up, down = (output.size_text(int(speed)) for speed in (status.up_bytes_per_s, status.down_bytes_per_s))
        output.say(f"  speed      {up}/s up, {down}/s down")
    if status.last_error:
        output.say(output.safe(f"  error      {status.last_error}"))
    if status.retry_at:
        output.say(f"  tries next {output.time_text(status.retry_at)}")
    for path in status.conflicts:
        output.say(output.safe(f"  conflict   {path}"))
    for held in status.held:
        output.say(output.safe(f"  held       {held.path}: {held.reason}"))
    if status.approvals:
        output.say(
            f"  waiting    {output.count_text(status.approvals, 'deletion')} for `bucketdrive approve` or `deny`"
        )
