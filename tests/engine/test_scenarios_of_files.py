"""Scenarios of spec §3.6 on fakes, by number: files created, edited and deleted (1 to 20, 68)."""

import hashlib

import pytest

from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.stage import Stage

HASH_V3 = hashlib.sha256(b"v3").hexdigest()[:8]


def plain_and_copies(files):
    plain = {path: data for path, data in files.items() if not is_conflict_name(path)}
    copies = sorted(data for path, data in files.items() if is_conflict_name(path))
    return plain, copies


def test_01_create():
    stage = Stage()
    stage.folder("A").write("p", b"v1")
    stage.sync("A", "B")
    assert stage.everywhere() == {"p": b"v1"}


def test_02_edit_makes_the_old_content_a_version():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.sync("A", "B")
    assert stage.everywhere() == {"p": b"v2"}
    assert stage.versions("p") == [b"v2", b"v1"]


def test_03_delete_leaves_a_marker_over_the_version():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").delete("p")
    stage.sync("A", "B")
    assert stage.everywhere() == {}
    assert stage.versions("p") == [None, b"v1"]


def test_04_both_create_the_same():
    stage = Stage()
    stage.folder("A").write("p", b"v1")
    stage.folder("B").write("p", b"v1")
    stage.settle()
    assert stage.everywhere() == {"p": b"v1"}
    assert stage.versions("p") == [b"v1"]


def test_05_both_create_different_files():
    stage = Stage()
    stage.folder("A").write("p", b"v1")
    stage.folder("B").write("p", b"v2")
    stage.settle()
    assert plain_and_copies(stage.everywhere()) == ({"p": b"v1"}, [b"v2"])


def test_06_both_edit_to_the_same():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.folder("B").write("p", b"v2")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


def test_07_both_edit_the_first_to_arrive_keeps_the_name():
    stage = Stage()
    stage.start_with({"p.txt": b"v1"})
    stage.folder("A").write("p.txt", b"v2")
    stage.folder("B").write("p.txt", b"v3")
    stage.settle()
    assert stage.everywhere() == {"p.txt": b"v2", f"p (conflict B {HASH_V3}).txt": b"v3"}


def test_08_an_edit_beats_a_deletion():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.folder("B").delete("p")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


def test_09_an_edit_beats_a_deletion_that_arrived_first():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").write("p", b"v2")
    stage.folder("A").delete("p")
    stage.sync("A")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}
    assert stage.versions("p") == [b"v2", None, b"v1"]


def test_10_both_delete():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").delete("p")
    stage.folder("B").delete("p")
    stage.settle()
    assert stage.everywhere() == {}
    assert stage.versions("p")[-1] == b"v1"
    assert len(stage.versions("p")) <= 3


def test_11_three_edit():
    stage = Stage("A", "B", "C")
    stage.start_with({"p": b"v1"})
    for name, data in (("A", b"v2"), ("B", b"v3"), ("C", b"v4")):
        stage.folder(name).write("p", data)
    stage.settle()
    assert plain_and_copies(stage.everywhere()) == ({"p": b"v2"}, [b"v3", b"v4"])


def test_12_a_conflict_copy_is_edited_on_two_devices():
    stage = Stage()
    copy = "p (conflict A 12345678).txt"
    stage.start_with({copy: b"c"})
    stage.folder("A").write(copy, b"x")
    stage.folder("B").write(copy, b"y")
    stage.settle()
    found = stage.everywhere()
    assert sorted(found.values()) == [b"x", b"y"]
    assert all(path.count("(conflict") == 1 for path in found)


def test_13_a_conflict_copy_is_deleted_while_another_edits_it():
    stage = Stage()
    copy = "p (conflict A 12345678).txt"
    stage.start_with({copy: b"c"})
    stage.folder("A").delete(copy)
    stage.folder("B").write(copy, b"x")
    stage.settle()
    assert stage.everywhere() == {copy: b"x"}


def test_14_a_touch_uploads_nothing():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    puts = stage.requests("PutObject")
    stage.folder("A").touch("p")
    stage.settle()
    assert stage.requests("PutObject") == puts


def test_15_an_edit_that_keeps_size_and_mtime_is_seen():
    stage = Stage()
    stage.folder("A").write("p", b"v1", mtime_ns=1_700_000_000_000_000_000)
    stage.settle()
    stage.folder("A").write("p", b"v2", mtime_ns=1_700_000_000_000_000_000)
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


def test_16_an_older_file_moved_over_is_uploaded():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("outside", b"v0", mtime_ns=1_600_000_000_000_000_000)
    stage.folder("A").delete("p")
    stage.folder("A").move("outside", "p")
    stage.settle()
    assert stage.everywhere() == {"p": b"v0"}


def test_17_a_rewrite_of_the_same_size_within_a_tick_of_the_clock():
    stage = Stage()
    tick = 10_000_000
    stage.folder("A").tree.tick_ns = tick
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.sync("A")
    stage.folder("A").write("p", b"v3")
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}


def test_18_an_atomic_save_is_one_version_and_no_deletion():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").save("p", b"v2")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}
    assert stage.versions("p") == [b"v2", b"v1"]


def test_19_unlink_then_write_between_two_looks_is_no_deletion():
    stage = Stage("A")
    stage.start_with({"p": b"v1"})
    folder = stage.folder("A")
    folder.delete("p")

    async def sync_while_the_editor_saves():
        stage.world.loop.call_later(0.3, folder.write, "p", b"v2")
        return await stage.devices["A"].process.cycle.sync()

    stage.world.run(sync_while_the_editor_saves())
    stage.sync("A")
    assert stage.everywhere() == {"p": b"v2"}
    assert stage.versions("p") == [b"v2", b"v1"]


def test_20_a_growing_log_has_whole_versions_on_the_way_and_its_last_content_at_the_end():
    stage = Stage()
    world, folder, cycle = stage.world, stage.folder("A"), stage.devices["A"].process.cycle
    lines = [b"line 0\n"]
    folder.write("log", lines[0])

    def grow():
        lines.append(b"line %d\n" % len(lines))
        folder.write("log", b"".join(lines))
        if world.loop.time() < 600:
            world.loop.call_later(world.fraction() * 4, grow)

    async def sync_while_it_grows():
        world.loop.call_later(0, grow)
        while world.loop.time() < 600:
            await cycle.sync()
            await world.sleep(5)

    world.run(sync_while_it_grows())
    on_the_way = stage.versions("log")
    stage.settle()
    whole = {b"".join(lines[:count]) for count in range(1, len(lines) + 1)}
    assert stage.everywhere() == {"log": b"".join(lines)}
    assert len(on_the_way) > 10
    assert set(stage.versions("log")) <= whole


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_68_a_burst_of_files_goes_up_and_down_and_none_is_missed(count):
    stage = Stage()
    files = {f"d{number % 97}/{number}": b"%d" % number for number in range(count)}
    for path, data in files.items():
        stage.folder("A").write(path, data)
    assert stage.sync("A").uploaded == count
    assert stage.sync("B").downloaded == count
    assert stage.everywhere() == files
    assert not any(stage.sync(name).has_done_something for name in "AB")
