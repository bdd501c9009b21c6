"""What the log says of each action."""

from dataclasses import replace

from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.log import Had, LogLine
from bucketdrive.model.plan import (
    Action,
    Clash,
    CopyForward,
    DeleteLocal,
    DeleteRemote,
    Download,
    DownloadByRename,
    MakeDirLocal,
    MakeDirRemote,
    RemoveDirLocal,
    RemoveDirRemote,
    SetAside,
    Upload,
    UploadByCopy,
)

_OPS: dict[type[Action], str] = {
    Upload: "upload",
    UploadByCopy: "move-in-bucket",
    Download: "download",
    DownloadByRename: "move-here",
    DeleteLocal: "delete-here",
    DeleteRemote: "delete-in-bucket",
    SetAside: "conflict",
    Clash: "conflict",
    MakeDirRemote: "make-folder-in-bucket",
    RemoveDirRemote: "remove-folder-in-bucket",
    MakeDirLocal: "make-folder-here",
    RemoveDirLocal: "remove-folder-here",
    CopyForward: "restore",
}


_DEEDS: dict[Deed, str] = {
    Deed.UPLOAD: "upload",
    Deed.INSTALL: "download",
    Deed.REPLACE: "download",
    Deed.REMOVE: "delete-here",
    Deed.RENAME: "move-here",
}


def lines_of(action: Action, run: int, at_s: float, *, is_asked: bool = False) -> list[LogLine]:
    """The lines that tell of an action; none for one that only takes note of something.

    What was before, the state knows; but of what the user asked for, the action does, as it is about the bucket.
    """
    op = _OPS.get(type(action))
    if op is None:
        return []
    line = LogLine(op, action.path, at_s, run, is_asked=is_asked)
    match action:
        case DownloadByRename(source=source):
            return [replace(line, source=source), replace(line, op="delete-here", path=source)]
        case UploadByCopy(source=source):
            return [replace(line, source=source.path)]
        case DeleteRemote(version_id=version_id, etag=etag):
            was = (Had.FILE, version_id, etag) if is_asked else (Had.UNTOLD, "", "")
            return [_after(replace(line, version_id=version_id), *was)]
        case CopyForward(base_version=base, if_match=etag):
            return [_after(line, Had.FILE if base else Had.NOTHING, base, etag)]
        case _:
            return [line]


def _after(line: LogLine, had: Had, version_id: str, etag: str) -> LogLine:
    return replace(line, before=had, before_id=version_id, before_etag=etag)


def lines_of_attempt(attempt: Attempt, at_s: float) -> tuple[LogLine, ...]:
    """As `lines_of`, for what was found done after a crash or a lost reply; it counts to the run that began it."""
    op = _DEEDS.get(attempt.deed)
    if op is None:
        return ()
    line = LogLine(op, attempt.path, at_s, attempt.run, attempt.version_id if op == "download" else "")
    if attempt.deed is Deed.RENAME:
        return (replace(line, source=attempt.source), replace(line, op="delete-here", path=attempt.source))
    return (line,)
