"""An event loop in virtual time whose every switch is drawn from a seed."""

import asyncio
import heapq
from asyncio import Handle, base_events
from collections import deque
from random import Random  # noqa: TID251  the simulator's seed is where all its chance comes from
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class SeededLoop(base_events.BaseEventLoop):
    """Runs whichever ready callback the seed picks; time stands still while any is ready, then jumps to the next timer.

    `on_step` is called before every callback, and may cancel tasks. `trace` is a hash of all choices: equal seeds give
    equal traces.
    """

    _ready: deque[Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random
        self._now_s = 0.0
        self.steps = 0
        self.trace = 0
        self.on_step: Callable[[], None] = _nothing
        self.max_steps = 2_000_000
        self.slow_callback_duration = float("inf")

    def time(self) -> float:  # type: ignore[explicit-override]
        """Virtual seconds since the loop was made."""
        return self._now_s

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled
        while scheduled and (scheduled[0].cancelled() or scheduled[0].when() <= self._now_s):
            timer = heapq.heappop(scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001  as the base class does
            if not timer.cancelled():
                ready.append(timer)
        if not ready:
            if not scheduled:
                raise RuntimeError("the simulation is stuck: nothing is ready and nothing is scheduled")
            self._now_s = scheduled[0].when()
            return
        self.steps += 1
        if self.steps > self.max_steps:
            raise RuntimeError("the simulation does not come to rest")
        self.on_step()
        choice = int(self._random.random() * len(ready)) if len(ready) > 1 else 0
        self.trace = (self.trace * 1_000_003 + choice + 1) & 0xFFFFFFFFFFFFFFFF
        ready.rotate(-choice)
        handle = ready.popleft()
        ready.rotate(choice)
        if not handle.cancelled():
            handle._run()  # noqa: SLF001  as the base class does

    def __del__(self) -> None:  # type: ignore[explicit-override]
        """Nothing outside it is held open: it need not be closed."""

    def _process_events(self, event_list: Any) -> None:
        """There are no files to wait for."""

    def _write_to_self(self) -> None:
        """There is no other thread to wake us."""


def _nothing() -> None:
    return
