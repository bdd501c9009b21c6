"""What is only true of a real folder."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from bucketdrive.disk import reading
from bucketdrive.disk.folder import Folder
from bucketdrive.errors import (
    DiskFullError,
    GuardError,
    OccupiedError,
    UnreadableError,
    UnstableFileError,
    UsageError,
)
from bucketdrive.model.entries import LocalDir, LocalFile, LocalSpecial, LocalUnknown
from bucketdrive.ports.disk import Staging
from bucketdrive.testing.contracts.disk_harness import ListedSkips, fingerprint, look, run, scan, stage
from bucketdrive.testing.contracts.folder_harness import FolderHarness
from bucketdrive.testing.naughty_names import deep_path


def test_names_that_are_no_utf8_are_found_and_can_be_used(harness):
    name = os.fsdecode(b"caf\xe9")
    harness.write(name, b"latin")
    assert list(scan(harness)) == [name]
    assert isinstance(look(harness, name), LocalFile)
    assert run(harness.disk.read(name)).data == b"latin"
    run(harness.disk.set_aside(name, f"quarantine/{name}", fingerprint(harness, name)))
    assert run(harness.disk.places()) == [f"quarantine/{name}"]


def test_special_files_are_named(harness, monkeypatch):
    monkeypatch.chdir(harness.path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        harness.symlink("link")
        expected = {
            "link": LocalSpecial("symbolic link"),
            "pipe": LocalSpecial("named pipe"),
            "socket": LocalSpecial("socket"),
        }
        assert scan(harness) == expected
        assert run(harness.disk.look(list(expected))) == list(expected.values())
        hashed = run(harness.disk.hash_files(list(expected)))
    assert [type(found).__name__ for found in hashed] == ["UnstableFileError"] * 3


def test_no_file_is_read_through_a_link(harness):
    for name in ("link", ".driveignore", ".bucketdrive/tmp/link"):
        (harness.path / name).parent.mkdir(exist_ok=True)
        (harness.path / name).symlink_to(harness.path.parent / "outside" / "x")
    for work in (harness.disk.read("link"), harness.disk.read_range("link", 0, 1), harness.disk.hash_place("tmp/link")):
        with pytest.raises(UnstableFileError):
            run(work)
    assert [type(found) for found in run(harness.disk.hash_files(["link"]))] == [UnstableFileError]
    skips = ListedSkips()
    scan(harness, skips)
    assert skips.entered == []


@pytest.mark.parametrize("edit", ["write", "save", "delete"])
def test_a_file_that_changes_while_it_is_read_is_unstable(harness, monkeypatch, edit):
    edits = {
        "write": lambda: harness.write("a", b"new"),
        "save": lambda: (harness.write("b", b"new"), harness.move("b", "a")),
        "delete": lambda: harness.delete("a"),
    }

    def read_and_edit(number, limit):
        data = os.read(number, limit)
        edits[edit]()
        return data

    harness.write("a", b"old", mtime_ns=5)
    monkeypatch.setattr(reading, "read_bytes", read_and_edit)
    with pytest.raises(UnstableFileError):
        run(harness.disk.read("a"))


def test_closing_breaks_off_the_hash_of_a_file(harness):
    harness.write("a", b"a")
    harness.disk._closed.set()
    assert [type(found) for found in run(harness.disk.hash_files(["a"]))] == [UnstableFileError]


def test_a_folder_that_is_gone_stops_the_drive(harness):
    harness.delete("")
    disk = harness.disk
    works = (disk.root(), disk.look(["a"]), disk.stage("tmp/a", b"", Staging()), disk.make_dir("d"), disk.free_bytes())
    for work in works:
        with pytest.raises(GuardError):
            run(work)
    assert not harness.path.exists()


def test_the_folder_may_be_reached_through_a_link(harness):
    link = harness.path.parent / "link"
    link.symlink_to(harness.path)
    disk = Folder(link)
    try:
        assert run(disk.root()) == run(harness.disk.root())
    finally:
        disk.close()


def test_an_own_folder_that_is_a_link_is_not_used(harness):
    harness.move(".bucketdrive", "elsewhere")
    (harness.path / ".bucketdrive").symlink_to(harness.path / "elsewhere")
    with pytest.raises(GuardError):
        run(harness.disk.root())
    for work in (harness.disk.stage("tmp/a", b"", Staging()), harness.disk.discard("tmp/a")):
        with pytest.raises(GuardError):
            run(work)


def test_folders_nested_too_deep_are_unknown(harness):
    above = os.open(harness.path, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=above)
        below = os.open("d", os.O_RDONLY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)
    found = scan(harness)
    assert len(found) == 251
    assert isinstance(found["d" + "/d" * 250], LocalUnknown)
    assert found["d" + "/d" * 249] == LocalDir(is_empty=False)


def test_times_beyond_64_bits_of_nanoseconds_are_bounded(harness):
    harness.write("a", b"", mtime_ns=253_402_300_799_000_000_000)
    found = fingerprint(harness, "a")
    assert abs(found.mtime_ns) < 1 << 63
    assert scan(harness) == {"a": LocalFile(found)}


def test_another_disk_inside_the_folder_is_unknown(harness, mounted):
    harness.mkdir("mnt")
    with mounted(harness.path / "mnt", "size=1m"):
        harness.write("mnt/a", b"a")
        found = scan(harness)
        assert list(found) == ["mnt"]
        looked = run(harness.disk.look(["mnt", "mnt/a", "mnt/none", "mnt/none/none"]))
        assert [type(entry) for entry in [found["mnt"], *looked]] == [LocalUnknown] * 5
        stage(harness, "tmp/a", b"")
        with pytest.raises(UnreadableError, match="cross-device"):
            run(harness.disk.install("tmp/a", "mnt/new"))
        harness.delete("mnt/a")


def test_a_disk_can_be_unmounted_between_two_calls_and_is_then_left_alone(parent, mounted):
    (parent / "folder").mkdir()
    with mounted(parent / "folder", "size=1m"):
        disk = Folder(parent / "folder")
        run(disk.write_root("drive", "root"))
        subprocess.run(["umount", str(parent / "folder")], check=True)
        try:
            assert run(disk.root()).drive_id == ""
            for work in (disk.make_dir("d"), disk.stage("tmp/a", b"", Staging())):
                with pytest.raises(GuardError):
                    run(work)
        finally:
            disk.close()
        assert list((parent / "folder").iterdir()) == []


def test_a_full_disk_leaves_nothing_half_written(parent, mounted):
    with mounted(parent, "size=1m"):
        harness = FolderHarness(parent)
        body = b"x" * (2 << 20)

        async def chunks():
            for start in range(0, len(body), 1 << 16):
                yield body[start : start + (1 << 16)]

        async def stage_chunks():
            await harness.disk.stage("tmp/op/b", chunks(), Staging())

        try:
            with pytest.raises(DiskFullError) as caught:
                stage(harness, "tmp/op/a", body)
            with pytest.raises(DiskFullError):
                run(stage_chunks())
            assert caught.value.path == "tmp/op/a"
            assert (harness.places(), harness.place_dirs()) == ({}, set())
            stage(harness, "tmp/op/a", b"small")
        finally:
            harness.close()


def test_a_staging_that_is_cancelled_leaves_nothing(harness):
    async def work():
        entered = asyncio.Event()

        async def body():
            yield b"first"
            entered.set()
            await asyncio.Event().wait()

        async with asyncio.TaskGroup() as group:
            task = group.create_task(harness.disk.stage("tmp/op/a", body(), Staging()))
            await entered.wait()
            task.cancel()

    run(work())
    assert (harness.places(), harness.place_dirs()) == ({}, set())


def test_a_body_staged_from_many_tasks_into_one_folder_is_whole(harness):
    async def one(number):
        place, name = f"tmp/op/{number}", f"d{number % 7}/{number}"
        await harness.disk.stage(place, b"%d" % number, Staging())
        await harness.disk.install(place, name)

    async def work():
        async with asyncio.TaskGroup() as group:
            for number in range(200):
                group.create_task(one(number))

    run(work())
    assert harness.files() == {f"d{number % 7}/{number}": b"%d" % number for number in range(200)}
    assert (harness.places(), harness.place_dirs()) == ({}, set())


def just_before(harness, method, act):
    """Let a user act after the last look and before the rename."""
    renamer = harness.disk._moves._renamer
    original, pending = getattr(renamer, method), [act]

    def called(*spots):
        if pending:
            pending.pop()()
        return original(*spots)

    setattr(renamer, method, called)


def test_an_edit_in_the_last_moment_comes_out_of_an_exchange(harness):
    harness.write("a", b"old")
    expected = fingerprint(harness, "a")
    stage(harness, "tmp/a", b"new")
    just_before(harness, "exchange", lambda: harness.write("a", b"edit"))
    exchanged = run(harness.disk.exchange("tmp/a", "a", expected))
    assert not exchanged.came_out.is_same_file_as(expected)
    assert (harness.files(), harness.places()) == ({"a": b"new"}, {"tmp/a": b"edit"})


def test_an_edit_in_the_last_moment_comes_out_into_quarantine(harness):
    harness.write("a", b"old")
    expected = fingerprint(harness, "a")
    just_before(harness, "move", lambda: harness.write("a", b"edit"))
    came_out = run(harness.disk.set_aside("a", "quarantine/a", expected))
    assert not came_out.is_same_file_as(expected)
    assert harness.places() == {"quarantine/a": b"edit"}


def test_a_file_made_in_the_last_moment_is_not_replaced(harness):
    stage(harness, "tmp/a", b"new")
    just_before(harness, "move", lambda: harness.write("d/a", b"user's"))
    with pytest.raises(OccupiedError):
        run(harness.disk.install("tmp/a", "d/a"))
    assert (harness.files(), harness.places()) == ({"d/a": b"user's"}, {"tmp/a": b"new"})


@pytest.mark.parametrize("method", ["exchange", "set_aside", "rename"])
def test_a_folder_that_took_the_files_place_in_the_last_moment_goes_back(harness, method):
    harness.write("a", b"old")
    expected = fingerprint(harness, "a")
    stage(harness, "tmp/a", b"new")

    def swap_in_a_folder():
        harness.delete("a")
        harness.write("a/b", b"user's")

    just_before(harness, "exchange" if method == "exchange" else "move", swap_in_a_folder)
    works = {
        "exchange": lambda: harness.disk.exchange("tmp/a", "a", expected),
        "set_aside": lambda: harness.disk.set_aside("a", "quarantine/a", expected),
        "rename": lambda: harness.disk.rename("a", "b", expected),
    }
    with pytest.raises(OccupiedError):
        run(works[method]())
    assert (harness.files(), harness.places()) == ({"a/b": b"user's"}, {"tmp/a": b"new"})


def test_a_write_right_after_the_swap_shows_as_a_change(harness):
    harness.write("a", b"old")
    expected = fingerprint(harness, "a")
    stage(harness, "tmp/a", b"new", Staging(mtime_ns=5))
    renamer = harness.disk._moves._renamer
    exchange = renamer.exchange

    def followed(*spots):
        done = exchange(*spots)
        harness.write("a", b"edit")
        return done

    renamer.exchange = followed
    exchanged = run(harness.disk.exchange("tmp/a", "a", expected))
    assert exchanged.installed.mtime_ns == 5
    assert exchanged.installed != fingerprint(harness, "a")


def edit_keeping_time(harness, name, data):
    """Write as many bytes as are there and set the time back; the clock of the file system ticks in between."""
    local = harness.path / name
    before = local.stat()
    while local.stat().st_ctime_ns == before.st_ctime_ns:
        local.write_bytes(data)
        os.utime(local, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("is_there", [False, True])
def test_an_edit_that_keeps_size_and_time_before_the_move_is_durable_shows_as_a_change(harness, monkeypatch, is_there):
    if is_there:
        harness.write("a", b"old")
    stage(harness, "tmp/a", b"new", Staging(mtime_ns=5))
    fsync, pending = os.fsync, [lambda: edit_keeping_time(harness, "a", b"wen")]

    def followed(number):
        if pending and harness.files().get("a") == b"new":
            pending.pop()()
        fsync(number)

    expected = fingerprint(harness, "a") if is_there else None
    monkeypatch.setattr(os, "fsync", followed)
    if expected:
        installed = run(harness.disk.exchange("tmp/a", "a", expected)).installed
    else:
        installed = run(harness.disk.install("tmp/a", "a"))
    assert harness.files() == {"a": b"wen"}
    assert (installed.mtime_ns, fingerprint(harness, "a").mtime_ns) == (5, 5)
    assert installed != fingerprint(harness, "a")


def test_elsewhere_than_on_linux_it_says_so(parent, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UsageError, match="does not run on darwin yet"):
        Folder(parent)


def test_paths_may_be_longer_than_the_system_takes_in_one_piece(parent):
    for _ in range(15):
        parent /= "p" * 250
        parent.mkdir()
    harness = FolderHarness(parent)
    disk, name = harness.disk, deep_path(1000)
    assert len(str(harness.path / name)) > os.pathconf(parent, "PC_PATH_MAX")
    stage(harness, "tmp/a", b"first")
    run(disk.install("tmp/a", name))
    assert [scan(harness).keys(), run(disk.read(name)).data] == [{name, *above(name)}, b"first"]
    stage(harness, f"quarantine/op/{name}", b"second", Staging(like=name))
    run(disk.exchange(f"quarantine/op/{name}", name, fingerprint(harness, name)))
    run(disk.rename(name, f"{name}2", fingerprint(harness, name)))
    run(disk.set_aside(f"{name}2", f"quarantine/{name}", fingerprint(harness, f"{name}2")))
    assert sorted(run(disk.places())) == sorted([f"quarantine/{name}", f"quarantine/op/{name}"])
    for place in run(disk.places()):
        run(disk.discard(place))
    assert run(disk.places()) == []
    for folder in reversed(above(name)):
        run(disk.remove_dir(folder, "quarantine/junk"))
    assert scan(harness) == {}
    harness.close()


def above(name):
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
