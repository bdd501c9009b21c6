"""What every disk promises, part two: whatever moves a file or changes a folder."""
# ruff: noqa: D102, S101  (tests: the name is the sentence, and assert is what they are for)

from collections.abc import AsyncIterator

import pytest

from bucketdrive.errors import MissingError, OccupiedError, UnavailableError, UnreadableError
from bucketdrive.model.entries import Hashed, LocalDir, LocalSpecial
from bucketdrive.ports.disk import Staging
from bucketdrive.testing.contracts.disk_harness import OUTSIDE, DiskHarness, fingerprint, look, run, stage


class StageContract:
    """How staged files look."""

    def test_a_body_in_chunks_is_staged_whole(self, harness: DiskHarness) -> None:
        async def body() -> AsyncIterator[bytes]:
            for number in range(5):
                yield b"%d" % number * 1000

        async def work() -> Hashed:
            return await harness.disk.stage("tmp/a", body(), Staging(mtime_ns=7))

        hashed = run(work())
        assert harness.places() == {"tmp/a": b"".join(b"%d" % number * 1000 for number in range(5))}
        assert run(harness.disk.hash_place("tmp/a")) == hashed

    @pytest.mark.parametrize("place", ["tmp/op/a", "quarantine/op/a"])
    def test_a_body_that_breaks_off_leaves_nothing(self, harness: DiskHarness, place: str) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise UnavailableError("the store went away")

        async def work() -> None:
            await harness.disk.stage(place, body(), Staging())

        with pytest.raises(UnavailableError):
            run(work())
        assert (harness.places(), harness.place_dirs()) == ({}, set())

    def test_a_new_file_is_executable_if_asked(self, harness: DiskHarness) -> None:
        stage(harness, "tmp/a", b"", Staging(is_executable=True))
        stage(harness, "tmp/b", b"", Staging())
        assert run(harness.disk.install("tmp/a", "a")).mode & 0o111
        assert not run(harness.disk.install("tmp/b", "b")).mode & 0o111

    def test_a_file_like_another_takes_its_mode(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"a")
        harness.set_mode("d/a", 0o710)
        stage(harness, "tmp/a", b"new", Staging(like="d/a"))
        exchanged = run(harness.disk.exchange("tmp/a", "d/a", fingerprint(harness, "d/a")))
        assert exchanged.installed.mode == 0o710

    def test_a_file_like_one_that_is_gone_is_not_staged(self, harness: DiskHarness) -> None:
        with pytest.raises(MissingError):
            stage(harness, "tmp/op/a", b"new", Staging(like="gone"))
        assert (harness.places(), harness.place_dirs()) == ({}, set())


