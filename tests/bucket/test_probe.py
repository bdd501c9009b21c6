"""A probe says of each kind of store what it is, and leaves nothing live behind."""

import asyncio
from itertools import count

import pytest

from bucketdrive.bucket.metered import MeteredBucket
from bucketdrive.bucket.probe import probe
from bucketdrive.bucket.s3.connect import S3Location, connect
from bucketdrive.errors import UnfitStoreError
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore
from bucketdrive.testing.sandbox import EmbeddedStore


class Counting:
    def __init__(self):
        self.numbers = count()

    def uuid(self):
        return f"uuid-{next(self.numbers)}"

    def fraction(self):
        return 0.5


class CarelessBucket(MemoryBucket):
    """Looks first and writes later."""

    async def put_object(self, key, body, new):
        if new.condition is not None:
            self.store._check(key, new.condition)
        await asyncio.sleep(0)
        return self.store.put_object(key, body, type(new)(new.metadata))


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_probe_finds_the_class_of_a_store(store_class):
    store = MemoryStore(store_class)
    facts = asyncio.run(probe(MemoryBucket(store), "p/.bucketdrive/probe/", Counting()))
    assert facts == store.facts
    assert facts.store_class == store_class
    assert store.live() == {}


def test_a_probe_costs_some_fifty_requests():
    store = MemoryStore("A")
    asyncio.run(probe(MemoryBucket(store), "p/", Counting()))
    assert store.requests.total() <= 60


@pytest.mark.parametrize("versioning", ["", "Suspended"])
def test_a_store_without_versions_is_refused(versioning):
    store = MemoryStore(versioning=versioning)
    with pytest.raises(UnfitStoreError):
        asyncio.run(probe(MemoryBucket(store), "p/", Counting()))
    assert store.live() == {}


def test_a_store_that_checks_before_it_writes_is_class_c():
    assert asyncio.run(probe(CarelessBucket(MemoryStore()), "p/", Counting())).store_class == "C"


def test_the_embedded_store_is_class_a_without_conditional_copies(monkeypatch):
    async def look(bucket):
        await bucket.create_bucket()
        await bucket.enable_bucket_versioning()
        facts = await probe(MeteredBucket(bucket), "p/", Counting())
        left = await bucket.list_objects("p/")
        await bucket.aclose()
        return facts, left.rows

    with EmbeddedStore() as store:
        for name, value in store.environment().items():
            monkeypatch.setenv(name, value)
        facts, left = asyncio.run(look(connect(S3Location("probed"))))
    assert (facts.store_class, facts.conditional_copy, facts.part_copy, left) == ("A", False, True, ())
