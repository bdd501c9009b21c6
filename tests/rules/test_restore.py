"""Which plan makes the past present: what comes back, what goes, in which order, and what is left alone."""

import pytest

from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import CopyForward, DeleteRemote, Phase
from bucketdrive.rules.restore import plan_restore_as_of
from bucketdrive.rules.timeline import Past


def version(path, text):
    return VersionRow(f"p/{path}", f"v-{text}", True, False, f"e-{text}", len(text), 10.0)


def planned(then, now, *, is_exact=False):
    """The plan from two trees of texts, as {path: phase}, and what is held, as {path: why}."""
    tree = {}
    for path, text in then.items():
        marker = VersionRow(f"p/{path}", "m", True, True, "", 0, 20.0)
        tree[path] = Past(version(path, text), version(path, now[path]) if path in now else marker)
    live = {path: version(path, text) for path, text in now.items()}
    plan = plan_restore_as_of(tree, live, "T", is_exact=is_exact)
    kinds = {CopyForward: "copy", DeleteRemote: "delete"}
    shown = {action.path: f"{kinds[type(action)]} {plan.phase(action).name.lower()}" for action in plan.actions}
    return shown, {hold.path: hold.reason for hold in plan.holds}, plan


TABLE = [
    # then, now, what is done, what is done with --exact, what is held without
    ({"a": "1"}, {"a": "1"}, {}, {}, {}),
    ({"a": "1"}, {"a": "2"}, {"a": "copy make"}, {"a": "copy make"}, {}),
    ({"a": "1"}, {}, {"a": "copy make"}, {"a": "copy make"}, {}),
    ({"a": "1"}, {"a": "1", "b": "2"}, {}, {"b": "delete delete"}, {}),
    ({"p": "1"}, {"p/x": "2"}, {}, {"p": "copy afterwards", "p/x": "delete delete"}, {"p": "files that stay"}),
    ({"d/x": "1"}, {"d": "2"}, {}, {"d/x": "copy afterwards", "d": "delete delete"}, {"d/x": "the file d is now"}),
    ({"p": "1", "p/x": "2"}, {}, {"p/x": "copy make"}, {"p/x": "copy make"}, {"p": "comes back, with files in it"}),
    (
        {"d/e/x": "1"},
        {"d/e": "2", "k": "3"},
        {},
        {"d/e/x": "copy afterwards", "d/e": "delete delete", "k": "delete delete"},
        {"d/e/x": "the file d/e is now"},
    ),
]


@pytest.mark.parametrize(("then", "now", "plain", "exact", "held"), TABLE)
def test_each_kind_of_path_comes_back_goes_or_is_held(then, now, plain, exact, held):
    shown, why, _ = planned(then, now)
    assert shown == plain
    assert why.keys() == held.keys()
    assert all(part in why[path] for path, part in held.items())
    assert planned(then, now, is_exact=True)[0] == exact


def test_what_is_deleted_says_that_it_was_asked_for_and_names_the_version_it_means():
    _, _, plan = planned({"a": "1"}, {"a": "1", "b": "22"}, is_exact=True)
    assert plan.actions == (DeleteRemote(RelPath("b"), "made since T: deleted as you asked", "e-22", "v-22", 2),)


def test_a_file_above_the_restored_folder_holds_it():
    _, why, plan = planned({"d/x": "1"}, {"d": "2"})
    assert (plan.actions, list(why)) == ((), ["d/x"])


def test_a_name_that_no_drive_keeps_is_held_with_its_reason_and_never_deleted():
    shown, why, _ = planned({"a//b": "1", "ok": "2"}, {"c//d": "3"}, is_exact=True)
    assert shown == {"ok": "copy make"}
    assert list(why) == ["a//b"]
    assert why["a//b"]


def test_what_comes_back_is_made_before_what_goes_is_deleted_unless_that_clears_its_way():
    _, _, plan = planned({"a": "1", "p": "2"}, {"p/x": "3", "z": "4"}, is_exact=True)
    assert [action.path for action in plan.in_phase(Phase.MAKE)] == ["a"]
    assert [action.path for action in plan.in_phase(Phase.DELETE)] == ["p/x", "z"]
    assert [action.path for action in plan.in_phase(Phase.AFTERWARDS)] == ["p"]
