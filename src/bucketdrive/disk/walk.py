"""Walking from the root down, one folder at a time and never through a symbolic link.

Every path is walked by descriptors of folders, opened with O_NOFOLLOW: whatever a user moves or replaces meanwhile,
nothing is read or written behind a link or outside the folder.
"""

import errno
import os
import stat
from collections.abc import Callable, Sequence

from bucketdrive.disk.failures import missing, occupied
from bucketdrive.model.entries import Fingerprint

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NOT_A_FOLDER = frozenset({errno.ENOTDIR, errno.ELOOP})
_MAX_INT64 = (1 << 63) - 1
_PERMISSIONS = 0o7777


class Opened:
    """A descriptor that is closed at the end of a `with` block, which gets its number; or by `close`, once."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __enter__(self) -> int:
        return self.number

    def __exit__(self, *_: object) -> None:
        os.close(self.number)

    def close(self) -> None:
        """Close it."""
        os.close(self.number)


def open_child(folder: int, part: str) -> int:
    """Open a folder in an open folder; the caller closes it.

    Raises:
        OSError: ENOENT, ENOTDIR (a file or a link), EACCES and so on.
    """
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except OSError as error:
        if error.errno in NOT_A_FOLDER:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), part) from error
        raise


def open_folder(root: int, parts: Sequence[str], name: str) -> Opened:
    """Open a folder below the root, where `name` is to be found.

    Raises:
        MissingError: it is not there, or something on the way is not a folder.
        OSError: it may not be opened.
    """
    try:
        return _walk(root, parts, open_child)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise missing(name) from error


def make_folder(root: int, parts: Sequence[str], *, mode: int = 0o777, is_durable: bool = True) -> Opened:
    """Open a folder below the root; those missing are made with `mode` less the umask, to outlive a power cut.

    Raises:
        OSError: ENOTDIR where something on the way is not a folder, ENOSPC, EACCES and so on.
    """
    return _walk(root, parts, lambda folder, part: _open_or_make(folder, part, mode, is_durable=is_durable))


def _walk(root: int, parts: Sequence[str], enter: Callable[[int, str], int]) -> Opened:
    folder = os.dup(root) if not parts else root
    for part in parts:
        above = folder
        try:
            folder = enter(above, part)
        finally:
            if above != root:
                os.close(above)
    return Opened(folder)


def _open_or_make(folder: int, part: str, mode: int, *, is_durable: bool) -> int:
    try:
        return open_child(folder, part)
    except FileNotFoundError:
        try:
            os.mkdir(part, mode, dir_fd=folder)
        except FileExistsError:
            return open_child(folder, part)
        if is_durable:
            os.fsync(folder)
        return open_child(folder, part)


def fingerprint_of(facts: os.stat_result) -> Fingerprint:
    """A file's fingerprint, its numbers brought into 64 bits with sign, as SQLite keeps them.

    A file system may hold times beyond the year 2262 and inode numbers of 64 bits without sign.
    """
    inode, mtime_ns, ctime_ns = facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns
    if inode > _MAX_INT64:
        inode -= 1 << 64
    if not (-_MAX_INT64 <= mtime_ns <= _MAX_INT64 and -_MAX_INT64 <= ctime_ns <= _MAX_INT64):
        mtime_ns, ctime_ns = _bounded(mtime_ns), _bounded(ctime_ns)
    return Fingerprint(facts.st_size, mtime_ns, ctime_ns, inode, facts.st_mode & _PERMISSIONS)


def _bounded(time_ns: int) -> int:
    return max(-_MAX_INT64, min(time_ns, _MAX_INT64))


def lstat(folder: int, part: str) -> os.stat_result:
    """`lstat` of something in an open folder."""
    return os.stat(part, dir_fd=folder, follow_symlinks=False)


def lstat_file(folder: int, part: str, name: str) -> Fingerprint:
    """The fingerprint of a regular file in an open folder.

    Raises:
        MissingError: nothing is there.
        OccupiedError: something else is there.
    """
    try:
        facts = lstat(folder, part)
    except FileNotFoundError as error:
        raise missing(name) from error
    if not stat.S_ISREG(facts.st_mode):
        raise occupied(name)
    return fingerprint_of(facts)
