"""An open drive: all its verbs, async. The state is opened, and the store connected, when a verb first needs them."""

import asyncio
from collections import Counter
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

from bucketdrive.drive.assembly import Silence, Store
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.conflicts import list_conflicts, settle_conflict
from bucketdrive.drive.opening import Opened, open_to_read, open_to_work
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import state_dir
from bucketdrive.drive.standing import PAUSED, read_status
from bucketdrive.drive.telling import added, would_do
from bucketdrive.drive.why import explain
from bucketdrive.engine.hearing import Hearing
from bucketdrive.engine.journal import read_journals
from bucketdrive.engine.verify import verify
from bucketdrive.errors import BusyError, UsageError
from bucketdrive.history.as_of import NOW, list_tree
from bucketdrive.history.restore import make_restore_plan, make_restore_plan_as_of
from bucketdrive.history.versions import describe_versions, list_trash
from bucketdrive.model.entries import SyncedFile
from bucketdrive.model.explanations import ConflictCopy, Keep, Why
from bucketdrive.model.hints import Hints
from bucketdrive.model.log import LogLine
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.plan import Plan
from bucketdrive.model.reports import DeletedInfo, DriveStatus, SyncReport, TreeEntry, VerifyReport, VersionInfo
from bucketdrive.ports.runtime import Listener
from bucketdrive.rules.moments import parse_moment
from bucketdrive.rules.names import origin_of
from bucketdrive.state.log import add_log, read_log
from bucketdrive.state.runs import approve_holds, deny_holds
from bucketdrive.state.trees import count_synced, load_synced_at, put_meta

Report = TypeVar("Report", SyncReport, VerifyReport)


