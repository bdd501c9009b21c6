"""The bytes of a file as it was, on a bucket in memory."""

import pytest

from bucketdrive.errors import NoSuchPathError
from bucketdrive.history.as_of import NOW
from bucketdrive.history.content import find_content
from bucketdrive.model.paths import RelPath
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

PIECE = 8 << 20


def read(stage, path, version_id="", at_s=NOW):
    """The pieces of a file."""

    async def play():
        if version_id:
            await stage.sweeps.read_journals()
        content = await find_content(stage.sweeps, RelPath(path), version_id, at_s)
        return [piece async for piece in content.pieces]

    return stage.world.run(play())


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 7])
def test_a_large_file_comes_in_pieces_and_whole(size):
    stage = Stage("A")
    data = bytes(range(251)) * (size // 251 + 1)
    stage.world.store.put(f"{PREFIX}a", data[:size])
    pieces = read(stage, "a")
    assert b"".join(pieces) == data[:size]
    assert all(len(piece) <= PIECE for piece in pieces)
    assert stage.requests("GetObject") == -(-size // PIECE) + 1  # one looks for a batch of the journal


def test_a_version_is_found_under_the_name_that_the_file_had_before_it_moved():
    stage = Stage("A", "B")
    stage.start_with({"old": b"1" * 100_000})
    version = stage.world.store.history(f"{PREFIX}old")[0].version_id
    stage.folder("A").move("old", "new")
    stage.settle()
    assert [row.is_delete_marker for row in stage.world.store.history(f"{PREFIX}old")] == [True, False]
    assert b"".join(read(stage, "new", version)) == b"1" * 100_000
    marker = stage.world.store.history(f"{PREFIX}old")[0].version_id
    with pytest.raises(NoSuchPathError, match="old was deleted by"):
        read(stage, "old", marker)


def test_of_a_file_and_a_folder_of_one_name_the_file_is_meant():
    stage = Stage("A")
    stage.world.store.put(f"{PREFIX}x/y", b"below")
    with pytest.raises(NoSuchPathError, match=r"x is a folder\. Nothing was read"):
        read(stage, "x")
    then = stage.wait(10)
    stage.wait(10)
    stage.world.store.put(f"{PREFIX}x", b"file")
    assert read(stage, "x") == [b"file"]
    with pytest.raises(NoSuchPathError, match=r"x at .* was a folder"):
        read(stage, "x", at_s=then)


def test_a_version_that_a_lifecycle_rule_took_is_said_to_be_gone():
    stage = Stage("A")
    stage.world.store.put(f"{PREFIX}a", b"old")
    then = stage.wait(10)
    stage.wait(10)
    stage.ls()
    stage.world.store.forget_history(f"{PREFIX}a")
    with pytest.raises(NoSuchPathError, match="no longer in the bucket: a lifecycle rule"):
        read(stage, "a", at_s=then)
