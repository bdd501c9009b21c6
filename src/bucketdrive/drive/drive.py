"""Plain calls over a session, for programs, notebooks and the command line. No logic of its own."""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from bucketdrive.drive.records import DriveRecord, find_drive
from bucketdrive.drive.session import Session
from bucketdrive.model.explanations import ConflictCopy, Keep, Why
from bucketdrive.model.history import Deed, Moment, TreeDiff
from bucketdrive.model.log import LogLine
from bucketdrive.model.previews import Preview
from bucketdrive.model.reports import (
    DoctorReport,
    DriveStatus,
    SyncReport,
    TreeEntry,
    VerifyReport,
    VersionInfo,
)
from bucketdrive.model.retention import RetentionReport
from bucketdrive.model.trash import TrashPage, Which
from bucketdrive.ports.runtime import Listener

T = TypeVar("T")


class Drive:
    """A drive of this machine, its calls run on an event loop of its own in a thread.

    Close it, or use it with `with`.
    """

    def __init__(self, session: Session) -> None:
        """Use `Drive.open`."""
        self._session = session
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bucketdrive", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, folder: Path | str = ".", listener: Listener | None = None) -> "Drive":
        """The drive that `folder` is in, or above it, as git finds a repository.

        Raises:
            NoSuchDriveError: there is none.
            GuardError: the folder is a drive's, but has lost its marker.
        """
        return cls(Session(find_drive(Path(folder)), listener))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give everything back. May be repeated."""
        if self._loop.is_closed():
            return
        self._call(self._session.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def folder(self) -> Path:
        """The local folder."""
        return self._session.record.folder

    @property
    def url(self) -> str:
        """The bucket and prefix, such as `s3://bucket/photos`."""
        return self._session.record.url

    def sync(self, *, dry_run: bool = False) -> SyncReport:
        """See `Session.sync`."""
        return self._call(self._session.sync(dry_run=dry_run))

    def status(self) -> DriveStatus:
        """See `Session.status`."""
        return self._call(self._session.status())

    def versions(self, path: str) -> list[VersionInfo]:
        """See `History.versions`."""
        return self._call(self._session.history.versions(path))

    def trash(self, path: str = "", which: Which | None = None, limit: int = 1000, after: str = "") -> TrashPage:
        """See `History.trash`."""
        return self._call(self._session.history.trash(path, which, limit, after))

    def undelete(self, paths: Sequence[str] = (), which: Which | None = None, *, dry_run: bool = False) -> SyncReport:
        """See `History.undelete`."""
        return self._call(self._session.history.undelete(paths, which, dry_run=dry_run))

    def retention(self) -> RetentionReport:
        """See `History.retention`."""
        return self._call(self._session.history.retention())

    def ls(self, path: str = "", as_of: str = "") -> list[TreeEntry]:
        """See `History.ls`."""
        return self._call(self._session.history.ls(path, as_of))

    def cat(self, path: str, version_id: str = "", as_of: str = "") -> Iterator[bytes]:
        """See `History.cat`; the bytes in pieces, read as they are taken."""
        return self._each(self._call(self._session.history.cat(path, version_id, as_of)).pieces)

    def diff(self, path: str, since: str, until: str = "") -> TreeDiff:
        """See `History.diff`."""
        return self._call(self._session.history.diff(path, since, until))

    def moments(self, path: str = "", limit: int = 20, least: int = 10, before: str = "") -> list[Moment]:
        """See `History.moments`."""
        return self._call(self._session.history.moments(path, limit, least, before))

    def deeds(self, last: int = 100) -> list[Deed]:
        """See `History.deeds`."""
        return self._call(self._session.history.deeds(last))

    def plan_restore(self, path: str, version_id: str = "", as_of: str = "", *, exact: bool = False) -> Preview:
        """See `History.plan_restore`."""
        return self._call(self._session.history.plan_restore(path, version_id, as_of, exact=exact))

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
        history = self._session.history
        return self._call(history.restore(path, version_id, as_of, exact=exact, dry_run=dry_run, plan_id=plan_id))

    def plan_undo(self, runs: Sequence[int] = ()) -> Preview:
        """See `History.plan_undo`."""
        return self._call(self._session.history.plan_undo(runs))

    def undo(self, runs: Sequence[int] = (), *, dry_run: bool = False, plan_id: str = "") -> SyncReport:
        """See `History.undo`."""
        return self._call(self._session.history.undo(runs, dry_run=dry_run, plan_id=plan_id))

    def verify(self, *, full: bool = False) -> VerifyReport:
        """See `Session.verify`."""
        return self._call(self._session.verify(full=full))

    def conflicts(self) -> list[ConflictCopy]:
        """See `Session.conflicts`."""
        return self._call(self._session.conflicts())

    def settle(self, path: str, keep: Keep | str) -> SyncReport:
        """See `Session.settle`."""
        return self._call(self._session.settle(path, keep))

    def why(self, path: str) -> Why:
        """See `Session.why`."""
        return self._call(self._session.why(path))

    def log(self, last: int = 100, after: int = 0) -> list[LogLine]:
        """See `Session.log`."""
        return self._call(self._session.log(last, after))

    def approve(self) -> int:
        """See `Session.approve`."""
        return self._call(self._session.approve())

    def deny(self) -> int:
        """See `Session.deny`."""
        return self._call(self._session.deny())

    def _each(self, pieces: AsyncIterator[bytes]) -> Iterator[bytes]:
        while piece := self._call(_next(pieces)):
            yield piece

    def _call(self, verb: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(verb, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C: what is done is committed, what is under way is settled by the next sync
            asyncio.run_coroutine_threadsafe(_all_ended(), self._loop).result()
            raise


async def _next(pieces: AsyncIterator[bytes]) -> bytes:
    return await anext(pieces, b"")


def examine_drive(record: DriveRecord) -> DoctorReport:
    """See `drive.doctor.examine`. A drive that cannot be opened can still be examined."""
    from bucketdrive.drive.doctor import examine  # noqa: PLC0415 - a sync does not need it

    return asyncio.run(examine(record))


async def _all_ended() -> None:
    """Wait until nothing else runs on this loop: what was cancelled may still be writing down how far it came."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others)
