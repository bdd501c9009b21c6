"""What the contract suite of the disk needs of a disk under test, and the calls its tests are written in."""
# ruff: noqa: S101  (tests: assert is what they are for)

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from bucketdrive.model.entries import Fingerprint, Hashed, LocalEntry, LocalFile
from bucketdrive.ports.disk import Disk, Staging

T = TypeVar("T")


class DiskHarness(Protocol):
    """A disk under test, and what its user does behind its back. Names may lie in `.bucketdrive`."""

    disk: Disk

    def write(self, name: str, data: bytes, mtime_ns: int | None = None) -> None:
        """Write a file in place, or make it and the folders above it."""

    def move(self, name: str, new_name: str) -> None:
        """Rename a file or a folder, over a file if there is one; the folders above the new name are made."""

    def delete(self, name: str) -> None:
        """Delete a file, or a folder with everything in it."""

    def mkdir(self, name: str) -> None:
        """Make a folder and those above it."""

    def symlink(self, name: str) -> None:
        """Make a symbolic link; on a real disk to a folder outside that holds a file `x`."""

    def set_mode(self, name: str, mode: int) -> None:
        """Set a file's permission bits."""

    def open_writer(self, name: str) -> "Writer":
        """Hold a file open for writing, until it is closed."""

    def files(self) -> dict[str, bytes]:
        """Every file outside `.bucketdrive`."""

    def dirs(self) -> set[str]:
        """Every folder outside `.bucketdrive`."""

    def places(self) -> dict[str, bytes]:
        """Every file below `tmp/` and `quarantine/`."""

    def place_dirs(self) -> set[str]:
        """Every folder below `tmp/` and `quarantine/`."""

    def outside(self) -> dict[str, bytes]:
        """The files of the folder that the symbolic links lead to; only ever `OUTSIDE`."""


class Writer(Protocol):
    """A program that holds a file open for writing."""

    def write(self, data: bytes) -> None:
        """Replace the file's content, wherever it was moved meanwhile."""

    def close(self) -> None:
        """Let go of it."""


class DeniableHarness(DiskHarness, Protocol):
    """A harness that can take away permissions."""

    def deny(self, name: str) -> None:
        """Make a file unreadable, or a folder impassable."""

    def allow(self, name: str) -> None:
        """Undo `deny`."""


class FaultyHarness(DiskHarness, Protocol):
    """A harness whose disk can fail as a whole. All is well again at the end of a test."""

    def fill(self) -> None:
        """Leave no room on the disk."""

    def make_room(self) -> None:
        """Undo `fill`."""

    def freeze(self) -> None:
        """Mount the disk read-only."""

    def thaw(self) -> None:
        """Undo `freeze`."""


OUTSIDE = {"x": b"outside"}


def run(work: Coroutine[Any, Any, T]) -> T:
    """Wait for one call."""
    return asyncio.run(work)


def look(harness: DiskHarness, name: str) -> LocalEntry | None:
    """What the disk says of one name."""
    return run(harness.disk.look([name]))[0]


def fingerprint(harness: DiskHarness, name: str) -> Fingerprint:
    """The fingerprint of a file that is there."""
    entry = look(harness, name)
    assert isinstance(entry, LocalFile)
    return entry.fingerprint


def stage(harness: DiskHarness, place: str, data: bytes, how: Staging | None = None) -> Hashed:
    """Stage bytes."""
    return run(harness.disk.stage(place, data, how or Staging()))


class ListedSkips:
    """Skips the names that ignore files list, one a line, relative to their folder; keeps what it was told."""

    def __init__(self) -> None:
        self.entered: list[tuple[str, bytes]] = []
        self.asked: list[tuple[str, bool]] = []
        self._skipped: set[str] = set()

    def enter(self, folder: str, rules: bytes) -> None:
        """Take the rules in."""
        self.entered.append((folder, rules))
        above = f"{folder}/" if folder else ""
        self._skipped |= {above + line for line in rules.decode().splitlines()}

    def skips(self, name: str, *, is_dir: bool) -> bool:
        """Whether the name was listed."""
        self.asked.append((name, is_dir))
        return name in self._skipped


def scan(harness: DiskHarness, skips: ListedSkips | None = None) -> dict[str, LocalEntry]:
    """Everything in the folder."""
    return run(harness.disk.scan(skips or ListedSkips())).entries
