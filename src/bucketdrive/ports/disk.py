"""The disk port: a drive's folder, and the reserved `.bucketdrive/` in it.

A `name` is a path on disk relative to the folder, `/` between its parts, undecodable bytes as surrogates
(`os.fsdecode`). A `place` is relative to `.bucketdrive/` and begins with `tmp/` (only ever our own bytes) or
`quarantine/` (may hold a user's). Everything that moves a file does so by one atomic rename, never over anything, never
through a symbolic link, and is durable when the method returns. A method may be called from many tasks at once, for
different names.

**Raises**, for every method that takes a name or a place:
    UnreadableError: permission denied, I/O error, or a name the disk cannot hold.
    GuardError: the folder itself is gone, or is not the one to `stay_at`; for what changes anything, also:
        `.bucketdrive` is gone (it may be unmounted).
    DiskFullError: no room.

**Raises**, for every other: GuardError and DiskFullError as well, and DriveError where the folder cannot be used.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bucketdrive.errors import ItemError
from bucketdrive.model.entries import Content, Fingerprint, Hashed, LocalEntry, NameRules

IGNORE_FILE = ".driveignore"

JUNK_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files an operating system leaves in folders; they do not keep a folder from being removed."""

MAX_DEPTH = 250
"""Folders inside each other that a scan enters; the next is LocalUnknown (three frames of Python each)."""


class Skips(Protocol):
    """The predicate a scan is given; `rules.ignore.IgnoreRules` is one."""

    def enter(self, folder: str, rules: bytes) -> None:
        """The scan found `rules` in the ignore file of `folder` (empty text at the top)."""
        ...

    def skips(self, name: str, *, is_dir: bool) -> bool:
        """Whether to pass over `name`. Asked after `enter` for every folder above it, for parents before children."""
        ...


@dataclass(frozen=True, slots=True)
class RootFacts:
    """The folder itself: the ids in its marker (empty where it has none) and its identity on this machine."""

    drive_id: str
    root_id: str
    device: int
    inode: int


