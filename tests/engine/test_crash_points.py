"""Scenarios 35 and 36 of spec §3.6: a device is stopped after each of its effects, and all ends as if it had not been.

A play has a sync that does something, and is played once for every point at which it may be broken off. Then everybody
syncs to rest; folders, bucket and versions must be what they are where nothing was broken off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

import pytest

from bucketdrive.engine.parts import Options
from bucketdrive.history.restore import make_restore_plan
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.testing.crash_points import CrashPoint, RequestUnderWay
from bucketdrive.testing.memory_bucket import MemoryBucket
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

V1, V2, V3, X = b"one one one one", b"two two two two two", b"three three", b"x is not short"
IN_PARTS = Options(whole_bytes=8, part_bytes=4)
STORES = {"A": ("A", Options()), "C": ("C", Options()), "A in parts": ("A", IN_PARTS), "C in parts": ("C", IN_PARTS)}


def write(name, files):
    """A user's edits: contents by path, None to delete, `path/` for an empty folder."""

    def act(stage):
        folder = stage.folder(name)
        for path, data in files.items():
            if data is None:
                folder.delete(path)
            elif path.endswith("/"):
                folder.mkdir(path[:-1])
            else:
                folder.write(path, data)

    return act


def elsewhere(files):
    """Edits on the other device, which then syncs."""

    def act(stage):
        write("B", files)(stage)
        stage.sync("B")

    return act


def other_tool(files):
    """Objects that something else puts."""

    def act(stage):
        for path, data in files.items():
            stage.world.store.put(PREFIX + path, data)

    return act


def move(path, target):
    return lambda stage: stage.folder("A").move(path, target)


def sync_all(stage):
    stage.sync()


def sync(stage):
    return stage.devices["A"].process.cycle.sync()


async def restore(stage):
    """The version before the last comes back. Nobody asks for it again: broken off, it is made or not."""
    device, bucket = stage.devices["A"], MemoryBucket(stage.world.store)
    plan = await make_restore_plan(bucket, KeySpace(PREFIX), device.process.parts.state, RelPath("p"), "")
    return await device.process.cycle.carry_out(plan)


@dataclass(frozen=True)
class Play:
    """What is agreed on at first, what happens then, and what A does about it: `work`.

    `effects`, `writes` and `moves` are how many of all its effects, of its writes to the bucket, and of its moves of
    users' files there are at least, so that no point is silently left out.
    """

    start: dict
    acts: tuple
    effects: int
    writes: int = 0
    moves: int = 0
    work: Callable = sync


