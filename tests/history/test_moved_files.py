"""The versions of a file that was moved: those it had under its old names are among them, and can be restored."""

import pytest

from bucketdrive.engine.journal import read_journals
from bucketdrive.errors import NoSuchPathError
from bucketdrive.history.versions import describe_versions
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.testing.memory_bucket import MemoryBucket
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

KEYS = KeySpace(PREFIX)


def versions(stage, name, path):
    """Path, content (None: a marker) and whether it is the current version, newest first, as a device tells them."""
    process = stage.devices[name].process
    bucket = MemoryBucket(stage.world.store)
    stage.world.run(read_journals(process.parts))
    told = stage.world.run(describe_versions(bucket, KEYS, process.parts.state, RelPath(path)))
    contents = {
        (path, version.version_id): version.data
        for path in {info.path for info in told}
        for version in stage.world.store.history(PREFIX + path)
    }
    return [
        (info.path, None if info.is_delete_marker else contents[info.path, info.version_id], info.is_latest)
        for info in told
    ]


def edit(stage, path, data):
    stage.wait(5)
    stage.folder("A").write(path, data)
    stage.settle()


def move(stage, path, target):
    stage.wait(5)
    stage.folder("A").move(path, target)
    stage.settle()


@pytest.fixture
def stage():
    stage = Stage("A", "B")
    edit(stage, "p", b"v1")
    edit(stage, "p", b"v2")
    move(stage, "p", "q")
    edit(stage, "q", b"v3")
    move(stage, "q", "d/r")
    return stage


@pytest.mark.parametrize("name", ["A", "B"])
def test_every_device_tells_of_the_versions_under_old_names(stage, name):
    assert versions(stage, name, "d/r") == [
        ("d/r", b"v3", True),
        ("q", b"v3", False),
        ("q", b"v2", False),
        ("p", b"v2", False),
        ("p", b"v1", False),
    ]


def test_a_new_file_under_the_old_name_is_not_among_them(stage):
    edit(stage, "p", b"another")
    assert ("p", b"another", False) not in versions(stage, "A", "d/r")
    assert versions(stage, "A", "p")[0] == ("p", b"another", True)


def test_a_device_that_joins_later_learns_of_the_moves_from_the_journals(stage):
    stage.devices["B"].lose_state()
    stage.settle()
    assert versions(stage, "B", "d/r")[-1] == ("p", b"v1", False)


def test_a_version_of_an_old_name_is_restored_under_the_new_one(stage):
    (first,) = [v for v in stage.world.store.history(f"{PREFIX}p") if v.data == b"v1"]
    stage.wait(5)
    stage.restore("B", "d/r", first.version_id)
    stage.settle()
    assert stage.everywhere() == {"d/r": b"v1"}
    assert stage.versions("d/r") == [b"v1", b"v3"]


def test_without_a_version_it_goes_back_to_the_last_other_content_even_over_a_move(stage):
    stage.restore("A", "d/r")
    stage.settle()
    assert stage.everywhere() == {"d/r": b"v2"}
    with pytest.raises(NoSuchPathError):
        stage.restore("A", "never")
