"""Calls that are done together, each with an outcome of its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from bucketdrive.disk.lane import Lane


def play(work, orders):
    """Order all at once; what each returned or raised."""

    async def run():
        with ThreadPoolExecutor(1) as executor:
            lane = Lane(executor, work)
            async with asyncio.timeout(5):
                calls = [asyncio.ensure_future(lane.order(order)) for order in orders]
                await asyncio.wait(calls)
            return [call.exception() or call.result() for call in calls]

    return asyncio.run(run())


def test_calls_that_come_together_are_one_batch():
    batches = []

    def double(orders):
        batches.append(list(orders))
        return [order * 2 for order in orders]

    assert play(double, range(100)) == [order * 2 for order in range(100)]
    assert batches == [list(range(64)), list(range(64, 100))]


def test_what_one_batch_leaves_is_done_by_the_next():
    assert play(lambda orders: [orders[0]], range(5)) == [0, 1, 2, 3, 4]


def test_an_error_is_the_one_calls():
    def work(orders):
        return [ValueError("odd") if order % 2 else order for order in orders]

    found = play(work, range(4))
    assert [found[0], found[2]] == [0, 2]
    assert [type(found[1]), type(found[3])] == [ValueError, ValueError]


def test_an_error_of_the_whole_batch_is_everybodys():
    def work(orders):
        raise OSError

    assert [type(error) for error in play(work, range(3))] == [OSError] * 3


def test_whoever_goes_away_does_not_hold_up_the_others():
    async def run():
        with ThreadPoolExecutor(1) as executor:
            lane = Lane(executor, list)
            gone = asyncio.ensure_future(lane.order(1))
            other = asyncio.ensure_future(lane.order(2))
            await asyncio.sleep(0)
            gone.cancel()
            return await other, gone.cancelled()

    assert asyncio.run(run()) == (2, True)


def test_after_the_end_every_call_fails():
    async def run():
        executor = ThreadPoolExecutor(1)
        lane = Lane(executor, list)
        executor.shutdown()
        with pytest.raises(RuntimeError):
            await lane.order(1)

    asyncio.run(run())
