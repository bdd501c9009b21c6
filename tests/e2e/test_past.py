"""The tree as of a moment, through the command line."""

import re
from datetime import UTC, datetime

import pytest

from bucketdrive.drive.clock import SystemClock

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def next_second():
    """Wait for the next whole second, since stores tell times no finer; the one before it, in ISO 8601."""
    clock = SystemClock()
    began = int(clock.now_s())
    while int(clock.now_s()) == began:
        pass
    return datetime.fromtimestamp(began, UTC).isoformat()


def played(world):
    """Two files; then one edited, one deleted, one made. The moment between."""
    world.laptop.change({"d/a.txt": "one", "d/b.txt": "two"})
    world.laptop.sync()
    then = next_second()
    world.laptop.change({"d/a.txt": "one and more", "d/b.txt": None, "d/c.txt": "three"})
    world.laptop.sync()
    return then


def test_ls_tells_what_is_in_the_bucket_now_and_was_then(world):
    then = played(world)
    now = world.laptop.run("ls", world.laptop.folder)["entries"]
    assert [(entry["path"], entry["size"]) for entry in now] == [("d/a.txt", 12), ("d/c.txt", 5)]
    before = world.laptop.run("ls", world.laptop.folder, "--as-of", then)["entries"]
    assert [(entry["path"], entry["size"]) for entry in before] == [("d/a.txt", 3), ("d/b.txt", 3)]
    assert set(before[0]) == {"path", "size", "modified", "version_id"}
    assert TIME.fullmatch(before[0]["modified"])
    versions = world.laptop.run("versions", "d/a.txt", "-C", world.laptop.folder)["versions"]
    assert [entry["version_id"] for entry in (now[0], before[0])] == [row["version_id"] for row in versions]


def test_ls_of_a_folder_or_a_file_in_the_drive(world, cli, monkeypatch):
    then = played(world)
    monkeypatch.chdir(world.laptop.folder / "d")
    assert [entry["path"] for entry in cli("ls", "b.txt", "--as-of", then)[1]["entries"]] == ["d/b.txt"]
    assert len(cli("ls")[1]["entries"]) == len(cli("ls", "d", "-C", world.desktop.folder)[1]["entries"]) == 2
    code, error = cli("ls", "b.txt")
    assert (code, error["error"]) == (3, "no-such-path")
    code, printed = cli("ls", as_json=False)
    assert (code, printed.splitlines()[0].split()) == (0, ["WRITTEN", "SIZE", "PATH"])


def test_an_age_counts_back_from_now(world):
    world.laptop.change({"a.txt": "one"})
    world.laptop.sync()
    assert world.laptop.run("ls", world.laptop.folder, "--as-of", "2h") == {"entries": []}
    assert len(world.laptop.run("ls", world.laptop.folder, "--as-of", "0s")["entries"]) == 1


def test_a_moment_that_is_none_is_wrong_usage(world):
    for time_text in ("then", "2h ago", "2100-01-01"):
        error = world.laptop.run("ls", world.laptop.folder, "--as-of", time_text, exit_code=2)
        assert error["error"] == "usage"
    both = ("--as-of", "1h", "--version", "x")
    assert world.laptop.run("restore", world.laptop.folder / "a", *both, exit_code=2)["error"] == "usage"


def test_a_file_is_restored_as_it_was_or_the_reason_told(world):
    then = played(world)
    world.laptop.run("restore", world.laptop.folder / "d/a.txt", "--as-of", then)
    assert world.laptop.tree() == {"d/a.txt": "one", "d/c.txt": "three"}
    error = world.laptop.run("restore", world.laptop.folder / "d/c.txt", "--as-of", then, exit_code=3)
    assert "did not exist" in error["message"]


