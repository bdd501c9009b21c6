"""What every disk promises, part one: looking, scanning, reading, and places.

A test module inherits from the classes and gives them a fixture `harness`. `disk_moves` has part two.
"""
# ruff: noqa: D102, S101  (tests: the name is the sentence, and assert is what they are for)

from dataclasses import replace
from hashlib import md5, sha256

import pytest

from bucketdrive.errors import (
    GuardError,
    InternalError,
    MissingError,
    OccupiedError,
    UnreadableError,
    UnstableFileError,
)
from bucketdrive.model.entries import Hashed, LocalDir, LocalFile, LocalSpecial, LocalUnknown
from bucketdrive.ports.disk import Staging
from bucketdrive.testing.contracts.disk_harness import (
    DeniableHarness,
    DiskHarness,
    ListedSkips,
    fingerprint,
    look,
    run,
    scan,
    stage,
)


class RootContract:
    """The folder itself."""

    def test_a_new_root_has_the_ids_it_was_given(self, harness: DiskHarness) -> None:
        run(harness.disk.write_root("drive", "root"))
        facts = run(harness.disk.root())
        assert (facts.drive_id, facts.root_id) == ("drive", "root")

    def test_a_folder_to_stay_at_is_no_other(self, harness: DiskHarness) -> None:
        harness.disk.stay_at(run(harness.disk.root()))
        assert scan(harness) == {}
        facts = run(harness.disk.root())
        harness.disk.stay_at(replace(facts, inode=facts.inode + 1))
        for work in (harness.disk.scan(ListedSkips()), harness.disk.look(["a"]), harness.disk.set_state_id("x")):
            with pytest.raises(GuardError):
                run(work)
        assert run(harness.disk.root()) == facts
        harness.disk.stay_at(facts)

    def test_the_state_id_is_what_was_left_last(self, harness: DiskHarness) -> None:
        assert run(harness.disk.state_id()) == ""
        run(harness.disk.set_state_id("first"))
        run(harness.disk.set_state_id("second"))
        assert run(harness.disk.state_id()) == "second"
        assert (harness.places(), scan(harness)) == ({}, {})

    def test_writing_the_root_again_replaces_the_marker(self, harness: DiskHarness) -> None:
        before = run(harness.disk.root())
        run(harness.disk.write_root("other", "ids"))
        after = run(harness.disk.root())
        assert (after.drive_id, after.root_id) == ("other", "ids")
        assert (after.device, after.inode) == (before.device, before.inode)

    def test_a_folder_without_marker_has_no_ids(self, harness: DiskHarness) -> None:
        harness.delete(".bucketdrive")
        facts = run(harness.disk.root())
        assert (facts.drive_id, facts.root_id) == ("", "")

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"drive_id": "d"}', b"\xff"])
    def test_a_damaged_marker_stops_the_drive(self, harness: DiskHarness, data: bytes) -> None:
        harness.write(".bucketdrive/root.json", data)
        with pytest.raises(GuardError):
            run(harness.disk.root())

    def test_without_bucketdrive_folder_nothing_is_written(self, harness: DiskHarness) -> None:
        harness.write("a", b"a")
        expected = fingerprint(harness, "a")
        harness.delete(".bucketdrive")
        disk = harness.disk
        for work in (
            disk.stage("tmp/x", b"x", Staging()),
            disk.install("tmp/x", "b"),
            disk.exchange("tmp/x", "a", expected),
            disk.put_back("quarantine/x", "b"),
            disk.set_aside("a", "quarantine/a", expected),
            disk.rename("a", "b", expected),
            disk.make_dir("d"),
            disk.remove_dir("d", "quarantine/j"),
            disk.clock_ns(),
        ):
            with pytest.raises(GuardError):
                run(work)
        assert (harness.files(), harness.dirs(), harness.places()) == ({"a": b"a"}, set(), {})

    def test_the_clock_is_the_one_that_stamps_files(self, harness: DiskHarness) -> None:
        first = run(harness.disk.clock_ns())
        harness.write("a", b"a")
        second = run(harness.disk.clock_ns())
        assert first <= fingerprint(harness, "a").ctime_ns <= second

    def test_there_is_room(self, harness: DiskHarness) -> None:
        assert run(harness.disk.free_bytes()) > 0


