"""Two devices that create a drive at the same moment, on each kind of store, end with one."""

import asyncio
from types import SimpleNamespace

import pytest

from bucketdrive.drive.link import _join_or_create
from bucketdrive.model.format import DriveInfo, read_drive_info, write_drive_info
from bucketdrive.model.paths import KeySpace
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore

KEYS = KeySpace("p/")
MARKER = KEYS.own_key("drive.json")


class InterruptedBucket(MemoryBucket):
    """Somebody else's drive is created right before its first put."""

    interruption = write_drive_info(DriveInfo("theirs", created="2026-01-01T00:00:00.000Z"))

    async def put_object(self, key, body, new):
        if not self.store.history(MARKER) or self.store.history(MARKER)[0].is_delete_marker:
            self.store.put(MARKER, self.interruption, {})
        return await super().put_object(key, body, new)


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
@pytest.mark.parametrize("was_there", [False, True])
def test_the_drive_that_was_created_first_is_joined_by_who_comes_second(store_class, was_there):
    store = MemoryStore(store_class)
    if was_there:
        store.put(MARKER, write_drive_info(DriveInfo("gone")), {})
        store.delete(MARKER)
    found, is_new = asyncio.run(_join_or_create(SimpleNamespace(bucket=InterruptedBucket(store)), KEYS, store.facts))
    assert (found.drive_id, is_new) == ("theirs", False)
    assert read_drive_info(store.history(MARKER)[0].data).drive_id == "theirs"


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_drive_that_nobody_else_creates_is_new(store_class):
    store = MemoryStore(store_class)
    found, is_new = asyncio.run(_join_or_create(SimpleNamespace(bucket=MemoryBucket(store)), KEYS, store.facts))
    assert is_new
    assert [read_drive_info(version.data) for version in store.history(MARKER)] == [found]
