"""An event loop in virtual time whose every switch is drawn from a seed."""

import heapq
from asyncio import Handle, Task, TimerHandle, base_events
from contextvars import copy_context
from random import Random  # noqa: TID251  the simulator's seed is where all its chance comes from
from types import coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import Context


class SeededLoop(base_events.BaseEventLoop):
    """Runs whichever ready callback the seed picks; time stands still while any is ready, then jumps to the next timer.

    `on_step` is called before every callback, and may cancel tasks. `trace` is a hash of all choices: equal seeds give
    equal traces. Most of a simulation's steps do next to nothing, so a step is kept as cheap as it can be.
    """

    _ready: list[Handle]
    _scheduled: list[TimerHandle]
    _stopping: bool

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._ready = []
        self._random = random
        self._now_s = 0.0
        self._tasks = 0
        self.steps = 0
        self.trace = 0
        self.on_step: Callable[[], None] = _nothing
        self.max_steps = 2_000_000
        self.slow_callback_duration = float("inf")

    def time(self) -> float:  # type: ignore[explicit-override]
        """Virtual seconds since the loop was made."""
        return self._now_s

    def call_soon(self, callback: Any, *args: Any, context: "Context | None" = None) -> Handle:  # type: ignore[override, explicit-override]
        """As the base class does, without its checks."""
        handle = _Soon(callback, args, context or copy_context())
        self._ready.append(handle)
        return handle

    def create_task(self, coro: Any, *, name: Any = None, context: "Context | None" = None) -> Any:  # type: ignore[explicit-override]
        """As the base class does; the tasks of a group are cancelled in the order in which its set has them."""
        self._tasks += 1
        return _Numbered(self._tasks, coro, self, context)

    def _run_once(self) -> None:
        """Run until it is stopped, which the base class asks for after each callback."""
        ready, scheduled, pick = self._ready, self._scheduled, self._random.random
        while not self._stopping:
            while scheduled and (scheduled[0].when() <= self._now_s or scheduled[0].cancelled()):
                timer = heapq.heappop(scheduled)
                timer._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001  as the base class does
                if not timer.cancelled():
                    ready.append(timer)
            if not ready:
                if not scheduled:
                    raise RuntimeError("the simulation is stuck: nothing is ready and nothing is scheduled")
                self._now_s = scheduled[0].when()
                continue
            self.steps += 1
            if self.steps > self.max_steps:
                raise RuntimeError("the simulation does not come to rest")
            self.on_step()
            choice = int(pick() * len(ready)) if len(ready) > 1 else 0
            self.trace = (self.trace * 1_000_003 + choice + 1) & 0xFFFFFFFFFFFFFFFF
            handle = ready[choice]
            last = ready.pop()
            if last is not handle:
                ready[choice] = last
            if not handle._cancelled:  # noqa: SLF001  as the base class does
                handle._run()  # noqa: SLF001

    def __del__(self) -> None:  # type: ignore[explicit-override]
        """Nothing outside it is held open: it need not be closed."""

    def _process_events(self, event_list: Any) -> None:
        """There are no files to wait for."""

    def _write_to_self(self) -> None:
        """There is no other thread to wake us."""


class _Numbered(Task[Any]):
    """A task whose place in a set is that of its number, and not of where it lies in memory."""

    def __init__(self, number: int, coro: Any, loop: SeededLoop, context: "Context | None") -> None:
        self._number = number
        super().__init__(coro, loop=loop, context=context)

    def __hash__(self) -> int:  # type: ignore[explicit-override]
        return self._number


class _Soon(Handle):
    """A callback that is ready. An error in it ends the simulation."""

    __slots__ = ()

    def __init__(self, callback: Any, args: tuple[Any, ...], context: "Context") -> None:
        self._callback = callback
        self._args = args
        self._context = context
        self._cancelled = False

    def cancel(self) -> None:  # type: ignore[explicit-override]
        self._cancelled = True

    def _run(self) -> None:  # type: ignore[explicit-override]
        self._context.run(self._callback, *self._args)


@coroutine
def switch() -> "Generator[None, None, None]":
    """A point where any other task may go on: what `asyncio.sleep(0)` is, at less than half its cost."""
    yield


def _nothing() -> None:
    return
