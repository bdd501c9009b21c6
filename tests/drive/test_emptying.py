"""Emptying the trash on a bucket in memory: what is destroyed, in which order, and what is not, whatever happens."""

import asyncio
import math
import random  # noqa: TID251  of a seed

import pytest

from bucketdrive.drive.emptying import check_may_empty, count_trash, empty_trash
from bucketdrive.errors import AccessDeniedError, UnavailableError
from bucketdrive.model.paths import KeySpace
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore

KEYS = KeySpace("p/")
GONE = None
LATE = math.inf


class Ids:
    def uuid(self):
        return "00000000-0000-4000-8000-000000000000"

    def fraction(self):
        return 0.5


class Watched(MemoryBucket):
    """Does something before the nth destruction, and remembers all of them."""

    def __init__(self, store, number=math.inf, act=lambda: None):
        super().__init__(store)
        self.destroyed = []
        self._number, self._act = number, act

    async def delete_object_version(self, key, version_id):
        if len(self.destroyed) >= self._number:
            self._number = math.inf
            self._act()
        await super().delete_object_version(key, version_id)
        self.destroyed.append((key.removeprefix("p/"), version_id))


def make_store(histories, store_class="A"):
    """A store with a history a path: texts, and GONE for a deletion; every event a second later than the one before."""
    now = [0.0]

    def clock():
        now[0] += 1
        return now[0]

    store = MemoryStore(store_class, clock=clock)
    for path, events in histories.items():
        for text in events:
            if text is GONE:
                store.delete(KEYS.key(path))
            else:
                store.put(KEYS.key(path), text.encode())
    return store


def kept(store):
    """What the store keeps: a text a version, GONE a marker, oldest first."""
    keys = [row.key for row in store.list_object_versions("", "", "", 10_000).rows]
    return {
        key.removeprefix("p/"): [None if v.is_delete_marker else v.data.decode() for v in store.history(key)[::-1]]
        for key in dict.fromkeys(keys)
    }


def counted(store, path="", before_s=LATE):
    report = asyncio.run(count_trash(MemoryBucket(store), KEYS, path, before_s, {}))
    return (report.files, report.versions, report.markers, report.size_bytes), report.before


def emptied(bucket, path="", before_s=LATE, moved=None):
    return asyncio.run(empty_trash(bucket, KEYS, path, before_s, moved or {}))


def amounts(report):
    return report.files, report.versions, report.markers, report.size_bytes


HISTORIES = {
    "live": ["one", "two", GONE, "three"],
    "gone": ["one", "two2", GONE],
    "twice": ["a", GONE, "bb", GONE, GONE],
    "d/gone": ["x", GONE],
    "d-gone": ["y", GONE],
    "folder/": ["", GONE],
    ".bucketdrive/doorbell": ["z", GONE],
    "marker alone": [GONE],
}
LEFT = {name: HISTORIES[name] for name in ("live", "folder/", ".bucketdrive/doorbell")}


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_all_that_is_deleted_is_destroyed_as_it_was_counted_and_nothing_else(store_class):
    store = make_store(HISTORIES, store_class)
    store.put("other/gone", b"1")
    store.delete("other/gone")
    amount, before_s = counted(store)
    assert amount == (5, 6, 7, 12)
    report = emptied(MemoryBucket(store), before_s=before_s)
    assert (amounts(report), report.is_done, report.exit_code) == (amount, True, 0)
    assert {name: kept(store)[name] for name in LEFT} == LEFT
    assert set(kept(store)) == {*LEFT, "other/gone"}
    assert counted(store)[0] == (0, 0, 0, 0)


def test_a_folder_or_a_file_alone():
    store = make_store(HISTORIES)
    emptied(MemoryBucket(store), "d")
    assert HISTORIES.keys() - kept(store).keys() == {"d/gone"}
    emptied(MemoryBucket(store), "gone")
    assert HISTORIES.keys() - kept(store).keys() == {"d/gone", "gone"}


def test_only_what_was_deleted_until_a_moment_by_the_oldest_marker_on_top():
    store = make_store({"a": ["1", GONE], "b": ["2", GONE, GONE], "c": ["3", GONE]})
    assert counted(store, before_s=4) == ((2, 2, 3, 2), 4)
    emptied(MemoryBucket(store), before_s=4)
    assert kept(store) == {"c": ["3", GONE]}


def test_versions_go_from_the_oldest_on_and_the_markers_on_top_last():
    store = make_store({"twice": ["a", GONE, "bb", GONE, GONE]})
    order = [("twice", version.version_id) for version in store.history("p/twice")[::-1]]
    bucket = Watched(store)
    emptied(bucket)
    assert bucket.destroyed == order


