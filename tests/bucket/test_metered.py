"""Meters count every request by its name, and the bytes of bodies."""

import asyncio

import pytest

from bucketdrive.bucket.metered import MeteredBucket
from bucketdrive.bucket.throttle import Throttle
from bucketdrive.errors import NoSuchObjectError
from bucketdrive.ports.bucket import NewObject
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore
from bucketdrive.testing.world import World


async def _use_all(bucket):
    await bucket.create_bucket()
    await bucket.head_bucket()
    await bucket.enable_bucket_versioning()
    await bucket.get_bucket_versioning()
    await bucket.put_bucket_lifecycle([])
    await bucket.get_bucket_lifecycle()
    written = await bucket.put_object("a", b"12345", NewObject({}))
    await bucket.copy_object("a", written.version_id, "b", NewObject({}))
    await bucket.head_object("a")
    await bucket.get_object("a")
    await bucket.get_object("a", byte_range=(0, 2))
    await bucket.get_object("a", if_none_match=written.etag)
    await bucket.list_objects("")
    await bucket.list_object_versions("")
    await bucket.delete_object("b")
    upload_id = await bucket.create_multipart_upload("c", NewObject({}))
    part = await bucket.upload_part("c", upload_id, 1, b"123")
    await bucket.complete_multipart_upload("c", upload_id, [part])
    await bucket.abort_multipart_upload("c", upload_id)


def test_every_request_is_counted_under_the_name_the_store_counts_it():
    store = MemoryStore()
    bucket = MeteredBucket(MemoryBucket(store))
    asyncio.run(_use_all(bucket))
    assert bucket.requests == store.requests
    assert bucket.requests.total() == 19
    assert (bucket.bytes_sent, bucket.bytes_received) == (8, 7)


def test_a_failed_request_counts():
    bucket = MeteredBucket(MemoryBucket(MemoryStore()))
    with pytest.raises(NoSuchObjectError):
        asyncio.run(bucket.head_object("a"))
    assert bucket.requests == {"HeadObject": 1}


def test_no_more_requests_are_in_flight_than_allowed():
    class Gauge(MemoryBucket):
        now = most = 0

        async def head_bucket(self):
            self.now += 1
            self.most = max(self.most, self.now)
            await super().head_bucket()
            self.now -= 1

    gauge = Gauge(MemoryStore())
    bucket = MeteredBucket(gauge, in_flight=3)

    async def rush():
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(bucket.head_bucket())

    asyncio.run(rush())
    assert gauge.most == 3


def test_bodies_are_held_back_to_a_number_of_bytes_a_second():
    world = World(0)
    bucket = MeteredBucket(MemoryBucket(world.store), up=Throttle(1000.0), down=Throttle(500.0))

    async def travel():
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        async with asyncio.TaskGroup() as group:
            for n in range(5):
                group.create_task(bucket.put_object(f"k{n}", bytes(2000), NewObject({})))
        sent_s = loop.time() - started_s
        for n in range(3):
            await bucket.get_object(f"k{n}")
        await bucket.list_objects("")
        return sent_s, loop.time() - started_s - sent_s

    # the last may go when those before it have had their time
    assert world.run(travel()) == pytest.approx((8.0, 8.0), abs=0.3)
    world.close()