PLAYS = {
    "upload, create": Play({}, (write("A", {"p": V1}),), 7, writes=3),
    "upload, replace": Play({"p": V1}, (write("A", {"p": V2}),), 7, writes=3),
    "download, create": Play({}, (elsewhere({"p": V1}),), 5, moves=1),
    "download, replace": Play({"p": V1}, (elsewhere({"p": V2}),), 6, moves=1),
    "delete here": Play({"p": V1, "q": X}, (elsewhere({"p": None}),), 4, moves=1),
    "delete in the bucket": Play({"p": V1, "q": X}, (write("A", {"p": None}),), 6, writes=3),
    "conflict": Play({"p": V1}, (elsewhere({"p": V2}), write("A", {"p": V3})), 10, writes=3, moves=2),
    "conflict of creations": Play({}, (elsewhere({"p": V2}), write("A", {"p": V3})), 10, writes=3, moves=2),
    "conflict with a deletion": Play({"p": V1}, (elsewhere({"p": None}), write("A", {"p": V3})), 7, writes=3),
    "clash": Play({}, (other_tool({"p": V1, "p/x": X}),), 14, writes=4),
    "rename": Play({"p": V1}, (move("p", "q"),), 8, writes=4),
    "rename over another": Play({"p": V1, "q": X}, (move("p", "q"),), 8, writes=4),
    "rename elsewhere": Play({"p": V1}, (elsewhere({"p": None, "q": V1}),), 5, moves=1),
    "rename elsewhere over another": Play({"p": V1, "q": X}, (elsewhere({"p": None, "q": V1}),), 7, moves=2),
    "folder made here": Play({}, (write("A", {"d/": b""}),), 5, writes=3),
    "folder made elsewhere": Play({}, (elsewhere({"d/": b""}),), 2),
    "folder removed here": Play({"d/x": X}, (write("A", {"d": None}),), 7, writes=3),
    "folder removed elsewhere": Play({"d/x": X}, (elsewhere({"d": None}),), 5, moves=1),
    "empty folder removed here": Play({"d/": b""}, (write("A", {"d": None}),), 5, writes=3),
    "empty folder removed elsewhere": Play({"d/": b""}, (elsewhere({"d": None}),), 2),
    "last file deleted": Play({"d/x": X}, (write("A", {"d/x": None}),), 7, writes=4),
    "file becomes folder": Play({"p": V1}, (write("A", {"p": None, "p/x": X}),), 8, writes=4),
    "file becomes folder elsewhere": Play({"p": V1}, (elsewhere({"p": None, "p/x": X}),), 7, moves=2),
    "folder becomes file": Play({"p/x": X}, (write("A", {"p": None}), write("A", {"p": V1})), 8, writes=4),
    "folder becomes file elsewhere": Play({"p/x": X}, (elsewhere({"p": None}), elsewhere({"p": V1})), 8, moves=2),
    "many at once": Play(
        {"p": V1, "q": V1, "r": V1, "s": V1, "d/x": X, "t": X},
        (
            elsewhere({"p": V2, "q": None, "new": V3, "s": V3}),
            write("A", {"r": V2, "s": V2, "d/x": None, "t": None, "u": V2}),
        ),
        25,
        writes=8,
        moves=5,
    ),
    "restore": Play({"p": V1}, (elsewhere({"p": V2}), sync_all), 4, writes=3, work=restore),
}
MAIN = ["upload, create", "upload, replace", "download, create", "download, replace", "delete here"]
MAIN += ["delete in the bucket", "conflict", "rename", "rename elsewhere", "folder becomes file"]
LARGE = ["upload, create", "upload, replace", "download, replace", "conflict", "clash"]


def prepared(play, kind):
    store_class, options = STORES[kind]
    stage = Stage(store_class=store_class, options=options)
    write("A", play.start)(stage)
    come_to_rest(stage)
    for act in play.acts:
        act(stage)
    return stage


def come_to_rest(stage):
    """Sync all until there is nothing to do, which must be soon."""
    for _ in range(6):
        reports = [stage.sync(name) for name in stage.devices]
        if not any(report.has_done_something for report in reports):
            return
    raise AssertionError("the devices do not come to rest")


def end_of(stage):
    """All that can be found in the end: files, folders, and the versions of every key."""
    come_to_rest(stage)
    page = stage.world.store.list_object_versions(PREFIX, "", "", 10_000)
    keys = dict.fromkeys(row.key.removeprefix(PREFIX) for row in page.rows if ".bucketdrive/" not in row.key)
    folders = {name: stage.folder(name).dirs() for name in stage.devices}
    drafts = [place for name in stage.devices for place in stage.folder(name).places() if place.startswith("tmp/")]
    return stage.everywhere(), folders, {key: stage.versions(key) for key in keys}, drafts


def ends_of(play, kind):
    """How the play may end: as where nothing was broken off; a restore also as if nobody had asked for it."""
    stage = prepared(play, kind)
    stage.world.run(play.work(stage))
    ends = [end_of(stage)]
    if play.work is restore:
        ends.append(end_of(prepared(play, kind)))
    return ends


def broken_off(play, kind, make_point):
    """The play, broken off at one point after the other, until that lies behind its end; and the point's number."""
    for number in count():
        stage = prepared(play, kind)
        point = make_point(stage.devices["A"], number)
        point.run(lambda stage=stage: play.work(stage))
        if not point.is_reached:
            return
        yield number, stage


@pytest.mark.parametrize("kind", ["A", "C"])
@pytest.mark.parametrize("name", PLAYS)
def test_35_a_crash_at_any_step_ends_as_without(name, kind):
    check_crashes(PLAYS[name], kind)


@pytest.mark.parametrize("kind", ["A in parts", "C in parts"])
@pytest.mark.parametrize("name", LARGE)
def test_35_a_crash_at_any_step_with_a_large_file_ends_as_without(name, kind):
    check_crashes(PLAYS[name], kind)


def check_crashes(play, kind):
    ends, number = ends_of(play, kind), 0
    for number, stage in broken_off(play, kind, CrashPoint):
        stage.sync("AB"[number % 2])
        assert end_of(stage) in ends, number
    assert number >= play.effects