class LookContract:
    """Looking at single names."""

    def test_a_file_is_told_by_its_fingerprint(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"four", mtime_ns=1_600_000_000_123_456_789)
        harness.set_mode("d/a", 0o640)
        found = fingerprint(harness, "d/a")
        assert (found.size, found.mtime_ns, found.mode) == (4, 1_600_000_000_123_456_789, 0o640)

    def test_folders_say_whether_anything_is_in_them(self, harness: DiskHarness) -> None:
        harness.mkdir("empty")
        harness.write("full/a", b"")
        assert run(harness.disk.look(["empty", "full"])) == [LocalDir(is_empty=True), LocalDir(is_empty=False)]

    def test_what_is_not_there_is_none(self, harness: DiskHarness) -> None:
        harness.write("a", b"a")
        harness.symlink("link")
        assert run(harness.disk.look(["no", "no/no", "a/b", "a/b/c", "link/x"])) == [None] * 5

    def test_a_symbolic_link_is_special(self, harness: DiskHarness) -> None:
        harness.symlink("link")
        assert look(harness, "link") == LocalSpecial("symbolic link")

    @pytest.mark.parametrize("name", ["n" * 256, "n" * 256 + "/a", "ü" * 128, "a\0b", "\ud800", "../a", "a//b"])
    def test_a_name_that_no_disk_holds_is_unknown(self, harness: DiskHarness, name: str) -> None:
        assert isinstance(look(harness, name), LocalUnknown)

    def test_answers_come_in_the_order_of_the_names(self, harness: DiskHarness) -> None:
        names = [f"d{number % 3}/{number}" for number in range(100)]
        for number, name in enumerate(names):
            harness.write(name, b"x" * number)
        found = run(harness.disk.look(names))
        assert [entry.fingerprint.size for entry in found if isinstance(entry, LocalFile)] == list(range(100))

    def test_writing_and_renaming_show_in_the_fingerprint(self, harness: DiskHarness) -> None:
        harness.write("a", b"one", mtime_ns=5)
        first = fingerprint(harness, "a")
        harness.move("a", "b")
        moved = fingerprint(harness, "b")
        harness.write("b", b"two")
        written = fingerprint(harness, "b")
        assert moved.is_same_file_as(first)
        assert not written.is_same_file_as(first)


class ScanContract:
    """Scanning the folder."""

    def test_everything_is_found_as_look_finds_it(self, harness: DiskHarness) -> None:
        harness.write("a", b"a")
        harness.write("d/e/f", b"f")
        harness.mkdir("d/empty")
        harness.symlink("d/link")
        names = ["a", "d", "d/e", "d/e/f", "d/empty", "d/link"]
        found = scan(harness)
        assert sorted(found) == names
        assert [found[name] for name in names] == run(harness.disk.look(names))

    def test_parents_come_before_their_children(self, harness: DiskHarness) -> None:
        for name in ("b/c/d/x", "a/z", "a/b/y", "a.txt", "a-b/c"):
            harness.write(name, b"")
        seen: set[str] = {""}
        for name in scan(harness):
            assert name.rpartition("/")[0] in seen
            seen.add(name)

    def test_the_own_folder_is_left_out(self, harness: DiskHarness) -> None:
        stage(harness, "tmp/a", b"a")
        assert scan(harness) == {}

    def test_an_empty_folder_and_one_with_only_ignored_things_differ(self, harness: DiskHarness) -> None:
        harness.write(".driveignore", b"r/x\nr/y\nm/x\n")
        for name in ("r/x", "m/x", "m/kept"):
            harness.write(name, b"")
        harness.mkdir("r/y")
        harness.mkdir("e")
        found = scan(harness)
        assert sorted(found) == [".driveignore", "e", "m", "m/kept", "r"]
        assert found["e"] == LocalDir(is_empty=True)
        assert found["r"] == LocalDir(is_empty=False, is_residue=True)
        assert found["m"] == LocalDir(is_empty=False)

    def test_ignore_files_are_told_before_what_they_rule(self, harness: DiskHarness) -> None:
        harness.write(".driveignore", b"skipped\n")
        harness.write("d/.driveignore", b"x\n")
        harness.write("d/x", b"")
        harness.write("d/y", b"")
        harness.write("skipped/.driveignore", b"never read\n")
        skips = ListedSkips()
        found = scan(harness, skips)
        assert sorted(found) == [".driveignore", "d", "d/.driveignore", "d/y"]
        assert skips.entered == [("", b"skipped\n"), ("d", b"x\n")]
        assert sorted(skips.asked) == [
            (".driveignore", False),
            ("d", True),
            ("d/.driveignore", False),
            ("d/x", False),
            ("d/y", False),
            ("skipped", True),
        ]

    def test_an_ignore_file_that_is_no_file_rules_nothing(self, harness: DiskHarness) -> None:
        harness.symlink(".driveignore")
        harness.mkdir("d/.driveignore")
        skips = ListedSkips()
        assert sorted(scan(harness, skips)) == [".driveignore", "d", "d/.driveignore"]
        assert skips.entered == []

    def test_symbolic_links_are_not_followed(self, harness: DiskHarness) -> None:
        harness.symlink("link")
        assert scan(harness) == {"link": LocalSpecial("symbolic link")}


