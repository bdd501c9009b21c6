"""What every disk promises, part four: inodes and their times, open writers, depth, and names that fold."""
# ruff: noqa: D102, S101  (tests: the name is the sentence, and assert is what they are for)

from dataclasses import replace

import pytest

from bucketdrive.errors import MissingError, OccupiedError
from bucketdrive.model.entries import Fingerprint, LocalDir, LocalFile, LocalUnknown
from bucketdrive.ports.disk import MAX_DEPTH, Staging
from bucketdrive.testing.contracts.disk_harness import DiskHarness, fingerprint, look, run, scan, stage

LONG = "/".join(["ü" * 127] * 20)
"""Twice as long as a path that the system takes in one piece (PATH_MAX, limits.h); and too long for a key."""


def _pass(harness: DiskHarness, *moments: Fingerprint) -> None:
    """Let the clock of the disk pass these, so that what is stamped from now on is later."""
    while run(harness.disk.clock_ns()) <= max(moment.ctime_ns for moment in moments):
        pass


def _is_moved(was: Fingerprint, now: Fingerprint) -> bool:
    """Whether it is the same inode, renamed since: only its ctime is another, and later."""
    kept = (was.size, was.mtime_ns, was.inode, was.mode) == (now.size, now.mtime_ns, now.inode, now.mode)
    return kept and now.ctime_ns > was.ctime_ns


class InodeContract:
    """A move changes nothing of a file but its ctime; an exchange not even that on every file system (xfs)."""

    def test_an_installed_file_is_the_staged_inode(self, harness: DiskHarness) -> None:
        staged = stage(harness, "tmp/op/a", b"new", Staging(mtime_ns=9_000)).fingerprint
        _pass(harness, staged)
        assert _is_moved(staged, run(harness.disk.install("tmp/op/a", "d/a")))

    def test_an_exchange_moves_both_inodes(self, harness: DiskHarness) -> None:
        harness.write("a", b"old", mtime_ns=5_000)
        expected = fingerprint(harness, "a")
        staged = stage(harness, "tmp/a", b"new", Staging(mtime_ns=9_000, like="a")).fingerprint
        _pass(harness, expected, staged)
        exchanged = run(harness.disk.exchange("tmp/a", "a", expected))
        for was, now in ((expected, exchanged.came_out), (staged, exchanged.installed)):
            assert now == replace(was, ctime_ns=now.ctime_ns)
            assert now.ctime_ns >= was.ctime_ns
        assert exchanged.installed == fingerprint(harness, "a")

    def test_a_file_is_one_inode_aside_back_and_under_another_name(self, harness: DiskHarness) -> None:
        harness.write("a", b"a", mtime_ns=5_000)
        first = fingerprint(harness, "a")
        _pass(harness, first)
        aside = run(harness.disk.set_aside("a", "quarantine/op/a", first))
        _pass(harness, aside)
        back = run(harness.disk.put_back("quarantine/op/a", "a"))
        _pass(harness, back)
        moved = run(harness.disk.rename("a", "b", back))
        assert [_is_moved(first, now) for now in (aside, back, moved)] == [True] * 3
        assert aside.ctime_ns < back.ctime_ns < moved.ctime_ns

    def test_a_file_in_a_folder_that_is_moved_is_as_it_was(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"a")
        before = fingerprint(harness, "d/a")
        _pass(harness, before)
        harness.move("d", "e")
        assert fingerprint(harness, "e/a") == before

    def test_a_change_of_mode_shows_in_mode_and_ctime_alone(self, harness: DiskHarness) -> None:
        harness.write("a", b"a", mtime_ns=5_000)
        before = fingerprint(harness, "a")
        _pass(harness, before)
        harness.set_mode("a", 0o751)
        after = fingerprint(harness, "a")
        assert (after.mode, after.ctime_ns > before.ctime_ns, after.is_same_file_as(before)) == (0o751, True, True)

    def test_files_that_are_there_at_once_are_different_inodes(self, harness: DiskHarness) -> None:
        names = [f"d{number % 3}/{number}" for number in range(30)]
        for name in names:
            harness.write(name, b"")
        assert len({fingerprint(harness, name).inode for name in names}) == len(names)


