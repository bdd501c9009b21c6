"""A file, a folder of its name and what is in it, in all small trees on all three sides: nothing lost, both agree."""

from itertools import product

import pytest

from bucketdrive.model.paths import RelPath
from bucketdrive.testing.ideal_world import IdealWorld

TREES = (
    {},
    {"p": "v1"},
    {"p": "v2"},
    {"p": "a longer one"},
    {"p/": ""},
    {"p/x": "v1"},
    {"p/x": "x2"},
    {"p/y": "y1"},
    {"p/x": "v1", "p/y": "y1"},
    {"p/x": "x2", "p/y": "y1"},
    {"p/x/": ""},
    {"p/x/z": "v1"},
    {"p/x/z": "z1", "p/y": "y1"},
    {"p": "v1", "q": "v2"},
)
ONLY_IN_THE_BUCKET = (
    {"p": "v1", "p/": ""},
    {"p": "v1", "p/x": "v1"},
    {"p": "v2", "p/x": "x2", "p/": ""},
    {"p/": "", "p/x": "v1"},
    {"p/": "", "p/x/": "", "p/y": "y1"},
    {"p/x": "v1", "p/x/z": "z1"},
    {"p": "v1", "p/x": "x2", "p/x/z": "z1"},
)


def world_of(base, here, there):
    world = IdealWorld()
    world.become_here(base)
    world.become_there(base)
    world.agree()
    world.become_here(here)
    world.become_there(there)
    return world


def without(tree, held):
    """The tree without what is held, and without what is below or above it."""
    kept = {}
    for name, text in tree.items():
        path = RelPath(name.rstrip("/"))
        if not held & {path, *path.ancestors()} and not any(path in one.ancestors() for one in held):
            kept[name] = text
    return kept


@pytest.mark.parametrize("base", TREES, ids=str)
def test_any_three_trees_come_to_rest_equal_with_nothing_lost(base):
    for number, (here, there) in enumerate(product(TREES, (*TREES, *ONLY_IN_THE_BUCKET))):
        world = world_of(base, here, there)
        precious = world.precious()
        # Three rounds, and one more where a file became an empty folder here while its parent became a file there: the
        # row is forgotten, the folder's marker goes up, the parent clashes with it, the clash's copy comes down.
        world.settle(4 if here == {"p/x/": ""} and "p" in there else 3, (list, reversed)[number % 2])
        assert world.tree_here() == world.tree_there(), (here, there)
        assert precious <= set(world.tree_here().values()), (here, there)
        assert world.synced.keys() == world.files.keys() | world.folders, (here, there)


@pytest.mark.parametrize("base", TREES, ids=str)
def test_what_only_one_side_changed_is_taken_over_as_it_is_without_a_conflict_copy(base):
    for tree, arrange in product(TREES, (list, reversed)):
        for here, there in ((tree, base), (base, tree), (tree, tree)):
            world = world_of(base, here, there)
            world.settle(3, arrange)
            assert world.tree_here() == world.tree_there() == tree, (here, there)


@pytest.mark.parametrize("base", TREES, ids=str)
def test_what_left_the_bucket_without_a_delete_marker_is_held_and_deletes_nothing_here(base):
    for here, there in product(TREES, TREES[::2]):
        world = IdealWorld(has_opaque_etags=True)
        world.become_here(base)
        world.become_there(base)
        world.agree()
        world.become_here(here)
        world.become_there(there, leaves_markers=False)
        precious = world.precious()
        world.settle(4)
        held = {hold.path for hold in world.plan().holds}
        assert without(world.tree_here(), held) == without(world.tree_there(), held), (here, there)
        assert precious <= {*world.tree_here().values(), *world.tree_there().values()}, (here, there)


def test_both_sides_of_a_flip_end_with_the_folder_and_a_copy_of_the_edited_file():
    world = world_of({"p": "v1"}, {"p/x": "x1"}, {"p": "v2"})
    world.settle(3)
    assert world.tree_here() == {"p/x": "x1", "p (conflict elsewhere fb04dcb6)": "v2"}


def test_a_folder_that_became_a_file_yields_to_what_was_added_to_the_folder_elsewhere():
    world = world_of({"p/x": "x1"}, {"p": "v1"}, {"p/x": "x1", "p/y": "y1"})
    world.settle(3)
    assert world.tree_here() == {"p/y": "y1", "p (conflict here 3bfc2695)": "v1"}


def test_a_removed_folder_comes_back_with_what_was_added_to_it_elsewhere():
    world = world_of({"p/x": "x1"}, {}, {"p/x": "x1", "p/y": "y1"})
    world.settle(2)
    assert world.tree_here() == {"p/y": "y1"}


def test_a_conflict_copy_that_two_devices_made_different_keeps_both_under_one_suffix():
    copy, edit = "c (conflict here 3bfc2695).txt", "c (conflict here fb04dcb6).txt"
    world = world_of({copy: "v1"}, {copy: "v2"}, {copy: "a longer one"})
    world.settle(2)
    assert world.tree_here() == world.tree_there() == {copy: "a longer one", edit: "v2"}


def test_a_file_that_has_its_own_conflict_copys_name_gets_an_ordinal():
    copy = "c (conflict here 3bfc2695).txt"
    world = world_of({}, {copy: "v1"}, {copy: "v2"})
    world.settle(2)
    assert world.tree_here() == world.tree_there() == {copy: "v2", "c (conflict here 3bfc2695 2).txt": "v1"}


def test_a_conflict_copys_name_that_holds_the_same_bytes_already_is_used_again():
    copy = "c (conflict here 3bfc2695).txt"
    world = world_of({copy: "v1"}, {copy: "v1", "c.txt": "v1"}, {copy: "v1", "c.txt": "v2"})
    world.settle(2)
    assert world.tree_here() == world.tree_there() == {copy: "v1", "c.txt": "v2"}


def test_what_was_agreed_below_a_folder_that_a_symbolic_link_replaced_is_held_and_stays_in_the_bucket():
    world = world_of({"p/x": "x1"}, {}, {"p/x": "x1"})
    world.special.add(RelPath("p"))
    plan = world.plan()
    assert plan.actions == ()
    assert [hold.path for hold in plan.holds] == ["p", "p/x"]
