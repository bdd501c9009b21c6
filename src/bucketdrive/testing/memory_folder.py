"""A folder in memory as its user sees it: what tests and the simulator do to it behind the engine's back.

It outlives crashes: a new `MemoryDisk` over the same folder finds everything as the last one left it.
"""

import errno
import stat
from collections.abc import Callable, Mapping

from bucketdrive.model.paths import RESERVED
from bucketdrive.testing.memory_tree import MemoryDir, MemoryFile, MemorySpecial, MemoryTree, make_error


class MemoryWriter:
    """A program that holds a file open: what it writes lands in that file, wherever it was moved meanwhile."""

    def __init__(self, tree: MemoryTree, file: MemoryFile) -> None:
        self._tree = tree
        self._file = file
        file.writers += 1

    @property
    def data(self) -> bytes:
        """The file's content now."""
        return self._file.data

    @property
    def has_name(self) -> bool:
        """Whether the file is still anywhere on the disk, in quarantine too."""
        return any(node is self._file for _, node in self._tree.walk(self._tree.root))

    def write(self, data: bytes) -> None:
        """Replace the file's content."""
        self._tree.write(self._file, data)
        for name, node in self._tree.walk(self._tree.root):
            if node is self._file:
                self._tree.show(name.split("/"), node)

    def close(self) -> None:
        """Let go of the file."""
        self._file.writers -= 1


