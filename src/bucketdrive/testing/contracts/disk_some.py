"""What every disk promises of a scan of some names only: what the whole scan finds there, and nothing else."""
# ruff: noqa: D102, S101  (tests: the name is the sentence, and assert is what they are for)

from bucketdrive.model.entries import LocalDir, LocalEntry, LocalFile, LocalSpecial
from bucketdrive.testing.contracts.disk_harness import DiskHarness, ListedSkips, run, scan


def scan_some(harness: DiskHarness, *names: str, skips: ListedSkips | None = None) -> dict[str, LocalEntry]:
    """What is at `names` and below them, and the folders above."""
    return run(harness.disk.scan(skips or ListedSkips(), names)).entries


class ScanSomeContract:
    """Scanning some names."""

    def test_names_what_is_below_them_and_the_folders_above(self, harness: DiskHarness) -> None:
        for name in ("a", "b", "d/e/f", "d/e/g/h", "d/other", "z/x"):
            harness.write(name, b"")
        harness.mkdir("d/e/empty")
        found = scan_some(harness, "a", "d/e")
        assert sorted(found) == ["a", "d", "d/e", "d/e/empty", "d/e/f", "d/e/g", "d/e/g/h"]
        everything = scan(harness)
        assert found == {name: everything[name] for name in found}
        assert list(found).index("d") < list(found).index("d/e")

    def test_what_is_not_there_is_left_out_with_all_below_it(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"")
        assert scan_some(harness, "b", "d/b", "no/such/name") == {"d": LocalDir(is_empty=False)}

    def test_the_way_ends_at_what_is_no_folder(self, harness: DiskHarness) -> None:
        harness.write("file", b"")
        harness.symlink("link")
        found = scan_some(harness, "file/a", "link/x")
        assert sorted(found) == ["file", "link"]
        assert isinstance(found["file"], LocalFile)
        assert found["link"] == LocalSpecial("symbolic link")

    def test_a_name_below_another_adds_nothing(self, harness: DiskHarness) -> None:
        harness.write("d/a", b"")
        harness.write("d/e/b", b"")
        assert scan_some(harness, "d/e/b", "d", "d/e") == scan(harness)

    def test_no_name_is_nothing(self, harness: DiskHarness) -> None:
        harness.write("a", b"")
        assert scan_some(harness) == {}

    def test_ignore_files_above_count(self, harness: DiskHarness) -> None:
        harness.write(".driveignore", b"skipped\n")
        harness.write("d/.driveignore", b"x\ne/y\n")
        for name in ("skipped/a", "d/x", "d/e/y", "d/e/z"):
            harness.write(name, b"")
        skips = ListedSkips()
        found = scan_some(harness, "skipped/a", "d/x", "d/e/y", "d/e/z", skips=skips)
        assert sorted(found) == ["d", "d/e", "d/e/z"]
        assert skips.entered == [("", b"skipped\n"), ("d", b"x\ne/y\n")]

    def test_a_folder_with_only_ignored_things_is_told_from_an_empty_one(self, harness: DiskHarness) -> None:
        harness.write(".driveignore", b"r/x\n")
        harness.write("r/x", b"")
        harness.mkdir("e")
        found = scan_some(harness, "r", "e")
        assert found == {"e": LocalDir(is_empty=True), "r": LocalDir(is_empty=False, is_residue=True)}

    def test_names_no_disk_can_hold_and_our_own_are_left_out(self, harness: DiskHarness) -> None:
        harness.write("a", b"")
        assert list(scan_some(harness, "a", ".bucketdrive/root.json", "../a", "a\0", "/a", "d//a")) == ["a"]
