"""What the log says of each action."""

from bucketdrive.model.log import LogLine
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


def line_of(action: Action, run: int, at_s: float) -> LogLine | None:
    """The line that tells of an action; None for one that only takes note of something."""
    op = _OPS.get(type(action))
    version_id = action.version_id if isinstance(action, DeleteRemote | CopyForward) else ""
    return LogLine(op, action.path, at_s, run, version_id) if op else None
