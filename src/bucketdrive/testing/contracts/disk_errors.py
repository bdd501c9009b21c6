"""What every disk promises, part three: which error each cause makes in each call, and that it leaves all as it was."""
# ruff: noqa: D102, S101  (tests: the name is the sentence, and assert is what they are for)

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from bucketdrive.errors import (
    BucketDriveError,
    DiskFullError,
    DriveError,
    MissingError,
    OccupiedError,
    UnreadableError,
    UnstableFileError,
)
from bucketdrive.model.entries import Fingerprint, Hashed, LocalFile
from bucketdrive.ports.disk import Disk, Staging
from bucketdrive.testing.contracts.disk_harness import (
    DeniableHarness,
    DiskHarness,
    FaultyHarness,
    fingerprint,
    look,
    run,
    scan,
    stage,
)

Call = Callable[[Disk, str, Fingerprint], Coroutine[Any, Any, Any]]
Errors = dict[str, type[BucketDriveError]]

CALLS: dict[str, Call] = {
    "read": lambda disk, name, _: disk.read(name),
    "read_range": lambda disk, name, _: disk.read_range(name, 0, 1),
    "stage like it": lambda disk, name, _: disk.stage("tmp/op/x", b"x", Staging(like=name)),
    "install": lambda disk, name, _: disk.install("tmp/a", name),
    "put_back": lambda disk, name, _: disk.put_back("quarantine/op/q", name),
    "exchange": lambda disk, name, own: disk.exchange("tmp/a", name, own),
    "set_aside": lambda disk, name, own: disk.set_aside(name, "quarantine/new/a", own),
    "rename it": lambda disk, name, own: disk.rename(name, "fresh", own),
    "rename to it": lambda disk, name, own: disk.rename("own", name, own),
    "make_dir": lambda disk, name, _: disk.make_dir(name),
    "remove_dir": lambda disk, name, _: disk.remove_dir(name, "quarantine/junk"),
}
"""Every call that takes a user's name, by what it does to it; it is given the fingerprint of a file `own`."""

_BRINGS = ("install", "put_back", "rename to it", "make_dir")
_TAKES = ("exchange", "set_aside", "rename it")
_READS = ("read", "read_range", "stage like it")

ABSENT: Errors = dict.fromkeys([*_READS, *_TAKES], MissingError)
"""Nothing is there, and what is brought there arrives; removing a folder is no error."""
BLOCKED: Errors = ABSENT | dict.fromkeys(_BRINGS, OccupiedError)
"""What is above it is no folder."""
UNFIT: Errors = dict.fromkeys(CALLS, UnreadableError)
"""No disk holds such a name; or it lies in a folder that may not be entered."""
TAKEN: Errors = dict.fromkeys([*_BRINGS, *_TAKES, "remove_dir"], OccupiedError)
"""Another file than the expected one is there."""
OTHER: Errors = TAKEN | dict.fromkeys(_READS, UnstableFileError)
"""Something that is no regular file is there."""

EXPECTED: dict[str, Errors] = {
    "none": ABSENT,
    "none/none/none": ABSENT,
    "file/a": BLOCKED,
    "file/a/b": BLOCKED,
    "link/x": BLOCKED,
    "d/link/x/y": BLOCKED,
    "link": OTHER,
    "empty": {call: error for call, error in OTHER.items() if call not in ("make_dir", "remove_dir")},
    "d": {call: error for call, error in OTHER.items() if call != "make_dir"},
    "file": TAKEN,
    "n" * 256: UNFIT,
    "d/" + "ü" * 128: UNFIT,
    "none/" + "n" * 256 + "/a": UNFIT,
    "file/" + "n" * 256: UNFIT,
    "a\0": UNFIT,
    "\ud800": UNFIT,
    "../outside/x": UNFIT,
    "d/./file": UNFIT,
    "d//file": UNFIT,
    "d/": UNFIT,
    "/etc/hostname": UNFIT,
    "": {call: error for call, error in UNFIT.items() if call != "stage like it"},
    ".bucketdrive/root.json": UNFIT,
}
"""By name: the calls that raise, and what."""

DENIED: dict[str, Errors] = {
    "locked/a": UNFIT,
    "locked/no/a": UNFIT,
    "locked": UNFIT | dict.fromkeys(("install", "put_back", "rename to it", *_TAKES), OccupiedError),
    "secret": TAKEN | dict.fromkeys(_READS, UnreadableError),
}
"""As `EXPECTED`, for a folder that may not be entered and a file that may not be read."""


def _make_all_calls(harness: DiskHarness, name: str, expected: Errors) -> None:
    own = fingerprint(harness, "own")
    for call, error in expected.items():
        with pytest.raises(error) as caught:
            run(CALLS[call](harness.disk, name, own))
        assert (call, type(caught.value), caught.value.path in (name, "own")) == (call, error, True)
        assert caught.value.hint or not isinstance(caught.value, UnreadableError)


def _prepare(harness: DiskHarness) -> None:
    for place in ("tmp/a", "quarantine/op/q"):
        stage(harness, place, b"staged")
    for name in ("own", "file", "d/file", "locked/a", "secret"):
        harness.write(name, b"user's")
    harness.mkdir("empty")
    for name in ("link", "d/link"):
        harness.symlink(name)


def _all(harness: DiskHarness) -> object:
    return harness.files(), harness.dirs(), harness.places(), harness.place_dirs(), harness.outside()


