"""The trash page by page, on a bucket in memory."""

import asyncio
import tracemalloc

import pytest

from bucketdrive.errors import NoSuchPathError
from bucketdrive.history.trash import TrashQuery, make_undelete_plan, read_trash
from bucketdrive.model.format import DeviceInfo, JournalEntry, write_device_info
from bucketdrive.model.lifecycle import LifecycleRule
from bucketdrive.model.paths import KeySpace
from bucketdrive.model.trash import Expiry
from bucketdrive.state.database import State
from bucketdrive.state.journals import put_batch
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore

KEYS = KeySpace("p/")
DAY_S = 86_400


class Bin:
    """A bucket with deleted files, and a state that heard who deleted them."""

    def __init__(self):
        self.now_s = 0.0
        self.store = MemoryStore("A", clock=lambda: self.now_s)
        self.bucket = MemoryBucket(self.store)
        self.state = State.in_memory()
        self.batches = 0
        for device in ("laptop", "desktop"):
            body = write_device_info(DeviceInfo(f"id-{device}", device))
            self.store.put(KEYS.own_key(f"devices/id-{device}.json"), body)

    def delete(self, path, at_s, by="", *, is_announced=False):
        """Put a file and delete it at a moment, by a device or (empty) another tool."""
        self.now_s = at_s - 1
        version = self.store.put(KEYS.key(path), b"12345")
        self.now_s = at_s
        self.store.delete(KEYS.key(path))
        if by:
            self.batches += 1
            marker = "" if is_announced else self.store.history(KEYS.key(path))[0].version_id
            asyncio.run(self._tell(f"id-{by}", JournalEntry("delete", path, marker, version.version_id)))

    def move(self, path, target, at_s, by="laptop"):
        """Move a file, as a device does: a copy that names its source, and a deletion."""
        self.delete(path, at_s, by)
        source = self.store.history(KEYS.key(path))[1].version_id
        made = self.store.put(KEYS.key(target), b"12345")
        self.batches += 1
        entry = JournalEntry("copy", target, made.version_id, source, source=path)
        asyncio.run(self._tell(f"id-{by}", entry))

    async def _tell(self, device_id, entry):
        await self.state.run(put_batch, device_id, self.batches, [entry])

    def read(self, path="", *, rules=(), limit=1000, **query):
        return asyncio.run(read_trash(self.bucket, KEYS, self.state, TrashQuery(path, **query), rules, limit))

    def page(self, path="", **more):
        found = self.read(path, **more)
        return [one.path for one in found.deleted], found.next

    def first(self, rules):
        return self.read(rules=rules, limit=1).deleted[0]

    def plan(self, *paths, **query):
        plan = asyncio.run(make_undelete_plan(self.bucket, KEYS, self.state, paths or ("",), TrashQuery(**query)))
        return [action.path for action in plan.plan.actions]


@pytest.fixture
def trash():
    return Bin()


def test_a_folder_a_file_and_what_comes_behind_a_path(trash):
    for path in ("a", "a-b", "a/c", "a/d/e", "b"):
        trash.delete(path, 10)
    trash.store.put("p/a/live", b"")
    assert trash.page() == (["a", "a-b", "a/c", "a/d/e", "b"], "")
    assert trash.page("a") == (["a", "a/c", "a/d/e"], "")
    assert trash.page("a", limit=1) == (["a"], "a")
    assert trash.page("a", after="a") == (["a/c", "a/d/e"], "")
    assert trash.page("a", after="a-b") == (["a/c", "a/d/e"], "")
    assert trash.page("a", after="a/c", limit=1) == (["a/d/e"], "")
    assert trash.page("a", after="b") == trash.page("a", after="a/d/e") == ([], "")
    assert trash.page(after="a/c") == (["a/d/e", "b"], "")
    assert trash.page("a/d") == (["a/d/e"], "")
    assert trash.page("never") == ([], "")


class LikeCeph(MemoryBucket):
    """A key marker alone passes over nothing: the key's own rows come again."""

    async def list_object_versions(self, prefix, *, key_marker="", version_id_marker="", max_keys=1000):
        marker = key_marker if version_id_marker else key_marker[:-1] + chr(ord(key_marker[-1:] or "\1") - 1)
        return await super().list_object_versions(
            prefix, key_marker=marker, version_id_marker=version_id_marker, max_keys=max_keys
        )


def test_where_a_store_gives_the_last_file_again_it_is_passed_over(trash):
    trash.bucket = LikeCeph(trash.store)
    for path in ("a", "b", "c"):
        trash.delete(path, 10)
    assert trash.page(after="b") == (["c"], "")


