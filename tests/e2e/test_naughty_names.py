"""Names that programs stumble over, and paths as long as can be, on real folders and through a store."""

import pytest

from bucketdrive.rules.names import MAX_KEY_BYTES
from bucketdrive.testing.naughty_names import NAMES, deep_path

GONE = None
LONGEST = deep_path(MAX_KEY_BYTES - len("home/"))

PATHS = {
    "files": [f"files/{name}" for name in NAMES],
    "folders": [f"{name}/{name}" for name in NAMES],
    "long": [LONGEST],
}


@pytest.mark.parametrize("kind", PATHS)
def test_naughty_names_go_up_come_down_are_edited_and_deleted_as_any_other(world, kind):
    first = {path: f"first {number}" for number, path in enumerate(PATHS[kind])}
    second = {path: f"second, edited {number}" for number, path in enumerate(PATHS[kind])}
    world.start(first | {"stays": "s1"})
    assert world.bucket.tree() == world.laptop.tree() == world.desktop.tree() == first | {"stays": "s1"}
    world.desktop.change(second)
    assert world.settle() == second | {"stays": "s1"}
    world.laptop.change(dict.fromkeys(PATHS[kind], GONE))
    for device in (world.laptop, world.desktop):
        device.sync(exit_code=4 if len(PATHS[kind]) > 1 else 0)  # so many deletions are asked for
        device.run("approve", device.folder)
        device.sync()
    assert [path for path in world.desktop.tree() if not path.endswith("/")] == ["stays"]
    assert [path for path in world.bucket.tree() if not path.endswith("/")] == ["stays"]


def test_a_conflict_over_a_path_as_long_as_can_be_keeps_both_versions(world):
    """The copy's own key is longer than a bucket keeps: it stays on its device."""
    names = {"n" * 255, LONGEST}
    world.start(dict.fromkeys(names, "old"))
    world.laptop.change(dict.fromkeys(names, "of laptop"))
    world.desktop.change(dict.fromkeys(names, "of desktop"))
    world.laptop.sync()
    [held] = world.desktop.sync(exit_code=4)["held"]
    assert (held["path"].startswith(LONGEST[:800]), "1024 bytes" in held["reason"]) == (True, True)
    assert sorted(world.desktop.tree().values()) == ["of desktop", "of desktop", "of laptop", "of laptop"]
    assert sorted(world.bucket.tree().values()) == ["of desktop", "of laptop", "of laptop"]


def test_a_path_one_byte_too_long_is_held(world):
    world.laptop.change({LONGEST + "f": "too long", "good": "g1"})
    report = world.laptop.sync(exit_code=4)
    assert [(entry["path"], "1024 bytes" in entry["reason"]) for entry in report["held"]] == [(LONGEST + "f", True)]
    assert world.bucket.tree() == {"good": "g1"}
