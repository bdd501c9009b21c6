"""Restores to a moment with nothing left that was made since, on a bucket and folders in memory."""

from itertools import count

import pytest

from bucketdrive.model.plan import CopyForward
from bucketdrive.ports.runtime import Finished, Planned
from bucketdrive.testing.crash_points import CrashPoint
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

START = {"d/edited": b"v1", "d/gone": b"g", "d/same": b"s", "top": b"t"}


def played(store_class="A", more=None):
    """Two devices at rest; then the first one's user does much, and both sync. The moment between."""
    stage = Stage("A", "B", store_class=store_class)
    stage.start_with(START)
    then = stage.wait(10)
    stage.wait(10)
    folder = stage.folder("A")
    folder.write("d/edited", b"v2!")
    folder.delete("d/gone")
    folder.write("d/new", b"new")
    folder.write("e/newer", b"newer")
    for path, data in (more or {}).items():
        folder.write(path, data)
    stage.settle()
    return stage, then


def exactly(stage, name, path, then):
    """Restore, then bring it here as a run does, then let everybody sync."""
    report = stage.restore(name, path, at_s=then, exact=True)
    stage.world.run(stage.devices[name].process.cycle.sync(run=report.run))
    return report


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
@pytest.mark.parametrize("name", ["A", "B"])
def test_the_drive_is_exactly_as_it_was_on_every_device_and_every_version_is_kept(store_class, name):
    stage, then = played(store_class)
    report = exactly(stage, name, "", then)
    stage.settle()
    assert stage.everywhere() == START
    assert (report.restored, report.deleted_in_bucket, report.failed, report.held) == (2, 2, [], [])
    assert stage.versions("d/new") == [None, b"new"]
    assert stage.versions("d/edited") == [b"v1", b"v2!", b"v1"]
    assert stage.folder(name).dirs() == {"d"}


def test_a_folder_alone_is_restored_exactly_and_its_neighbours_stay():
    stage, then = played()
    exactly(stage, "A", "d", then)
    stage.settle()
    assert stage.everywhere() == START | {"e/newer": b"newer"}


def test_a_second_time_there_is_nothing_to_do_and_no_run():
    stage, then = played()
    exactly(stage, "A", "", then)
    stage.settle()
    writes = sum(
        count for name, count in stage.world.store.requests.items() if not name.startswith(("Get", "Head", "List"))
    )
    report = exactly(stage, "A", "", then)
    assert (report.run, report.restored, report.deleted_in_bucket) == (0, 0, 0)
    assert writes == sum(
        count for name, count in stage.world.store.requests.items() if not name.startswith(("Get", "Head", "List"))
    )


def test_deletions_that_were_asked_for_are_held_by_no_guard_here():
    stage, then = played(more={f"many/{number}": b"x" for number in range(300)})
    report = exactly(stage, "A", "", then)
    assert report.deleted_in_bucket == 302
    assert stage.folder("A").files() == START
    assert stage.sync("A").held == []


def test_the_guard_of_another_device_still_asks_its_user():
    stage, then = played(more={f"many/{number}": b"x" for number in range(300)})
    exactly(stage, "A", "", then)
    assert len(stage.sync("B").held) == 302


def test_an_edit_that_is_made_here_after_the_plan_stays_as_a_file():
    stage, then = played()
    stage.restore("A", "", at_s=then, exact=True)
    stage.folder("A").write("d/new", b"edited at the last moment")
    stage.settle()
    assert stage.everywhere() == START | {"d/new": b"edited at the last moment"}


def test_a_version_that_somebody_writes_meanwhile_is_not_deleted_and_that_is_told():
    stage, then = played()
    bucket = stage.devices["A"].process.cycle._parts.bucket
    delete = bucket.delete_object

    async def raced(key, **more):
        if key.endswith("d/new"):
            stage.world.store.put(f"{PREFIX}d/new", b"another's")
        return await delete(key, **more)

    bucket.__dict__["delete_object"] = raced
    report = exactly(stage, "A", "", then)
    assert [failed.path for failed in report.failed] == ["d/new"]
    stage.settle()
    assert stage.everywhere() == START | {"d/new": b"another's"}


def test_a_version_that_has_expired_is_told_and_the_rest_comes_back():
    stage, then = played()
    bucket = stage.devices["A"].process.cycle._parts.bucket
    head = bucket.head_object

    async def expired(key, **more):
        if key.endswith("d/gone"):
            stage.world.store._history.pop(key, None)
        return await head(key, **more)

    bucket.__dict__["head_object"] = expired
    report = exactly(stage, "A", "", then)
    assert [failed.path for failed in report.failed] == ["d/gone"]
    assert report.failed[0].reason
    stage.settle()
    assert stage.everywhere() == {path: data for path, data in START.items() if path != "d/gone"}


