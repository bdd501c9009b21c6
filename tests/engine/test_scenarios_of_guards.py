"""Scenarios of spec §3.6 on fakes, by number: lost states, linking, and what must not happen unasked (37 to 51)."""

import pytest

from bucketdrive.errors import GuardError
from bucketdrive.model.format import DriveInfo, write_drive_info
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.state.runs import approve_holds, deny_holds
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import DRIVE_ID, PREFIX


def plain_and_copies(files):
    plain = {path: data for path, data in files.items() if not is_conflict_name(path)}
    copies = sorted(data for path, data in files.items() if is_conflict_name(path))
    return plain, copies


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


def test_43_whoever_deletes_everything_deletes_the_marker_too_and_nothing_in_the_bucket():
    stage = Stage()
    stage.start_with({"p": b"v1", "q": b"v2"})
    folder = stage.folder("A")
    folder.delete("p")
    disk = stage.devices["A"].process.cycle._parts.disk
    root = disk.root

    async def all_is_deleted_before_the_second_look():
        if disk.__dict__["root"] is not root and folder.files() == {"q": b"v2"} and stage.world.loop.time() > later:
            folder.delete("q")
            folder.delete(".bucketdrive")
        return await root()

    later = stage.world.loop.time() + 1.0
    disk.__dict__["root"] = all_is_deleted_before_the_second_look
    with pytest.raises(GuardError):
        stage.sync("A")
    assert stage.world.live() == {"p": b"v1", "q": b"v2"}


def test_44_a_disk_inside_the_folder_is_held_and_its_coming_and_going_deletes_nothing():
    stage = Stage()
    files = {"d/a": b"1", "d/e/b": b"2", "c": b"3"}
    stage.start_with(files)
    folder = stage.folder("A")
    folder.mount_disk("d")
    folder.write("d/a", b"on the other disk")
    report = stage.sync("A")
    assert [held.path for held in report.held] == ["d", "d/a", "d/e", "d/e/b"]
    assert "another file system" in report.held[0].reason
    stage.folder("B").write("d/a", b"4")
    stage.sync("B", "A")
    assert folder.files() == {"d/a": b"on the other disk", "c": b"3"}
    folder.unmount_disk("d")
    stage.settle()
    assert stage.everywhere() == files | {"d/a": b"4"}
    assert stage.requests("DeleteObject") == 0


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


def test_g7_a_raised_epoch_makes_the_versions_the_base_and_deletes_nothing():
    """An operator restored the bucket from a backup: what it lacks was not deleted, and what is old is not news."""
    stage = Stage()
    stage.start_with({"kept": b"k1", "edited": b"e1", "gone": b"g1"})
    stage.folder("A").write("edited", b"e2")
    stage.settle()
    store = stage.world.store
    store.put(f"{PREFIX}edited", b"e1")
    store.delete(f"{PREFIX}gone")
    store.put(f"{PREFIX}.bucketdrive/drive.json", write_drive_info(DriveInfo(DRIVE_ID, epoch=2)))
    stage.folder("B").delete("kept")
    deletions = stage.requests("DeleteObject")
    stage.settle()
    assert stage.everywhere() == {"kept": b"k1", "edited": b"e1"}
    assert stage.requests("DeleteObject") == deletions
    assert set(stage.folder("A").quarantine().values()) == {b"e2", b"g1"}
