"""How a person's edits are made in a real folder, and taken down as they are made.

All of it is done under the device's lock, so that whoever reads a file under it sees no half of a person's own edit.
An edit that displaces a content reads it from the very file that it displaces: a sync may exchange files at any moment.
"""

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from soak.account import Account
from soak.log import Log

RESERVED = ".bucketdrive"
_SLOW_S = 0.2
_AT_FDCWD = -100
_NOREPLACE = 1
_libc = ctypes.CDLL(None, use_errno=True)


def move(source: Path, target: Path) -> None:
    """Rename to where nothing is.

    Raises:
        OSError: something is there (FileExistsError), or the source is not.
    """
    if _libc.renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _NOREPLACE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def files_below(folder: Path) -> Iterator[Path]:
    """All files, but for what belongs to the program itself; sorted folder by folder."""
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name != RESERVED)
        for name in sorted(files):
            yield Path(parent) / name


class Hands:
    """Changes one folder. `aside`, on the same disk, is where what is deleted goes and where new files come from.

    Every method but `look_through_trash` is called under `lock`, and raises OSError where the folder has changed.
    """

    def __init__(self, device: str, folder: Path, aside: Path, account: Account, log: Log) -> None:
        self.device = device
        self.folder = folder
        self.lock = threading.Lock()
        self.desk = aside / "desk"
        self.deeds = 0
        self._trash = aside / "trash"
        self._account = account
        self._log = log
        self._deleted = 0
        for place in (self._trash, self.desk):
            place.mkdir(parents=True, exist_ok=True)

    def new_file(self, path: str, size: int) -> None:
        """Write a new content where nothing is, with the folders above it."""
        local = self.folder / path
        local.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(local, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            data = self._account.new_content(self.device, path, size)
            self._write(number, data, b"")
            self.written(number, path, data)
        finally:
            os.close(number)

    def write_new(self, local: Path, data: bytes) -> None:
        """Write a given content where nothing is."""
        try:
            number = os.open(local, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError:
            self._account.supersede(data)  # it was never written
            raise
        try:
            self._write(number, data, b"")
            self.rests(local.relative_to(self.folder).as_posix(), data)
        finally:
            os.close(number)

    def rewrite(self, number: int, path: str, size: int) -> None:
        """Write a new content into an open file."""
        before = os.pread(number, os.fstat(number).st_size + 1, 0)
        data = self._account.new_content(self.device, path, size)
        self._account.supersede(before)
        self._write(number, data, before)
        self.written(number, path, data)

    def _write(self, number: int, data: bytes, before: bytes) -> None:
        """Write at once. If this machine was too busy for that, the half that stood there was a user's content too."""
        began_s = time.monotonic()
        os.pwrite(number, data, 0)
        os.ftruncate(number, len(data))
        if time.monotonic() - began_s > _SLOW_S:
            for half in (before, data + before[len(data) :]):
                self._account.know(half, f"half of an edit of {self.device}")
                if half != data:
                    self._account.supersede(half)

    def written(self, number: int, path: str, data: bytes) -> None:
        """Take down that a content was written through an open file."""
        self.rests(path, data)
        if not self.has_name(number, path):
            self._account.report_late(self.device, path, data)
            self._log.write("late", device=self.device, path=path, content=self._account.name(data))
        self.note("write", path, self._account.name(data))

    def replace(self, path: str, new: Path, size: int) -> None:
        """Write a new content beside a file, as `new`, and rename it over that file; nothing is left if that fails."""
        data = self._account.new_content(self.device, path, size)
        self.write_new(new, data)
        try:
            self.rename_over(new, path, data)
        except OSError:
            new.unlink()
            self._account.supersede(data, by_deletion=True)
            raise

    def rename_over(self, new: Path, path: str, data: bytes) -> None:
        """Rename a file to `path`, over the one that is there if there is one."""
        local = self.folder / path
        try:
            old = local.open("rb")
        except FileNotFoundError:
            move(new, local)
        else:
            with old:
                before = old.read()
                new.rename(local)
                self._account.supersede(before)
                if os.fstat(old.fileno()).st_nlink:
                    self._account.report_blind(f"{self.device}: {path}")
                    self._log.write("blind", device=self.device, path=path, before=self._account.name(before))
        self.rests(path, data)
        self.note("rename over", new.name, path, self._account.name(data))

    def rename_to(self, path: str, target: str) -> None:
        """Move a file to where nothing is, with the folders above it."""
        local = self.folder / target
        local.parent.mkdir(parents=True, exist_ok=True)
        with (self.folder / path).open("rb") as file:
            data = file.read()
            move(self.folder / path, local)
        self.rests(target, data)
        self.note("rename", path, target, self._account.name(data))

    def throw_away(self, path: str) -> None:
        """Delete a file or a folder: out of the folder with it, then see what it was."""
        self._deleted += 1
        gone = self._trash / str(self._deleted)
        (self.folder / path).rename(gone)
        self.note("delete", path, *self._superseded_below(gone))

    def look_through_trash(self) -> None:
        """A sync that held a folder open may have put a file into it after it was thrown away: that is deleted too."""
        for gone in sorted(self._trash.iterdir()):
            self._superseded_below(gone)

    def _superseded_below(self, gone: Path) -> list[str]:
        names = []
        for local in [gone] if gone.is_file() else files_below(gone):
            data = local.read_bytes()
            self._account.supersede(data, by_deletion=True)
            names.append(self._account.name(data))
        return names

    def rests(self, path: str, data: bytes) -> None:
        """Take down that a content rests at `path` from now on."""
        self._account.place(self.device, path, data, time.monotonic())

    def has_name(self, number: int, path: str) -> bool:
        """Whether an open file is still the one at `path`."""
        try:
            there = (self.folder / path).stat()
        except OSError:
            return False
        return there.st_ino == os.fstat(number).st_ino

    def note(self, deed: str, *what: str) -> None:
        """Take down that something was done."""
        self.deeds += 1
        self._log.write("edit", device=self.device, deed=deed, what=what)
