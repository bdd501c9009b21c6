"""The named scenarios of the specification (spec §3.6) on fakes, by number."""

import hashlib

import pytest

from bucketdrive.engine.parts import Options
from bucketdrive.errors import GuardError
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.state.runs import approve_holds, deny_holds
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

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


def test_37_a_lost_state_moves_no_content_and_makes_no_conflict():
    stage = Stage()
    files = {f"d/{i}": b"%d" % i for i in range(20)}
    stage.start_with(files)
    puts, gets = stage.requests("PutObject"), stage.requests("GetObject")
    stage.devices["A"].lose_state()
    report = stage.sync("A")
    assert (report.uploaded, report.downloaded, report.conflicts) == (0, 0, [])
    assert stage.everywhere() == files
    assert stage.requests("PutObject") == puts
    assert stage.requests("GetObject") == gets + 1  # drive.json


def test_38_a_lost_state_on_a_device_that_is_behind():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    stage.devices["A"].lose_state()
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


def test_39_a_lost_state_and_a_deletion_elsewhere():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").delete("p")
    stage.sync("B")
    stage.devices["A"].lose_state()
    stage.settle()
    assert stage.everywhere() == {}
    assert b"v1" in stage.folder("A").quarantine().values()


def test_40_a_state_restored_from_an_older_copy():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    old = stage.devices["A"].state.copy()
    for data in (b"v2", b"v3"):
        stage.folder("A").write("p", data)
        stage.settle()
    stage.devices["A"].crash()
    stage.devices["A"].state = old
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}


def test_41_linking_equal_folders_moves_nothing():
    stage = Stage()
    files = {"a": b"1", "d/b": b"2"}
    for name in ("A", "B"):
        for path, data in files.items():
            stage.folder(name).write(path, data)
    stage.sync("A")
    gets = stage.requests("GetObject")
    stage.devices["B"].lose_state()
    report = stage.sync("B")
    assert (report.uploaded, report.downloaded, report.conflicts) == (0, 0, [])
    assert stage.requests("GetObject") == gets + 1
    assert stage.everywhere() == files


def test_42_linking_a_folder_with_one_local_edit_keeps_both():
    stage = Stage()
    stage.folder("A").write("p", b"v1")
    stage.sync("A")
    stage.folder("B").write("p", b"v2")
    stage.devices["B"].lose_state()
    stage.settle()
    assert plain_and_copies(stage.everywhere()) == ({"p": b"v1"}, [b"v2"])


def test_43_an_unmounted_folder_stops_the_drive():
    stage = Stage()
    files = {"a": b"1", "b": b"2"}
    stage.start_with(files)
    stage.folder("A").unmount()
    with pytest.raises(GuardError):
        stage.sync("A")
    assert stage.world.live() == files
    stage.folder("A").mount()
    report = stage.sync("A")
    assert (report.uploaded, report.downloaded, report.deleted_in_bucket) == (0, 0, 0)


@pytest.mark.parametrize("what", ["emptied", "another drive", "no drive"])
def test_45_an_emptied_or_swapped_prefix_stops_the_drive(what):
    stage = Stage()
    files = {f"f{i}": b"x" for i in range(30)}
    stage.start_with(files)
    store = stage.world.store
    if what == "another drive":
        store.put(f"{PREFIX}.bucketdrive/drive.json", b'{"bucketdrive":1,"drive_id":"other","epoch":1,"created":""}')
    elif what == "no drive":
        store.delete(f"{PREFIX}.bucketdrive/drive.json")
    else:
        for path in files:
            store.forget_history(PREFIX + path)
    with pytest.raises(GuardError):
        stage.sync("A")
    assert stage.folder("A").files() == files


def test_46_a_listing_that_misses_keys_deletes_nothing():
    stage = Stage()
    files = {f"f{i}": b"x" for i in range(5)}
    stage.start_with(files)
    whole = stage.world.store.list_objects

    def torn(prefix, start_after, max_keys):
        page = whole(prefix, start_after, max_keys)
        return type(page)(tuple(row for row in page.rows if not row.key.endswith(("f1", "f2"))), page.is_truncated)

    stage.world.store.list_objects = torn
    stage.sync("A", "B")
    stage.world.store.list_objects = whole
    stage.settle()
    assert stage.everywhere() == files
    assert stage.requests("DeleteObject") == 0


