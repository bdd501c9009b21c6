"""An open drive: all its verbs, async. The state is opened, and the store connected, when a verb first needs them."""

import asyncio
from types import TracebackType
from typing import Self

from bucketdrive.drive.assembly import Silence
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.conflicts import list_conflicts, settle_conflict
from bucketdrive.drive.history import History
from bucketdrive.drive.measured import Measured
from bucketdrive.drive.opening import Opened, open_to_read, open_to_work
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import state_dir
from bucketdrive.drive.standing import PAUSED, read_status
from bucketdrive.drive.telling import would_do
from bucketdrive.drive.why import explain
from bucketdrive.engine.hearing import Hearing
from bucketdrive.engine.verify import verify
from bucketdrive.errors import BusyError
from bucketdrive.model.explanations import ConflictCopy, Keep, Why
from bucketdrive.model.hints import Hints
from bucketdrive.model.log import LogLine
from bucketdrive.model.paths import RelPath
from bucketdrive.model.reports import DriveStatus, SyncReport, VerifyReport
from bucketdrive.ports.runtime import Listener
from bucketdrive.rules.names import origin_of
from bucketdrive.state.log import add_log, read_log
from bucketdrive.state.runs import approve_holds, deny_holds
from bucketdrive.state.trees import count_synced, put_meta


class Session:
    """A drive of this machine. Use it as an async context manager, or `close` it."""

    def __init__(self, record: DriveRecord, listener: Listener | None = None, *, listens: bool = False) -> None:
        """`record`: which drive; `listener`: hears of progress; `listens`: `hear` will be asked."""
        self.record = record
        self._listener = listener or Silence()
        self._open: Opened | None = None
        self._opening = asyncio.Lock()
        self._listens = listens
        self._hearing: Hearing | None = None
        self.history = History(self._working, record)
        """The verbs of time."""

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
        with Measured(opened.store) as measured:
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

    async def verify(self, *, full: bool = False) -> VerifyReport:
        """Compare folder, state and bucket by hash; see `engine.verify`. Changes nothing at all.

        Raises:
            DriveError, TransientError: as `sync`. BusyError: another process syncs this drive.
        """
        opened = self._open or await open_to_read(self.record, self._listener)
        try:
            with Measured(opened.store) as measured:
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
        with Measured(opened.store) as measured:
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

    def _signed(self, report: SyncReport) -> SyncReport:
        report.drive = self.record.url
        return report
