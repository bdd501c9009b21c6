"""Sweeps that are kept: what they answer without asking the bucket, and that they answer as the bucket would."""

import asyncio
import random  # noqa: TID251  the seed is where all its chance comes from
from functools import partial

import pytest

from bucketdrive.engine.journal import read_journals
from bucketdrive.errors import UnavailableError
from bucketdrive.history.as_of import NOW
from bucketdrive.history.look import each_file, list_tree
from bucketdrive.history.sweep import Sweeps
from bucketdrive.history.versions import each_version, list_versions
from bucketdrive.model.format import DriveInfo, JournalEntry, write_drive_info
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.ports.bucket import NewObject
from bucketdrive.ports.runtime import Listed
from bucketdrive.rules.timeline import AsOf
from bucketdrive.state.journals import put_batch
from bucketdrive.testing.memory_bucket import MemoryBucket
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import DRIVE_ID, PREFIX

KEYS = KeySpace(PREFIX)
NEW = NewObject({})


async def read_tree(bucket, keys, path, at_s):
    """The files at or below `path` that were live at `at_s`, by path, as the bucket itself tells it."""
    as_of = AsOf(at_s, keys.tail)
    if path:  # not in one sweep: between `p` and `p/` may lie any number of keys such as `p-old/x`
        for row in await list_versions(bucket, keys, RelPath(path)):
            as_of.take(row)
    async for row in each_version(bucket, keys, keys.folder_key(path) if path else keys.prefix):
        as_of.take(row)
    return as_of.files


def asked(stage):
    """Every request so far."""
    return stage.world.store.requests.copy()


def put(stage, *paths):
    for path in paths:
        stage.world.store.put(PREFIX + path, b"1")


def kept(stage):
    """What the state keeps: (path, word, rows) of each sweep, by path."""
    return stage.devices["A"].state.run_now(
        lambda db: list(
            db.execute(
                "SELECT path, word, (SELECT count(*) FROM swept WHERE swept.id >> 32 = sweep.id)"
                " FROM sweep ORDER BY path, id"
            )
        )
    )


def test_what_was_kept_counts_no_more_when_the_bucket_was_restored_from_a_backup():
    stage = Stage("A")
    put(stage, "a")
    stage.sync("A")
    then = stage.wait(10)
    stage.wait(10)
    assert stage.ls(at_s=then) == {"a": 1}
    stage.world.store.forget_history(f"{PREFIX}a")
    stage.world.store.put(f"{PREFIX}.bucketdrive/drive.json", write_drive_info(DriveInfo(DRIVE_ID, epoch=2)))
    assert stage.ls(at_s=then) == {"a": 1}  # nobody looked yet
    stage.sync("A")
    assert stage.ls(at_s=then) == {}


def rows_without_a_sweep(stage):
    query = "SELECT count(*) FROM swept WHERE id >> 32 NOT IN (SELECT id FROM sweep)"
    return stage.devices["A"].state.run_now(lambda db: db.execute(query).get)


def test_a_moment_before_a_kept_sweep_is_looked_at_without_any_request():
    stage = Stage("A")
    put(stage, "d/a", "d/b", "top")
    then = stage.wait(10)
    stage.wait(10)
    stage.world.store.delete(f"{PREFIX}d/a")
    stage.wait(10)
    assert stage.ls() == {"d/b": 1, "top": 1}
    before = asked(stage)
    assert stage.ls(at_s=then) == {"d/a": 1, "d/b": 1, "top": 1}
    assert stage.ls("d", then) == {"d/a": 1, "d/b": 1}
    assert stage.ls("d/a", then) == {"d/a": 1}
    assert asked(stage) == before


def test_now_and_the_second_in_which_a_sweep_began_are_swept_again():
    stage = Stage("A")
    put(stage, "a")
    stage.wait(10)
    began = int(stage.world.now_s())
    stage.ls()
    put(stage, "b")
    for at_s, expected in ((NOW, {"a": 1, "b": 1}), (began, {"a": 1, "b": 1}), (began - 1, {"a": 1})):
        assert stage.ls(at_s=at_s) == expected
    stage.wait(10)
    put(stage, "c")
    before = stage.requests("ListObjectVersions")
    assert stage.ls(at_s=began) == {"a": 1, "b": 1}
    assert stage.requests("ListObjectVersions") == before + 1
    assert stage.ls(at_s=began) == {"a": 1, "b": 1}
    assert stage.requests("ListObjectVersions") == before + 1