def test_a_page_ends_where_there_is_no_more(trash):
    for path in ("a", "b", "c"):
        trash.delete(path, 10)
    assert trash.page(limit=3) == (["a", "b", "c"], "")
    assert trash.page(limit=2) == (["a", "b"], "b")


def test_a_time_span_in_the_whole_seconds_of_stores(trash):
    for path, at_s in {"a": 10, "b": 20, "c": 30.7}.items():
        trash.delete(path, at_s)
    assert trash.page(since_s=20.5) == (["b", "c"], "")
    assert trash.page(until_s=30) == (["a", "b", "c"], "")
    assert trash.page(since_s=11, until_s=29.9) == (["b"], "")


def test_by_whom_is_what_the_journals_tell_of_this_very_deletion(trash):
    trash.delete("a", 10, "laptop")
    trash.delete("b", 10, "desktop", is_announced=True)
    trash.delete("c", 10)
    trash.delete("d", 10, "laptop")
    trash.delete("d", 20)  # again, by another tool
    trash.delete("e", 10, "laptop")
    trash.delete("e", 20, "desktop")
    by_whom = {"a": "laptop", "b": "desktop", "c": None, "d": None, "e": "desktop"}
    assert {one.path: one.by for one in trash.read().deleted} == by_whom
    assert trash.page(by="desktop") == (["b", "e"], "")
    assert trash.page(by="id-laptop") == (["a"], "")
    assert trash.page(by="phone") == ([], "")


def test_when_it_expires_is_of_the_buckets_rules(trash):
    trash.delete("a", 10 * DAY_S + 5)
    assert (trash.first(None).expiry, trash.first(None).expires) == (Expiry.UNKNOWN, None)
    assert (trash.first([]).expiry, trash.first([]).expires) == (Expiry.NEVER, None)
    rules = [LifecycleRule("r", "p/", noncurrent_days=3), LifecycleRule("t", "", noncurrent_days=1, tags=(("x", "y"),))]
    found = trash.first(rules)
    assert (found.expiry, found.expires, found.may_expire_sooner) == (Expiry.AT, 14 * DAY_S, True)
    counting = [LifecycleRule("n", "", noncurrent_days=1, newer_noncurrent_versions=1)]
    assert trash.first(counting).expiry == Expiry.NEVER
    trash.store.delete("p/a")  # a marker upon the marker: one newer old version
    assert trash.first(counting).expires == 12 * DAY_S


def test_undelete_brings_back_what_is_meant_and_asked_again_what_is_left(trash):
    for path in ("a", "d/b", "d/c", "e"):
        trash.delete(path, 10, "laptop" if path != "e" else "")
    assert trash.plan() == ["a", "d/b", "d/c", "e"]
    assert trash.plan("d", "a", "d/b") == ["d/b", "d/c", "a"]
    assert trash.plan(by="laptop") == ["a", "d/b", "d/c"]
    assert trash.plan(since_s=11) == []
    trash.store.put("p/d/b", b"back")
    assert (trash.plan("d"), trash.plan("d/b")) == (["d/c"], [])
    with pytest.raises(NoSuchPathError):
        trash.plan("never")


def test_what_was_moved_is_told_and_comes_back_only_where_it_is_named_itself(trash):
    trash.move("d/old", "d/new", 10)
    trash.delete("d/gone", 10)
    assert [(one.path, one.moved_to) for one in trash.read().deleted] == [("d/gone", None), ("d/old", "d/new")]
    assert trash.plan() == trash.plan("d") == ["d/gone"]
    assert trash.plan("d", "d/old") == ["d/gone", "d/old"]
    trash.delete("d/old", 20)  # something else had the name, and was deleted
    assert trash.plan() == ["d/gone", "d/old"]


def test_names_that_no_drive_can_keep_are_not_brought_back(trash):
    trash.delete("a/../b", 10)
    trash.delete("c", 10)
    assert trash.plan() == ["c"]


def test_thirty_thousand_deleted_files_are_read_in_pages_with_no_more_than_a_page_in_memory(trash):
    for number in range(30_000):
        trash.delete(f"f/{number:05}", 10)
    seen, after = [], ""
    for _ in range(30):
        page = trash.read(after=after)
        seen.append((page.deleted[0].path, len(page.deleted)))
        after = page.next
    assert after == ""
    assert seen == [(f"f/{number:05}", 1000) for number in range(0, 30_000, 1000)]
    assert trash.store.requests["ListObjectVersions"] <= 30 * 3
    tracemalloc.start()
    trash.read(after="f/15")
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 4_000_000
    assert len(trash.plan()) == 30_000