class MemoryFolder:
    """A folder tree. Every method is atomic and synchronous, and raises `OSError` as a kernel would.

    `clock_ns` grows with every call (nanoseconds; default: a microsecond a call); times are rounded down to `tick_ns`.
    `may_reuse_inodes`: as ext4 does. `record(name, data)` is told every byte string that becomes visible at a user's
    path, whoever put it there. `room_bytes` is what `free_bytes` answers, and the largest file that can be staged.
    `is_windows`: what `name_rules` answers.
    """

    def __init__(
        self,
        clock_ns: Callable[[], int] | None = None,
        *,
        tick_ns: int = 1,
        may_reuse_inodes: bool = False,
        record: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.tree = MemoryTree(clock_ns, tick_ns=tick_ns, may_reuse_inodes=may_reuse_inodes)
        self.tree.record = record
        self.room_bytes = 1 << 40
        self.is_windows = False
        self._unmounted: MemoryDir | None = None

    def write(self, name: str, data: bytes, mtime_ns: int | None = None) -> None:
        """Write in place (the same inode), or make the file and the folders above it."""
        parts = name.split("/")
        node = self.tree.find(parts)
        if isinstance(node, MemoryDir):
            raise make_error(errno.EISDIR, parts)
        if isinstance(node, MemoryFile):
            _check_writable(node, parts)
            self.tree.write(node, data, mtime_ns=mtime_ns)
            self.tree.show(parts, node)
        else:
            self.tree.insert(parts, self.tree.new_file(data, mtime_ns=mtime_ns))

    def save(self, name: str, data: bytes) -> None:
        """Save as editors do: a new inode, renamed over what was there unless that is a folder."""
        parts = name.split("/")
        present = self.tree.find(parts)
        mode = present.mode if isinstance(present, MemoryFile) else 0o644
        self.tree.insert(parts, self.tree.new_file(data, mode=mode), may_replace=True)

    def delete(self, name: str) -> None:
        """Delete a file, or a folder with everything in it."""
        self.tree.remove(name.split("/"))

    def move(self, name: str, new_name: str) -> None:
        """Rename a file (over another one, if there is one) or a folder; the folders above are made."""
        if name != new_name:
            self.tree.rename(name.split("/"), new_name.split("/"), may_replace=True)

    def mkdir(self, name: str) -> None:
        """Make a folder and those above it; no error where it is."""
        parts = name.split("/")
        if not isinstance(self.tree.find(parts), MemoryDir):
            self.tree.insert(parts, self.tree.new_dir())

    def touch(self, name: str, mtime_ns: int | None = None) -> None:
        """Set a file's mtime (default: now), not its content."""
        file = self._file(name)
        self.tree.check_thawed([name])
        file.ctime_ns = self.tree.now_ns()
        file.mtime_ns = file.ctime_ns if mtime_ns is None else mtime_ns

    def rot(self, name: str, data: bytes) -> None:
        """Damage a file's content as a failing disk does: nothing that `lstat` tells of it changes."""
        file = self._file(name)
        self.tree.check_thawed([name])
        if len(data) != len(file.data):
            raise ValueError("rot keeps the size")
        file.data = data

    def set_mode(self, name: str, mode: int) -> None:
        """Set a file's permission bits."""
        file = self._file(name)
        self.tree.check_thawed([name])
        file.mode = mode
        file.ctime_ns = self.tree.now_ns()

    def symlink(self, name: str) -> None:
        """Make a symbolic link, leading anywhere."""
        self.tree.insert(name.split("/"), MemorySpecial(self.tree.new_number(), "symbolic link"))

    def deny(self, name: str) -> None:
        """Take away the permission to read a file, or to list and pass through a folder."""
        self._set_denied(name, is_denied=True)

    def allow(self, name: str) -> None:
        """Give the permission back."""
        self._set_denied(name, is_denied=False)

    def unmount(self) -> None:
        """Leave an empty mount point where the folder was. Nothing happens where it is unmounted already."""
        if self._unmounted is None:
            self._unmounted, self.tree.root = self.tree.root, self.tree.new_dir()

    def swap(self, files: Mapping[str, bytes]) -> None:
        """Have another folder with these files in its place, as `unmount` has an empty one."""
        if self._unmounted is None:
            self.unmount()
            for name, data in files.items():
                self.tree.insert(name.split("/"), self.tree.new_file(data))

    def mount(self) -> None:
        """Bring the folder back; what was written to the mount point meanwhile is hidden."""
        if self._unmounted is not None:
            self.tree.root, self._unmounted = self._unmounted, None

    def mount_disk(self, name: str) -> None:
        """Mount another disk, an empty one, at a folder: what is in the folder is hidden until that one is gone."""
        parts = name.split("/")
        hidden = self.tree.lookup(parts)
        if not isinstance(hidden, MemoryDir):
            raise make_error(errno.ENOTDIR, parts)
        self.tree.parent(parts).children[parts[-1]] = MemoryDir(self.tree.new_number(), covered=hidden)

    def unmount_disk(self, name: str) -> None:
        """Take the other disk away, with all that is on it."""
        parts = name.split("/")
        mounted = self.tree.lookup(parts)
        if not isinstance(mounted, MemoryDir) or mounted.covered is None:
            raise make_error(errno.EINVAL, parts)
        self.tree.parent(parts).children[parts[-1]] = mounted.covered

    def fill(self) -> None:
        """Leave no room on the disk."""
        self.room_bytes = 0

    def make_room(self) -> None:
        """Undo `fill`."""
        self.room_bytes = 1 << 40

    def freeze(self) -> None:
        """Mount the disk read-only: whatever would change it fails, a user's edits too."""
        self.tree.is_frozen = True

    def thaw(self) -> None:
        """Undo `freeze`."""
        self.tree.is_frozen = False

    @property
    def is_mounted(self) -> bool:
        """Whether the folder is there."""
        return self._unmounted is None

    def open_writer(self, name: str) -> MemoryWriter:
        """Hold a file open for writing."""
        file = self._file(name)
        _check_writable(file, name.split("/"))
        return MemoryWriter(self.tree, file)

    def files(self) -> dict[str, bytes]:
        """Every file a user sees: all but those in `.bucketdrive`."""
        return {
            name: node.data
            for name, node in self.tree.walk(self.tree.root)
            if isinstance(node, MemoryFile) and not name.startswith(RESERVED + "/")
        }

    def dirs(self) -> set[str]:
        """Every folder a user sees."""
        return {
            name
            for name, node in self.tree.walk(self.tree.root)
            if isinstance(node, MemoryDir) and name.partition("/")[0] != RESERVED
        }

    def mtime_ns(self, name: str) -> int:
        """A file's mtime."""
        return self._file(name).mtime_ns

    def contents(self) -> set[bytes]:
        """The contents of all files, in quarantine too, and where the folder is unmounted, of all that comes back."""
        root = self._unmounted or self.tree.root
        return {node.data for _, node in self.tree.walk(root) if isinstance(node, MemoryFile)}

    def everything(self) -> dict[str, bytes]:
        """Every file that is there now, ours among them, by name."""
        return {name: node.data for name, node in self.tree.walk(self.tree.root) if isinstance(node, MemoryFile)}

    def data_at(self, place: str) -> bytes:
        """What is at a place below `.bucketdrive/`; nothing where no file is."""
        node = self.tree.find([RESERVED, *place.split("/")])
        return node.data if isinstance(node, MemoryFile) else b""

    def places(self) -> dict[str, bytes]:
        """Every file below `tmp/` and `quarantine/`, by place."""
        own = self.tree.root.children.get(RESERVED)
        if not isinstance(own, MemoryDir):
            return {}
        return {
            place: node.data
            for place, node in self.tree.walk(own)
            if isinstance(node, MemoryFile) and place.startswith(("tmp/", "quarantine/"))
        }

    def quarantine(self) -> dict[str, bytes]:
        """Every file in quarantine, by place."""
        return {place: data for place, data in self.places().items() if place.startswith("quarantine/")}

    def _file(self, name: str) -> MemoryFile:
        parts = name.split("/")
        node = self.tree.lookup(parts)
        if not isinstance(node, MemoryFile):
            raise make_error(errno.EISDIR if isinstance(node, MemoryDir) else errno.ELOOP, parts)
        return node

    def _set_denied(self, name: str, *, is_denied: bool) -> None:
        node = self.tree.lookup(name.split("/"))
        self.tree.check_thawed([name])
        if isinstance(node, MemoryFile):
            self.set_mode(name, 0 if is_denied else 0o755)
        elif isinstance(node, MemoryDir):
            node.is_denied = is_denied
        else:
            raise make_error(errno.ELOOP, name.split("/"))


def _check_writable(file: MemoryFile, parts: list[str]) -> None:
    if not file.mode & stat.S_IWUSR:
        raise make_error(errno.EACCES, parts)