def test_47_a_listing_older_than_our_own_put_brings_nothing_back():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    store = stage.world.store
    whole, old = store.list_objects, store.list_objects(PREFIX, "", 1000)
    stage.folder("A").write("p", b"v2")
    stage.sync("A")
    store.list_objects = lambda *_: old
    stage.sync("A")
    assert stage.folder("A").files() == {"p": b"v2"}
    store.list_objects = whole
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


MANY = {f"d/f{i:03}": b"%d" % i for i in range(100)}


def held_after_mass_deletion():
    stage = Stage()
    stage.start_with(MANY)
    for path in list(MANY)[:90]:
        stage.folder("A").delete(path)
    stage.folder("A").write("new", b"goes on")
    report = stage.sync("A")
    assert len(report.held) == 90
    assert report.exit_code == 4
    assert report.uploaded == 1
    assert stage.requests("DeleteObject") == 0
    return stage


def test_48_a_mass_deletion_waits_and_is_done_when_approved():
    stage = held_after_mass_deletion()
    stage.devices["A"].state.run_now(approve_holds, "G3")
    assert stage.sync("A").deleted_in_bucket == 90
    held_elsewhere = stage.sync("B")
    assert len(held_elsewhere.held) == 90
    stage.devices["B"].state.run_now(approve_holds, "G3")
    stage.settle()
    assert stage.everywhere() == dict(list(MANY.items())[90:]) | {"new": b"goes on"}


def test_48_a_mass_deletion_that_is_denied_comes_back():
    stage = held_after_mass_deletion()
    stage.devices["A"].state.run_now(deny_holds, "G3")
    stage.settle()
    assert stage.everywhere() == MANY | {"new": b"goes on"}


def test_49_a_folder_that_cannot_be_read_is_no_deletion():
    stage = Stage()
    stage.start_with({"d/x": b"1", "y": b"2"})
    stage.folder("A").deny("d")
    stage.folder("B").write("d/x", b"3")
    stage.sync("B")
    report = stage.sync("A")
    assert [held.path for held in report.held] == ["d", "d/x"]
    assert stage.requests("DeleteObject") == 0
    stage.folder("A").allow("d")
    stage.settle()
    assert stage.everywhere() == {"d/x": b"3", "y": b"2"}


def test_50_suspended_versioning_stops_the_drive():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.world.store.versioning = "Suspended"
    stage.folder("A").write("p", b"v2")
    with pytest.raises(GuardError):
        stage.sync("A")
    assert stage.folder("A").files() == {"p": b"v2"}
    assert b"v1" in stage.versions("p")


def test_51_a_marker_that_lifecycle_removed_holds_and_keeps_the_bytes():
    stage = Stage()
    stage.start_with({"p": b"v1", "q": b"2"})
    stage.folder("B").delete("p")
    stage.sync("B")
    stage.world.store.forget_history(f"{PREFIX}p")
    report = stage.sync("A")
    assert [held.path for held in report.held] == ["p"]
    assert stage.folder("A").files() == {"p": b"v1", "q": b"2"}


def test_54_rename_against_edit():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").move("p", "q")
    stage.folder("B").write("p", b"v2")
    stage.settle()
    assert stage.everywhere() == {"q": b"v1", "p": b"v2"}


def test_55_rename_against_rename():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").move("p", "q")
    stage.folder("B").move("p", "r")
    stage.settle()
    assert stage.everywhere() == {"q": b"v1", "r": b"v1"}


def test_a_rename_of_many_files_is_counted_as_moves_and_not_held():
    stage = Stage()
    stage.start_with({f"d/{i}": b"%d" % i for i in range(100)})
    stage.folder("A").move("d", "e")
    report = stage.sync("A")
    assert (report.moved, report.held) == (100, [])
    assert stage.sync("B").moved == 100
    assert set(stage.everywhere()) == {f"e/{i}" for i in range(100)}


def test_56_file_to_folder_against_edit():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").delete("p")
    stage.folder("A").write("p/x", b"x")
    stage.folder("B").write("p", b"v2")
    stage.settle()
    assert plain_and_copies(stage.everywhere()) == ({"p/x": b"x"}, [b"v2"])


def test_57_folder_to_file_against_an_addition_in_it():
    stage = Stage()
    stage.start_with({"p/x": b"x"})
    stage.folder("A").delete("p")
    stage.folder("A").write("p", b"v1")
    stage.folder("B").write("p/y", b"y")
    stage.sync("B")
    stage.settle()
    assert plain_and_copies(stage.everywhere()) == ({"p/y": b"y"}, [b"v1"])