@dataclass(slots=True)
class Scan:
    """What is in the folder, but for `.bucketdrive` and what is skipped: by name; parents come before children."""

    entries: dict[str, LocalEntry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Staging:
    """How a staged file is to look.

    `mtime_ns` None: leave it now. `like`: the file whose mode, owner, ACL and extended attributes it takes over, empty
    for a new file, which follows the umask and `is_executable`.
    """

    mtime_ns: int | None = None
    is_executable: bool = False
    like: str = ""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Both files after an exchange: the one now under the name, and the one that came out."""

    installed: Fingerprint
    came_out: Fingerprint


class Disk(Protocol):
    """A drive's folder."""

    async def root(self) -> RootFacts:
        """The folder's marker and identity.

        Raises:
            GuardError: the folder is not there, is not a folder, or cannot be read.
        """
        ...

    def stay_at(self, facts: RootFacts) -> None:
        """From now on, be about this very folder only; `root` alone still tells what is there now."""
        ...

    async def write_root(self, drive_id: str, root_id: str) -> None:
        """Make `.bucketdrive/` and its marker, replacing a marker that is there. The folder must exist."""
        ...

    async def state_id(self) -> str:
        """What `set_state_id` left in `.bucketdrive/`; empty where it left nothing."""
        ...

    async def set_state_id(self, state_id: str) -> None:
        """Leave a word (at most 100 ASCII characters) that tells which state went to work here last. Durable."""
        ...

    async def clock_ns(self) -> int:
        """The file system's own time, read by touching a file in `.bucketdrive/`; comparable with mtime and ctime."""
        ...

    async def name_rules(self) -> NameRules:
        """What the file system makes of names. Asked once a look; cheap."""
        ...

    async def free_bytes(self) -> int:
        """Room left on the file system."""
        ...

    async def scan(self, skips: Skips, names: Collection[str] | None = None) -> Scan:
        """Everything in the folder; with `names`, of these and all below them, and of the folders above them.

        Symbolic links are not followed; a folder on another file system, or below `MAX_DEPTH` others, is LocalUnknown.
        What is above `names` is told as `look` tells it, down to the first that is not there or no folder.
        """
        ...

    async def look(self, names: Sequence[str]) -> list[LocalEntry | None]:
        """One `lstat` a name, in order. None: it is not there, and its parent could be read (or is not there itself).

        A name below a file or a symbolic link is not there; nor, where the disk folds names, one in another spelling.
        For a folder, `is_empty` is told and `is_residue` false.
        """
        ...

    async def hash_files(self, names: Sequence[str]) -> list[Hashed | ItemError | None]:
        """Read and hash each file, in order; the error of a file that changed meanwhile or cannot be read; None.

        Gone.
        """
        ...

    async def read(self, name: str) -> Content:
        """The whole of a file, stable: fingerprint equal before, after, and by name after that.

        Raises:
            UnstableFileError: it changed while it was read, or is no regular file any more.
            MissingError: it is not there.
        """
        ...

    async def read_range(self, name: str, first: int, end: int) -> bytes:
        """Bytes [first, end) of a file, fewer at its end. No promise that they belong together: compare fingerprints.

        Raises:
            MissingError: it is not there.
        """
        ...

    async def stage(self, place: str, body: AsyncIterator[bytes] | bytes, how: Staging) -> Hashed:
        """Write a new file at `place`, durable, its mode already final. Its folders are made, 0700: they protect it.

        It grows in `tmp/`: in `quarantine/` it appears only when it is whole, so that what a crash leaves there is
        never part of a file.

        Raises:
            OccupiedError: something is there already.
            MissingError, UnstableFileError: `how.like` is not there, or no regular file; that is what they are about.
        """
        ...

    async def install(self, place: str, name: str) -> Fingerprint:
        """Move a staged file to `name`, where nothing may be; its folders are made.

        Raises:
            OccupiedError: something is at `name`, or a part above it is not a folder. The staged file stays.
            MissingError: nothing is staged there.
        """
        ...

    async def exchange(self, place: str, name: str, expected: Fingerprint) -> Exchanged:
        """Swap a staged file with the one at `name` if that still has the `expected` fingerprint.

        Between the last look and the swap a user may still write: compare `came_out`, whose bytes are then at `place`.

        Raises:
            MissingError: `name` or the staged file is not there. OccupiedError: `name` is another file, or none.
        """
        ...

    async def set_aside(self, name: str, place: str, expected: Fingerprint) -> Fingerprint:
        """Move the file at `name`, if it still has the `expected` fingerprint, to `place`. Returns what came out.

        Raises:
            MissingError: it is not there. OccupiedError: another file is there, or something is at `place`.
        """
        ...

    async def put_back(self, place: str, name: str) -> Fingerprint:
        """Move what is at `place` to `name`, where nothing may be. As `install`, with the same errors."""
        ...

    async def rename(self, name: str, new_name: str, expected: Fingerprint) -> Fingerprint:
        """Move a file within the folder if it still has the `expected` fingerprint; nothing may be at `new_name`.

        Raises:
            MissingError: it is not there. OccupiedError: another file is there, or something is at `new_name`.
        """
        ...

    async def make_dir(self, name: str) -> None:
        """Make a folder and those above it. No error where it exists.

        Raises:
            OccupiedError: something that is not a folder stands at it or above it.
        """
        ...

    async def remove_dir(self, name: str, junk_place: str) -> None:
        """Remove an empty folder; `JUNK_NAMES` in it are first moved below `junk_place`. No error where it is gone.

        Raises:
            OccupiedError: something is in it, or it is not a folder.
        """
        ...

    async def places(self) -> list[str]:
        """Every file below `tmp/` and `quarantine/`, sorted."""
        ...

    async def hash_place(self, place: str) -> Hashed | None:
        """Hash a staged file or one in quarantine; None where nothing is there.

        Raises:
            UnstableFileError: it changed meanwhile.
        """
        ...

    async def discard(self, place: str) -> None:
        """Delete a file at `place` and the folders this leaves empty. No error where it is gone."""
        ...