class Session:
    """A drive of this machine. Use it as an async context manager, or `close` it."""

    def __init__(self, record: DriveRecord, listener: Listener | None = None, *, listens: bool = False) -> None:
        """`record`: which drive; `listener`: hears of progress; `listens`: `hear` will be asked."""
        self.record = record
        self._listener = listener or Silence()
        self._keys = KeySpace(record.prefix)
        self._open: Opened | None = None
        self._opening = asyncio.Lock()
        self._listens = listens
        self._hearing: Hearing | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give everything back; the lock as well."""
        if self._open is not None:
            opened, self._open, self._hearing = self._open, None, None
            await opened.close()

    # --- verbs --------------------------------------------------------------------------------------------------------

    async def sync(self, *, dry_run: bool = False, hints: Hints | None = None) -> SyncReport:
        """Make folder and bucket the same. With `dry_run`, only say what would be done.

        With `hints`, only at what they name: from the first sync of everything on, `hear` tells what others did since.

        Raises:
            DriveError: the drive stopped to protect data, or cannot be reached; says why.
            TransientError: the store is not to be reached now.
        """
        opened = await self._working()
        with _Measured(opened.store) as measured:
            if dry_run:
                report = would_do(await opened.cycle.plan())
            else:
                if self._hearing is None:
                    hints = None
                if self._listens and hints is None:
                    self._hearing = Hearing(opened.parts)
                    await self._hearing.begin()
                report = await opened.cycle.sync(hints)
        return self._signed(measured.into(report))

    async def hear(self) -> Hints | None:
        """What other devices told in the bucket since it was asked the last time; None where that is not known.

        Raises:
            DriveError, TransientError: as `sync`.
        """
        return await self._hearing.hear() if self._hearing is not None else Hints()

    @property
    def unsure(self) -> frozenset[str]:
        """The paths that the last sync could not judge, such as files that are being written."""
        return frozenset(self._open.cycle.unsure) if self._open is not None else frozenset()

    async def rows(self) -> int:
        """How many files and folders the drive has, as far as folder and bucket agree."""
        return await (await self._working()).state.run(count_synced)

    async def status(self) -> DriveStatus:
        """What the state tells, without asking the bucket, and beside a running sync."""
        return read_status(self.record)

    async def versions(self, path: str) -> list[VersionInfo]:
        """The versions of a file, newest first.

        Raises:
            NoSuchPathError: it has none.
        """
        opened = await self._working()
        parsed = RelPath.parse(path)
        await read_journals(opened.parts)
        found = await describe_versions(opened.store.bucket, self._keys, opened.state, parsed)
        row = (await opened.state.run(load_synced_at, [parsed])).get(parsed)
        if not isinstance(row, SyncedFile):
            return found
        return [replace(v, sha256=row.sha256) if v.version_id == row.version_id else v for v in found]

    async def trash(self) -> list[DeletedInfo]:
        """The deleted files that can be restored, by path."""
        opened = await self._working()
        return await list_trash(opened.store.bucket, self._keys)

    async def ls(self, path: str = "", as_of: str = "") -> list[TreeEntry]:
        """The files in the bucket at or below `path` (empty: all), sorted by path; as they are now or were `as_of`.

        `as_of` is a time in ISO 8601 or an age, as `rules.moments` reads it.

        Raises:
            NoSuchPathError: a path is named, and there is or was nothing.
            UsageError: `as_of` is no moment.
        """
        at_s = self._moment(as_of) if as_of else NOW
        opened = await self._working()
        return await list_tree(opened.store.bucket, self._keys, _parsed(path), at_s)

    async def restore(self, path: str, version_id: str = "", as_of: str = "", *, dry_run: bool = False) -> SyncReport:
        """Make an old version the newest again and bring it here; what is here and not yet up goes up first.

        With `as_of` (as for `ls`), the file, or all files below the folder, as they were then; files made since stay.

        Raises:
            NoSuchPathError: there is nothing to restore, or there was nothing then.
            UsageError: `as_of` is no moment, or a version is named as well.
        """
        if version_id and as_of:
            raise UsageError(
                "A version and a moment cannot both be named. Nothing was restored.",
                hint="Name the version alone: it is of one moment.",
                path=path,
            )
        at_s = self._moment(as_of) if as_of else NOW
        parsed = _parsed(path) if as_of else RelPath.parse(path)
        opened = await self._working()

        async def plan() -> Plan:
            if as_of:
                return await make_restore_plan_as_of(opened.store.bucket, self._keys, parsed, at_s)
            await read_journals(opened.parts)
            return await make_restore_plan(opened.store.bucket, self._keys, opened.state, RelPath(parsed), version_id)

        with _Measured(opened.store) as measured:
            if dry_run:
                report = would_do(await plan())
            else:
                first = await opened.cycle.sync()
                restored = await opened.cycle.carry_out(await plan())
                report = added(first, await opened.cycle.sync())
                report.failed += restored.failed
        return self._signed(measured.into(report))

    async def verify(self, *, full: bool = False) -> VerifyReport:
        """Compare folder, state and bucket by hash; see `engine.verify`. Changes nothing at all.

        Raises:
            DriveError, TransientError: as `sync`. BusyError: another process syncs this drive.
        """
        opened = self._open or await open_to_read(self.record, self._listener)
        try:
            with _Measured(opened.store) as measured:
                report = await verify(opened.parts, is_full=full)
        finally:
            if opened is not self._open:
                await opened.close()
        report.drive = self.record.url
        return measured.into(report)

    async def conflicts(self) -> list[ConflictCopy]:
        """The conflict copies in the drive, by path, with what is known of the versions that they are about.

        Beside another process that syncs, that is their names.
        """
        try:
            opened = await self._working()
        except BusyError:
            return [ConflictCopy(path, (origin_of(path) or ("",))[0]) for path in (await self.status()).conflicts]
        return await list_conflicts(opened)

    async def settle(self, path: str, keep: Keep | str) -> SyncReport:
        """Settle a conflict, named by its copy or by its file; see `drive.conflicts.settle_conflict`.

        Raises:
            NoSuchPathError, UsageError: there is no such copy, or there are several.
            PreconditionError: a file changed meanwhile; nothing was settled.
        """
        opened = await self._working()
        with _Measured(opened.store) as measured:
            report = await settle_conflict(opened, RelPath.parse(path), Keep(keep))
        return self._signed(measured.into(report))

    async def why(self, path: str) -> Why:
        """Why a path is as it is, and what a sync would do; see `drive.why.explain`.

        Raises:
            NoSuchPathError: it is nowhere, and never was.
        """
        return await explain(await self._working(), RelPath.parse(path))

    async def log(self, last: int = 100, after: int = 0) -> list[LogLine]:
        """The `last` lines of the log, oldest first, of those whose id is above `after`; beside a running sync."""
        return read_log(state_dir(self.record.root_id), last, after)

    async def set_paused(self, *, is_paused: bool) -> None:
        """Remember whether the drive is paused: that outlives the daemon. A `sync` that is asked for is done anyway."""
        opened = await self._working()
        await opened.state.run(put_meta, {PAUSED: str(int(is_paused))})

    async def note(self, op: str, text: str) -> None:
        """Write something into the log that a user must know of; nothing where the drive is not open."""
        if self._open is not None:
            await self._open.state.run(add_log, [LogLine(op, "", SystemClock().now_s(), note=text)])

    @property
    def traffic_bytes(self) -> tuple[int, int]:
        """Bytes of bodies sent and received since the drive was opened."""
        meter = self._open.store.meter if self._open else None
        return (meter.bytes_sent, meter.bytes_received) if meter else (0, 0)

    @property
    def requests(self) -> dict[str, int]:
        """How many of each S3 operation were made since the drive was opened."""
        return dict(self._open.store.meter.requests) if self._open else {}

    async def approve(self) -> int:
        """Let the next sync carry out the deletions that a guard holds; how many."""
        opened = await self._working()
        return await opened.state.run(approve_holds, "G3")

    async def deny(self) -> int:
        """Refuse the deletions that a guard holds: the next sync brings the files back; how many."""
        opened = await self._working()
        return await opened.state.run(deny_holds, "G3")

    # --- opening ------------------------------------------------------------------------------------------------------

    async def _working(self) -> Opened:
        async with self._opening:
            if self._open is None:
                self._open = await open_to_work(self.record, self._listener)
            return self._open

    def _moment(self, text: str) -> float:
        return parse_moment(text, SystemClock().now_s())

    def _signed(self, report: SyncReport) -> SyncReport:
        report.drive = self.record.url
        return report


def _parsed(path: str) -> str:
    """A path in the drive, or empty for all of it."""
    return RelPath.parse(path) if path else ""


class _Measured:
    """What a block costs: requests, body bytes, seconds."""

    def __init__(self, store: Store) -> None:
        self._meter = store.meter
        self._clock = SystemClock()

    def __enter__(self) -> Self:
        self._requests = Counter(self._meter.requests)
        self._bytes = (self._meter.bytes_sent, self._meter.bytes_received)
        self._started_s = self._clock.now_s()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def into(self, report: Report) -> Report:
        """Write it into a report."""
        report.requests = dict(sorted((Counter(self._meter.requests) - self._requests).items()))
        if isinstance(report, SyncReport):
            report.bytes_sent = self._meter.bytes_sent - self._bytes[0]
        report.bytes_received = self._meter.bytes_received - self._bytes[1]
        report.seconds = round(self._clock.now_s() - self._started_s, 3)
        return report
