"""Reports made of plans and of other reports."""

from bucketdrive.model.plan import (
    Action,
    Clash,
    CopyForward,
    DeleteLocal,
    DeleteRemote,
    Download,
    DownloadByRename,
    Forget,
    MakeDirLocal,
    MakeDirRemote,
    Plan,
    Record,
    RemoveDirLocal,
    RemoveDirRemote,
    SetAside,
    Upload,
    UploadByCopy,
)
from bucketdrive.model.reports import HeldPath, SyncReport

_WORDS: dict[type[Action], str] = {
    Record: "note",
    Forget: "forget",
    Upload: "upload",
    UploadByCopy: "move in the bucket",
    Download: "download",
    DownloadByRename: "move here",
    DeleteLocal: "delete here",
    DeleteRemote: "delete in the bucket",
    SetAside: "keep as a conflict copy",
    Clash: "keep as a conflict copy in the bucket",
    MakeDirRemote: "make a folder in the bucket",
    RemoveDirRemote: "remove a folder in the bucket",
    MakeDirLocal: "make a folder here",
    RemoveDirLocal: "remove a folder here",
    CopyForward: "restore",
}
"""What each action is called in a dry run."""


def would_do(plan: Plan) -> SyncReport:
    """A report of what a plan would do."""
    return SyncReport(
        held=[HeldPath(hold.path, hold.reason) for hold in plan.holds],
        moved=len(plan.moves),
        planned=sentences(plan),
    )


def sentences(plan: Plan) -> list[str]:
    """What a plan would do, an action a sentence, in the order in which it would be done."""
    return [sentence(action) for action in sorted(plan.actions, key=lambda action: (plan.phase(action), action.path))]


def sentence(action: Action) -> str:
    """What an action would do, and why."""
    return f"{_WORDS[type(action)]}: {action.path} ({action.reason})"


def added(first: SyncReport, second: SyncReport) -> SyncReport:
    """Two syncs of one command as one: what both did, and what is held or failed at the end; the later one's run."""
    second.run = second.run or first.run
    second.restored += first.restored
    second.uploaded += first.uploaded
    second.downloaded += first.downloaded
    second.deleted_here += first.deleted_here
    second.deleted_in_bucket += first.deleted_in_bucket
    second.moved += first.moved
    second.conflicts = [*first.conflicts, *(path for path in second.conflicts if path not in first.conflicts)]
    return second


def carried_out(first: SyncReport, asked: SyncReport, last: SyncReport) -> SyncReport:
    """What became of a plan that a user asked for, between a sync that brought up and one that brought it here.

    The run is that of the plan; where the first sync did something, a note tells of its own.
    """
    failed, held = asked.failed + last.failed, asked.held + last.held
    report = added(added(first, asked), last)
    report.failed, report.held = failed, held
    report.run = asked.run or last.run
    if first.run:
        report.notes.insert(0, f"What had changed here or in the bucket was synced first, as run {first.run}.")
    return report


def came_back(plan: Plan, moved: int, report: SyncReport) -> list[str]:
    """How many files a plan brought back, and how many it left alone as they were moved, in sentences."""
    wanted = [action.path for action in plan.actions if isinstance(action, CopyForward)]
    sentences = []
    if report.planned is None and wanted:
        done = len(set(wanted) - {failed.path for failed in report.failed})
        sentences.append(f"{done:,} of {len(wanted):,} deleted {'file' if len(wanted) == 1 else 'files'} came back.")
    elif not wanted:
        sentences.append("Nothing was deleted there that is not live again.")
    if moved:
        what = "1 file was moved" if moved == 1 else f"{moved:,} files were moved"
        sentences.append(f"{what}, not deleted, and left alone; name one itself to have it under its old name too.")
    return sentences
