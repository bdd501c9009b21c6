"""How the report of a sync or a restore is shown."""

from bucketdrive.cli import output
from bucketdrive.model.reports import HeldPath, SyncReport


def show_report(report: SyncReport, *, as_json: bool) -> int:
    """Show what was done, or for a dry run what would be; returns the exit code."""
    if as_json:
        output.show_json(report.to_json())
        return report.exit_code
    if report.planned is None:
        output.say(_summary(report))
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


def _summary(report: SyncReport) -> str:
    """What was done in one line."""
    done = {
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
