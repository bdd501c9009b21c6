"""Lines of a drive's log."""

from dataclasses import asdict, dataclass
from typing import Any

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
from bucketdrive.model.reports import iso_time


@dataclass(frozen=True, slots=True)
class LogLine:
    """Something that was done to a path, or that a user must know of.

    `at`: seconds since 1970. `run`: the number of the sync that did it, 0 for none. `version_id`: the version that is
    agreed on since, or was before a deletion; empty where it is not known. `id` grows from line to line.
    """

    op: str
    path: str
    at: float
    run: int = 0
    version_id: str = ""
    note: str = ""
    id: int = 0

    def to_json(self) -> dict[str, Any]:
        """One entry of `log --json`."""
        return asdict(self) | {"at": iso_time(self.at)}


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