@pytest.mark.parametrize("store_class", ["A", "C"])
@pytest.mark.parametrize(
    ("before", "after"),
    [({"p": b"file"}, {"p/x": b"in a folder"}), ({"p/x": b"in a folder"}, {"p": b"file"})],
    ids=["a file then, a folder now", "a folder then, a file now"],
)
def test_a_file_and_a_folder_that_changed_places_change_back_without_loss(before, after, store_class):
    stage = Stage("A", "B", store_class=store_class)
    stage.start_with(before | {"z": b"z"})
    then = stage.wait(10)
    stage.wait(10)
    for path in before:
        stage.folder("A").delete(path)
    for folder in stage.folder("A").dirs():
        stage.folder("A").delete(folder)
    for path, data in after.items():
        stage.folder("A").write(path, data)
    stage.settle()
    assert stage.everywhere() == after | {"z": b"z"}
    held = stage.restore("A", "", at_s=then)
    assert ([path.path for path in held.held], held.restored) == (list(before), 0)
    report = exactly(stage, "A", "", then)
    assert (report.failed, report.held) == ([], [])
    stage.settle()
    assert stage.everywhere() == before | {"z": b"z"}
    assert stage.versions(next(iter(after))) == [None, *after.values()]


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_a_restore_that_is_broken_off_anywhere_is_gone_on_with_by_asking_again(store_class):
    files = {f"d/{number}": b"%d" % number for number in range(4)}
    for effects in count(1):
        stage = Stage("A", "B", store_class=store_class)
        stage.start_with(files)
        then = stage.wait(10)
        stage.wait(10)
        for path in files:
            stage.folder("A").delete(path)
        stage.folder("A").write("new", b"new")
        stage.settle()
        device = stage.devices["A"]
        point = CrashPoint(device, effects)
        point.run(lambda stage=stage, then=then: stage.restoring("A", "", then))
        left = stage.world.run(stage.plan_of("", then))
        copies = stage.requests("CopyObject")
        exactly(stage, "A", "", then)
        assert stage.requests("CopyObject") - copies == sum(isinstance(action, CopyForward) for action in left.actions)
        stage.settle()
        assert stage.everywhere() == files, effects
        if not point.is_reached:
            break
    assert effects > 6


def test_what_could_not_come_back_as_its_way_was_not_cleared_is_told():
    stage = Stage("A")
    stage.start_with({"d/x": b"in a folder", "z": b"z"})
    then = stage.wait(10)
    stage.wait(10)
    stage.folder("A").delete("d/x")
    stage.folder("A").delete("d")
    stage.folder("A").write("d", b"a file")
    stage.settle()
    bucket = stage.devices["A"].process.cycle._parts.bucket
    delete = bucket.delete_object

    async def raced(key, **more):
        stage.world.store.put(f"{PREFIX}d", b"another's")
        return await delete(key, **more)

    bucket.__dict__["delete_object"] = raced
    report = stage.restore("A", "", at_s=then, exact=True)
    assert [(failed.path, "way" in failed.reason) for failed in report.failed] == [("d", False), ("d/x", True)]
    stage.settle()
    assert stage.everywhere() == {"d": b"another's", "z": b"z"}


def with_empty_folders(store_class="A"):
    """Folders without files that go, come to be, fill up, empty, and change places with files. The moment before."""
    stage = Stage("A", "B", store_class=store_class)
    stage.start_with(START | {"emptied/x": b"x", "was file": b"f"})
    folder = stage.folder("A")
    for name in ("gone", "stays", "filled", "was folder", "deep/er/gone"):
        folder.mkdir(name)
    stage.settle()
    then, dirs = stage.wait(10), folder.dirs()
    stage.wait(10)
    for name in ("gone", "was folder", "deep", "emptied/x", "was file"):
        folder.delete(name)
    for name in ("new", "was file"):
        folder.mkdir(name)
    folder.write("was folder", b"now a file")
    folder.write("filled/y", b"y")
    stage.settle()
    return stage, then, dirs


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
@pytest.mark.parametrize("name", ["A", "B"])
def test_folders_without_files_are_there_again_or_gone_again(store_class, name):
    stage, then, dirs = with_empty_folders(store_class)
    now, dirs_now = stage.everywhere(), stage.folder("A").dirs()
    report = exactly(stage, name, "", then)
    stage.settle()
    assert (report.failed, report.held) == ([], [])
    assert stage.everywhere() == START | {"emptied/x": b"x", "was file": b"f"}
    assert [stage.folder(device).dirs() for device in "AB"] == [dirs, dirs]
    stage.world.run(stage.undoing(name, report.run))
    stage.settle()
    assert stage.everywhere() == now
    assert [stage.folder(device).dirs() for device in "AB"] == [dirs_now, dirs_now]


def test_without_exact_folders_come_back_and_what_is_in_their_place_stays():
    stage, then, dirs = with_empty_folders()
    report = stage.restore("A", "", at_s=then)
    stage.settle()
    assert {held.path: held.reason.split()[1] for held in report.held} == {"was file": "folder", "was folder": "file"}
    assert stage.everywhere() == START | {"emptied/x": b"x", "was folder": b"now a file", "filled/y": b"y"}
    assert stage.folder("B").dirs() == dirs - {"was folder"} | {"new", "was file"}


def test_a_folder_that_had_no_files_can_be_restored_by_its_name():
    stage, then, _ = with_empty_folders()
    exactly(stage, "B", "gone", then)
    stage.settle()
    assert "gone" in stage.folder("A").dirs()
    assert "new" in stage.folder("A").dirs()


def test_a_restore_tells_how_much_it_will_do_and_each_thing_that_it_did():
    stage, then = played()
    told = []
    stage.world.tell = told.append
    exactly(stage, "A", "", then)
    kinds = [type(event) for event in told]
    assert kinds == [Planned, *[Finished] * 4, Planned, *[Finished] * 5]
    assert [event.plan.to_do for event in told if isinstance(event, Planned)] == [4, 5]