class WriterContract:
    """A program that holds a file open goes on writing to it, wherever it was moved."""

    def test_what_is_written_after_an_exchange_is_in_the_file_that_came_out(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        expected = fingerprint(harness, "a")
        stage(harness, "tmp/a", b"new")
        writer = harness.open_writer("a")
        exchanged = run(harness.disk.exchange("tmp/a", "a", expected))
        writer.write(b"late edit")
        assert (harness.files(), harness.places()) == ({"a": b"new"}, {"tmp/a": b"late edit"})
        writer.close()
        found = run(harness.disk.hash_place("tmp/a"))
        assert found is not None
        assert not found.fingerprint.is_same_file_as(exchanged.came_out)

    def test_what_is_written_after_setting_aside_is_in_quarantine(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"old")
        writer = harness.open_writer("d/a")
        aside = run(harness.disk.set_aside("d/a", "quarantine/op/a", fingerprint(harness, "d/a")))
        writer.write(b"late edit")
        writer.close()
        assert (harness.files(), harness.places()) == ({}, {"quarantine/op/a": b"late edit"})
        back = run(harness.disk.put_back("quarantine/op/a", "d/a"))
        assert not back.is_same_file_as(aside)
        assert harness.files() == {"d/a": b"late edit"}

    def test_what_is_written_after_a_rename_is_under_the_new_name(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        writer = harness.open_writer("a")
        moved = run(harness.disk.rename("a", "d/b", fingerprint(harness, "a")))
        writer.write(b"late edit")
        writer.close()
        assert harness.files() == {"d/b": b"late edit"}
        assert not fingerprint(harness, "d/b").is_same_file_as(moved)

    def test_what_is_written_before_a_move_is_seen_by_it(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        expected = fingerprint(harness, "a")
        stage(harness, "tmp/a", b"new")
        writer = harness.open_writer("a")
        writer.write(b"an edit")
        for work in (
            harness.disk.exchange("tmp/a", "a", expected),
            harness.disk.set_aside("a", "quarantine/a", expected),
            harness.disk.rename("a", "b", expected),
        ):
            with pytest.raises(OccupiedError):
                run(work)
        writer.close()
        assert (harness.files(), harness.places()) == ({"a": b"an edit"}, {"tmp/a": b"new"})

    def test_what_is_written_to_a_deleted_file_is_nowhere(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        writer = harness.open_writer("a")
        harness.delete("a")
        harness.write("a", b"new")
        writer.write(b"lost by its user")
        writer.close()
        assert harness.files() == {"a": b"new"}


class DepthContract:
    """Paths that the system does not take in one piece are walked like all others."""

    def test_a_path_longer_than_the_system_takes_is_a_path(self, harness: DiskHarness) -> None:
        disk = harness.disk
        for place in ("tmp/a", "tmp/b"):
            stage(harness, place, place.encode())
        with pytest.raises(MissingError):
            run(disk.read(f"{LONG}/a"))
        first = run(disk.install("tmp/a", f"{LONG}/a"))
        assert run(disk.look([f"{LONG}/a", LONG, f"{LONG}/none"])) == [LocalFile(first), LocalDir(is_empty=False), None]
        assert [name for name in scan(harness) if name.startswith(LONG)] == [LONG, f"{LONG}/a"]
        moved = run(disk.rename(f"{LONG}/a", f"{LONG}/d/b", first))
        swapped = run(disk.exchange("tmp/b", f"{LONG}/d/b", moved))
        assert run(disk.read(f"{LONG}/d/b")).data == b"tmp/b"
        run(disk.set_aside(f"{LONG}/d/b", f"quarantine/op/{LONG}/b", swapped.installed))
        assert sorted(run(disk.places())) == [f"quarantine/op/{LONG}/b", "tmp/b"]
        run(disk.remove_dir(f"{LONG}/d", "quarantine/junk"))
        run(disk.make_dir(f"{LONG}/e"))
        assert run(disk.look([f"{LONG}/d", f"{LONG}/e"])) == [None, LocalDir(is_empty=True)]

    def test_what_lies_too_deep_is_unknown_to_a_scan(self, harness: DiskHarness) -> None:
        deepest = "/".join(["d"] * MAX_DEPTH)
        run(harness.disk.make_dir(f"{deepest}/d/d"))
        found = scan(harness)
        assert len(found) == MAX_DEPTH + 1
        assert found[deepest] == LocalDir(is_empty=False)
        assert isinstance(found[f"{deepest}/d"], LocalUnknown)


class FoldContract:
    """Where the file system tells names apart neither by case nor by normal form. For harnesses on such a one."""

    def test_the_disk_says_so(self, harness: DiskHarness) -> None:
        assert run(harness.disk.name_rules()).folds

    def test_a_name_keeps_its_spelling_and_is_not_there_in_another(self, harness: DiskHarness) -> None:
        harness.write("Dir/File", b"a")
        assert sorted(scan(harness)) == ["Dir", "Dir/File"]
        assert isinstance(look(harness, "Dir/File"), LocalFile)
        for name in ("Dir/file", "Dir/FILE", "dir", "dir/none", "none/none"):
            assert look(harness, name) is None

    def test_nothing_is_put_beside_a_name_in_another_spelling(self, harness: DiskHarness) -> None:
        harness.write("File", b"user's")
        harness.mkdir("Dir")
        stage(harness, "tmp/a", b"new")
        for name in ("FILE", "file", "dir"):
            with pytest.raises(OccupiedError):
                run(harness.disk.install("tmp/a", name))
        with pytest.raises(OccupiedError):
            run(harness.disk.make_dir("file"))
        run(harness.disk.make_dir("DIR"))
        assert (harness.files(), harness.dirs()) == ({"File": b"user's"}, {"Dir"})
        assert harness.places() == {"tmp/a": b"new"}

    @pytest.mark.parametrize("name", ["n" * 256, "n" * 256 + "/a", "ü" * 128, "a\0b", "\ud800", "../a", "a//b"])
    def test_a_name_that_no_disk_holds_is_unknown_alone(self, harness: DiskHarness, name: str) -> None:
        harness.write("a", b"a")
        found = run(harness.disk.look(["a", name, "a"]))
        assert [type(entry) for entry in found] == [LocalFile, LocalUnknown, LocalFile]
