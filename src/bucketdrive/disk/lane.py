"""Calls that cost less together: those that come while a batch is at work go to a thread as the next, one hop for all.

A hop costs more than reading a small file, and a fsync of two files little more than that of one.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

Order = TypeVar("Order")
Result = TypeVar("Result")

_MAX_ORDERS = 64


class Lane(Generic[Order, Result]):
    """One kind of call. Batches run one after the other, in the order of the calls; nobody waits for more to come."""

    def __init__(self, executor: Executor, work: Callable[[Sequence[Order]], Sequence[Result | Exception]]) -> None:
        """`work`: does the first few of the orders, one at least, in a thread; what became of each of those."""
        self._executor = executor
        self._work = work
        self._waiting: list[tuple[Order, asyncio.Future[Result]]] = []
        self._is_busy = False

    async def order(self, order: Order) -> Result:
        """What becomes of `order`, returned or raised. Once begun, it is done even if the caller is cancelled."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((order, done))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._begin)  # not at once: whoever comes in the same step of the loop goes along
        return await done

    def _begin(self) -> None:
        self._waiting = [(order, done) for order, done in self._waiting if not done.done()]
        self._is_busy = bool(self._waiting)
        if not self._is_busy:
            return
        batch, self._waiting = self._waiting[:_MAX_ORDERS], self._waiting[_MAX_ORDERS:]
        try:
            running = asyncio.get_running_loop().run_in_executor(
                self._executor, self._work, [order for order, _ in batch]
            )
        except RuntimeError as error:  # closed meanwhile
            self._is_busy = False
            _answer([*batch, *self._waiting], [error] * (len(batch) + len(self._waiting)))
        else:
            running.add_done_callback(lambda ended: self._end(batch, ended))

    def _end(
        self, batch: list[tuple[Order, asyncio.Future[Result]]], ended: "asyncio.Future[Sequence[Result | Exception]]"
    ) -> None:
        if ended.cancelled():
            _answer(batch, [asyncio.CancelledError()] * len(batch))
        elif error := ended.exception():
            _answer(batch, [error] * len(batch))
        else:
            results = ended.result()
            _answer(batch[: len(results)], results)
            self._waiting = batch[len(results) :] + self._waiting
        self._begin()


def _answer(batch: Sequence[tuple[Order, "asyncio.Future[Result]"]], results: Sequence[Result | BaseException]) -> None:
    for (_, done), result in zip(batch, results, strict=True):
        if done.done():
            continue
        if isinstance(result, asyncio.CancelledError):
            done.cancel()
        elif isinstance(result, BaseException):
            done.set_exception(result)
        else:
            done.set_result(result)
