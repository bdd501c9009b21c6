"""The folder in memory: what the simulator relies on beyond the contract of the disk."""

import asyncio

import pytest

from bucketdrive.errors import BucketDriveError, DiskFullError, GuardError
from bucketdrive.model.entries import Hashed
from bucketdrive.ports.disk import Staging
from bucketdrive.testing.contracts.disk_harness import fingerprint, run, scan, stage
from bucketdrive.testing.memory_disk import MemoryDisk
from bucketdrive.testing.memory_folder import MemoryFolder


class Folder(MemoryFolder):
    """A folder in memory with a disk that is a drive's."""

    def __init__(self, **options):
        super().__init__(**options)
        self.disk = MemoryDisk(self)
        run(self.disk.write_root("drive", "root"))


def run_with_edit(work, switch, edit):
    """Run a call; at its `switch`th wait the user does `edit`. The result or the error."""

    async def both():
        task = asyncio.ensure_future(work)
        await asyncio.sleep(0)
        for _ in range(switch):
            await asyncio.sleep(0)
        edit()
        return await task

    try:
        return run(both())
    except BucketDriveError as error:
        return error


@pytest.mark.parametrize("switch", range(5))
@pytest.mark.parametrize("how", ["write", "save"])
def test_an_edit_at_any_moment_of_an_exchange_is_kept(switch, how):
    folder = Folder()
    folder.write("a", b"old")
    expected = fingerprint(folder, "a")
    stage(folder, "tmp/a", b"new")
    run_with_edit(folder.disk.exchange("tmp/a", "a", expected), switch, lambda: getattr(folder, how)("a", b"edit"))
    assert b"edit" in [*folder.files().values(), *folder.places().values()]


def test_an_edit_between_the_look_and_the_swap_comes_out():
    folder = Folder()
    folder.write("a", b"old")
    expected = fingerprint(folder, "a")
    stage(folder, "tmp/a", b"new")
    exchanged = run_with_edit(folder.disk.exchange("tmp/a", "a", expected), 1, lambda: folder.write("a", b"edit"))
    assert not exchanged.came_out.is_same_file_as(expected)
    assert (folder.files(), folder.places()) == ({"a": b"new"}, {"tmp/a": b"edit"})


def test_an_edit_right_after_the_swap_shows_as_a_change():
    folder = Folder()
    stage(folder, "tmp/a", b"new", Staging(mtime_ns=5))
    installed = run_with_edit(folder.disk.install("tmp/a", "a"), 2, lambda: folder.write("a", b"edit"))
    assert folder.files() == {"a": b"edit"}
    assert installed.mtime_ns == 5
    assert installed != fingerprint(folder, "a")


@pytest.mark.parametrize("switch", range(4))
def test_an_edit_during_a_reading_is_seen_or_the_reading_fails(switch):
    folder = Folder()
    folder.write("a", b"old")
    found = run_with_edit(folder.disk.read("a"), switch, lambda: folder.write("a", b"new"))
    if not isinstance(found, BucketDriveError):
        assert found.data == (b"new" if found.hashed.fingerprint == fingerprint(folder, "a") else b"old")


def test_a_late_writer_reaches_its_file_wherever_it_is():
    folder = Folder()
    folder.write("a", b"old")
    writer = folder.open_writer("a")
    run(folder.disk.set_aside("a", "quarantine/op/a", fingerprint(folder, "a")))
    writer.write(b"late")
    assert folder.quarantine() == {"quarantine/op/a": b"late"}


def test_two_writes_in_one_tick_of_the_same_size_look_the_same():
    folder = Folder(tick_ns=1_000_000)
    folder.write("a", b"one")
    before = fingerprint(folder, "a")
    folder.write("a", b"two")
    assert fingerprint(folder, "a") == before


def test_a_new_file_may_get_the_inode_of_the_one_deleted_last():
    folder = Folder(may_reuse_inodes=True)
    folder.write("a", b"a")
    inode = fingerprint(folder, "a").inode
    folder.delete("a")
    folder.write("b", b"b")
    assert fingerprint(folder, "b").inode == inode


def test_an_atomic_save_makes_a_new_inode_and_a_write_does_not():
    folder = Folder()
    folder.write("a", b"1")
    first = fingerprint(folder, "a")
    folder.write("a", b"2")
    written = fingerprint(folder, "a")
    folder.save("a", b"3")
    saved = fingerprint(folder, "a")
    assert (written.inode == first.inode, saved.inode == first.inode) == (True, False)


def test_an_unmounted_folder_is_empty_and_comes_back_whole():
    folder = Folder()
    folder.write("a", b"a")
    mounted = run(folder.disk.root())
    folder.unmount()
    assert (scan(folder), run(folder.disk.root()).drive_id) == ({}, "")
    assert run(folder.disk.root()).device != mounted.device
    with pytest.raises(GuardError):
        stage(folder, "tmp/a", b"")
    with pytest.raises(GuardError):
        run(folder.disk.discard("tmp/a"))
    folder.mount()
    assert (folder.files(), run(folder.disk.root())) == ({"a": b"a"}, mounted)


def test_every_content_that_becomes_visible_is_recorded():
    seen = []
    folder = Folder(record=lambda name, data: seen.append((name, data)))
    folder.write("a", b"1")
    folder.move("a", "d/b")
    folder.move("d", "e")
    folder.open_writer("e/b").write(b"2")
    stage(folder, "tmp/x", b"3")
    run(folder.disk.exchange("tmp/x", "e/b", fingerprint(folder, "e/b")))
    run(folder.disk.put_back("tmp/x", "f"))
    assert seen == [("a", b"1"), ("d/b", b"1"), ("e/b", b"1"), ("e/b", b"2"), ("e/b", b"3"), ("f", b"2")]


def test_a_file_larger_than_the_room_is_not_staged():
    folder = Folder()
    folder.room_bytes = 3
    with pytest.raises(DiskFullError):
        stage(folder, "tmp/op/a", b"four")
    assert folder.places() == {}
    assert isinstance(stage(folder, "tmp/op/a", b"abc"), Hashed)


def test_a_crash_while_staging_leaves_a_part_of_the_file_but_only_in_tmp():
    folder = Folder()

    async def body():
        yield b"half"
        for _ in range(9):
            yield b""

    work = folder.disk.stage("quarantine/op/a", body(), Staging())
    for _ in range(5):
        work.send(None)
    assert folder.places() == {"tmp/op": b"half"}
    work.close()
