"""`bucketdrive trash` and `undelete` through the command line, also with a device's credentials."""

import os
import pty

import pytest

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

GONE = None
FILES = {"a.txt": "one", "d/b": "two", "d/e/c": "three", "keep": "four"}


@pytest.fixture
def emptied(world):
    """A world in which two devices and another tool each deleted something."""
    world.start(FILES)
    world.laptop.change({"a.txt": GONE})
    world.laptop.sync()
    world.desktop.change({"d/b": GONE})
    world.desktop.sync()
    world.bucket.delete("d/e/c")
    return world


def told(device, *arguments):
    document = device.run("trash", *arguments)
    return [(entry["path"], entry["by"]) for entry in document["deleted"]], document["next"]


def test_what_is_deleted_by_whom_page_by_page(emptied):
    laptop = emptied.laptop
    all_of_it = [("a.txt", "laptop"), ("d/b", "desktop"), ("d/e/c", None)]
    assert told(laptop, laptop.folder) == (all_of_it, "")
    assert told(laptop, "d", "-C", laptop.folder) == (all_of_it[1:], "")
    assert told(laptop, laptop.folder, "--limit", 1) == (all_of_it[:1], "a.txt")
    assert told(laptop, laptop.folder, "--limit", 1, "--after", "a.txt") == (all_of_it[1:2], "d/b")
    assert told(laptop, laptop.folder, "--by", "desktop") == (all_of_it[1:2], "")
    assert told(laptop, laptop.folder, "--since", "1h") == (all_of_it, "")
    assert told(laptop, laptop.folder, "--until", "1h") == ([], "")
    error = laptop.run("trash", laptop.folder, "--since", "then", exit_code=2)
    assert error["error"] == "usage"


def test_people_read_a_table_and_how_to_go_on(emptied, cli, monkeypatch):
    monkeypatch.chdir(emptied.laptop.folder)
    code, printed = cli("trash", "--limit", 2, as_json=False)
    lines = [line.split() for line in printed.splitlines()]
    assert (code, lines[0]) == (0, ["DELETED", "BY", "SIZE", "EXPIRES", "PATH"])
    assert [(line[2], line[-1]) for line in lines[1:]] == [("laptop", "a.txt"), ("desktop", "d/b")]
    monkeypatch.chdir(emptied.laptop.folder / "d")
    assert [line.split()[-1] for line in cli("trash", as_json=False)[1].splitlines()] == ["PATH", "d/b", "d/e/c"]
    assert "No such file" in cli("trash", "--by", "phone", as_json=False)[1]


def test_files_and_folders_come_back_and_asked_again_nothing_is_done(emptied):
    laptop = emptied.laptop
    planned = laptop.run("undelete", laptop.folder / "d", laptop.folder / "a.txt", "--dry-run")["planned"]
    assert [sentence.split(" (")[0] for sentence in planned] == ["restore: a.txt", "restore: d/b", "restore: d/e/c"]
    report = laptop.run("undelete", "d", "a.txt", "-C", laptop.folder)
    assert report["notes"][-1] == "3 of 3 deleted files came back."
    assert laptop.tree() == emptied.bucket.tree() == FILES
    assert emptied.bucket.history("d/b") == (["two", "two"], 1)
    again = laptop.run("undelete", "d", "-C", laptop.folder)
    assert (again["downloaded"], "live again" in again["notes"][0]) == (0, True)
    assert told(laptop, laptop.folder) == ([], "")


@pytest.mark.stores("embedded")
def test_a_file_whose_name_a_folder_has_now_comes_back_beside_it(world, copy_name):
    laptop = world.laptop
    laptop.start({"x": "file"})
    laptop.change({"x": GONE})
    laptop.sync()
    laptop.change({"x/inner": "i"})
    laptop.sync()
    laptop.run("undelete", "x", "-C", laptop.folder, exit_code=4)
    assert laptop.tree() == world.bucket.tree() == {"x/inner": "i", copy_name("x", "laptop", "file"): "file"}
    assert laptop.sync()["requests"].keys().isdisjoint({"PutObject", "DeleteObject"})


def test_all_that_one_device_deleted_comes_back(emptied):
    laptop = emptied.laptop
    laptop.run("undelete", "--all", "--by", "desktop", "--since", "1h", "-C", laptop.folder)
    assert emptied.bucket.tree() == {"d/b": "two", "keep": "four"}
    laptop.run("undelete", "--all", "-C", laptop.folder)
    assert laptop.tree() == FILES


def test_what_to_bring_back_must_be_named(emptied):
    laptop = emptied.laptop
    for arguments in ((), ("--all", "a.txt")):
        assert laptop.run("undelete", *arguments, "-C", laptop.folder, exit_code=2)["error"] == "usage"
    assert laptop.run("undelete", "never", "-C", laptop.folder, exit_code=3)["error"] == "no-such-path"


@pytest.mark.stores("embedded", "ceph")
def test_when_it_expires_is_of_the_rules_of_the_bucket(emptied):
    laptop = emptied.laptop
    first = ("trash", laptop.folder, "--limit", 1)
    [entry] = laptop.run(*first)["deleted"]
    assert (entry["expiry"], entry["expires"]) == ("never", None)
    laptop.run("retention", laptop.folder, "--versions", "900d", "--deleted", "900d", "--yes")
    [entry] = laptop.run(*first)["deleted"]
    assert (entry["expiry"], entry["expires"][10:], entry["expires"] > entry["deleted"]) == (
        "at",
        "T00:00:00.000Z",
        True,
    )


@pytest.mark.stores("ceph-safe")
def test_a_device_that_may_not_read_the_rules_does_not_know_when_it_expires(emptied):
    entry = emptied.laptop.run("trash", emptied.laptop.folder)["deleted"][0]
    assert (entry["expiry"], entry["expires"]) == ("unknown", None)