def test_a_folder_is_swept_by_its_own_keys_alone():
    stage = Stage("A")
    put(stage, *(f"d-old/{number:04}" for number in range(1500)), "d/a", "d/e/b", "e/x")
    stage.wait(10)
    then = stage.world.now_s()
    stage.wait(10)
    assert stage.ls("d", then) == {"d/a": 1, "d/e/b": 1}
    assert (stage.requests("HeadObject"), stage.requests("ListObjectVersions")) == (1, 2)
    assert stage.ls("d/e", then) == {"d/e/b": 1}
    assert (stage.requests("HeadObject"), stage.requests("ListObjectVersions")) == (1, 2)
    assert kept(stage) == [("d", "complete", 2)]
    assert stage.ls("e", then) == {"e/x": 1}
    assert kept(stage) == [("d", "complete", 2), ("e", "complete", 1)]


def test_a_sweep_of_more_takes_the_place_of_those_of_less():
    stage = Stage("A")
    put(stage, "d/a", "d/e/b", "x")
    stage.wait(10)
    for path in ("d/e", "d", "x", "d", ""):
        stage.ls(path)
    assert (kept(stage), rows_without_a_sweep(stage)) == ([("", "complete", 3)], 0)


def test_of_many_folders_only_the_last_sweeps_are_kept():
    stage = Stage("A")
    put(stage, *(f"{number:02}/x" for number in range(30)))
    stage.wait(10)
    for number in range(30):
        stage.ls(f"{number:02}")
    assert [path for path, _, _ in kept(stage)] == [f"{number:02}" for number in range(14, 30)]
    assert rows_without_a_sweep(stage) == 0


class BrokenOff(MemoryBucket):
    """A bucket whose listings break off after some pages."""

    pages = 0

    async def list_object_versions(self, *args, **kwargs):
        if self.pages == 0:
            raise UnavailableError("The store is away.")
        self.pages -= 1
        return await super().list_object_versions(*args, **kwargs)


def sweep(stage, bucket, at_s):
    parts = stage.devices["A"].process.parts
    sweeps = Sweeps(bucket, KEYS, parts.state, partial(read_journals, parts), stage.world)
    return {one.path: one.size for one in stage.world.run(list_tree(sweeps, "", at_s))}


def test_a_sweep_that_was_broken_off_goes_on_where_it_was():
    stage = Stage("A")
    expected = {f"{number:05}": 1 for number in range(20_000)}
    put(stage, *expected)
    then = stage.wait(10)
    stage.wait(10)
    bucket = BrokenOff(stage.world.store)
    bucket.pages = 11
    with pytest.raises(UnavailableError):
        sweep(stage, bucket, then)
    assert kept(stage) == [("", "open", 7998)]  # the first page begins with two of our own objects
    put(stage, "00000 made since", "99999")
    before = stage.requests("ListObjectVersions")
    assert sweep(stage, MemoryBucket(stage.world.store), then) == expected
    assert stage.requests("ListObjectVersions") == before + 13  # 12 pages and what was made since
    assert kept(stage) == [("", "complete", 20_001)]


def test_a_long_sweep_tells_how_far_it_is():
    stage, told = Stage("A"), []
    put(stage, *(f"{number:05}" for number in range(17_000)))
    stage.world.tell = told.append
    stage.ls()
    assert told == [Listed(7998), Listed(15_998)]


def test_a_sweep_that_was_broken_off_before_the_moment_asked_for_begins_anew():
    stage = Stage("A")
    put(stage, *(f"{number:05}" for number in range(9000)))
    stage.wait(10)
    bucket = BrokenOff(stage.world.store)
    bucket.pages = 8
    with pytest.raises(UnavailableError):
        sweep(stage, bucket, NOW)
    stage.world.store.delete(f"{PREFIX}00000")
    assert len(sweep(stage, MemoryBucket(stage.world.store), NOW)) == 8999
    assert kept(stage) == [("", "complete", 9001)]
    assert rows_without_a_sweep(stage) == 0


