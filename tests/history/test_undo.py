"""Undo of a run: both sides as they had agreed before it, unless something was changed since."""

from itertools import count
from random import Random  # noqa: TID251  seeds are where the edits come from

import pytest

from bucketdrive.errors import NoSuchRunError
from bucketdrive.history.undo import make_undo_plan, runs_to_undo
from bucketdrive.model.log import LogLine
from bucketdrive.model.paths import KeySpace
from bucketdrive.state import log as state_log
from bucketdrive.state.change import StateChange, apply_changes
from bucketdrive.state.log import trim_log
from bucketdrive.state.runs import begin_run
from bucketdrive.testing.crash_points import CrashPoint
from bucketdrive.testing.memory_bucket import MemoryBucket
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

START = {"a": b"a1", "b": b"b1", "d/c": b"c1", "d/m": b"moved along"}
GONE = None


def began(store_class="A"):
    stage = Stage("A", "B", store_class=store_class)
    stage.start_with(START)
    return stage


def change(stage, name, files):
    folder = stage.folder(name)
    for path, data in files.items():
        if data is GONE:
            folder.delete(path)
        else:
            folder.write(path, data)


def tree(stage):
    """What is everywhere: files, and the folders of each device, which must be the same."""
    files = stage.everywhere()
    folders = {frozenset(stage.folder(name).dirs()) for name in stage.devices}
    assert len(folders) == 1
    return files, folders.pop()


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_what_a_run_uploaded_deleted_moved_and_made_is_put_back_everywhere_and_back_again(store_class):
    stage = began(store_class)
    before = tree(stage)
    change(stage, "A", {"a": b"a2", "b": GONE, "new": b"n1", "e/x": b"x1"})
    stage.folder("A").move("d/m", "m2")
    stage.folder("A").mkdir("empty")
    run = stage.sync("A").run
    stage.settle()
    after = tree(stage)
    undone = stage.undo("A", run)
    stage.settle()
    assert (tree(stage), undone.held, undone.failed) == (before, [], [])
    again = stage.undo("A", undone.run)
    stage.settle()
    assert (tree(stage), again.held, again.failed) == (after, [], [])
    assert stage.versions("a") == [b"a2", b"a1", b"a2", b"a1"]


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_what_a_run_brought_from_others_is_put_back_on_both_sides(store_class):
    stage = began(store_class)
    before = tree(stage)
    change(stage, "B", {"a": b"a2", "b": GONE, "new": b"n1"})
    stage.folder("B").move("d/m", "m2")
    stage.sync("B")
    run = stage.sync("A").run
    stage.undo("A", run)
    stage.settle()
    assert tree(stage) == before


def test_the_bytes_of_a_move_that_is_undone_do_not_travel():
    stage = began()
    stage.folder("A").move("d/m", "m2")
    run = stage.sync("A").run
    gets = stage.requests("GetObject")
    stage.undo("A", run)
    bodies = [path for path, data in stage.devices["A"].shown if data == b"moved along"]
    assert stage.folder("A").files() == START
    assert stage.requests("GetObject") - gets <= 6  # roots and doorbells: no file
    assert bodies


def test_what_was_changed_since_is_listed_and_left_alone():
    stage = began()
    change(stage, "A", {"a": b"a2", "b": b"b2", "new": b"n1", "new2": b"n2"})
    run = stage.sync("A").run
    stage.settle()
    change(stage, "B", {"a": b"a3", "new": b"n3", "new2": GONE})
    stage.settle()
    undone = stage.undo("A", run)
    stage.settle()
    assert [(held.path, held.reason) for held in undone.held] == [
        ("a", "changed since: left as it is"),
        ("new", "changed since: left as it is"),
    ]
    assert stage.everywhere() == START | {"a": b"a3", "new": b"n3"}


def test_an_edit_here_that_is_not_up_yet_is_a_change_since():
    stage = began()
    change(stage, "A", {"a": b"a2"})
    run = stage.sync("A").run
    change(stage, "A", {"a": b"a3"})
    assert [held.path for held in stage.undo("A", run).held] == ["a"]
    stage.settle()
    assert stage.everywhere() == START | {"a": b"a3"}


def test_what_is_as_it_was_already_is_neither_done_nor_listed():
    stage = began()
    change(stage, "A", {"a": b"a2", "new": b"n1"})
    run = stage.sync("A").run
    change(stage, "A", {"a": b"a1", "new": GONE})
    stage.settle()
    undone = stage.undo("A", run)
    assert (undone.held, undone.run) == ([], 0)