class ReadContract:
    """Reading and hashing."""

    @pytest.mark.parametrize("data", [b"", b"some bytes", bytes(range(256)) * 10_000], ids=len)
    def test_a_file_is_read_with_its_hashes_and_fingerprint(self, harness: DiskHarness, data: bytes) -> None:
        harness.write("d/a", data)
        content = run(harness.disk.read("d/a"))
        assert content.data == data
        assert content.hashed == Hashed(
            sha256(data).hexdigest(), md5(data, usedforsecurity=False).hexdigest(), fingerprint(harness, "d/a")
        )
        assert run(harness.disk.hash_files(["d/a"])) == [content.hashed]

    def test_a_file_that_is_not_there_is_missing(self, harness: DiskHarness) -> None:
        harness.write("a", b"a")
        harness.symlink("link")
        for name in ("no", "no/no", "a/b", "link/x"):
            with pytest.raises(MissingError) as caught:
                run(harness.disk.read(name))
            assert caught.value.path == name
            with pytest.raises(MissingError):
                run(harness.disk.read_range(name, 0, 1))
        assert run(harness.disk.hash_files(["no", "no/no", "a/b", "link/x"])) == [None] * 4

    def test_what_is_no_file_any_more_is_unstable_and_not_gone(self, harness: DiskHarness) -> None:
        harness.mkdir("d")
        harness.symlink("link")
        for name in ("d", "link"):
            with pytest.raises(UnstableFileError):
                run(harness.disk.read(name))
            with pytest.raises(UnstableFileError):
                run(harness.disk.read_range(name, 0, 1))
        assert [type(found) for found in run(harness.disk.hash_files(["d", "link"]))] == [UnstableFileError] * 2

    def test_a_name_that_no_disk_holds_is_unreadable(self, harness: DiskHarness) -> None:
        for name in ("n" * 256, "../outside", ".bucketdrive/root.json"):
            with pytest.raises(UnreadableError):
                run(harness.disk.read(name))
        assert [type(found) for found in run(harness.disk.hash_files(["n" * 256]))] == [UnreadableError]

    def test_hashes_come_in_the_order_of_the_names(self, harness: DiskHarness) -> None:
        names = [f"d{number % 3}/{number}" for number in range(100)]
        for name in names:
            harness.write(name, name.encode())
        asked = [*names, "no"]
        found = run(harness.disk.hash_files(asked))
        digests = [hashed.sha256 if isinstance(hashed, Hashed) else hashed for hashed in found]
        assert digests == [*(sha256(name.encode()).hexdigest() for name in names), None]

    def test_a_range_ends_with_the_file(self, harness: DiskHarness) -> None:
        harness.write("a", b"0123456789")
        ranges = [(0, 4), (4, 10), (8, 20), (10, 20), (30, 40), (5, 5)]
        found = [run(harness.disk.read_range("a", first, end)) for first, end in ranges]
        assert found == [b"0123", b"456789", b"89", b"", b"", b""]


