"""How the report of a sync or a restore is shown."""

from typing import TYPE_CHECKING

from bucketdrive.cli import output
from bucketdrive.model.previews import Preview
from bucketdrive.model.reports import HeldPath, SyncReport

if TYPE_CHECKING:
    from collections.abc import Sized


def show_report(report: SyncReport, *, as_json: bool) -> int:
    """Show what was done, or for a dry run what would be; returns the exit code."""
    if as_json:
        output.show_json(report.to_json())
        return report.exit_code
    if report.planned is None:
        output.say(_summary(report))
        if report.run:
            output.tell(f"run {report.run}; `bucketdrive undo {report.run}` takes it back")
    else:
        for sentence in report.planned:
            output.say(output.safe(sentence))
        output.say(f"Nothing was done: {output.count_text(len(report.planned), 'change')} planned.")
    for path in report.conflicts:
        output.say(output.safe(f"conflict: {path}: both sides changed it, and one stays as a conflict copy beside it"))
    _show_paths("held", report.held)
    _show_paths("not done, tried again next time", report.failed)
    for note in report.notes:
        output.tell(output.safe(note))
    return report.exit_code


def show_preview(preview: Preview, *, as_json: bool) -> int:
    """Show what would be done, file by file and in all; returns the exit code."""
    if as_json:
        output.show_json(preview.to_json())
        return preview.exit_code
    for sentence in preview.planned:
        output.say(output.safe(sentence))
    _show_paths("left alone", preview.held)
    output.say(preview_text(preview))
    output.say("Nothing was done: that was the plan.")
    return preview.exit_code


def preview_text(preview: Preview) -> str:
    """A plan in a line: what comes back, is replaced, is removed, and what it takes."""
    if preview.does_nothing:
        return "There is nothing to do."
    counts: dict[tuple[str, str], Sized] = {
        ("comes back", "come back"): preview.comes_back,
        ("is replaced", "are replaced"): preview.replaced,
        ("is deleted, by marker", "are deleted, by marker"): preview.removed,
        ("folder is made or removed", "folders are made or removed"): preview.folders,
        ("is left alone", "are left alone"): preview.held,
    }
    parts = [f"{len(found):,} {what[len(found) > 1]}" for what, found in counts.items() if found]
    sizes = {
        "copied in the bucket": preview.bytes_copied,
        "copied through this machine": preview.bytes_through,
        "to download then": preview.bytes_down,
    }
    takes = [f"{output.size_text(size)} {what}" for what, size in sizes.items() if size]
    requests = output.count_text(sum(preview.requests.values()), "request")
    takes.append(f"about {requests}, ${preview.usd:.4f} at Amazon's list prices")
    return f"{', '.join(parts)}. {', '.join(takes)}."


def _summary(report: SyncReport) -> str:
    """What was done in one line."""
    done = {
        "restored": report.restored,
        "uploaded": report.uploaded,
        "downloaded": report.downloaded,
        "moved": report.moved,
        "deleted here": report.deleted_here,
        "deleted in the bucket": report.deleted_in_bucket,
    }
    parts = [f"{number:,} {what}" for what, number in done.items() if number]
    return f"{', '.join(parts) or 'Up to date'}. {_cost(report)}."


def _cost(report: SyncReport) -> str:
    """What it took: requests, bytes on the way, time."""
    parts = [output.count_text(sum(report.requests.values()), "request")]
    parts += [f"{output.size_text(report.bytes_sent)} sent"] if report.bytes_sent else []
    parts += [f"{output.size_text(report.bytes_received)} received"] if report.bytes_received else []
    return ", ".join([*parts, f"{report.seconds:.1f} s"])


def _show_paths(what: str, paths: list[HeldPath]) -> None:
    for entry in paths:
        output.say(output.safe(f"{what}: {entry.path}: {entry.reason}"))
