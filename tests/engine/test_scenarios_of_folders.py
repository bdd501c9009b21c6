"""Scenarios of spec §3.6 on fakes, by number: renames, folders, names and kinds (54 to 67)."""

from asyncio import CancelledError

from bucketdrive.engine.parts import Options
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX


def plain_and_copies(files):
    plain = {path: data for path, data in files.items() if not is_conflict_name(path)}
    copies = sorted(data for path, data in files.items() if is_conflict_name(path))
    return plain, copies


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


def test_a_file_that_was_a_folder_for_a_moment_is_an_edit_of_what_was_agreed():
    """Held open, seed 3040: what came down below the folder took the place of the file that was agreed on."""
    stage = Stage()
    stage.start_with({"d": b"v1"})
    folder = stage.folder("A")
    folder.delete("d")
    folder.mkdir("d")
    stage.world.store.put(f"{PREFIX}d/y", b"y")
    disk = stage.devices["A"].process.cycle._parts.disk
    install = disk.install

    async def install_and_the_user_changes_his_mind(*args):
        installed = await install(*args)
        folder.delete("d")
        folder.write("d", b"v2")
        return installed

    disk.__dict__["install"] = install_and_the_user_changes_his_mind
    stage.sync("A")
    disk.__dict__["install"] = install
    stage.settle()
    assert stage.everywhere() == {"d": b"v2"}


def test_a_folder_made_anew_after_a_crash_in_the_midst_of_its_removal_stays():
    stage = Stage()
    stage.start_with({"d/x": b"x"})
    folder, device = stage.folder("A"), stage.devices["A"]
    folder.delete("d")
    bucket = device.process.cycle._parts.bucket
    delete = bucket.delete_object

    async def delete_and_crash(*args, **kwargs):
        await delete(*args, **kwargs)
        device.crash()
        raise CancelledError

    bucket.__dict__["delete_object"] = delete_and_crash
    stage.world.run(device.sync())
    folder.mkdir("d")
    stage.settle()
    assert (folder.dirs(), stage.folder("B").dirs()) == ({"d"}, {"d"})
