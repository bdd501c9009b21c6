"""Runs are taken back through the command line, also with credentials that may not destroy versions."""

import pytest

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

GONE = None
START = {"a": "a1", "b": "b1", "d/c": "c1", "d/m": "moved along"}


def test_a_sync_tells_its_number_and_is_taken_back_on_every_device_and_back_again(world):
    world.start(START)
    world.laptop.change({"a": "a2", "b": GONE, "d/m": GONE, "m2": "moved along", "new": "n1"})
    report = world.laptop.sync()
    world.desktop.sync()
    after = world.settle()
    plan = world.laptop.run("undo", report["run"], "-C", world.laptop.folder, "--dry-run")
    shown = {name: [change["path"] for change in plan[name]] for name in ("comes_back", "replaced", "removed")}
    assert shown == {"comes_back": ["b", "d/m"], "replaced": ["a"], "removed": ["m2", "new"]}
    assert (plan["runs"], plan["as_of"], world.bucket.tree()) == ([report["run"]], None, after)
    undone = world.laptop.run("undo", report["run"], "-C", world.laptop.folder, "--yes")
    assert (undone["restored"], undone["deleted_in_bucket"], undone["held"]) == (3, 2, [])
    assert world.settle() == START
    again = world.laptop.run("undo", "--last", world.laptop.folder, "--yes")
    assert again["run"] > undone["run"]
    assert world.settle() == after
    assert world.bucket.history("a") == (["a2", "a1", "a2", "a1"], 0)


def test_a_restore_is_taken_back(world):
    world.start(START)
    world.laptop.change({"a": "a2"})
    world.laptop.sync()
    oldest = world.laptop.run("versions", world.laptop.folder / "a")["versions"][-1]["version_id"]
    restored = world.laptop.run("restore", world.laptop.folder / "a", "--version", oldest)
    assert world.laptop.tree() == START
    world.laptop.run("undo", restored["run"], "-C", world.laptop.folder, "--yes")
    assert world.laptop.tree() == world.bucket.tree() == START | {"a": "a2"}


def test_what_was_changed_since_is_listed_and_asks_for_the_user(world):
    world.start(START)
    world.laptop.change({"a": "a2", "b": "b2"})
    run = world.laptop.sync()["run"]
    world.desktop.sync()
    world.desktop.change({"a": "a3"})
    world.desktop.sync()
    undone = world.laptop.run("undo", run, "-C", world.laptop.folder, "--yes", exit_code=4)
    assert undone["held"] == [{"path": "a", "reason": "changed since: left as it is"}]
    assert world.settle() == START | {"a": "a3"}


def test_a_bulk_deletion_is_taken_back(world):
    files = {f"d/{number}": f"{number}" for number in range(60)}
    world.start(files)
    world.laptop.change(dict.fromkeys(files))
    world.laptop.sync(exit_code=4)
    world.laptop.run("approve", world.laptop.folder)
    run = world.laptop.sync()["run"]
    assert world.bucket.tree() == {"d/": ""}
    undone = world.laptop.run("undo", run, "-C", world.laptop.folder, "--yes")
    assert (undone["restored"], undone["downloaded"]) == (60, 60)
    assert world.laptop.tree() == files


def test_without_a_word_nothing_is_done_and_wrong_runs_are_told(world, cli):
    world.start(START)
    world.laptop.change({"a": "a2"})
    run = world.laptop.sync()["run"]
    here = ("-C", world.laptop.folder)
    error = world.laptop.run("undo", run, *here, exit_code=2)
    assert ("nothing was done" in error["message"], world.bucket.tree()["a"]) == (True, "a2")
    assert world.laptop.run("undo", 777, *here, "--yes", exit_code=3)["error"] == "no-such-run"
    for wrong in ((), ("one",), ("1", "--last", "x")):
        assert world.laptop.run("undo", *wrong, *here, "--yes", exit_code=2)["error"] == "usage"
    code, printed = cli("undo", run, *here, "--dry-run", as_json=False)
    assert code == 0
    assert printed.startswith(f"restore: a (as it was before run {run})\n1 is replaced. ")