def test_who_reads_a_sweep_reads_it_to_its_end_though_a_newer_one_takes_its_place():
    stage = Stage("A")
    put(stage, *(f"{number:05}" for number in range(12_000)))
    then = stage.wait(10)
    stage.wait(10)
    sweeps = stage.sweeps

    async def play():
        seen = 0
        async for _ in each_file(sweeps, "", then):
            seen += 1
            if seen == 1:
                await list_tree(sweeps, "", NOW)
        return seen

    assert stage.world.run(play()) == 12_000
    assert [word for _, word, _ in kept(stage)] == ["dropped", "complete"]
    stage.ls()
    assert kept(stage) == [("", "complete", 12_000)]


def test_two_who_look_at_once_sweep_once():
    stage = Stage("A")
    put(stage, "a")
    then = stage.wait(10)
    stage.wait(10)
    sweeps = stage.sweeps

    async def play():
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(list_tree(sweeps, "", then)) for _ in range(3)]
        return [look.result()[0].path for look in looks]

    assert stage.world.run(play()) == ["a", "a", "a"]
    assert stage.requests("ListObjectVersions") == 1


def test_a_store_that_does_not_tell_the_time_is_asked_again_and_again():
    stage = Stage("A")
    put(stage, "a")
    then = stage.wait(10)
    stage.wait(10)
    stage.world.store.forget_history(f"{PREFIX}.bucketdrive/drive.json")
    assert stage.ls(at_s=then) == stage.ls(at_s=then) == {"a": 1}
    assert stage.requests("ListObjectVersions") == 2


def test_a_large_upload_counts_from_when_its_device_told_that_it_was_done():
    stage = Stage("A")
    store = stage.world.store
    put(stage, "big")
    began = stage.wait(10)
    upload = store.create_multipart_upload(f"{PREFIX}big", NEW)
    stage.wait(30)
    part = store.upload_part(upload, 1, b"22")
    version = store.complete_multipart_upload(upload, [part], None).version_id
    told = JournalEntry("put", "big", version, at=stage.world.now_s())
    stage.devices["A"].state.run_now(put_batch, "id-B", 1, [told, told])
    stage.wait(10)
    assert [stage.ls("big", began + seconds) for seconds in (-1, 0, 29, 30)] == [{"big": 1}] * 3 + [{"big": 2}]
    assert stage.ls(at_s=began + 29) == {"big": 1}
    stage.restore("A", "big", at_s=began + 29)
    assert stage.ls() == {"big": 1}


@pytest.mark.parametrize("seed", range(8))
def test_every_moment_is_told_as_the_bucket_itself_tells_it(seed):
    chance, stage = random.Random(seed), Stage("A")
    paths = [
        "a",
        "a-old/x",
        "a/b",
        "a/b/",
        "a/c/d",
        "b",
        "ä",
        "a/.bucketdrive/x",
        ".bucketdrive/y",
        "z" * chance.choice((1, 9)),
    ]
    began = stage.world.now_s()
    for _ in range(4000):
        path = chance.choice(paths)
        (stage.world.store.delete if chance.random() < 0.3 else put_key(stage))(PREFIX + path)
        if chance.random() < 0.05:
            stage.wait(chance.choice((0.3, 1.0, 2.7)))
    ended = int(stage.world.now_s())
    stage.wait(5)
    plain = MemoryBucket(stage.world.store)
    for _ in range(12):
        path, at_s = chance.choice(["", "a", "b", "a/c"]), chance.uniform(began - 5, ended + 5)
        found = {past.then.key[len(PREFIX) :]: past for past in stage.world.run(gathered(stage.sweeps, path, at_s))}
        assert found == stage.world.run(read_tree(plain, KEYS, path, at_s)), (seed, path, at_s)
        assert list(found) == sorted(found, key=str.encode)


def put_key(stage):
    return lambda key: stage.world.store.put(key, b"1")


async def gathered(sweeps, path, at_s):
    return [past async for past in each_file(sweeps, path, at_s)]