def test_58_an_empty_folder():
    stage = Stage()
    stage.folder("A").mkdir("d")
    stage.settle()
    assert stage.folder("B").dirs() == {"d"}
    assert stage.world.live() == {"d/": b""}


def test_59_the_last_file_goes_and_the_folder_stays():
    stage = Stage()
    stage.start_with({"d/x": b"x"})
    stage.folder("A").delete("d/x")
    stage.sync("A")
    order = [version.order for key in ("d/", "d/x") for version in stage.world.store.history(PREFIX + key)[:1]]
    assert order == sorted(order)
    stage.settle()
    assert stage.world.live() == {"d/": b""}
    assert (stage.folder("A").dirs(), stage.folder("B").dirs()) == ({"d"}, {"d"})
    writes = stage.requests("PutObject"), stage.requests("DeleteObject")
    stage.settle()
    assert (stage.requests("PutObject"), stage.requests("DeleteObject")) == writes


def test_60_a_folder_tree_is_removed():
    stage = Stage()
    stage.start_with({"d/x": b"x", "keep": b"k"})
    stage.folder("A").mkdir("d/e")
    stage.settle()
    stage.folder("A").delete("d")
    stage.settle()
    assert stage.everywhere() == {"keep": b"k"}
    assert stage.world.live() == {"keep": b"k"}
    assert stage.folder("B").dirs() == set()


def test_61_a_folder_is_removed_while_another_adds_to_it():
    stage = Stage()
    stage.start_with({"d/x": b"x"})
    stage.folder("A").delete("d")
    stage.folder("B").write("d/y", b"y")
    stage.settle()
    assert stage.everywhere() == {"d/y": b"y"}


def test_62_a_removed_folder_with_ignored_content_stays_here_as_residue():
    stage = Stage()
    stage.start_with({"d/x": b"x", ".driveignore": b"*.log\n"})
    stage.folder("B").write("d/i.log", b"ignored")
    stage.folder("A").delete("d")
    stage.settle()
    assert stage.folder("B").files() == {"d/i.log": b"ignored", ".driveignore": b"*.log\n"}
    assert stage.world.live() == {".driveignore": b"*.log\n"}
    assert stage.folder("A").dirs() == set()


def test_64_two_normal_forms_of_one_name():
    stage = Stage()
    nfc, nfd = "\u00e9", "e\u0301"
    stage.folder("B").write(nfc, b"v1")
    stage.sync("B")
    stage.folder("A").write(nfd, b"v1")
    stage.settle()
    assert stage.world.live() == {nfc: b"v1"}
    assert stage.folder("A").files() == {nfd: b"v1"}
    stage.folder("B").write(nfc, b"v2")
    stage.settle()
    assert stage.folder("A").files() == {nfd: b"v2"}
    stage.folder("A").write(nfd, b"v3")
    stage.settle()
    assert (stage.world.live(), stage.folder("B").files()) == ({nfc: b"v3"}, {nfc: b"v3"})
    stage.folder("A").delete(nfd)
    stage.settle()
    assert (stage.world.live(), stage.folder("B").files()) == ({}, {})


def test_66_a_symbolic_link_in_place_of_a_file_is_held():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").delete("p")
    stage.folder("A").symlink("p")
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    report = stage.sync("A")
    assert [held.path for held in report.held] == ["p"]
    assert stage.world.live() == {"p": b"v2"}
    assert stage.folder("A").files() == {}


def test_67_a_new_ignore_rule_stops_tracking_and_deletes_nothing():
    stage = Stage()
    stage.start_with({"d/x": b"x", "y": b"y"})
    stage.folder("A").write(".driveignore", b"d/\n")
    stage.settle()
    assert stage.folder("A").files() == {"d/x": b"x", "y": b"y", ".driveignore": b"d/\n"}
    assert stage.folder("B").files() == stage.folder("A").files()
    assert stage.world.live()["d/x"] == b"x"
    assert stage.requests("DeleteObject") == 0


def test_ignore_rules_come_down_before_what_they_exclude():
    stage = Stage()
    stage.folder("A").write("big/x", b"x")
    stage.sync("A")
    stage.world.store.put(f"{PREFIX}.driveignore", b"big/\n")
    stage.sync("B")
    assert stage.folder("B").files() == {".driveignore": b"big/\n"}


def test_options_are_what_the_specification_says():
    options = Options()
    assert (options.settle_s, options.absence_s, options.grain_ns) == (1.0, 2.0, 20_000_000)