def test_what_is_brought_back_or_deleted_anew_meanwhile_is_spared():
    long = [str(number) for number in range(50)]
    store = make_store({"back": [*long, GONE], "anew": [*long, GONE]})
    _, before_s = counted(store)

    def act():
        store.put("p/back", b"back")
        store.put("p/anew", b"again")
        store.delete("p/anew")

    report = emptied(Watched(store, 45, act), before_s=before_s)
    assert (sorted(path.path for path in report.spared), report.files, report.exit_code) == (["anew", "back"], 0, 4)
    left = kept(store)
    assert (left["back"][-1], left["anew"][-2:]) == ("back", ["again", GONE])
    assert report.versions <= 46 + 2  # with the two that were under way when it happened
    assert store.live() == {"p/back": b"back"}


def test_what_was_deleted_anew_before_its_turn_came_is_spared():
    store = make_store({f"{number:03}": ["1", GONE] for number in range(200)})
    _, before_s = counted(store)

    def act():
        store.put("p/199", b"again")
        store.delete("p/199")

    report = emptied(Watched(store, 0, act), before_s=before_s)
    assert ([path.path for path in report.spared], report.files) == (["199"], 199)
    assert kept(store) == {"199": ["1", GONE, "again", GONE]}


def test_the_history_of_what_was_moved_is_left_alone_until_something_else_has_the_name():
    store = make_store({"old": ["1", "2", GONE], "again": ["1", GONE, "2", GONE], "gone": ["3", GONE]})
    ids = {name: [version.version_id for version in store.history(f"p/{name}")] for name in ("old", "again")}
    moved = {"old": {ids["old"][1]: "new"}, "again": {ids["again"][3]: "new"}}
    report = emptied(MemoryBucket(store), moved=moved)
    assert (report.moved, report.files, kept(store)) == (1, 2, {"old": ["1", "2", GONE]})


@pytest.mark.parametrize("number", range(8))
def test_broken_off_anywhere_the_file_is_still_deleted_with_its_newest_versions_and_asked_again_it_goes_on(number):
    store = make_store({"a": ["1", GONE, "2", "3", GONE, GONE], "b": ["live"]})
    history = [version.version_id for version in store.history("p/a")[::-1]]
    cut = Watched(store, number, lambda: (_ for _ in ()).throw(UnavailableError("away")))
    report = emptied(cut)
    assert [version.version_id for version in store.history("p/a")[::-1]] == history[number:]
    assert store.live() == {"p/b": b"live"}
    assert (report.exit_code, len(report.failed)) == ((5, 1) if number < 6 else (0, 0))
    again = emptied(MemoryBucket(store))
    assert (kept(store), again.failed) == ({"b": ["live"]}, [])
    assert amounts(report)[1] + amounts(again)[1] == 3


def test_where_the_store_cannot_be_reached_any_more_it_ends_soon():
    store = make_store({f"{number:04}": ["1", GONE] for number in range(3000)})

    class Away(MemoryBucket):
        async def delete_object_version(self, key, version_id):
            raise UnavailableError("away")

    report = emptied(Away(store))
    assert (report.files, report.exit_code, len(report.failed) < 150) == (0, 5, True)
    assert len(kept(store)) == 3000


def test_credentials_that_cannot_destroy_are_told_that_this_is_by_design():
    store = make_store(HISTORIES)
    store.may_destroy = False
    with pytest.raises(AccessDeniedError, match="by design") as denied:
        asyncio.run(check_may_empty(MemoryBucket(store), KEYS, Ids()))
    assert "--profile" in denied.value.hint
    with pytest.raises(AccessDeniedError):
        emptied(MemoryBucket(store))
    assert kept(store) == HISTORIES


def test_a_key_of_thousands_of_versions_and_a_trash_of_thousands_of_files():
    store = make_store({"a": [*map(str, range(2500)), GONE]} | {f"f/{n:04}": ["1", GONE] for n in range(2500)})
    amount, before_s = counted(store)
    assert amount[:3] == (2501, 5000, 2501)
    assert amounts(emptied(MemoryBucket(store), before_s=before_s)) == amount
    assert kept(store) == {}


@pytest.mark.parametrize("seed", range(30))
def test_whatever_others_do_at_any_moment_no_version_goes_of_a_file_that_is_live_when_its_list_is_read(seed):
    chance = random.Random(seed)
    texts = [GONE, *"abcdef"]
    store = make_store({f"{n}": [chance.choice(texts) for _ in range(chance.randrange(1, 9))] for n in range(12)})
    live_of_old = {}

    class Busy(MemoryBucket):
        async def list_object_versions(self, prefix, **more):
            page = await super().list_object_versions(prefix, **more)
            live_of_old.update({row.key: not row.is_delete_marker for row in page.rows if row.is_latest})
            return page

        async def delete_object_version(self, key, version_id):
            assert live_of_old[key] is False
            await super().delete_object_version(key, version_id)
            live_of_old.pop(key)  # it must be asked again before the next
            if chance.random() < 0.3:
                other = f"p/{chance.randrange(12)}"
                chance.choice([lambda: store.put(other, b"new"), lambda: store.delete(other)])()

    emptied(Busy(store), before_s=1000.0)
    assert all(path in {f"{n}" for n in range(12)} for path in kept(store))
    assert all(events for events in kept(store).values())
