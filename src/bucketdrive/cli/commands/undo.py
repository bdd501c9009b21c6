"""`bucketdrive undo`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.asking import be_sure, may_ask
from bucketdrive.cli.open import open_drive
from bucketdrive.cli.progress import Progress
from bucketdrive.cli.reporting import preview_text, show_preview, show_report
from bucketdrive.errors import UsageError

if TYPE_CHECKING:
    from bucketdrive.model.previews import Preview


@click.command(
    epilog=options.epilog(
        "bucketdrive undo 12",
        "bucketdrive undo --last ~/Photos --dry-run",
        "bucketdrive undo 11 12 --yes",
        codes=(0, 1, 2, 3, 4, 5, 7, 130),
    )
)
@click.argument("given", metavar="RUN... | --last [FOLDER]", nargs=-1)
@click.option("--last", "is_last", is_flag=True, help="The last run of this device that did something.")
@options.folder_option
@options.dry_run
@options.yes
@options.as_json
def command(
    given: tuple[str, ...], folder: Path | None, *, is_last: bool, dry_run: bool, is_sure: bool, as_json: bool
) -> int:
    """Take back what runs of this device did, here and in the bucket.

    Every sync, restore and undo that did something is a run with a number, which its report and the log tell. Files
    come back as they were before it, files that it made are deleted by marker. What was changed since is listed and
    left alone. No version is ever deleted. An undo is a run too: to undo it gives back what was.
    """
    folder, runs = _meant(given, folder, is_last=is_last)
    with Progress() as progress, open_drive(folder, progress) as drive:
        shown = drive.plan_undo(runs)
        if dry_run:
            return show_preview(shown, as_json=as_json)
        if not _goes_on(shown, is_sure=is_sure):
            return 0
        report = drive.undo(shown.runs, plan_id=shown.plan_id if may_ask() else "")
    return show_report(report, as_json=as_json)


def _meant(given: tuple[str, ...], folder: Path | None, *, is_last: bool) -> tuple[Path | None, list[int]]:
    if is_last and len(given) <= 1:
        return folder or (Path(given[0]) if given else None), []
    if is_last or not given:
        raise UsageError("Which run is meant? Nothing was done.", hint="Name runs by number, or --last.")
    if not all(text.isascii() and text.isdecimal() for text in given):
        raise UsageError("A run is named by its number. Nothing was done.", hint="See: bucketdrive log")
    return folder, [int(text) for text in given]


def _goes_on(shown: "Preview", *, is_sure: bool) -> bool:
    """Show the counts and what is left alone, and ask; nothing is asked where there is nothing to do."""
    what = " and ".join(f"run {number}" for number in shown.runs)
    if may_ask():
        output.tell(f"{what}: {preview_text(shown)}")
        for entry in shown.held[:10]:
            output.tell(output.safe(f"left alone: {entry.path}: {entry.reason}"))
    return shown.does_nothing or be_sure(f"Take back {what}?", is_sure=is_sure)
