"""Finished actions into few transactions: whoever comes while one is being written joins the next."""

import asyncio

from bucketdrive.state.change import StateChange, apply_changes
from bucketdrive.state.database import State

_PACE_S = 0.025
"""From one transaction to the next: each waits for the disk once, however many changes are in it."""


class Commits:
    """Writes changes in groups. The first to come writes for all who come meanwhile."""

    def __init__(self, state: State) -> None:
        """`state`: where the changes go."""
        self._state = state
        self._waiting: list[tuple[StateChange, asyncio.Future[None]]] = []
        self._is_writing = False
        self._next_s = 0.0

    async def write(self, change: StateChange) -> None:
        """Returns when `change` is durable; it is one transaction with others, wholly written or not at all."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if not self._is_writing:
            await self._write_all()
        await done

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        self._is_writing = True
        group: list[tuple[StateChange, asyncio.Future[None]]] = []
        try:
            while self._waiting:
                if (pause_s := self._next_s - loop.time()) > 0:
                    await asyncio.sleep(pause_s)
                group, self._waiting = self._waiting, []
                await self._state.run(apply_changes, [change for change, _ in group])
                self._next_s = loop.time() + _PACE_S
                for _, done in group:
                    _finish(done)
        except BaseException as error:
            for _, done in group + self._waiting:
                _finish(done, error)
            self._waiting = []
            raise
        finally:
            self._is_writing = False


def _finish(done: asyncio.Future[None], error: BaseException | None = None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    elif isinstance(error, asyncio.CancelledError):
        done.cancel()
    else:
        done.set_exception(error)
        done.exception()  # the writer itself raises it; a waiter that is gone must not be reported as never retrieved
