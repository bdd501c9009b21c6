"""A real folder for the contract suite of the disk: its user's side, by plain calls of the operating system."""

import asyncio
import errno
import os
import shutil
from pathlib import Path

from bucketdrive.disk.folder import FileSystem, Folder
from bucketdrive.model.paths import RESERVED
from bucketdrive.testing import mounts
from bucketdrive.testing.contracts.disk_harness import OUTSIDE


class FolderWriter:
    """See `Writer`."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b", buffering=0)

    def write(self, data: bytes) -> None:
        """See `Writer.write`."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(data)

    def close(self) -> None:
        """See `Writer.close`."""
        self._file.close()


class FolderHarness:
    """Makes `folder` and `outside` in `parent`, and links the folder as a drive. Close it at the end."""

    def __init__(self, parent: Path, file_system: FileSystem | None = None) -> None:
        self.path = parent / "folder"
        self.path.mkdir()
        self._outside = parent / "outside"
        self._outside.mkdir()
        for name, data in OUTSIDE.items():
            (self._outside / name).write_bytes(data)
        self.disk = Folder(self.path, file_system)
        asyncio.run(self.disk.write_root("drive", "root"))

    def close(self) -> None:
        """Stop the disk's threads."""
        self.disk.close()

    def write(self, name: str, data: bytes, mtime_ns: int | None = None) -> None:
        """See `DiskHarness.write`."""
        path = self.path / name
        _make_folder(path.parent)
        path.write_bytes(data)
        if mtime_ns is not None:
            os.utime(path, ns=(mtime_ns, mtime_ns))

    def move(self, name: str, new_name: str) -> None:
        """See `DiskHarness.move`."""
        (self.path / name).lstat()
        if not new_name.startswith(f"{name}/"):
            _make_folder((self.path / new_name).parent)
        (self.path / name).rename(self.path / new_name)

    def delete(self, name: str) -> None:
        """See `DiskHarness.delete`."""
        path = self.path / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    def mkdir(self, name: str) -> None:
        """See `DiskHarness.mkdir`."""
        (self.path / name).mkdir(parents=True, exist_ok=True)

    def symlink(self, name: str) -> None:
        """See `DiskHarness.symlink`."""
        path = self.path / name
        _make_folder(path.parent)
        path.symlink_to(self._outside)

    def set_mode(self, name: str, mode: int) -> None:
        """See `DiskHarness.set_mode`."""
        (self.path / name).chmod(mode)

    def deny(self, name: str) -> None:
        """See `DeniableHarness.deny`. Means nothing to root."""
        (self.path / name).chmod(0)

    def allow(self, name: str) -> None:
        """See `DeniableHarness.allow`."""
        (self.path / name).chmod(0o755)

    def open_writer(self, name: str) -> FolderWriter:
        """See `DiskHarness.open_writer`."""
        return FolderWriter(self.path / name)

    def files(self) -> dict[str, bytes]:
        """See `DiskHarness.files`."""
        return {name: data for name, data in _files(self.path).items() if not name.startswith(RESERVED + "/")}

    def dirs(self) -> set[str]:
        """See `DiskHarness.dirs`."""
        return {name for name in _dirs(self.path) if name.partition("/")[0] != RESERVED}

    def places(self) -> dict[str, bytes]:
        """See `DiskHarness.places`."""
        found = _files(self.path / RESERVED)
        return {place: data for place, data in found.items() if place.startswith(("tmp/", "quarantine/"))}

    def place_dirs(self) -> set[str]:
        """See `DiskHarness.place_dirs`."""
        return {place for place in _dirs(self.path / RESERVED) if place.startswith(("tmp/", "quarantine/"))}

    def outside(self) -> dict[str, bytes]:
        """See `DiskHarness.outside`."""
        return _files(self._outside)


class MountedHarness(FolderHarness):
    """As `FolderHarness`, in a file system of the test's own, mounted at `mount`. Thaw it at the end, and make room."""

    def __init__(self, parent: Path, mount: Path, file_system: FileSystem | None = None) -> None:
        super().__init__(parent, file_system)
        self._mount = mount

    def fill(self) -> None:
        """See `FaultyHarness.fill`."""
        mounts.fill(self._mount)

    def make_room(self) -> None:
        """See `FaultyHarness.make_room`."""
        mounts.make_room(self._mount)

    def freeze(self) -> None:
        """See `FaultyHarness.freeze`."""
        mounts.remount(self._mount, "ro")

    def thaw(self) -> None:
        """See `FaultyHarness.thaw`."""
        mounts.remount(self._mount, "rw")


def _make_folder(path: Path) -> None:
    """Make a folder and those above it, with the error that a system has for a file among them."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from error


def _files(folder: Path) -> dict[str, bytes]:
    return {
        (Path(above) / name).relative_to(folder).as_posix(): (Path(above) / name).read_bytes()
        for above, _, names in os.walk(folder)
        for name in names
        if not (Path(above) / name).is_symlink()
    }


def _dirs(folder: Path) -> set[str]:
    return {
        (Path(above) / name).relative_to(folder).as_posix()
        for above, names, _ in os.walk(folder)
        for name in names
        if not (Path(above) / name).is_symlink()
    }
