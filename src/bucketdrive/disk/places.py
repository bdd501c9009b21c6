"""`.bucketdrive/` on disk: the marker, and the places below `tmp/` and `quarantine/`. All of it is 0700."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TypeVar

from bucketdrive.disk.failures import folder_gone
from bucketdrive.disk.names import AREAS
from bucketdrive.disk.walk import NOT_A_FOLDER, Opened, make_folder, open_child, open_folder
from bucketdrive.errors import GuardError, MissingError
from bucketdrive.model.paths import RESERVED

T = TypeVar("T")

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
_MARKER = "root.json"
STATE_ID = "state-id"
_MARKER_LIMIT_BYTES = 1 << 16


class Places:
    """The reserved folder below an open root. `lock` is held while a place's folders are made and first used.

    Otherwise another task could prune a folder that was just made and is still empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lock = Lock()

    def check(self, root: int) -> None:
        """Make sure that `.bucketdrive` is there: before a user's tree is changed.

        Raises:
            GuardError: it is not; the disk may be unmounted.
        """
        self._open_own(root).close()

    def open(self, root: int, parts: Sequence[str], place: str) -> Opened:
        """Open the folder that holds a place; `parts` are those of the folder.

        Raises:
            MissingError: it is not there. GuardError: there is no `.bucketdrive`.
        """
        with self._open_own(root) as own:
            return open_folder(own, parts[1:], place)

    def make(self, root: int, parts: Sequence[str]) -> Opened:
        """Open a folder in `.bucketdrive`, made where it is missing. Hold the lock until it is not empty.

        One fsync of the folder makes it durable with those above: they are made in the same or an earlier transaction
        of the journal (ext4, xfs), or logged with it (btrfs).

        Raises:
            GuardError: there is no `.bucketdrive`. OSError: as `make_folder`.
        """
        with self._open_own(root) as own:
            return make_folder(own, parts[1:], mode=PRIVATE_DIR, is_durable=False)

    def put(self, root: int, parts: Sequence[str], act: Callable[[int], T]) -> tuple[Opened, T]:
        """Open a folder as `make` does, and put something into it by `act`; if that fails, no empty folder stays.

        Returns:
            The folder, for the caller to close, and what `act` returned.
        """
        with self.lock:
            try:
                opened = self.make(root, parts)
                try:
                    return opened, act(opened.number)
                except BaseException:
                    opened.close()
                    raise
            except BaseException:
                _prune(root, [*parts, ""])
                raise

    def prune(self, root: int, parts: Sequence[str]) -> None:
        """Remove the empty folders above a place, but for `tmp` and `quarantine` themselves."""
        with self.lock:
            _prune(root, parts)

    def files(self, root: int) -> list[str]:
        """Every place that holds anything but a folder, sorted."""
        found: list[str] = []
        for area in AREAS:
            try:
                folder = open_folder(root, [RESERVED, area], area)
            except MissingError:
                continue
            with folder as number:
                list_files(number, area + "/", found)
        return sorted(found)

    def read_marker(self, root: int) -> tuple[str, str]:
        """The drive id and the root id; both empty where there is no marker.

        Raises:
            GuardError: the marker is damaged or cannot be read.
        """
        try:
            with Opened(open_child(root, RESERVED)) as own:
                number = os.open(_MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=own)
                with Opened(number):
                    ids = json.loads(os.read(number, _MARKER_LIMIT_BYTES))
            drive_id, root_id = ids["drive_id"], ids["root_id"]
        except FileNotFoundError:
            return "", ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged() from error
        if not isinstance(drive_id, str) or not isinstance(root_id, str):
            raise self._damaged()
        return drive_id, root_id

    def write_marker(self, root: int, drive_id: str, root_id: str) -> None:
        """Make `.bucketdrive` and the marker in it, by a rename over the old one."""
        data = json.dumps({"drive_id": drive_id, "root_id": root_id}, indent=2).encode() + b"\n"
        with make_folder(root, [RESERVED], mode=PRIVATE_DIR) as own:
            os.fchmod(own, PRIVATE_DIR)
            _write(own, _MARKER, data)
        os.fsync(root)

    def read_state_id(self, root: int) -> str:
        """What `write_state_id` left; empty where there is nothing."""
        try:
            with self._open_own(root) as own:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with Opened(os.open(STATE_ID, flags, dir_fd=own)) as number:
                    return os.read(number, _MARKER_LIMIT_BYTES).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return ""

    def write_state_id(self, root: int, state_id: str) -> None:
        """Leave a word in `.bucketdrive`, by a rename over the old one."""
        with self._open_own(root) as own:
            _write(own, STATE_ID, state_id.encode() + b"\n")

    def touch_clock(self, root: int) -> int:
        """The file system's time in nanoseconds: what it stamps on a file just touched."""
        with self._open_own(root) as own:
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            with Opened(os.open("clock", flags, PRIVATE_FILE, dir_fd=own)) as number:
                os.utime(number)
                facts = os.fstat(number)
        return max(facts.st_mtime_ns, facts.st_ctime_ns)

    def _open_own(self, root: int) -> Opened:
        try:
            return Opened(open_child(root, RESERVED))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise folder_gone(str(self._path), "has no .bucketdrive any more") from error

    def _damaged(self) -> GuardError:
        return GuardError(
            f"{self._path}/.bucketdrive/root.json cannot be read as a drive's marker. Nothing was changed.",
            hint="If this folder was not damaged otherwise, delete that file and link the folder again with --moved.",
            path=str(self._path),
        )


def _prune(root: int, parts: Sequence[str]) -> None:
    for end in range(len(parts) - 1, 2, -1):
        try:
            with open_folder(root, parts[: end - 1], "") as folder:
                os.rmdir(parts[end - 1], dir_fd=folder)
        except (MissingError, FileNotFoundError):  # not even made
            continue
        except OSError:  # not empty: the usual end
            return


def _write(own: int, name: str, data: bytes) -> None:
    """Write a small file of ours in one step, durable."""
    new = name + ".new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with Opened(os.open(new, flags, PRIVATE_FILE, dir_fd=own)) as number:
        os.write(number, data)
        os.fsync(number)
    os.rename(new, name, src_dir_fd=own, dst_dir_fd=own)
    os.fsync(own)


def list_files(folder: int, above: str, found: list[str]) -> None:
    """Add everything below an open folder that is no folder, `above` before its name.

    Raises:
        OSError: a folder cannot be listed.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                found.append(above + entry.name)
                continue
            try:
                below = open_child(folder, entry.name)
            except OSError as error:
                if isinstance(error, FileNotFoundError) or error.errno in NOT_A_FOLDER:
                    continue
                raise
            with Opened(below):
                list_files(below, f"{above}{entry.name}/", found)