def test_a_conflict_is_taken_back_to_what_both_had_agreed_on():
    stage = began()
    change(stage, "A", {"a": b"mine"})
    change(stage, "B", {"a": b"theirs"})
    stage.sync("B")
    run = stage.sync("A").run
    assert len(stage.folder("A").files()) == 5
    stage.undo("A", run)
    stage.settle()
    assert stage.everywhere() == START


@pytest.mark.parametrize(
    ("before", "after"),
    [({"p": b"file"}, {"p/x": b"x"}), ({"p/x": b"x"}, {"p": b"file"})],
    ids=["a file became a folder", "a folder became a file"],
)
def test_a_file_and_a_folder_that_changed_places_change_back_and_again(before, after):
    stage = Stage("A", "B")
    stage.start_with(before | {"z": b"z"})
    for path in before:
        stage.folder("A").delete(path)
    for folder in stage.folder("A").dirs():
        stage.folder("A").delete(folder)
    change(stage, "A", after)
    run = stage.sync("A").run
    stage.settle()
    assert stage.everywhere() == after | {"z": b"z"}
    undone = stage.undo("A", run)
    stage.settle()
    assert (stage.everywhere(), undone.held) == (before | {"z": b"z"}, [])
    stage.undo("A", undone.run)
    stage.settle()
    assert stage.everywhere() == after | {"z": b"z"}


def test_an_empty_folder_is_there_again_or_gone_again():
    stage = began()
    stage.folder("A").mkdir("old")
    stage.settle()
    before = tree(stage)
    stage.folder("A").delete("old")
    stage.folder("A").mkdir("new")
    run = stage.sync("A").run
    stage.settle()
    after = tree(stage)
    assert (before[1], after[1]) == ({"d", "old"}, {"d", "new"})
    undone = stage.undo("A", run)
    stage.settle()
    assert tree(stage) == before
    stage.undo("A", undone.run)
    stage.settle()
    assert tree(stage) == after


def test_hundreds_of_deletions_are_undone_by_one_sweep_and_no_guard_asks():
    stage = Stage("A")
    files = {f"d/{number}": b"%d" % number for number in range(300)}
    stage.start_with({"keep": b"k"})
    change(stage, "A", files)
    run = stage.sync("A").run
    lists = stage.requests("ListObjectVersions")
    undone = stage.undo("A", run)
    assert (undone.held, stage.folder("A").files()) == ([], {"keep": b"k"})
    assert stage.requests("ListObjectVersions") - lists < 20
    assert stage.undo("A", undone.run).held == []
    assert stage.folder("A").files() == files | {"keep": b"k"}


def test_several_runs_are_taken_back_as_one_and_what_came_between_is_left():
    stage = began()
    change(stage, "A", {"a": b"a2", "b": b"b2"})
    first = stage.sync("A").run
    change(stage, "A", {"b": b"b3"})
    between = stage.sync("A").run
    change(stage, "A", {"a": b"a3", "b": b"b4"})
    last = stage.sync("A").run
    undone = stage.undo("A", first, last)
    stage.settle()
    assert ([held.path for held in undone.held], stage.everywhere()) == (["b"], START | {"a": b"a1", "b": b"b4"})
    stage.undo("A", undone.run)
    stage.undo("A", first, between, last)
    stage.settle()
    assert stage.everywhere() == START


def test_what_came_from_others_during_a_restore_is_no_part_of_it():
    stage = began()
    then = stage.wait(10)
    stage.wait(10)
    change(stage, "A", {"a": b"a2"})
    stage.settle()
    asked = stage.restore("A", "", at_s=then)
    change(stage, "B", {"late": b"by B"})
    stage.sync("B")
    stage.world.run(stage.devices["A"].process.cycle.sync(run=asked.run))
    stage.undo("A", asked.run)
    stage.settle()
    assert stage.everywhere() == START | {"a": b"a2", "late": b"by B"}


def test_a_version_that_is_no_longer_kept_is_listed_and_the_rest_comes_back():
    stage = began()
    change(stage, "A", {"a": GONE, "b": GONE})
    run = stage.sync("A").run
    stage.settle()
    stage.world.store.forget_history(f"{PREFIX}a")
    undone = stage.undo("A", run)
    stage.settle()
    assert [(held.path, held.reason) for held in undone.held] == [
        ("a", "the version that was there before is no longer kept")
    ]
    assert stage.everywhere() == {path: data for path, data in START.items() if path != "a"}


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_an_undo_that_is_broken_off_anywhere_is_gone_on_with_by_asking_again(store_class):
    for effects in count(1):
        stage = began(store_class)
        change(stage, "A", {"a": b"a2", "b": GONE, "new": b"n1"})
        run = stage.sync("A").run
        stage.settle()
        point = CrashPoint(stage.devices["A"], effects)
        point.run(lambda stage=stage, run=run: stage.undoing("A", run))
        assert stage.undo("A", run).held == []
        stage.settle()
        assert stage.everywhere() == START, effects
        if not point.is_reached:
            break
    assert effects > 6