class ErrorContract:
    """Each call meets each cause."""

    @pytest.mark.parametrize("name", EXPECTED)
    def test_each_cause_has_its_error_and_leaves_all_as_it_was(self, harness: DiskHarness, name: str) -> None:
        _prepare(harness)
        before = _all(harness), scan(harness)
        _make_all_calls(harness, name, EXPECTED[name])
        assert (_all(harness), scan(harness)) == before

    def test_what_is_so_already_is_no_error(self, harness: DiskHarness) -> None:
        _prepare(harness)
        before = _all(harness)
        for name in ("none", "none/none", "file/a", "link/x"):
            run(harness.disk.remove_dir(name, "quarantine/junk"))
        for name in ("empty", "d"):
            run(harness.disk.make_dir(name))
        assert _all(harness) == before

    @pytest.mark.parametrize("name", ["none", "file/a", "link/x", "link", "d", "n" * 256, "\ud800"])
    def test_one_name_spoils_no_answer_about_others(self, harness: DiskHarness, name: str) -> None:
        _prepare(harness)
        looked = run(harness.disk.look(["file", name, "file"]))
        hashed = run(harness.disk.hash_files(["file", name, "file"]))
        assert isinstance(looked[0], LocalFile)
        assert isinstance(hashed[0], Hashed)
        assert (looked[0], hashed[0]) == (looked[2], hashed[2])


class DeniedErrorContract:
    """As `ErrorContract`, where permission is missing."""

    @pytest.mark.parametrize("name", DENIED)
    def test_each_cause_has_its_error_and_leaves_all_as_it_was(self, harness: DeniableHarness, name: str) -> None:
        _prepare(harness)
        before = _all(harness)
        for denied in ("secret", "locked"):
            harness.deny(denied)
        try:
            _make_all_calls(harness, name, DENIED[name])
        finally:
            for denied in ("secret", "locked"):
                harness.allow(denied)
        assert _all(harness) == before

    def test_a_file_that_may_not_be_read_may_be_moved(self, harness: DeniableHarness) -> None:
        _prepare(harness)
        harness.deny("secret")
        secret = fingerprint(harness, "secret")
        run(harness.disk.rename("secret", "moved", secret))
        run(harness.disk.exchange("tmp/a", "moved", fingerprint(harness, "moved")))
        assert look(harness, "secret") is None
        assert run(harness.disk.read("moved")).data == b"staged"


class FaultContract:
    """A disk that is full or mounted read-only. For harnesses that can bring that about."""

    @pytest.mark.parametrize("place", ["tmp/op/x", "quarantine/op/x"])
    def test_on_a_full_disk_a_file_is_not_staged_and_leaves_nothing(self, harness: FaultyHarness, place: str) -> None:
        body = b"x" * (1 << 20)

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 1 << 18):
                yield body[start : start + (1 << 18)]

        async def stage_chunks() -> Hashed:
            return await harness.disk.stage(place, chunks(), Staging())

        harness.fill()
        for work in (harness.disk.stage(place, body, Staging()), stage_chunks()):
            with pytest.raises(DiskFullError) as caught:
                run(work)
            assert (caught.value.path, bool(caught.value.hint)) == (place, True)
            assert (harness.places(), harness.place_dirs()) == ({}, set())
        harness.make_room()
        run(stage_chunks())
        assert harness.places() == {place: body}

    def test_on_a_full_disk_what_is_staged_can_be_installed_and_the_rest_be_read(self, harness: FaultyHarness) -> None:
        harness.write("d/a", b"old")
        for place in ("tmp/a", "tmp/b"):
            stage(harness, place, b"new")
        harness.fill()
        run(harness.disk.exchange("tmp/a", "d/a", fingerprint(harness, "d/a")))
        run(harness.disk.install("tmp/b", "d/b"))
        assert run(harness.disk.read("d/a")).data == b"new"
        assert sorted(scan(harness)) == ["d", "d/a", "d/b"]
        assert harness.places() == {"tmp/a": b"old"}

    def test_a_disk_mounted_read_only_is_read(self, harness: FaultyHarness) -> None:
        _prepare(harness)
        disk = harness.disk
        before = scan(harness), run(disk.places()), run(disk.read("file")), run(disk.root())
        harness.freeze()
        assert (scan(harness), run(disk.places()), run(disk.read("file")), run(disk.root())) == before
        assert run(disk.hash_place("tmp/a")) is not None
        assert run(disk.free_bytes()) >= 0
        run(disk.make_dir("d"))
        run(disk.remove_dir("none/none", "quarantine/junk"))

    def test_a_disk_mounted_read_only_is_not_changed_and_says_so(self, harness: FaultyHarness) -> None:
        _prepare(harness)
        own, disk = fingerprint(harness, "own"), harness.disk
        before = _all(harness), scan(harness)
        harness.freeze()
        for work in (
            disk.set_state_id("new"),
            disk.stage("tmp/op/x", b"x", Staging()),
            disk.stage("quarantine/op/x", b"x", Staging(like="file")),
            disk.install("tmp/a", "new"),
            disk.install("tmp/a", "new/folder/a"),
            disk.put_back("quarantine/op/q", "new"),
            disk.exchange("tmp/a", "own", own),
            disk.set_aside("own", "quarantine/new/own", own),
            disk.rename("own", "d/own", own),
            disk.make_dir("new"),
            disk.remove_dir("empty", "quarantine/junk"),
            disk.discard("tmp/a"),
        ):
            with pytest.raises(UnreadableError, match="read-only") as caught:
                run(work)
            assert "mount it for writing" in caught.value.hint
        for of_folder in (disk.write_root("other", "ids"), disk.clock_ns()):
            with pytest.raises(DriveError, match="read-only"):
                run(of_folder)
        assert (_all(harness), scan(harness)) == before
        harness.thaw()
        run(disk.install("tmp/a", "new"))
