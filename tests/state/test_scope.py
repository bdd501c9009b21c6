"""The rows that a look at some paths needs."""

import sys
from itertools import chain

import pytest

from bucketdrive.model.entries import Fingerprint, SyncedDir, SyncedFile
from bucketdrive.model.paths import RelPath
from bucketdrive.state.database import State
from bucketdrive.state.scope import load_scope
from bucketdrive.state.trees import put_synced

FILE = SyncedFile("sha", 1, "etag", "v", Fingerprint(1, 1, 1, 1, 0o644), is_fp_safe=True)
MANY = 10**6


def state_of(paths):
    """A state in which these files, and the folders above them, were agreed on."""
    state = State.in_memory()
    files = [RelPath(path) for path in paths]
    folders = set(chain.from_iterable(path.ancestors() for path in files))
    rows = [(path, FILE) for path in files] + [(path, SyncedDir()) for path in folders]
    state.run_now(put_synced, rows)
    return state


def scope_of(state, asked, limit=MANY):
    return state.run_now(load_scope, map(RelPath, asked), 0.0, limit)


@pytest.mark.parametrize(
    ("asked", "roots", "elsewhere"),
    [
        (["a/b/1"], ["a/b/1"], ["a", "a/b"]),
        (["a/b/1", "a/b/2"], ["a/b"], ["a"]),
        (["a/b/1", "a/b/2", "a/c/1"], ["a"], []),
        (["a/c/1"], ["a/c"], ["a"]),
        (["a/b", "a/b/1", "new/x"], ["a/b", "new"], ["a"]),
        (["a/b-old/1", "a/b/1"], ["a/b-old", "a/b/1"], ["a", "a/b"]),
    ],
)
def test_a_folder_is_in_the_scope_if_all_its_files_are(asked, roots, elsewhere):
    scope, snapshot = scope_of(state_of(["a/b/1", "a/b/2", "a/c/1", "z"]), asked)
    assert (sorted(scope.roots), sorted(scope.elsewhere)) == (roots, elsewhere)
    assert all(path in scope or path in scope.elsewhere for path in snapshot.synced)


def test_more_rows_than_the_limit_are_no_scope():
    state = state_of(f"a/{number}" for number in range(20))
    assert scope_of(state, ["a"], limit=20) is None
    assert scope_of(state, ["a"], limit=30) is not None


def steps_of(state, asked):
    """How many steps, in hundreds, the database takes."""
    steps = []

    def load(db):
        db.set_progress_handler(lambda: bool(steps.append(1)), 100)
        return load_scope(db, map(RelPath, asked), 0.0, MANY)

    state.run_now(load)
    return len(steps)


def test_the_database_takes_as_many_steps_for_one_file_however_many_there_are():
    few, many = (state_of(f"{n // 100}/{n // 10}/{n}" for n in range(number)) for number in (200, 20_000))
    assert steps_of(many, ["1/15/155"]) <= steps_of(few, ["1/15/155"]) + 2


def calls_of(folders):
    """How many calls are made to find the scope around all files of so many folders."""
    asked = [f"{number // 10}/{number // 5}/{number}" for number in range(folders * 5)]
    state, calls = state_of(asked), []
    sys.setprofile(lambda *_: calls.append(1))
    try:
        scope_of(state, asked)
    finally:
        sys.setprofile(None)
    return len(calls)


def test_twice_as_many_folders_take_twice_the_work():
    assert calls_of(200) < 2.5 * calls_of(100)
