"""An event loop in virtual time whose every switch is drawn from a seed."""

# ruff: noqa: SLF001
# It does by hand what the base class and its handles do, at a third of the cost: a simulation is little but its steps.

import heapq
from asyncio import Handle, Task, base_events
from contextvars import copy_context
from random import Random  # noqa: TID251  the simulator's seed is where all its chance comes from
from types import coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import Context


class SeededLoop(base_events.BaseEventLoop):
    """Runs whichever ready callback the seed picks; time stands still while any is ready, then jumps to the next timer.

    `on_step`, if it is set, is called before every callback, and may cancel tasks. `trace` is a hash of all choices:
    equal seeds give equal traces. Most of a simulation's steps do next to nothing, so a step is kept as cheap as it can
    be.
    """

    _ready: list[Any]
    _scheduled: list[Any]
    _stopping: bool

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._ready = []
        self._random = random
        self._context = copy_context()
        self._now_s = 0.0
        self._tasks = 0
        self.steps = 0
        self.trace = 0
        self.on_step: Callable[[], None] | None = None
        self._at_steps: list[tuple[int, int, Callable[[], None]]] = []
        self._waiting = 0
        self.max_steps = 2_000_000
        self.slow_callback_duration = float("inf")

    def time(self) -> float:  # type: ignore[explicit-override]
        """Virtual seconds since the loop was made."""
        return self._now_s

    def call_soon(self, callback: Any, *args: Any, context: "Context | None" = None) -> Handle:  # type: ignore[override, explicit-override]
        """As the base class does, without its checks."""
        handle = _Soon(callback, args, context or self._context)
        self._ready.append(handle)
        return handle

    def call_at_step(self, step: int, callback: "Callable[[], None]") -> None:
        """Call it before the callback of that step; at the next, where it is past."""
        self._waiting += 1
        heapq.heappush(self._at_steps, (step, self._waiting, callback))

    async def pass_steps(self, number: int) -> None:
        """Let so many steps be made: by others, and as time goes on."""
        done = self.create_future()
        self.call_at_step(self.steps + number, lambda: None if done.done() else done.set_result(None))
        await done

    def create_task(self, coro: Any, *, name: Any = None, context: "Context | None" = None) -> Any:  # type: ignore[explicit-override]
        """As the base class does; the tasks of a group are cancelled in the order in which its set has them."""
        self._tasks += 1
        return _Numbered(self._tasks, coro, self, context)

    def _run_once(self) -> None:
        """Run until it is stopped, which the base class asks for after each callback."""
        ready, scheduled, at_steps, pick = self._ready, self._scheduled, self._at_steps, self._random.random
        while not self._stopping:
            while scheduled and (scheduled[0]._when <= self._now_s or scheduled[0]._cancelled):
                timer = heapq.heappop(scheduled)
                timer._scheduled = False
                if not timer._cancelled:
                    ready.append(timer)
            if not ready:
                if not scheduled:
                    raise RuntimeError("the simulation is stuck: nothing is ready and nothing is scheduled")
                self._now_s = scheduled[0]._when
                continue
            self.steps += 1
            if self.steps > self.max_steps:
                raise RuntimeError("the simulation does not come to rest")
            if self.on_step is not None:
                self.on_step()
            while at_steps and at_steps[0][0] <= self.steps:
                heapq.heappop(at_steps)[2]()
            choice = int(pick() * len(ready)) if len(ready) > 1 else 0
            self.trace = (self.trace * 1_000_003 + choice + 1) & 0xFFFFFFFFFFFFFFFF
            handle = ready[choice]
            last = ready.pop()
            if last is not handle:
                ready[choice] = last
            if not handle._cancelled:
                handle._context.run(handle._callback, *handle._args)

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


@coroutine
def switch() -> "Generator[None, None, None]":
    """A point where any other task may go on: what `asyncio.sleep(0)` is, at less than half its cost."""
    yield