@pytest.mark.stores("embedded", "ceph")
def test_the_trash_is_emptied_for_good_after_a_question(emptied, cli, monkeypatch):
    laptop = emptied.laptop
    before = emptied.bucket.rows("")
    counted = laptop.run("trash", "empty", laptop.folder, "--dry-run")
    assert [counted[name] for name in ("files", "versions", "markers", "size_bytes", "is_done")] == [3, 3, 3, 11, False]
    error = laptop.run("trash", "empty", laptop.folder, exit_code=2)
    assert ("no terminal" in error["message"], emptied.bucket.rows("") == before) == (True, True)
    main, side = pty.openpty()
    with os.fdopen(side) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        os.write(main, b"yes\n")
        code, printed = cli("trash", "empty", laptop.folder, as_json=False)
        assert (code, emptied.bucket.rows("") == before) == (1, True)
        assert "3 deleted files with 3 versions (11 B) and 3 delete markers will be destroyed for good." in printed
        os.write(main, b"destroy\n")
        code, printed = cli("trash", "empty", laptop.folder / "d", as_json=False)
        assert (code, "2 deleted files" in printed) == (0, True)
    os.close(main)
    assert told(laptop, laptop.folder)[0] == [("a.txt", "laptop")]
    assert emptied.bucket.rows("d/") == ([], [])
    document = laptop.run("trash", "empty", laptop.folder, "--yes", "--before", "0s")
    assert [document[name] for name in ("files", "versions", "markers", "is_done")] == [1, 1, 1, True]
    assert laptop.run("trash", "empty", laptop.folder, "--yes")["files"] == 0
    assert emptied.bucket.tree() == {"keep": "four"}
    assert emptied.bucket.history("keep") == (["four"], 0)


@pytest.mark.stores("ceph", "ceph-safe")  # the embedded store copies without a condition: there a move is an upload
def test_what_was_moved_is_no_trash(world):
    laptop, desktop = world.laptop, world.desktop
    world.start({"d/a": "one", "d/b": "two", "gone": "g"})
    (laptop.folder / "d").rename(laptop.folder / "e")
    laptop.change({"gone": GONE})
    assert laptop.sync()["moved"] == 2
    found = [(entry["path"], entry["moved_to"]) for entry in desktop.run("trash", desktop.folder)["deleted"]]
    assert found == [("d/a", "e/a"), ("d/b", "e/b"), ("gone", None)]
    notes = desktop.run("undelete", "--all", "-C", desktop.folder)["notes"]
    assert [note.split(",")[0] for note in notes[-2:]] == ["1 of 1 deleted file came back.", "2 files were moved"]
    assert desktop.tree() == world.bucket.tree() == {"e/a": "one", "e/b": "two", "gone": "g"}
    desktop.run("undelete", "d/a", "-C", desktop.folder)
    assert desktop.tree() == {"d/a": "one", "e/a": "one", "e/b": "two", "gone": "g"}


@pytest.mark.stores("ceph")
def test_the_history_of_what_was_moved_outlives_the_emptying_of_the_trash(world):
    laptop, desktop = world.laptop, world.desktop
    world.start({"a": "one", "gone": "g"})
    laptop.change({"a": "two"})
    laptop.sync()
    desktop.sync()
    (desktop.folder / "a").rename(desktop.folder / "b")
    desktop.change({"gone": GONE})
    assert desktop.sync()["moved"] == 1
    document = laptop.run("trash", "empty", laptop.folder, "--yes")  # it has not heard of the move by a sync
    assert (document["files"], document["moved"]) == (1, 1)
    assert [row["size"] for row in desktop.run("versions", "b", "-C", desktop.folder)["versions"]] == [3, 3, 3]


@pytest.mark.stores("embedded", "ceph")
def test_a_device_that_had_not_heard_of_a_deletion_when_the_trash_was_emptied_holds_the_file(world):
    world.start({"a.txt": "one", "keep": "four"})
    world.desktop.change({"a.txt": GONE})
    world.desktop.sync()
    world.desktop.run("trash", "empty", world.desktop.folder, "--yes")
    [held] = world.laptop.sync(exit_code=4)["held"]
    assert (held["path"], "vanished" in held["reason"]) == ("a.txt", True)
    assert world.laptop.tree() == {"a.txt": "one", "keep": "four"}


@pytest.mark.stores("embedded", "ceph")
def test_what_was_deleted_later_than_a_moment_stays(emptied):
    laptop = emptied.laptop
    assert laptop.run("trash", "empty", laptop.folder, "--before", "1h", "--yes")["files"] == 0
    assert len(told(laptop, laptop.folder)[0]) == 3


@pytest.mark.stores("ceph-safe")
def test_a_device_cannot_empty_the_trash(emptied):
    before = emptied.bucket.rows("")
    for options in (("--yes",), ("--dry-run",)):
        error = emptied.laptop.run("trash", "empty", emptied.laptop.folder, *options, exit_code=1)
        assert (error["error"], "by design" in error["message"]) == ("access-denied", True)
    assert emptied.bucket.rows("") == before


def test_a_folder_named_empty_is_told_from_the_word(emptied, monkeypatch, cli):
    laptop = emptied.laptop
    laptop.change({"empty/f": "x"})
    laptop.sync()
    laptop.change({"empty/f": GONE})
    laptop.sync()
    monkeypatch.chdir(laptop.folder)
    assert [entry["path"] for entry in cli("trash", "./empty")[1]["deleted"]] == ["empty/f"]
    code, printed = cli("trash", "empty", "--help", as_json=False)
    assert (code, "trash empty [OPTIONS]" in printed) == (0, True)
