"""Keeps one drive in sync as long as a daemon runs, and does what users ask of it meanwhile."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from bucketdrive.disk.watch import FolderWatcher
from bucketdrive.drive.activity import Activity
from bucketdrive.drive.assembly import Silence, SystemChance
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.memory import give_back_memory
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.session import Session
from bucketdrive.drive.settings import load_settings, state_dir
from bucketdrive.drive.standing import PAUSED, Seen, read_status
from bucketdrive.engine.attention import Attention, Pace
from bucketdrive.engine.groups import sole_error
from bucketdrive.errors import (
    AccessDeniedError,
    BucketDriveError,
    CredentialsError,
    DriveError,
    GuardError,
    InternalError,
    TransientError,
)
from bucketdrive.model.explanations import ConflictCopy, Keep, Why
from bucketdrive.model.hints import Hints
from bucketdrive.model.log import LogLine
from bucketdrive.model.paths import RelPath
from bucketdrive.model.reports import (
    DriveStatus,
    StateWord,
    SyncReport,
    VerifyReport,
)
from bucketdrive.ports.runtime import Event, Listener, Planned, Stands
from bucketdrive.rules.backoff import retry_after_s
from bucketdrive.rules.budget import look_every_s
from bucketdrive.state.glance import glance
from bucketdrive.state.log import read_log

T = TypeVar("T")

EVERY_PAUSED_S = 300.0
"""A paused drive is only looked at, to tell what waits."""
_LEAST_BLIND_S, _BLIND_LOOKS = 60.0, 8
"""Where some of the folder is not watched, everything is looked at so many times as often, at most once a minute."""
_UNSURE_S = 0.5
_LONGEST_UNSURE_S = 300.0
"""What could not be judged, as it is being written, is looked at again after so long at first, and at last."""

_log = logging.getLogger(__name__)


class Keeper:
    """The one owner of a drive's session. What changes the drive is done one after the other, whoever asks for it.

    Verbs that only read do not wait for a sync. Make it on the event loop that it is used on.
    """

    def __init__(self, record: DriveRecord, listener: Listener | None = None) -> None:
        """`listener` hears of progress, and of each new word for how the drive stands. Nothing is opened yet."""
        self.record = record
        self._listener = listener or Silence()
        self.session = Session(record, self, listens=True)
        self._clock, self._chance = SystemClock(), SystemChance()
        settings = load_settings()
        self._requests_per_day = settings.requests_per_day
        pace = Pace(listen_s=settings.listen_s)
        self._attention = Attention(lambda: FolderWatcher(record.folder), self._hear, self._clock, pace)
        self._unsure: dict[str, float] = {}
        self._is_all_to_do = False
        self._turn = asyncio.Lock()
        self._poked = asyncio.Event()
        self._reader = ThreadPoolExecutor(1, f"status-{record.folder.name}")
        self._readers = 0
        self._looking: asyncio.Task[None] | None = None
        self._is_paused = False
        self._has_looked = False
        self._activity = Activity(lambda: self.session.traffic_bytes)
        self._waiting: dict[str, float] = {}
        self._failures = 0
        self._retry_at_s = 0.0
        self._error: BucketDriveError | None = None
        self._note = ""
        self._word: StateWord | None = None

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the drive in sync until cancelled. What goes wrong becomes its state, and is tried again."""
        with suppress(BucketDriveError):
            found = glance(state_dir(self.record.root_id))
            self._is_paused = found is not None and found.meta.get(PAUSED) == "1"
        if self._is_paused:
            self._poked.set()  # to tell at once what waits
        async with asyncio.TaskGroup() as group:
            group.create_task(self._attend())
            while True:
                hints = await self._due()
                async with asyncio.TaskGroup() as looking:  # of one, which `pause` may break off
                    self._looking = looking.create_task(self._look(hints))

    async def _attend(self) -> None:
        """Watch and listen until cancelled; what nobody expects there ends neither this drive nor those beside it."""
        while True:
            try:
                await self._attention.run()
            except ExceptionGroup as group:
                await self._met(sole_error(group))
            await asyncio.sleep(self._attention.pace.folder_s)

    async def _due(self) -> Hints | None:
        """Wait until there is something to look at; of a paused drive, now and then everything."""
        while not self._poked.is_set():
            if self._is_paused:
                try:
                    async with asyncio.timeout(EVERY_PAUSED_S):
                        await self._poked.wait()
                except TimeoutError:
                    return None
                continue
            due = asyncio.ensure_future(self._attention.next())
            poked = asyncio.ensure_future(self._poked.wait())
            try:
                await asyncio.wait((due, poked), return_when=asyncio.FIRST_COMPLETED)
                if due.done():
                    return due.result()
            finally:
                due.cancel()
                poked.cancel()
        self._poked.clear()
        return None

    async def close(self) -> None:
        """Give everything back; the lock as well. `run` must have ended."""
        await self.session.close()
        self._reader.shutdown()

    def poke(self) -> None:
        """Look at everything now."""
        self._failures = 0
        self._poked.set()

    async def pause(self) -> None:
        """Let nothing travel until `resume`, a restart of the daemon or not. What waits is still told."""
        self._is_paused = True
        if self._looking is not None:
            self._looking.cancel()  # what is done is committed, what is under way is settled at the next sync
        await self.session.set_paused(is_paused=True)
        self._poked.set()
        await self._tell_word()

    async def resume(self) -> None:
        """Go on, at once."""
        self._is_paused = False
        await self.session.set_paused(is_paused=False)
        self.poke()
        await self._tell_word()

    @property
    def is_offline(self) -> bool:
        """Whether the store could not be reached the last time."""
        return isinstance(self._error, TransientError)

    async def _look(self, hints: Hints | None) -> None:
        failures = self._failures
        try:
            report = await self._sync(hints, dry_run=self._is_paused, is_due=True)
        except (DriveError, TransientError):
            pass  # the status tells of it
        except BucketDriveError as error:
            await self._failed(error)
        except Exception as error:  # noqa: BLE001  the drives beside this one go on
            await self._met(error)
        else:
            await self._look_again(report, hints)
            return
        if self._failures > failures:
            self._again(hints)

    async def _look_again(self, report: SyncReport, hints: Hints | None) -> None:
        """Have looked at again what was not done or could not be judged, and everything in good time."""
        if report.failed:
            failed = frozenset(RelPath(item.path) for item in report.failed)
            self._again(Hints(names=frozenset(failed), paths=failed))
        names = self.session.unsure
        self._unsure = {name: min(self._unsure.get(name, _UNSURE_S / 2) * 2, _LONGEST_UNSURE_S) for name in names}
        for name, after_s in self._unsure.items():
            self._attention.look_again(Hints(names=frozenset({name})), after_s)
        if hints is None and not self._is_paused:
            self._is_all_to_do = False
            every_s = look_every_s(self._requests_per_day, self._attention.pace.listen_s, await self.session.rows())
            blind_s = max(_LEAST_BLIND_S, every_s / _BLIND_LOOKS)
            self._attention.pace = replace(self._attention.pace, everything_s=every_s, blind_s=blind_s)
            self._attention.look_at_everything(blind_s if self._attention.blind else every_s)
            give_back_memory()

    def _again(self, hints: Hints | None) -> None:
        """Try again after a while, each time a longer one; or at once when the network is back."""
        after_s = retry_after_s(self._failures, self._chance.fraction())
        self._retry_at_s = self._clock.now_s() + after_s
        if hints is None:
            self._is_all_to_do = True
            self._attention.look_at_everything(after_s)
        else:
            self._attention.look_again(hints, after_s)

    async def _hear(self) -> Hints | None:
        try:
            hints = await self.reading(self.session.hear())
        except TransientError as error:
            if not self.is_offline:
                await self._failed(error)
            raise
        except DriveError as error:
            async with self._turn:  # it may close the session
                await self._failed(error)
            self._again(None)
            raise
        if self.is_offline:
            self._error, self._retry_at_s = None, 0.0
            if self._is_all_to_do:
                self._attention.look_at_everything()
            await self._tell_word()
        return hints

    # --- what changes the drive ---------------------------------------------------------------------------------------

    async def sync(self, *, dry_run: bool = False) -> SyncReport:
        """See `Session.sync`. Asked for, it looks at everything, and is done although the drive is paused."""
        return await self._sync(None, dry_run=dry_run)

    async def _sync(self, hints: Hints | None, *, dry_run: bool, is_due: bool = False) -> SyncReport:
        async def sync() -> SyncReport:
            began_s = asyncio.get_running_loop().time()
            try:
                report = await self.session.sync(dry_run=dry_run, hints=hints)
            finally:
                if is_due:
                    self._attention.done()
            self._has_looked |= hints is None
            if hints is None and not dry_run:
                self._attention.looked_at_everything(began_s)
            return report

        return await self.in_turn(sync)

    async def settle(self, path: str, keep: Keep | str) -> SyncReport:
        """See `Session.settle`."""
        return await self.in_turn(lambda: self.session.settle(path, keep))

    async def approve(self) -> int:
        """See `Session.approve`; the deletions happen at once."""
        number = await self.session.approve()
        self.poke()
        return number

    async def deny(self) -> int:
        """See `Session.deny`; the files come back at once."""
        number = await self.session.deny()
        self.poke()
        return number

    async def in_turn(self, verb: Callable[[], Awaitable[SyncReport]]) -> SyncReport:
        """Have done what changes the drive, after all that was asked for before."""
        async with self._turn:
            self._activity.begin()
            try:
                report = await verb()
            except (DriveError, TransientError) as error:
                await self._failed(error)
                raise
            finally:
                self._activity.end()
            self._done(report)
        await self._tell_word()
        return report

    def _done(self, report: SyncReport) -> None:
        now_s = self._clock.now_s()
        waiting = report.planned if report.planned is not None else [failed.path for failed in report.failed]
        self._waiting = {what: self._waiting.get(what, now_s) for what in waiting}
        self._error, self._retry_at_s = None, 0.0
        self._note = f"{report.failed[0].path}: {report.failed[0].reason}" if report.failed else ""
        self._failures = self._failures + 1 if report.failed else 0
        if report.has_done_something:
            fields = {name: getattr(report, name) for name in ("uploaded", "downloaded", "moved", "seconds")}
            _log.info("synced", extra={"folder": str(self.record.folder)} | fields)

    async def _failed(self, error: BucketDriveError) -> None:
        is_news = self._error is None or self._error.message != error.message
        self._error, self._failures = error, self._failures + 1
        if is_news:
            _log.warning("not synced", extra={"folder": str(self.record.folder), "why": error.message})
            op = "stop" if isinstance(error, GuardError) else "offline" if self.is_offline else "error"
            await self.session.note(op, error.message)
        if isinstance(error, CredentialsError | AccessDeniedError) and not self._readers:
            await self.session.close()  # opened again, it asks the chain anew
        await self._tell_word()

    async def _met(self, error: BaseException) -> None:
        _log.error("unexpected", exc_info=error, extra={"folder": str(self.record.folder)})
        await self._failed(InternalError(f"It met something unexpected: {type(error).__name__}: {error}"))

    # --- what only reads ----------------------------------------------------------------------------------------------

    async def status(self) -> DriveStatus:
        """How the drive stands, beside whatever is done for it."""
        seen = self._seen()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, lambda: read_status(self.record, seen))

    async def conflicts(self) -> list[ConflictCopy]:
        """See `Session.conflicts`."""
        return await self.reading(self.session.conflicts())

    async def log(self, last: int = 100, after: int = 0) -> list[LogLine]:
        """See `Session.log`."""
        loop, folder = asyncio.get_running_loop(), state_dir(self.record.root_id)
        return await loop.run_in_executor(self._reader, lambda: read_log(folder, last, after))

    async def why(self, path: str) -> Why:
        """See `Session.why`; it plans a sync, and so waits for one that runs."""
        async with self._turn:
            return await self.reading(self.session.why(path))

    async def verify(self, *, full: bool = False) -> VerifyReport:
        """See `Session.verify`; waits for a sync that runs."""
        async with self._turn:
            return await self.reading(self.session.verify(full=full))

    async def reading(self, verb: Awaitable[T]) -> T:
        """Have asked what only reads, of the session or its history; it does not wait for a sync."""
        self._readers += 1
        try:
            return await verb
        finally:
            self._readers -= 1

    async def reading_on(self, pieces: AsyncIterator[T]) -> AsyncIterator[T]:
        """As `reading`, for what is read piece by piece."""
        self._readers += 1
        try:
            async for piece in pieces:
                yield piece
        finally:
            self._readers -= 1

    # --- how it stands ------------------------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        """Hears of the session's progress (it is its Listener), and passes it on."""
        self._activity.hear(event)
        if isinstance(event, Planned) and event.plan.to_do:
            self._tell(StateWord.SYNCING)
        self._listener.tell(event)

    def _seen(self) -> Seen:
        up, down = self._activity.bytes_per_s()
        return Seen(
            is_kept=True,
            has_looked=self._has_looked,
            doing=self._activity.doing,
            pending=max(self._activity.to_do, len(self._waiting), self._attention.pending),
            pending_since_s=min(self._waiting.values(), default=self._activity.planned_at_s),
            up_bytes_per_s=up,
            down_bytes_per_s=down,
            error=self._error,
            note=self._note or self._attention.blind,
            retry_at_s=self._retry_at_s,
            requests=self.session.requests,
        )

    async def _tell_word(self) -> None:
        with suppress(BucketDriveError):
            self._tell((await self.status()).state)

    def _tell(self, word: StateWord) -> None:
        if word is not self._word:
            self._word = word
            self._listener.tell(Stands(word))