def edit(folder):
    for path, data in folder.files().items():
        folder.write(path, data + b", and more of " + path.encode())


def delete(folder):
    for path in folder.files():
        folder.delete(path)


def rename(folder):
    for path in folder.files():
        folder.move(path, f"moved {path.replace('/', ' ')}")


def tree_of(stage, name):
    return stage.folder(name).files(), stage.folder(name).dirs()


def act_on(stage, name, act, shown=None):
    """The user of a device does something there, if it shows `shown` (or whatever it shows); that, or None.

    What B's user does is synced before A starts again.
    """
    if name == "B":
        stage.sync("B")
    if shown is not None and tree_of(stage, name) != shown:
        return None
    shown = tree_of(stage, name)
    act(stage.folder(name))
    if name == "B":
        stage.sync("B")
    return shown


@pytest.mark.parametrize("act", [edit, delete, rename])
@pytest.mark.parametrize("name", ["A", "B"])
@pytest.mark.parametrize("play", MAIN)
def test_35_what_a_user_does_between_crash_and_restart_is_done_on_top(play, name, act):
    play, acted = PLAYS[play], 0
    untouched = ends_of(play, "A")
    stage = prepared(play, "A")
    stage.world.run(play.work(stage))
    shown = act_on(stage, name, act)
    touched = end_of(stage)
    for number, stage in broken_off(play, "A", CrashPoint):
        if act_on(stage, name, act, shown):
            acted += 1
            assert end_of(stage)[:2] == touched[:2], number
        else:
            assert end_of(stage) in untouched, number
    assert acted >= 2


@pytest.mark.parametrize("kind", ["A", "C"])
@pytest.mark.parametrize("name", [name for name, play in PLAYS.items() if play.writes])
def test_35_a_write_under_way_at_the_crash_may_come_when_all_have_gone_on(name, kind):
    play = PLAYS[name]
    trees, number = [end[:2] for end in ends_of(play, kind)], 0
    for number, stage in broken_off(play, kind, RequestUnderWay):
        stage.sync(*["A", "AB", "B"][number % 3])
        stage.world.run_late_request()
        assert end_of(stage)[:2] in trees, number
    assert number + 1 >= play.writes


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in PLAYS for kind in STORES if name in LARGE or "parts" not in kind]
)
def test_35_a_second_crash_at_any_step_of_the_recovery_ends_as_without(name, kind):
    play = PLAYS[name]
    ends, points = ends_of(play, kind), 0
    for first, _ in broken_off(play, kind, CrashPoint):
        for second in count(first % 3, 3):  # a third of them, and other ones each time
            stage = prepared(play, kind)
            device = stage.devices["A"]
            CrashPoint(device, first).run(lambda: play.work(stage))  # noqa: B023  at once
            point = CrashPoint(device, second)
            point.run(device.process.cycle.sync)
            assert end_of(stage) in ends, (first, second)
            if not point.is_reached:
                break
            points += 1
    assert points >= play.effects // 3


def test_a_crash_while_the_state_leaves_its_word_and_one_before_it_leaves_the_next_is_no_older_copy():
    stage = Stage()
    stage.start_with({"p": V1})
    stage.folder("A").delete("p")
    device = stage.devices["A"]
    for effects in (2, 1):  # the word is in the folder, but not agreed on; the next one is only announced
        point = CrashPoint(device, effects)
        point.run(device.process.cycle.sync)
        assert point.is_reached
    assert end_of(stage)[0] == {}


def cut_power(cuts, is_kept, device):
    """The power goes while the disk keeps what was moved last: that stays, or is as it was before."""
    device.crash()
    device.boots += 1
    cuts.append(len(device.folder.tree._unsynced))
    device.folder.tree.lose_unsynced(lambda: float(is_kept))


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("name", [name for name, play in PLAYS.items() if play.moves])
def test_36_a_power_cut_at_any_step_leaves_whole_files_and_ends_as_without(name, is_kept):
    play, cuts = PLAYS[name], []
    ends = ends_of(play, "A")
    stop = partial(cut_power, cuts, is_kept)
    for number, stage in broken_off(play, "A", lambda *point: CrashPoint(*point, stop)):
        assert set(stage.folder("A").files().values()) <= {V1, V2, V3, X}
        assert end_of(stage) in ends, number
    assert sum(cuts) >= play.moves