class InstallContract:
    """New files."""

    def test_an_installed_file_is_there_and_its_place_is_empty(self, harness: DiskHarness) -> None:
        staged = stage(harness, "tmp/op/a", b"new", Staging(mtime_ns=9)).fingerprint
        installed = run(harness.disk.install("tmp/op/a", "d/e/a"))
        assert harness.files() == {"d/e/a": b"new"}
        assert (harness.places(), harness.place_dirs()) == ({}, set())
        assert installed.is_same_file_as(staged)
        assert installed == fingerprint(harness, "d/e/a")

    def test_what_is_there_is_never_replaced(self, harness: DiskHarness) -> None:
        harness.write("file", b"user's")
        harness.write("dir/x", b"user's")
        harness.mkdir("empty")
        harness.symlink("link")
        stage(harness, "tmp/a", b"new")
        for name in ("file", "dir", "empty", "link"):
            with pytest.raises(OccupiedError) as caught:
                run(harness.disk.install("tmp/a", name))
            assert caught.value.path == name
        assert harness.files() == {"file": b"user's", "dir/x": b"user's"}
        assert harness.places() == {"tmp/a": b"new"}
        assert look(harness, "link") == LocalSpecial("symbolic link")
        assert harness.outside() == OUTSIDE

    def test_a_file_or_link_as_parent_is_in_the_way(self, harness: DiskHarness) -> None:
        harness.write("file", b"user's")
        harness.symlink("link")
        harness.symlink("d/link")
        stage(harness, "tmp/a", b"new")
        for name in ("file/a", "file/d/a", "link/a", "link/d/a", "d/link/a"):
            with pytest.raises(OccupiedError):
                run(harness.disk.install("tmp/a", name))
        assert (harness.files(), harness.places()) == ({"file": b"user's"}, {"tmp/a": b"new"})
        assert harness.outside() == OUTSIDE

    def test_a_link_that_took_a_folders_place_leads_nowhere(self, harness: DiskHarness) -> None:
        harness.write("d/x", b"inside")
        expected = fingerprint(harness, "d/x")
        harness.move("d", "elsewhere")
        harness.symlink("d")
        stage(harness, "tmp/a", b"new")
        disk = harness.disk
        for blocked in (disk.install("tmp/a", "d/new"), disk.rename("elsewhere/x", "d/y", expected)):
            with pytest.raises(OccupiedError):
                run(blocked)
        for gone in (
            disk.exchange("tmp/a", "d/x", expected),
            disk.set_aside("d/x", "quarantine/x", expected),
            disk.rename("d/x", "y", expected),
            disk.read("d/x"),
        ):
            with pytest.raises(MissingError):
                run(gone)
        assert harness.outside() == OUTSIDE
        assert (harness.files(), harness.places()) == ({"elsewhere/x": b"inside"}, {"tmp/a": b"new"})

    def test_nothing_staged_is_missing(self, harness: DiskHarness) -> None:
        for place in ("tmp/none", "tmp/op/none"):
            with pytest.raises(MissingError):
                run(harness.disk.install(place, "a"))
        assert harness.files() == {}

    def test_names_may_have_255_bytes(self, harness: DiskHarness) -> None:
        stage(harness, "tmp/a", b"long")
        name = "ü" * 127 + "u"
        run(harness.disk.install("tmp/a", f"{name}/{name}"))
        assert harness.files() == {f"{name}/{name}": b"long"}

    @pytest.mark.parametrize(
        "name", ["n" * 256, "d/" + "n" * 256, "n" * 256 + "/a", "../a", "d/../../a", "/a", "", ".bucketdrive/a", "a\0"]
    )
    def test_a_name_that_no_disk_holds_is_refused(self, harness: DiskHarness, name: str) -> None:
        stage(harness, "tmp/a", b"new")
        with pytest.raises(UnreadableError) as caught:
            run(harness.disk.install("tmp/a", name))
        assert caught.value.path == name
        assert (harness.files(), harness.dirs(), harness.places()) == ({}, set(), {"tmp/a": b"new"})


