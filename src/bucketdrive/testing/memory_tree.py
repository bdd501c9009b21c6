"""A file system in memory: inodes, folders, times, and the few calls of a kernel that a disk needs.

Below `memory_disk`. It is synchronous, every call is atomic, and errors are the system's own (`OSError` with a number),
so that the disk in memory translates them exactly as the real one does. Paths are lists of parts, from the top.
"""

# mypy: disable-error-code="explicit-override, override"
# Python 3.11 has no @override, and a folding dict is a dict on purpose.

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bucketdrive.model.entries import Fingerprint
from bucketdrive.model.paths import RESERVED, RelPath

MAX_NAME_BYTES = 255


@dataclass(slots=True, eq=False)
class MemoryFile:
    """A file's inode. `writers`: how many programs hold it open; its number is then not given to another."""

    number: int
    data: bytes
    mtime_ns: int
    ctime_ns: int
    mode: int
    writers: int = 0

    @property
    def is_denied(self) -> bool:
        """Whether its user, who is not root, may not read it."""
        return not self.mode & stat.S_IRUSR

    @property
    def fingerprint(self) -> Fingerprint:
        """What `lstat` tells of it."""
        return Fingerprint(len(self.data), self.mtime_ns, self.ctime_ns, self.number, self.mode)


class FoldedNames(dict[str, "Node"]):
    """Children by name, as a file system that keeps case and normal form but does not tell names apart by them."""

    def _kept(self, name: str) -> str:
        fold = RelPath(name).fold
        return next((kept for kept in self if RelPath(kept).fold == fold), name)

    def __getitem__(self, name: str) -> "Node":
        return super().__getitem__(self._kept(name))

    def __setitem__(self, name: str, node: "Node") -> None:
        super().__setitem__(self._kept(name), node)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(self._kept(name))

    def __contains__(self, name: object) -> bool:
        return super().__contains__(self._kept(str(name)))

    def get(self, name: str, default: Any = None) -> Any:
        """See `dict.get`."""
        return super().get(self._kept(name), default)

    def pop(self, name: str, *default: Any) -> Any:
        """See `dict.pop`."""
        return super().pop(self._kept(name), *default)


@dataclass(slots=True, eq=False)
class MemoryDir:
    """A folder. `is_denied`: it can be neither listed nor passed through; `covered`: what another disk hides here."""

    number: int
    children: "dict[str, Node]" = field(default_factory=dict)
    is_denied: bool = False
    covered: "MemoryDir | None" = None


@dataclass(slots=True, eq=False)
class MemorySpecial:
    """Neither file nor folder; `what` in words."""

    number: int
    what: str


Node = MemoryFile | MemoryDir | MemorySpecial


def make_error(number: int, parts: Sequence[str]) -> OSError:
    """The system's error `number` about a path."""
    return OSError(number, os.strerror(number), "/".join(parts))


