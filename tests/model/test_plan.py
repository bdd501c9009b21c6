"""A plan: its phases and their order, and what it says about itself."""

import random  # noqa: TID251  # a fixed seed, to shuffle

from bucketdrive.model.entries import Fingerprint, SyncedDir
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import (
    DeleteRemote,
    Download,
    Forget,
    MakeDirRemote,
    Phase,
    Plan,
    Record,
    RemoveDirLocal,
    RemoveDirRemote,
    Upload,
)

FINGERPRINT = Fingerprint(1, 1, 1, 1, 0o644)


def upload(path):
    return Upload(RelPath(path), "new here", FINGERPRINT, "", "", "")


def remove(path):
    return RemoveDirLocal(RelPath(path), "removed in the bucket")


def phases(plan):
    return {phase.name: [str(action.path) for action in plan.in_phase(phase)] for phase in Phase}


def test_each_kind_of_action_has_its_phase_and_phases_are_sorted_by_path():
    actions = (
        remove("gone"),
        DeleteRemote(RelPath("z"), "deleted here", "e", "v", 1),
        upload("b"),
        Download(RelPath("a"), "new in the bucket", "e", 1, None),
        MakeDirRemote(RelPath("c"), "new empty folder here"),
        Record(RelPath("r"), "a folder on both sides", SyncedDir()),
        Forget(RelPath("f"), "deleted on both sides"),
    )
    assert phases(Plan(actions)) == {
        "NOTE": ["f", "r"],
        "MAKE": ["a", "b", "c"],
        "DELETE": ["z"],
        "REMOVE_DIRS": ["gone"],
        "AFTERWARDS": [],
    }


def test_a_folder_is_removed_after_all_that_is_in_it():
    paths = ["d", "d/e", "d/e/f", "d-e", "d/a", "d e/f", "d e", "é/x", "é"]
    random.Random(1).shuffle(paths)
    order = [action.path for action in Plan(tuple(map(remove, paths))).in_phase(Phase.REMOVE_DIRS)]
    assert sorted(order) == sorted(paths)
    assert all(order.index(above) > order.index(path) for path in order for above in path.ancestors() if above in order)


def test_what_is_made_where_the_way_is_cleared_first_comes_last_and_the_clearing_does_not():
    clearing = (DeleteRemote(RelPath("p/x"), "deleted here", "e", "v", 1), RemoveDirRemote(RelPath("p"), "gone", "e"))
    plan = Plan((upload("p"), upload("q"), *clearing), afterwards=frozenset({RelPath("p")}))
    assert phases(plan) == {"NOTE": [], "MAKE": ["q"], "DELETE": ["p/x"], "REMOVE_DIRS": ["p"], "AFTERWARDS": ["p"]}


def test_a_plan_counts_its_actions_by_kind():
    assert Plan((upload("a"), upload("b"), remove("c"))).counts == {"Upload": 2, "RemoveDirLocal": 1}


def test_a_plan_that_only_takes_notes_changes_neither_side():
    notes = (Forget(RelPath("f"), "deleted on both sides"), Record(RelPath("r"), "equal on both sides", SyncedDir()))
    assert Plan(notes).does_nothing
    assert Plan().does_nothing
    assert not Plan((*notes, upload("a"))).does_nothing
