"""Files that were moved: the store copies, the disk renames, and no body travels (spec §2.8; scenarios 52 and 53)."""

import pytest

from bucketdrive.engine.parts import Options
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

COUNTED = ("get_object", "put_object", "copy_object", "delete_object", "upload_part", "upload_part_copy")
IN_PARTS = Options(whole_bytes=4, part_bytes=2)


class Meter:
    """What is asked of the store from now on, our own objects left out."""

    def __init__(self, stage):
        self.counts = {}
        for device in stage.devices.values():
            bucket = device.process.cycle._parts.bucket
            for method in COUNTED:
                bucket.__dict__[method] = self._counting(getattr(bucket, method), method)

    def _counting(self, call, method):
        async def counting(key, *args, **kwargs):
            if ".bucketdrive/" not in key:
                self.counts[method] = self.counts.get(method, 0) + 1
            return await call(key, *args, **kwargs)

        return counting


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_52_a_renamed_file_is_one_copy_and_one_deletion_and_elsewhere_a_rename(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1"})
    inode = stage.folder("B").tree.find(["p"]).number
    meter = Meter(stage)
    stage.folder("A").move("p", "d/q")
    report = stage.sync("A")
    assert (report.moved, report.uploaded, report.deleted_in_bucket) == (1, 0, 0)
    report = stage.sync("B")
    assert (report.moved, report.downloaded, report.deleted_here) == (1, 0, 0)
    assert meter.counts == {"copy_object": 1, "delete_object": 1}
    stage.settle()
    assert stage.everywhere() == {"d/q": b"v1"}
    assert meter.counts == {"copy_object": 1, "delete_object": 1}
    assert stage.folder("B").tree.find(["d", "q"]).number == inode
    assert (stage.versions("p"), stage.versions("d/q")) == ([None, b"v1"], [b"v1"])


def test_52_where_no_condition_holds_on_copies_the_file_is_sent_again():
    stage = Stage(store_class="B")
    stage.start_with({"p": b"v1"})
    meter = Meter(stage)
    stage.folder("A").move("p", "q")
    stage.settle()
    assert stage.everywhere() == {"q": b"v1"}
    assert meter.counts == {"put_object": 1, "delete_object": 1}


def test_53_a_renamed_folder_moves_without_a_body_and_is_not_held():
    stage = Stage()
    stage.start_with({f"d/{number % 7}/{number}": b"content %d" % number for number in range(200)})
    meter = Meter(stage)
    stage.folder("A").move("d", "e")
    reports = [stage.sync(name) for name in "AB"]
    assert [(report.moved, report.held) for report in reports] == [(200, []), (200, [])]
    stage.settle()
    assert stage.everywhere() == {f"e/{number % 7}/{number}": b"content %d" % number for number in range(200)}
    assert stage.folder("B").dirs() == {"e", *(f"e/{number}" for number in range(7))}
    assert meter.counts == {"copy_object": 200, "delete_object": 200}


@pytest.mark.parametrize(("store_class", "how"), [("A", {"copy_object": 1}), ("B", {"upload_part_copy": 5})])
def test_a_large_file_moves_whole_or_in_parts_and_nothing_of_it_travels(store_class, how):
    stage = Stage(store_class=store_class, options=IN_PARTS)
    stage.start_with({"p": b"123456789"})
    meter = Meter(stage)
    stage.folder("A").move("p", "q")
    stage.settle()
    assert stage.everywhere() == {"q": b"123456789"}
    assert meter.counts == {**how, "delete_object": 1}


def test_a_file_moved_over_another_is_a_copy_too():
    stage = Stage()
    stage.start_with({"p": b"v1", "q": b"old"})
    meter = Meter(stage)
    folder = stage.folder("A")
    folder.delete("q")
    folder.move("p", "q")
    stage.sync("A")
    assert meter.counts == {"copy_object": 1, "delete_object": 1}
    stage.settle()
    assert stage.everywhere() == {"q": b"v1"}
    assert stage.versions("q") == [b"v1", b"old"]


def test_a_version_that_expired_meanwhile_is_sent_again():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").move("p", "q")
    bucket = stage.devices["A"].process.cycle._parts.bucket
    copy = bucket.copy_object

    async def expired(*args):
        stage.world.store.delete(f"{PREFIX}p")
        stage.world.store.forget_history(f"{PREFIX}p")
        return await copy(*args)

    bucket.__dict__["copy_object"] = expired
    stage.sync("A")
    assert stage.world.live() == {"q": b"v1"}


@pytest.mark.parametrize("how", ["saved", "written, with the time kept"])
def test_an_edit_at_the_moment_of_the_rename_is_an_edit_of_the_file_under_its_new_name(how):
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").move("p", "q")
    stage.sync("B")
    disk = stage.devices["A"].process.cycle._parts.disk
    check = disk._inner._check

    def check_then_the_user_saves(*args):
        check(*args)
        disk._inner._check = check
        folder = stage.folder("A")
        if how == "saved":
            folder.save("p", b"v2")
        else:
            folder.write("p", b"v2", folder.tree.lookup(["p"]).mtime_ns)

    disk._inner._check = check_then_the_user_saves
    stage.settle()
    assert stage.everywhere() == {"q": b"v2"}
    assert stage.versions("q") == [b"v2", b"v1"]


def test_a_file_that_stands_under_the_new_name_stays_and_is_a_conflict():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").move("p", "q")
    stage.sync("B")
    stage.folder("A").write("q", b"mine")
    stage.settle()
    files = stage.everywhere()
    assert files.pop("q") == b"v1"
    assert [(is_conflict_name(path), data) for path, data in files.items()] == [(True, b"mine")]


@pytest.mark.parametrize("is_renamed", [True, False])
def test_a_crash_around_the_rename_moves_the_file_once(is_renamed):
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").move("p", "q")
    stage.sync("B")
    device = stage.devices["A"]
    disk = device.process.cycle._parts.disk
    rename = disk.rename

    async def crash(*args):
        if is_renamed:
            await rename(*args)
        device.crash()
        return await rename(*args)

    disk.__dict__["rename"] = crash
    stage.world.run(device.sync())
    assert set(stage.folder("A").files()) == {"q" if is_renamed else "p"}
    meter = Meter(stage)
    stage.settle()
    assert stage.everywhere() == {"q": b"v1"}
    assert meter.counts == {}


def test_a_lost_reply_of_the_copy_makes_one_version_and_no_conflict():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").move("p", "q")
    stage.world.faults = type(stage.world.faults)(reply_lost=0.5)
    for _ in range(6):
        stage.world.run(stage.devices["A"].sync())
    stage.world.faults = type(stage.world.faults)()
    stage.settle()
    assert stage.everywhere() == {"q": b"v1"}
    assert stage.versions("q") == [b"v1"]