def test_a_folder_is_restored_as_it_was_after_a_dry_run_that_changed_nothing(world):
    then = played(world)
    place = ("restore", world.laptop.folder / "d", "--as-of", then)
    planned = world.laptop.run(*place, "--dry-run")["planned"]
    assert [sentence.split(" (")[0] for sentence in planned] == ["restore: d/a.txt", "restore: d/b.txt"]
    assert world.bucket.tree() == {"d/a.txt": "one and more", "d/c.txt": "three"}
    assert world.laptop.run(*place)["downloaded"] == 2
    restored = {"d/a.txt": "one", "d/b.txt": "two", "d/c.txt": "three"}
    assert world.laptop.tree() == world.bucket.tree() == restored
    assert world.bucket.history("d/a.txt") == (["one", "one and more", "one"], 0)


def test_the_whole_drive_is_restored_on_another_device_and_its_unsent_edit_goes_up_first(world):
    then = played(world)
    world.desktop.sync()
    world.desktop.change({"d/a.txt": "desktop's"})
    world.desktop.run("restore", world.desktop.folder, "--as-of", then)
    assert world.desktop.tree() == {"d/a.txt": "one", "d/b.txt": "two", "d/c.txt": "three"}
    assert world.bucket.history("d/a.txt") == (["one", "desktop's", "one and more", "one"], 0)


def test_a_dry_run_is_the_plan_with_what_it_takes_and_then_that_is_done(world):
    then = played(world)
    place = ("restore", world.laptop.folder, "--as-of", then, "--exact")
    plan = world.laptop.run(*place, "--dry-run")
    shown = {name: [change["path"] for change in plan[name]] for name in ("comes_back", "replaced", "removed")}
    assert shown == {"comes_back": ["d/b.txt"], "replaced": ["d/a.txt"], "removed": ["d/c.txt"]}
    assert (plan["bytes_down"], plan["held"], TIME.fullmatch(plan["as_of"]) is not None) == (6, [], True)
    assert plan["requests"]["DeleteObject"] == 1
    assert 0 < plan["usd"] < 0.001
    assert len(plan["planned"]) == 3
    assert world.bucket.tree() == {"d/a.txt": "one and more", "d/c.txt": "three"}
    report = world.laptop.run(*place, "--yes")
    counts = {name: report[name] for name in ("restored", "downloaded", "deleted_here", "deleted_in_bucket")}
    assert counts == {"restored": 2, "downloaded": 2, "deleted_here": 1, "deleted_in_bucket": 1}
    assert world.laptop.tree() == world.bucket.tree() == {"d/a.txt": "one", "d/b.txt": "two"}
    assert world.bucket.history("d/c.txt") == (["three"], 1)
    assert world.laptop.run(*place, "--dry-run")["planned"] == []


def test_what_would_delete_files_asks_and_without_a_terminal_does_nothing(world, monkeypatch):
    then = played(world)
    place = ("restore", world.laptop.folder, "--as-of", then, "--exact")
    error = world.laptop.run(*place, exit_code=2)
    assert ("nothing was done" in error["message"], "--yes" in error["hint"]) == (True, True)
    assert world.bucket.tree() == {"d/a.txt": "one and more", "d/c.txt": "three"}
    monkeypatch.setenv("BUCKETDRIVE_YES", "1")
    world.laptop.run(*place)
    assert world.bucket.tree() == {"d/a.txt": "one", "d/b.txt": "two"}


def test_exact_means_a_moment(world):
    world.laptop.change({"a": "one"})
    world.laptop.sync()
    assert world.laptop.run("restore", world.laptop.folder / "a", "--exact", "--yes", exit_code=2)["error"] == "usage"


def test_a_plan_is_shown_to_people_with_its_counts(world, cli):
    then = played(world)
    code, printed = cli("restore", world.laptop.folder, "--as-of", then, "--exact", "--dry-run", as_json=False)
    assert code == 0
    assert "delete in the bucket: d/c.txt (made since" in printed
    assert "1 comes back, 1 is replaced, 1 is deleted, by marker. " in printed
    assert "Nothing was done" in printed
