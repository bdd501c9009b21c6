"""What to look at next, and when: hints from the folder and the bucket, settled; everything where hints do not do.

A name that changes is looked at when it has been quiet for a moment, so that a save is one version and a file that is
being written is not sent half (spec §2.3). Hints may be missed, so everything is looked at from time to time, and at
once after the machine has slept, or where it is told that something was missed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bucketdrive.errors import DriveError, GuardError, TransientError
from bucketdrive.model.hints import Hints
from bucketdrive.ports.runtime import Clock
from bucketdrive.ports.watcher import Changes, Watcher

_ASLEEP_S = 30.0
"""If the wall clock and the loop's differ by so much more than before, the machine slept, or somebody set the clock."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds.

    `settle_s`: how long a name must be quiet; `longest_s`: after which it is looked at all the same;
    `listen_s`: between two questions to the bucket, at most `listen_again_s` while it does not answer;
    `folder_s`: from the moment when the folder is gone to a look whether it is back; `everything_s`: between two looks
    at everything, and `blind_s` where not all of the folder can be watched.
    """

    settle_s: float = 0.3
    longest_s: float = 10.0
    listen_s: float = 1.0
    listen_again_s: float = 30.0
    folder_s: float = 5.0
    everything_s: float = 6 * 3600.0
    blind_s: float = 60.0


class Attention:
    """Gathers hints for one drive while `run` runs; `next` gives them out. At first, everything is due.

    `blind`: why some of the folder is not watched, and what to do about it; empty where all is.
    """

    def __init__(
        self,
        make_watcher: Callable[[], Watcher],
        hear: Callable[[], Awaitable[Hints | None]],
        clock: Clock,
        pace: Pace,
    ) -> None:
        """`hear`: what was told in the bucket since it was asked the last time; None where that is not known.

        `make_watcher`: a new one, also whenever the folder had gone away. `pace` may be replaced at any time.
        """
        self.pace = pace
        self.blind = ""
        self._make_watcher = make_watcher
        self._hear = hear
        self._clock = clock
        self._begun = asyncio.Event()
        self._names: dict[str, tuple[float, float]] = {}
        self._told = Hints()
        self._later: list[tuple[float, Hints]] = []
        self._everything_at_s = float("-inf")
        self._news = asyncio.Event()
        self._failures = 0
        self._given = 0

    async def run(self) -> None:
        """Watch and listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._listen())

    async def next(self) -> Hints | None:
        """Wait until something is due: what hints name, or None: everything. It is given out once.

        What is given out counts as pending until `done`.
        """
        await self._begun.wait()  # the folder is watched before it is looked at
        while True:
            now_s = asyncio.get_running_loop().time()
            self._news.clear()
            if now_s >= self._everything_at_s:
                self._given = self.pending
                self._names.clear()
                self._told = Hints()
                self._later.clear()
                self._everything_at_s = now_s + (self.pace.blind_s if self.blind else self.pace.everything_s)
                return None
            found = self._ripe(now_s)
            if found:
                self._given = _count(found)
                return found
            try:
                async with asyncio.timeout_at(self._next_at_s()):
                    await self._news.wait()
            except TimeoutError:
                continue

    def done(self) -> None:
        """What was given out last has been looked at."""
        self._given = 0

    def look_at_everything(self, after_s: float = 0.0) -> None:
        """Have everything looked at, after some seconds at the latest."""
        self._everything_at_s = min(self._everything_at_s, asyncio.get_running_loop().time() + after_s)
        self._news.set()

    def look_again(self, hints: Hints, after_s: float) -> None:
        """Have something looked at again, after some seconds or when the store answers again."""
        self._later.append((asyncio.get_running_loop().time() + after_s, hints))
        self._news.set()

    def looked_at_everything(self, since_s: float) -> None:
        """Somebody else had everything looked at; what was heard before `since_s`, the loop's time, is done with it."""
        self._names = {name: times_s for name, times_s in self._names.items() if times_s[1] >= since_s}

    def take(self, changes: Changes) -> None:
        """Something was heard here."""
        now_s = asyncio.get_running_loop().time()
        if changes.lost:
            self.look_at_everything(self.pace.settle_s)
        for name in changes.names:
            first_s, _ = self._names.get(name, (now_s, now_s))
            self._names[name] = (first_s, now_s)
        self._news.set()

    @property
    def pending(self) -> int:
        """How many names and told changes wait to be looked at, or are looked at now."""
        later = sum(_count(hints) for _, hints in self._later)
        return self._given + len(self._names) + _count(self._told) + later

    def _ripe(self, now_s: float) -> Hints:
        due = [name for name, times_s in self._names.items() if now_s >= self._ripe_at_s(times_s)]
        for name in due:
            del self._names[name]
        found = Hints(names=frozenset(due)) | self._told
        self._told = Hints()
        for at_s, hints in self._later:
            if now_s >= at_s:
                found |= hints
        self._later = [(at_s, hints) for at_s, hints in self._later if now_s < at_s]
        return found

    def _ripe_at_s(self, times_s: tuple[float, float]) -> float:
        first_s, last_s = times_s
        return min(last_s + self.pace.settle_s, first_s + self.pace.longest_s)

    def _next_at_s(self) -> float:
        times_s = [self._ripe_at_s(times_s) for times_s in self._names.values()]
        return min([self._everything_at_s, *times_s, *(at_s for at_s, _ in self._later)])

    async def _watch(self) -> None:
        while True:
            watcher = self._make_watcher()
            try:
                changes = await watcher.begin()
                self.look_at_everything()  # whatever changed before
                while True:
                    self.blind = watcher.blind
                    self._begun.set()
                    self.take(changes)
                    changes = await watcher.wait()
            except GuardError:  # what it means is for whoever looks
                self._begun.set()
                self.look_at_everything()
            finally:
                watcher.close()
            await asyncio.sleep(self.pace.folder_s)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        awake_s = self._clock.now_s() - loop.time()
        while True:
            await asyncio.sleep(self._listen_after_s())
            skew_s = self._clock.now_s() - loop.time()
            if abs(skew_s - awake_s) > _ASLEEP_S:
                self.look_at_everything()
            awake_s = skew_s
            try:
                heard = await self._hear()
            except (TransientError, DriveError):
                self._failures += 1
                continue
            if self._failures:
                self._failures = 0
                self._later = [(loop.time(), hints) for _, hints in self._later]
                self._news.set()
            if heard is None:
                self.look_at_everything()
            elif heard:
                self._told |= heard
                self._news.set()

    def _listen_after_s(self) -> float:
        return min(self.pace.listen_s * 2.0 ** min(self._failures, 16), self.pace.listen_again_s)


def _count(hints: Hints) -> int:
    return len(hints.paths | hints.folders | hints.names)
