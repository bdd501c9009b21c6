"""The verbs of a drive that a daemon keeps: the calls of `drive.drive.Drive`, which raise the same errors."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bucketdrive.httpapi.client import Daemon
from bucketdrive.model.documents import read_document
from bucketdrive.model.explanations import ConflictCopy, Keep, Why
from bucketdrive.model.history import Deed, Moment, TreeDiff
from bucketdrive.model.log import LogLine
from bucketdrive.model.previews import Preview
from bucketdrive.model.reports import (
    DriveStatus,
    SyncReport,
    TreeEntry,
    VerifyReport,
    VersionInfo,
)
from bucketdrive.model.retention import RetentionReport
from bucketdrive.model.trash import TrashPage, Which


class RemoteDrive:
    """A drive that a daemon keeps."""

    def __init__(
        self,
        daemon: Daemon,
        root_id: str,
        where: tuple[Path, str],
        hear: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """`root_id`: its id, as the daemon knows it; `where`: its folder, and `s3://BUCKET/PREFIX`.

        `hear` is told what happens to the drive while it is synced: an event of the API, in a thread.
        """
        self._daemon = daemon
        self._root_id = root_id
        self.folder, self.url = where
        self._hear = hear

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open between two calls."""

    def sync(self, *, dry_run: bool = False) -> SyncReport:
        """See `Session.sync`."""
        return read_document(SyncReport, self._watched("sync", dry_run=dry_run))

    def status(self) -> DriveStatus:
        """See `Keeper.status`."""
        return read_document(DriveStatus, self._get("status"))

    def pause(self) -> DriveStatus:
        """See `Keeper.pause`; how the drive stands then."""
        return read_document(DriveStatus, self._post("pause"))

    def resume(self) -> DriveStatus:
        """See `Keeper.resume`; how the drive stands then."""
        return read_document(DriveStatus, self._post("resume"))

    def versions(self, path: str) -> list[VersionInfo]:
        """See `History.versions`."""
        return [read_document(VersionInfo, version) for version in self._get("versions", path=path)["versions"]]

    def trash(self, path: str = "", which: Which | None = None, limit: int = 1000, after: str = "") -> TrashPage:
        """See `History.trash`."""
        query = asdict(which or Which()) | {"path": path, "limit": limit, "after": after}
        return read_document(TrashPage, self._get("trash", **query))

    def undelete(self, paths: Sequence[str] = (), which: Which | None = None, *, dry_run: bool = False) -> SyncReport:
        """See `History.undelete`."""
        query = asdict(which or Which()) | {"path": list(paths), "dry_run": dry_run}
        return read_document(SyncReport, self._watched("undelete", **query))

    def retention(self) -> RetentionReport:
        """See `History.retention`."""
        return read_document(RetentionReport, self._get("retention"))

    def ls(self, path: str = "", as_of: str = "") -> list[TreeEntry]:
        """See `History.ls`."""
        return [read_document(TreeEntry, entry) for entry in self._looked("ls", path=path, as_of=as_of)["entries"]]

    def cat(self, path: str, version_id: str = "", as_of: str = "") -> Iterator[bytes]:
        """See `History.cat`; the bytes in pieces, read as they are taken."""
        query = {"path": path, "version_id": version_id, "as_of": as_of}
        return self._daemon.stream(f"/drives/{self._root_id}/cat", query)

    def diff(self, path: str, since: str, until: str = "") -> TreeDiff:
        """See `History.diff`."""
        return TreeDiff.from_json(self._looked("diff", **{"path": path, "from": since, "to": until}))

    def moments(self, path: str = "", limit: int = 20, least: int = 10, before: str = "") -> list[Moment]:
        """See `History.moments`."""
        found = self._looked("moments", path=path, limit=limit, least=least, before=before)["moments"]
        return [read_document(Moment, moment) for moment in found]

    def deeds(self, last: int = 100) -> list[Deed]:
        """See `History.deeds`."""
        return [read_document(Deed, deed) for deed in self._get("deeds", last=last)["deeds"]]

    def plan_restore(self, path: str, version_id: str = "", as_of: str = "", *, exact: bool = False) -> Preview:
        """See `History.plan_restore`."""
        document = self._get("restore", path=path, version_id=version_id, as_of=as_of, exact=exact)
        return read_document(Preview, document)

    def restore(
        self,
        path: str,
        version_id: str = "",
        as_of: str = "",
        *,
        exact: bool = False,
        dry_run: bool = False,
        plan_id: str = "",
    ) -> SyncReport:
        """See `History.restore`."""
        asked = {"path": path, "version_id": version_id, "as_of": as_of, "exact": exact, "plan_id": plan_id}
        return read_document(SyncReport, self._watched("restore", **asked, dry_run=dry_run))

    def plan_undo(self, runs: Sequence[int] = ()) -> Preview:
        """See `History.plan_undo`."""
        return read_document(Preview, self._get("undo", runs=_numbers(runs)))

    def undo(self, runs: Sequence[int] = (), *, dry_run: bool = False, plan_id: str = "") -> SyncReport:
        """See `History.undo`."""
        document = self._watched("undo", runs=_numbers(runs), dry_run=dry_run, plan_id=plan_id)
        return read_document(SyncReport, document)

    def verify(self, *, full: bool = False) -> VerifyReport:
        """See `Session.verify`."""
        return read_document(VerifyReport, self._get("verify", full=full))

    def conflicts(self) -> list[ConflictCopy]:
        """See `Session.conflicts`."""
        return [read_document(ConflictCopy, copy) for copy in self._get("conflicts")["copies"]]

    def settle(self, path: str, keep: Keep | str) -> SyncReport:
        """See `Session.settle`."""
        return read_document(SyncReport, self._watched("settle", path=path, keep=keep))

    def approve(self) -> int:
        """See `Keeper.approve`."""
        return int(self._post("approve")["approved"])

    def deny(self) -> int:
        """See `Keeper.deny`."""
        return int(self._post("deny")["denied"])

    def why(self, path: str) -> Why:
        """See `Session.why`."""
        return read_document(Why, self._get("why", path=path))

    def log(self, last: int = 100, after: int = 0) -> list[LogLine]:
        """See `Session.log`."""
        return [read_document(LogLine, line) for line in self._get("log", last=last, after=after)["lines"]]

    def _watched(self, verb: str, **query: Any) -> Any:
        """As `_post`, with its progress told."""
        with self._telling():
            return self._post(verb, **query)

    def _looked(self, verb: str, **query: Any) -> Any:
        """As `_get`, with its progress told."""
        with self._telling():
            return self._get(verb, **query)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        hear = self._hear
        if hear is None:
            yield
            return
        with self._daemon.hearing(lambda event: hear(event) if event.get("drive") == self._root_id else None):
            yield

    def _get(self, verb: str, **query: Any) -> Any:
        return self._daemon.ask("GET", f"/drives/{self._root_id}/{verb}", query)

    def _post(self, verb: str, **query: Any) -> Any:
        return self._daemon.ask("POST", f"/drives/{self._root_id}/{verb}", query)


def _numbers(runs: Sequence[int]) -> str:
    return ",".join(map(str, runs))
