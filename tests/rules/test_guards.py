"""The guards: deletions beyond the quota wait, with all that needs them; a bucket or folder that is not ours stops."""

import pytest

from bucketdrive.errors import GuardError
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Download, Plan
from bucketdrive.rules.guards import (
    TOO_MANY_HERE,
    TOO_MANY_THERE,
    VANISHED_LIMIT,
    RecentDeletions,
    check_local_root,
    check_remote_root,
    check_vanished,
    hold_mass_deletions,
    quota,
    within_room,
)
from bucketdrive.testing.ideal_world import IdealWorld

MANY = {f"d/{number:03}": f"text {number}" for number in range(60)}


def world_of(base, here, there):
    world = IdealWorld()
    world.become_here(base)
    world.become_there(base)
    world.agree()
    world.become_here(here)
    world.become_there(there)
    return world


def guarded(plan, *, recent=RecentDeletions(), approved=frozenset(), rows=60):  # noqa: B008  # frozen
    return hold_mass_deletions(plan, rows, recent, approved)


def settle_guarded(world, max_rounds=4):
    for _ in range(max_rounds):
        world.apply(guarded(world.plan()))
    return guarded(world.plan())


@pytest.mark.parametrize(("rows", "allowed"), [(0, 50), (100, 50), (250, 50), (251, 50), (1000, 200)])
def test_the_quota_is_a_fifth_of_the_drive_but_at_least_fifty(rows, allowed):
    assert quota(rows) == allowed


def test_fifty_deletions_pass_and_one_more_holds_them_all():
    for number, is_held in ((50, False), (51, True)):
        kept = dict(list(MANY.items())[number:])
        plan = guarded(world_of(MANY, kept, MANY).plan())
        assert plan.counts["DeleteRemote"] == (0 if is_held else number)
        assert len(plan.holds) == (number if is_held else 0)


def test_recent_deletions_count_on_their_own_side_only():
    plan = world_of(MANY, dict(list(MANY.items())[10:]), MANY).plan()
    assert guarded(plan, recent=RecentDeletions(in_bucket=41)).counts["DeleteRemote"] == 0
    assert guarded(plan, recent=RecentDeletions(in_bucket=40)).counts["DeleteRemote"] == 10
    assert guarded(plan, recent=RecentDeletions(here=1000)).counts["DeleteRemote"] == 10


def test_mass_deletion_here_is_held_with_its_folders_and_everything_else_goes_on():
    world = world_of(MANY | {"a": "v1", "b": "v1"}, {"a": "v2", "new": "n"}, MANY | {"a": "v1", "b": "v1"})
    plan = settle_guarded(world)
    assert plan.actions == ()
    assert {(hold.reason, hold.guard) for hold in plan.holds} == {(TOO_MANY_THERE, "G3")}
    assert {hold.path for hold in plan.holds} == {*MANY, "b"}
    assert world.tree_there() == MANY | {"a": "v2", "b": "v1", "new": "n"}


def test_mass_deletion_in_the_bucket_is_held_with_its_folders():
    world = world_of(MANY | {"e/": ""}, MANY | {"e/": ""}, {})
    plan = settle_guarded(world)
    assert plan.actions == ()
    assert {hold.reason for hold in plan.holds} == {TOO_MANY_HERE}
    assert world.tree_here() == MANY | {"e/": ""}


def test_after_approval_nothing_is_left_behind_on_either_side():
    for here, there in (({}, MANY), (MANY, {})):
        world = world_of(MANY, here, there)
        settle_guarded(world)
        world.apply(guarded(world.plan(), approved=frozenset(RelPath(path) for path in MANY)))
        assert world.tree_here() == world.tree_there() == {}
        assert world.plan() == Plan()


def test_approved_paths_pass_and_are_not_counted():
    paths = [RelPath(path) for path in MANY]
    plan = guarded(world_of(MANY, {}, MANY).plan(), approved=frozenset(paths[:10]))
    assert plan.counts["DeleteRemote"] == 60
    plan = guarded(world_of(MANY, {}, MANY).plan(), approved=frozenset(paths[:9]))
    assert [action.path for action in plan.actions] == paths[:9]


def test_moving_a_large_folder_does_not_trip_the_quota_on_either_side():
    moved = {path.replace("d/", "e/"): text for path, text in MANY.items()}
    for here, there in ((moved, MANY), (MANY, moved)):
        world = world_of(MANY, here, there)
        plan = guarded(world.plan())
        assert len(plan.moves) == 60
        assert plan.holds == ()
        world.apply(plan)
        assert world.tree_here() == world.tree_there() == moved


def test_what_needs_the_way_cleared_by_a_held_deletion_waits_with_it():
    files = {f"p{number:03}": f"text {number}" for number in range(60)}
    folders = {f"{path}/x": f"new {text}" for path, text in files.items()}
    world = world_of(files, folders, files)
    plan = guarded(world.plan())
    assert plan.actions == ()
    assert {hold.path for hold in plan.holds} == set(files)


def test_a_folder_that_became_a_file_waits_while_the_deletions_in_it_are_held():
    world = world_of(MANY | {"d/e/": ""}, {"d": "a file now"}, MANY | {"d/e/": ""})
    plan = guarded(world.plan())
    assert plan.actions == ()
    assert settle_guarded(world).actions == ()
    assert world.tree_there() == MANY | {"d/e/": ""}


def test_the_source_of_a_move_waits_if_its_target_has_to():
    world = world_of(MANY | {"q": "a moved file"}, {"d": "a moved file"}, MANY | {"q": "a moved file"})
    assert len(world.plan().moves) == 1
    plan = guarded(world.plan())
    assert plan.actions == plan.moves == ()
    assert "q" in {hold.path for hold in plan.holds}


def test_a_few_vanished_files_are_held_and_many_stop_the_drive():
    paths = [RelPath(f"f{number}") for number in range(VANISHED_LIMIT + 1)]
    check_vanished(paths[:-1])
    with pytest.raises(GuardError, match="11 files") as error:
        check_vanished(paths)
    assert error.value.hint


def test_a_folder_with_its_marker_is_ours_and_any_other_stops_the_drive():
    check_local_root("drive", "root", found_drive_id="drive", found_root_id="root")
    for drive_id, root_id in (("", ""), ("other", "root"), ("drive", "other")):
        with pytest.raises(GuardError, match="Nothing was changed"):
            check_local_root("drive", "root", found_drive_id=drive_id, found_root_id=root_id)


def test_a_prefix_with_our_drive_is_ours_and_any_other_stops_the_drive():
    check_remote_root("drive", "drive")
    for found in (None, "", "other"):
        with pytest.raises(GuardError, match="Nothing was changed"):
            check_remote_root("drive", found)


def test_downloads_for_which_the_disk_has_no_room_are_held():
    small = Download(RelPath("small"), "", "etag", 10, None)
    large = Download(RelPath("large"), "", "etag", 500, None)
    last = Download(RelPath("z"), "", "etag", 10, None)
    kept, holds = within_room([small, large, last], free_bytes=1000, reserve_bytes=100)
    assert [action.path for action in kept] == ["small", "z"]
    assert [(hold.path, hold.guard) for hold in holds] == [("large", "G5")]
    assert within_room([small], free_bytes=99, reserve_bytes=100)[0] == []