class TestErrors:
    def undo(self, stage, *runs):
        state = stage.devices["A"].process.parts.state
        return stage.world.run(make_undo_plan(MemoryBucket(stage.world.store), KeySpace(PREFIX), state, runs))

    def test_a_run_that_never_was(self):
        with pytest.raises(NoSuchRunError, match=r"no run 77 .* Nothing was undone"):
            self.undo(began(), 77)

    def test_no_run_at_all(self):
        stage = Stage("A")
        with pytest.raises(NoSuchRunError, match="on record"):
            stage.world.run(runs_to_undo(stage.devices["A"].process.parts.state, []))

    def test_a_run_whose_lines_are_no_longer_kept(self, monkeypatch):
        monkeypatch.setattr(state_log, "KEPT_LINES", 0)
        monkeypatch.setattr(state_log, "KEPT_RUNS", 1)
        stage = began()
        state = stage.devices["A"].state
        state.run_now(begin_run, 1.0)
        state.run_now(trim_log)
        with pytest.raises(NoSuchRunError, match="no longer kept"):
            self.undo(stage, 1)

    def test_a_run_of_a_version_that_did_not_write_down_what_was_before(self):
        stage = began()
        state = stage.devices["A"].state
        run = state.run_now(begin_run, 1.0)
        state.run_now(apply_changes, [StateChange(logged=(LogLine("upload", "a", 1.0, run),))])
        state.run_now(lambda db: db.execute("UPDATE log SET before = '' WHERE run = ?", (run,)))
        with pytest.raises(NoSuchRunError, match="older version"):
            self.undo(stage, run)


def play(random, stage, name, number):
    """What a user does to a few paths, folders in place of files and the reverse among them."""
    folder = stage.folder(name)
    for step in range(random.randint(1, 5)):
        files = sorted(folder.files())
        path = random.choice(["a", "b", "d/c", "d/m", "e/f/g", "h"])
        what = random.choice(["write", "write", "delete", "move", "mkdir"])
        if what == "write" and not _is_taken(folder, path):
            folder.write(path, f"{name} {number} {step} {random.random()}".encode())
        elif what == "delete" and files:
            folder.delete(random.choice(files))
        elif what == "move" and files:
            target = f"moved {random.randint(0, 3)}"
            if target not in folder.dirs():
                folder.move(random.choice(files), target)
        elif what == "mkdir":
            folder.mkdir(f"empty {random.randint(0, 2)}")


def _is_taken(folder, path):
    parts = path.split("/")
    above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    return path in folder.dirs() or not above.isdisjoint(folder.files())


def same_on_both(stage, files):
    """What both users did alike: a run only takes note of it, and it is no deed of its."""
    mine, theirs = (stage.folder(name).files() for name in "AB")
    return {path for path in files | mine | theirs if mine.get(path) == theirs.get(path) != files.get(path)}


def without(files, paths):
    return {path: data for path, data in files.items() if path not in paths}


@pytest.mark.parametrize("store_class", ["A", "C"])
@pytest.mark.parametrize("seed", range(40))
def test_whatever_a_run_did_its_undo_gives_back_what_was_and_the_undo_of_that_what_came(seed, store_class):
    random = Random(seed)
    stage = began(store_class)
    for number in range(3):
        stage.wait(60)
        stage.settle()
        before = stage.everywhere()
        if random.random() < 0.5:
            play(random, stage, "B", number)
        play(random, stage, "A", number)
        noted = same_on_both(stage, before)
        stage.sync("B")
        run = stage.sync("A").run
        stage.settle()
        after = stage.everywhere()
        if not run:
            continue
        since = {}
        if random.random() < 0.5 and after:
            since = {random.choice(sorted(after)): f"since {seed} {number}".encode()}
            change(stage, "B", since)
            stage.settle()
        undone = stage.undo("A", run)
        stage.settle()
        listed = {held.path for held in undone.held}
        touched = {path for path in before | after if before.get(path) != after.get(path)} - noted
        assert since.keys() & touched <= listed, f"seed {seed}, round {number}"
        assert bool(listed) <= bool(since), f"seed {seed}, round {number}"
        apart = noted | listed | since.keys()
        assert without(stage.everywhere(), apart) == without(before, apart), f"seed {seed}, round {number}"
        assert since.items() <= stage.everywhere().items()
        if undone.run:
            stage.undo("A", undone.run)
        stage.settle()
        assert without(stage.everywhere(), since) == without(after, since), f"seed {seed}, round {number}"