class ExchangeContract:
    """Replacing files."""

    def test_the_two_files_change_places(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"old")
        expected = fingerprint(harness, "d/a")
        staged = stage(harness, "tmp/op/a", b"new", Staging(mtime_ns=9, like="d/a")).fingerprint
        exchanged = run(harness.disk.exchange("tmp/op/a", "d/a", expected))
        assert (harness.files(), harness.places()) == ({"d/a": b"new"}, {"tmp/op/a": b"old"})
        assert exchanged.came_out.is_same_file_as(expected)
        assert exchanged.installed.is_same_file_as(staged)
        assert exchanged.installed == fingerprint(harness, "d/a")
        came_out = run(harness.disk.hash_place("tmp/op/a"))
        assert came_out is not None
        assert came_out.fingerprint == exchanged.came_out

    def test_a_file_that_was_edited_is_not_replaced(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        expected = fingerprint(harness, "a")
        stage(harness, "tmp/a", b"new")
        harness.write("a", b"edit")
        with pytest.raises(OccupiedError):
            run(harness.disk.exchange("tmp/a", "a", expected))
        assert (harness.files(), harness.places()) == ({"a": b"edit"}, {"tmp/a": b"new"})

    def test_an_edit_that_keeps_size_and_mtime_is_not_replaced(self, harness: DiskHarness) -> None:
        harness.write("a", b"old", mtime_ns=5)
        expected = fingerprint(harness, "a")
        stage(harness, "tmp/a", b"new")
        harness.move("a", "b")
        harness.write("b", b"OLD", mtime_ns=5)
        harness.move("b", "a")
        with pytest.raises(OccupiedError):
            run(harness.disk.exchange("tmp/a", "a", expected))
        assert harness.files() == {"a": b"OLD"}

    def test_what_is_not_there_is_missing(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        expected = fingerprint(harness, "a")
        with pytest.raises(MissingError):
            run(harness.disk.exchange("tmp/none", "a", expected))
        stage(harness, "tmp/a", b"new")
        for name in ("none", "none/none", "a/b"):
            with pytest.raises(MissingError):
                run(harness.disk.exchange("tmp/a", name, expected))
        assert (harness.files(), harness.places()) == ({"a": b"old"}, {"tmp/a": b"new"})

    def test_folders_and_links_are_not_replaced(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        expected = fingerprint(harness, "a")
        harness.mkdir("d")
        harness.symlink("link")
        stage(harness, "tmp/a", b"new")
        for name in ("d", "link"):
            with pytest.raises(OccupiedError):
                run(harness.disk.exchange("tmp/a", name, expected))
        assert look(harness, "d") == LocalDir(is_empty=True)
        assert harness.outside() == OUTSIDE


class AsideContract:
    """Setting aside and putting back."""

    def test_a_file_set_aside_is_in_quarantine(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"a", mtime_ns=5)
        expected = fingerprint(harness, "d/a")
        came_out = run(harness.disk.set_aside("d/a", "quarantine/op/d/a", expected))
        assert came_out.is_same_file_as(expected)
        assert (harness.files(), harness.dirs()) == ({}, {"d"})
        assert harness.places() == {"quarantine/op/d/a": b"a"}

    def test_it_can_be_put_back(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"a", mtime_ns=5)
        harness.set_mode("d/a", 0o750)
        expected = fingerprint(harness, "d/a")
        run(harness.disk.set_aside("d/a", "quarantine/op/d/a", expected))
        harness.delete("d")
        back = run(harness.disk.put_back("quarantine/op/d/a", "d/a"))
        assert (back.is_same_file_as(expected), back.mode) == (True, 0o750)
        assert (harness.files(), harness.places(), harness.place_dirs()) == ({"d/a": b"a"}, {}, set())

    def test_it_is_not_put_back_over_anything(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        run(harness.disk.set_aside("a", "quarantine/a", fingerprint(harness, "a")))
        harness.write("a", b"new")
        for name in ("a", "a/b"):
            with pytest.raises(OccupiedError):
                run(harness.disk.put_back("quarantine/a", name))
        with pytest.raises(MissingError):
            run(harness.disk.put_back("quarantine/none", "b"))
        assert (harness.files(), harness.places()) == ({"a": b"new"}, {"quarantine/a": b"old"})

    def test_another_file_than_expected_stays(self, harness: DiskHarness) -> None:
        harness.write("a", b"old")
        expected = fingerprint(harness, "a")
        harness.write("a", b"edited")
        harness.mkdir("d")
        harness.symlink("link")
        for name in ("a", "d", "link"):
            with pytest.raises(OccupiedError):
                run(harness.disk.set_aside(name, "quarantine/a", expected))
        for name in ("none", "none/none", "a/b"):
            with pytest.raises(MissingError):
                run(harness.disk.set_aside(name, "quarantine/a", expected))
        assert (harness.files(), harness.dirs(), harness.places()) == ({"a": b"edited"}, {"d"}, {})

    def test_a_place_that_is_taken_keeps_what_it_has(self, harness: DiskHarness) -> None:
        harness.write("a", b"a")
        stage(harness, "quarantine/a", b"other")
        with pytest.raises(OccupiedError):
            run(harness.disk.set_aside("a", "quarantine/a", fingerprint(harness, "a")))
        assert (harness.files(), harness.places()) == ({"a": b"a"}, {"quarantine/a": b"other"})


class RenameContract:
    """Moving files within the folder."""

    def test_a_file_is_moved_and_folders_are_made(self, harness: DiskHarness) -> None:
        harness.write("a", b"a", mtime_ns=5)
        expected = fingerprint(harness, "a")
        moved = run(harness.disk.rename("a", "d/e/b", expected))
        assert harness.files() == {"d/e/b": b"a"}
        assert moved.is_same_file_as(expected)
        assert moved == fingerprint(harness, "d/e/b")

    def test_nothing_is_overwritten(self, harness: DiskHarness) -> None:
        harness.write("a", b"a")
        harness.write("b", b"b")
        harness.mkdir("d")
        harness.symlink("link")
        expected = fingerprint(harness, "a")
        for name in ("b", "d", "link", "b/c", "link/c"):
            with pytest.raises(OccupiedError):
                run(harness.disk.rename("a", name, expected))
        assert (harness.files(), harness.outside()) == ({"a": b"a", "b": b"b"}, OUTSIDE)

    def test_another_file_than_expected_stays(self, harness: DiskHarness) -> None:
        harness.write("a", b"a")
        expected = fingerprint(harness, "a")
        harness.write("a", b"edited")
        with pytest.raises(OccupiedError):
            run(harness.disk.rename("a", "b", expected))
        with pytest.raises(MissingError):
            run(harness.disk.rename("none", "b", expected))
        with pytest.raises(UnreadableError):
            run(harness.disk.rename("a", "n" * 256, fingerprint(harness, "a")))
        assert harness.files() == {"a": b"edited"}


class FolderContract:
    """Making and removing folders."""

    def test_folders_are_made_with_those_above(self, harness: DiskHarness) -> None:
        for _ in range(2):
            run(harness.disk.make_dir("a/b/c"))
        assert harness.dirs() == {"a", "a/b", "a/b/c"}

    def test_a_file_or_link_is_in_the_way_of_a_folder(self, harness: DiskHarness) -> None:
        harness.write("file", b"user's")
        harness.symlink("link")
        for name in ("file", "file/d", "link", "link/d"):
            with pytest.raises(OccupiedError):
                run(harness.disk.make_dir(name))
        with pytest.raises(UnreadableError):
            run(harness.disk.make_dir("n" * 256))
        assert (harness.files(), harness.dirs(), harness.outside()) == ({"file": b"user's"}, set(), OUTSIDE)

    def test_an_empty_folder_is_removed_and_stays_gone(self, harness: DiskHarness) -> None:
        harness.mkdir("d/e")
        for _ in range(2):
            run(harness.disk.remove_dir("d/e", "quarantine/junk"))
        assert (harness.dirs(), harness.place_dirs()) == ({"d"}, set())
        run(harness.disk.remove_dir("none/none", "quarantine/junk"))

    def test_junk_does_not_keep_a_folder(self, harness: DiskHarness) -> None:
        harness.write("d/.DS_Store", b"junk")
        harness.write("d/Thumbs.db", b"more")
        run(harness.disk.remove_dir("d", "quarantine/op/d"))
        assert (harness.files(), harness.dirs()) == ({}, set())
        assert harness.places() == {"quarantine/op/d/.DS_Store": b"junk", "quarantine/op/d/Thumbs.db": b"more"}

    def test_a_folder_with_anything_else_stays_as_it_is(self, harness: DiskHarness) -> None:
        harness.write("d/.DS_Store", b"junk")
        harness.write("d/a", b"a")
        harness.mkdir("e/Thumbs.db")
        harness.symlink("f/desktop.ini")
        harness.write("file", b"file")
        harness.symlink("link")
        for name in ("d", "e", "f", "file", "link"):
            with pytest.raises(OccupiedError):
                run(harness.disk.remove_dir(name, "quarantine/op"))
        assert harness.files() == {"d/.DS_Store": b"junk", "d/a": b"a", "file": b"file"}
        assert (harness.dirs(), harness.places()) == ({"d", "e", "e/Thumbs.db", "f"}, {})
        assert harness.outside() == OUTSIDE