class MemoryTree:
    """The inodes below one folder.

    `clock_ns` grows with every call; times are rounded down to `tick_ns`, so two writes can fall into one tick.
    `may_reuse_inodes`: a new file takes the number of the last one deleted, as on ext4. `record` is told every byte
    string that becomes visible outside `.bucketdrive`, with its name; `on_change` every name there that changed. While
    `is_frozen`, nothing can be changed.
    """

    def __init__(self, clock_ns: Callable[[], int] | None, *, tick_ns: int, may_reuse_inodes: bool) -> None:
        self.folds = False
        self.is_frozen = False
        self.record: Callable[[str, bytes], None] | None = None
        self.on_change: Callable[[str], None] | None = None
        self._clock_ns = clock_ns or count(1_700_000_000_000_000_000, 1_000).__next__
        self._tick_ns = tick_ns
        self._may_reuse_inodes = may_reuse_inodes
        self._numbers = count(2)
        self._free: list[int] = []
        self._unsynced: list[Callable[[], None]] = []
        self.root = MemoryDir(1)

    @contextmanager
    def unsynced(self, undo: Callable[[], None]) -> Iterator[None]:
        """Within, a power cut may take back what was just done, by `undo`."""
        self._unsynced.append(undo)
        try:
            yield
        finally:
            if undo in self._unsynced:
                self._unsynced.remove(undo)

    def way_back(self, parts: Sequence[str], source: Sequence[str]) -> Callable[[], None]:
        """How to take back that what now is at `parts` came from `source`, or was swapped with what now is there.

        It stays where its user wrote to it since: whoever syncs a file syncs its name.
        """
        node = self.lookup(parts)
        was = node.fingerprint if isinstance(node, MemoryFile) else None

        def undo() -> None:
            if self.find(parts) is not node or (isinstance(node, MemoryFile) and node.fingerprint != was):
                return
            if self.find(source) is None:
                self.rename(parts, source)
            else:
                self.exchange(parts, source)

        return undo

    def lose_unsynced(self, fraction: Callable[[], float]) -> None:
        """A power cut: each thing done but not yet kept is taken back or not, the last first."""
        for undo in reversed(self._unsynced):
            if fraction() < 0.5:
                with suppress(OSError):
                    undo()
        self._unsynced.clear()

    def now_ns(self) -> int:
        """The time a write of this moment would get."""
        return self._clock_ns() // self._tick_ns * self._tick_ns

    def new_number(self) -> int:
        """A number for a new inode."""
        return self._free.pop() if self._free else next(self._numbers)

    def new_dir(self) -> MemoryDir:
        """A folder's inode that has no name yet."""
        return MemoryDir(self.new_number(), FoldedNames() if self.folds else {})

    def fold_names(self) -> None:
        """From now on, tell names apart neither by case nor by normal form; the folder must be empty."""
        self.folds = True
        self.root = MemoryDir(1, FoldedNames())

    def parent(self, parts: Sequence[str], *, make: bool = False) -> MemoryDir:
        """The folder that holds the last of `parts`; with `make`, those missing are made."""
        folder = self.root
        for part in parts[:-1]:
            if folder.is_denied:
                raise make_error(errno.EACCES, parts)
            _check_length(part, parts)
            child = folder.children.get(part)
            if child is None:
                if not make:
                    raise make_error(errno.ENOENT, parts)
                self.check_thawed(parts)
                child = folder.children[part] = self.new_dir()
            if not isinstance(child, MemoryDir):
                raise make_error(errno.ENOTDIR, parts)
            folder = child
        if folder.is_denied:
            raise make_error(errno.EACCES, parts)
        _check_length(parts[-1], parts)
        return folder

    def check_thawed(self, parts: Sequence[str]) -> None:
        """Raise the error of a disk that is mounted read-only, if it is."""
        if self.is_frozen:
            raise make_error(errno.EROFS, parts)

    def lookup(self, parts: Sequence[str]) -> Node:
        """What is at a path."""
        node = self.parent(parts).children.get(parts[-1])
        if node is None:
            raise make_error(errno.ENOENT, parts)
        return node

    def find(self, parts: Sequence[str]) -> Node | None:
        """What is at a path; None where nothing is, or something above it is not a folder."""
        try:
            return self.lookup(parts)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_on_other_disk(self, parts: Sequence[str]) -> bool:
        """Whether something above a path is where another disk is mounted."""
        above = (self.find(parts[:end]) for end in range(1, len(parts)))
        return any(isinstance(folder, MemoryDir) and folder.covered is not None for folder in above)

    def is_spelled(self, parts: Sequence[str]) -> bool:
        """Whether a name is there in just these letters, where names are folded; else it may be."""
        return not self.folds or parts[-1] in list(self.parent(parts).children)

    def insert(self, parts: Sequence[str], node: Node, *, may_replace: bool = False) -> None:
        """Put an inode under a name; the folders above are made. With `may_replace`, over anything but a folder."""
        children = self.parent(parts, make=True).children
        present = children.get(parts[-1])
        if present is not None:
            if not may_replace or isinstance(present, MemoryDir):
                raise make_error(errno.EEXIST, parts)
            self.check_thawed(parts)
            self._release(present)
        self.check_thawed(parts)
        children[parts[-1]] = node
        self.show(parts, node)

    def new_file(self, data: bytes, *, mode: int = 0o644, mtime_ns: int | None = None) -> MemoryFile:
        """A file's inode that has no name yet."""
        now = self.now_ns()
        return MemoryFile(self.new_number(), data, now if mtime_ns is None else mtime_ns, now, mode)

    def write(self, file: MemoryFile, data: bytes, *, mtime_ns: int | None = None) -> None:
        """Replace the content of an inode. Who knows its name then calls `show`."""
        self.check_thawed([])
        file.data = data
        file.ctime_ns = self.now_ns()
        file.mtime_ns = file.ctime_ns if mtime_ns is None else mtime_ns

    def rename(self, parts: Sequence[str], new_parts: Sequence[str], *, may_replace: bool = False) -> None:
        """Move what is at `parts`; the folders above `new_parts` are made. With `may_replace`, over a file."""
        node = self.lookup(parts)
        is_into_itself = isinstance(node, MemoryDir) and list(new_parts[: len(parts)]) == list(parts)
        target = self.parent(new_parts, make=not is_into_itself).children
        self.check_thawed(new_parts)
        if is_into_itself:
            raise make_error(errno.EINVAL, new_parts)
        present = target.get(new_parts[-1])
        if present is not None:
            if may_replace and list(parts[: len(new_parts)]) == list(new_parts):
                raise make_error(errno.ENOTEMPTY, new_parts)
            _check_replaceable(present, node, new_parts, may_replace=may_replace)
            self._release(present)
        del self.parent(parts).children[parts[-1]]
        target[new_parts[-1]] = node
        self._renamed(new_parts, node)
        self.tell(parts)

    def exchange(self, parts: Sequence[str], other_parts: Sequence[str]) -> None:
        """Swap what is at two paths."""
        one, other = self.lookup(parts), self.lookup(other_parts)
        self.check_thawed(parts)
        self.parent(parts).children[parts[-1]] = other
        self.parent(other_parts).children[other_parts[-1]] = one
        self._renamed(parts, other)
        self._renamed(other_parts, one)

    def remove(self, parts: Sequence[str]) -> None:
        """Delete a file, or a folder with all that is in it."""
        node = self.lookup(parts)
        self.check_thawed(parts)
        del self.parent(parts).children[parts[-1]]
        self.tell(parts)
        self._release(node)
        if isinstance(node, MemoryDir):
            for _, below in self.walk(node):
                self._release(below)

    def remove_place(self, parts: Sequence[str]) -> None:
        """Delete what is at a place of ours, if anything is, and the folders this leaves empty."""
        if self.find(parts) is not None:
            self.remove(parts)
        self.prune(parts)

    def prune(self, parts: Sequence[str]) -> None:
        """Remove the empty folders above a place, but for `tmp` and `quarantine` themselves."""
        for end in range(len(parts) - 1, 2, -1):
            folder = self.find(parts[:end])
            if not isinstance(folder, MemoryDir) or folder.children:
                break
            self.remove(parts[:end])

    def walk(self, folder: MemoryDir, above: str = "") -> Iterator[tuple[str, Node]]:
        """Everything below a folder by name, parents first, in the order of names."""
        for name, node in sorted(folder.children.items()):
            yield above + name, node
            if isinstance(node, MemoryDir):
                yield from self.walk(node, f"{above}{name}/")

    def tell(self, parts: Sequence[str]) -> None:
        """Tell `on_change` of a name about which something is new."""
        if self.on_change is not None and parts[0] != RESERVED:
            self.on_change("/".join(parts))

    def show(self, parts: Sequence[str], node: Node) -> None:
        """Tell `record` what became visible at a path, and `on_change` of it."""
        self.tell(parts)
        if self.record is None or parts[0] == RESERVED:
            return
        name = "/".join(parts)
        if isinstance(node, MemoryFile):
            self.record(name, node.data)
        elif isinstance(node, MemoryDir):
            for below, child in self.walk(node, name + "/"):
                if isinstance(child, MemoryFile):
                    self.record(below, child.data)

    def _renamed(self, parts: Sequence[str], node: Node) -> None:
        if isinstance(node, MemoryFile):
            node.ctime_ns = self.now_ns()
        self.show(parts, node)

    def _release(self, node: Node) -> None:
        if self._may_reuse_inodes and not (isinstance(node, MemoryFile) and node.writers):
            self._free.append(node.number)


def _check_replaceable(present: Node, node: Node, parts: Sequence[str], *, may_replace: bool) -> None:
    """Raise the error of a rename of `node` over `present`, if it is one."""
    if not may_replace:
        raise make_error(errno.EEXIST, parts)
    if isinstance(present, MemoryDir):
        if not isinstance(node, MemoryDir):
            raise make_error(errno.EISDIR, parts)
        if present.children:
            raise make_error(errno.ENOTEMPTY, parts)
    elif isinstance(node, MemoryDir):
        raise make_error(errno.ENOTDIR, parts)


def _check_length(part: str, parts: Sequence[str]) -> None:
    if len(part) * 4 > MAX_NAME_BYTES and len(os.fsencode(part)) > MAX_NAME_BYTES:
        raise make_error(errno.ENAMETOOLONG, parts)
