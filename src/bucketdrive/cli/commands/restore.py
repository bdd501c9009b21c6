"""`bucketdrive restore`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketdrive.cli import options, output
from bucketdrive.cli.asking import be_sure, may_ask
from bucketdrive.cli.open import find_path, find_place, open_drive
from bucketdrive.cli.progress import Progress
from bucketdrive.cli.reporting import preview_text, show_preview, show_report
from bucketdrive.model.reports import iso_time

if TYPE_CHECKING:
    from bucketdrive.model.previews import Preview


@click.command(
    epilog=options.epilog(
        "bucketdrive restore notes/today.txt",
        "bucketdrive restore report.odt --version 3sL4kqtJlcpXroDTDmJ",
        "bucketdrive restore photos --as-of 2h --dry-run",
        "bucketdrive restore . --as-of 2026-11-24T08:15:00Z --exact",
        codes=(0, 1, 2, 3, 4, 5, 7, 130),
    )
)
@click.argument("path")
@click.option(
    "--version", "version_id", metavar="ID", default="", help="Which version.  [default: last before deletion]"
)
@options.as_of
@click.option("--exact", is_flag=True, help="With --as-of: delete files made since, by marker. Asks.")
@options.folder_option
@options.dry_run
@options.yes
@options.as_json
def command(  # noqa: PLR0913  what can be given on the command line
    path: str,
    folder: Path | None,
    *,
    version_id: str,
    as_of: str,
    exact: bool,
    dry_run: bool,
    is_sure: bool,
    as_json: bool,
) -> int:
    """Bring back a deleted file, an old version of one, or a file or folder as it was.

    With --as-of, all files at and below PATH come back as they were then; files made since stay, or with --exact are
    deleted. The old content becomes the newest version; what is there now stays a version too, and no version is ever
    deleted. A change here that has not gone up yet goes up first. What it did can be undone: `bucketdrive undo`.
    """
    root, inside = find_place(path, folder) if as_of else find_path(path, folder)
    with Progress() as progress, open_drive(root, progress) as drive:
        if dry_run:
            return show_preview(drive.plan_restore(inside, version_id, as_of, exact=exact), as_json=as_json)
        plan_id = ""
        if exact or may_ask():
            shown = drive.plan_restore(inside, version_id, as_of, exact=exact)
            if not _goes_on(shown, is_sure=is_sure):
                return 0
            as_of = iso_time(shown.as_of) if shown.as_of else ""
            plan_id = shown.plan_id if exact else ""
        report = drive.restore(inside, version_id, as_of, exact=exact, plan_id=plan_id)
    return show_report(report, as_json=as_json)


def _goes_on(shown: "Preview", *, is_sure: bool) -> bool:
    """Show the counts, and where files are to be deleted, ask."""
    if may_ask():
        output.tell(preview_text(shown))
    if not shown.removed:
        return True
    return be_sure(f"Delete {output.count_text(len(shown.removed), 'file')} made since, by marker?", is_sure=is_sure)