class PlaceContract:
    """Places: staging, hashing and discarding."""

    @pytest.mark.parametrize("place", ["tmp/op", "tmp/op/a", "quarantine/op/d/a"])
    def test_a_staged_file_is_at_its_place_and_nowhere_else(self, harness: DiskHarness, place: str) -> None:
        hashed = stage(harness, place, b"data", Staging(mtime_ns=1_600_000_000_123_456_789))
        assert hashed.sha256 == sha256(b"data").hexdigest()
        assert hashed.md5 == md5(b"data", usedforsecurity=False).hexdigest()
        assert (hashed.fingerprint.size, hashed.fingerprint.mtime_ns) == (4, 1_600_000_000_123_456_789)
        assert (harness.places(), harness.files()) == ({place: b"data"}, {})
        assert run(harness.disk.hash_place(place)) == hashed

    def test_places_are_listed_sorted(self, harness: DiskHarness) -> None:
        for place in ("tmp/b", "quarantine/op/d/x", "tmp/a/z", "quarantine/op/c"):
            stage(harness, place, b"")
        assert run(harness.disk.places()) == ["quarantine/op/c", "quarantine/op/d/x", "tmp/a/z", "tmp/b"]

    def test_a_place_that_is_taken_is_left_alone(self, harness: DiskHarness) -> None:
        stage(harness, "tmp/a", b"first")
        stage(harness, "quarantine/op/a", b"first")
        for place in ("tmp/a", "quarantine/op/a"):
            with pytest.raises(OccupiedError):
                stage(harness, place, b"second")
        assert harness.places() == {"tmp/a": b"first", "quarantine/op/a": b"first"}

    def test_no_place_is_outside_the_two_areas(self, harness: DiskHarness) -> None:
        for place in ("root.json", "a/b", "tmp", "TMP/a"):
            with pytest.raises(InternalError):
                stage(harness, place, b"")
        for place in ("tmp/../a", "tmp//a", "tmp/"):
            with pytest.raises(UnreadableError):
                stage(harness, place, b"")
        assert (harness.places(), harness.files()) == ({}, {})

    def test_discarding_removes_the_file_and_the_folders_it_leaves_empty(self, harness: DiskHarness) -> None:
        for place in ("quarantine/op/d/x", "quarantine/op/y"):
            stage(harness, place, b"")
        run(harness.disk.discard("quarantine/op/d/x"))
        assert harness.place_dirs() == {"quarantine/op"}
        run(harness.disk.discard("quarantine/op/y"))
        assert (harness.place_dirs(), harness.places()) == (set(), {})
        run(harness.disk.discard("quarantine/op/y"))

    def test_nothing_at_a_place_has_no_hash(self, harness: DiskHarness) -> None:
        assert run(harness.disk.hash_place("tmp/none")) is None
        assert run(harness.disk.hash_place("quarantine/none/none")) is None


class DenialContract:
    """What happens where permission is missing. For harnesses that can take it away."""

    def test_a_denied_file_is_seen_but_not_read(self, harness: DeniableHarness) -> None:
        harness.write("a", b"a")
        harness.deny("a")
        assert isinstance(look(harness, "a"), LocalFile)
        with pytest.raises(UnreadableError) as caught:
            run(harness.disk.read("a"))
        assert caught.value.path == "a"
        assert caught.value.hint
        assert [type(found) for found in run(harness.disk.hash_files(["a"]))] == [UnreadableError]

    def test_a_denied_folder_and_all_below_it_are_unknown(self, harness: DeniableHarness) -> None:
        harness.write("d/e/a", b"a")
        harness.write("z", b"z")
        harness.deny("d")
        found = scan(harness)
        assert sorted(found) == ["d", "z"]
        assert isinstance(found["d"], LocalUnknown)
        assert all(isinstance(entry, LocalUnknown) for entry in run(harness.disk.look(["d", "d/e", "d/no", "d/e/a"])))
        with pytest.raises(UnreadableError):
            run(harness.disk.read("d/e/a"))
        harness.allow("d")
        assert sorted(scan(harness)) == ["d", "d/e", "d/e/a", "z"]

    def test_nothing_is_moved_into_or_out_of_a_denied_folder(self, harness: DeniableHarness) -> None:
        harness.write("d/a", b"a")
        expected = fingerprint(harness, "d/a")
        stage(harness, "tmp/b", b"b")
        harness.deny("d")
        disk = harness.disk
        for work in (
            disk.install("tmp/b", "d/b"),
            disk.exchange("tmp/b", "d/a", expected),
            disk.set_aside("d/a", "quarantine/a", expected),
            disk.rename("d/a", "a", expected),
            disk.make_dir("d/e"),
            disk.remove_dir("d", "quarantine/j"),
        ):
            with pytest.raises(UnreadableError):
                run(work)
        harness.allow("d")
        assert (harness.files(), harness.places()) == ({"d/a": b"a"}, {"tmp/b": b"b"})

    def test_unreadable_rules_make_their_folder_unknown(self, harness: DeniableHarness) -> None:
        harness.write("d/.driveignore", b"secret")
        harness.write("d/secret", b"")
        harness.deny("d/.driveignore")
        found = scan(harness)
        assert list(found) == ["d"]
        assert isinstance(found["d"], LocalUnknown)

    def test_unreadable_rules_at_the_top_stop_the_scan(self, harness: DeniableHarness) -> None:
        harness.write(".driveignore", b"secret")
        harness.deny(".driveignore")
        with pytest.raises(UnreadableError):
            scan(harness)
