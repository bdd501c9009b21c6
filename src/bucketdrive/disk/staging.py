"""Writing new files at a place: content, hashes, time, and the looks of the file they are to replace."""

import errno
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from bucketdrive.disk.failures import failure
from bucketdrive.disk.names import parts_of
from bucketdrive.disk.reading import open_file
from bucketdrive.disk.walk import fingerprint_of, open_folder
from bucketdrive.model.entries import Hashed
from bucketdrive.ports.disk import Staging

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NOT_OURS = frozenset({errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.EINVAL})
_UNCOPIED = ("security.capability", "security.ima", "security.evm")
"""Attributes that vouch for the old content."""
_ACL = "system.posix_acl_access"


@dataclass(frozen=True, slots=True)
class Looks:
    """What a replacing file takes over."""

    mode: int
    owner: int
    group: int
    attributes: tuple[tuple[str, bytes], ...]


def read_looks(root: int, name: str) -> Looks:
    """The looks of a user's file.

    Raises:
        MissingError: it is not there. UnstableFileError: it is no regular file. UnreadableError: it may not be read.
    """
    try:
        return _read_looks(root, parts_of(name), name)
    except OSError as error:  # about the user's file, not about the one that is to be staged
        raise failure(error, name) from error


def _read_looks(root: int, parts: Sequence[str], name: str) -> Looks:
    with open_folder(root, parts[:-1], name) as folder:
        opened, fingerprint = open_file(folder, parts[-1], name)
        with opened as number:
            facts = os.fstat(number)
            try:
                listed = os.listxattr(number)
            except OSError as error:
                if error.errno not in _NOT_OURS:
                    raise
                listed = []
            attributes = tuple((label, os.getxattr(number, label)) for label in listed if label not in _UNCOPIED)
    return Looks(fingerprint.mode, facts.st_uid, facts.st_gid, attributes)


class Draft:
    """A new file that is being written. From any thread, one call at a time."""

    def __init__(self, folder: int, part: str, how: Staging, looks: Looks | None) -> None:
        """Create the file: as the umask says for a new one, 0600 until `finish` for one with given looks."""
        mode = 0o600 if looks else 0o777 if how.is_executable else 0o666
        self._how = how
        self._looks = looks
        self._number = os.open(part, _NEW, mode, dir_fd=folder)
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._lock = Lock()

    def write(self, chunk: bytes) -> None:
        """Append bytes; nothing after `abandon`."""
        with self._lock:
            if self._number < 0:
                return
            left = memoryview(chunk)
            while left:
                left = left[os.write(self._number, left) :]
        self._sha256.update(chunk)
        self._md5.update(chunk)

    def flush(self) -> None:
        """Let the disk begin to take what was written: it does so for many files at once, faster than one by one."""
        os.posix_fadvise(self._number, 0, 0, os.POSIX_FADV_DONTNEED)

    def finish(self) -> Hashed:
        """Give the file its looks and time, wait until it is on the disk, and close it."""
        with self._lock:
            hashed = self._finish()
            os.close(self._number)
            self._number = -1
        return hashed

    def abandon(self) -> None:
        """Close the file as it is; waits for a write that another thread is in. May be repeated."""
        with self._lock:
            if self._number >= 0:
                os.close(self._number)
                self._number = -1

    def _finish(self) -> Hashed:
        if self._looks:
            _apply(self._number, self._looks)
        if self._how.mtime_ns is not None:
            os.utime(self._number, ns=(self._how.mtime_ns, self._how.mtime_ns))
        os.fsync(self._number)
        return Hashed(self._sha256.hexdigest(), self._md5.hexdigest(), fingerprint_of(os.fstat(self._number)))


def _apply(number: int, looks: Looks) -> None:
    """Owner, attributes and mode, in the order in which none undoes another.

    Who may not keep the group or the ACL gives the group no more than everybody has. Set-id bits are never kept: they
    vouched for another content.
    """
    is_group_kept = _keep_owner(number, looks)
    for label, value in looks.attributes:
        try:
            os.setxattr(number, label, value)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            is_group_kept = is_group_kept and label != _ACL
    mode = looks.mode & 0o777
    if not is_group_kept:
        mode = mode & 0o707 | (mode & (mode << 3) & 0o070)
    os.fchmod(number, mode)


def _keep_owner(number: int, looks: Looks) -> bool:
    """Whether the group is that of `looks`."""
    facts = os.fstat(number)
    if (facts.st_uid, facts.st_gid) == (looks.owner, looks.group):
        return True
    for owner, group in ((looks.owner, looks.group), (-1, looks.group)):
        try:
            os.fchown(number, owner, group)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
        else:
            return True
    return facts.st_gid == looks.group
