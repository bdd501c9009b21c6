"""Stable readings: bytes that were the whole content of a file at one moment (spec §2.3)."""

import errno
import hashlib
import os
import stat
from threading import Event

from bucketdrive.disk.failures import missing, unstable
from bucketdrive.disk.walk import Opened, fingerprint_of, lstat
from bucketdrive.model.entries import Content, Fingerprint, Hashed

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NO_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV})
"""What opening answers for a link, a socket, and a device that is not there."""
_CHUNK_BYTES = 1 << 20


def open_file(folder: int, part: str, name: str) -> tuple[Opened, Fingerprint]:
    """Open a regular file in an open folder for reading; the caller closes it.

    Raises:
        MissingError: nothing is there.
        UnstableFileError: something that is no regular file is there.
        OSError: it may not be read.
    """
    try:
        number = os.open(part, _FILE, dir_fd=folder)
    except FileNotFoundError as error:
        raise missing(name) from error
    except OSError as error:
        if error.errno in _NO_FILE:
            raise unstable(name) from error
        raise
    facts = os.fstat(number)
    if not stat.S_ISREG(facts.st_mode):
        os.close(number)
        raise unstable(name)
    return Opened(number), fingerprint_of(facts)


def read_file(folder: int, part: str, name: str) -> Content:
    """Read the whole of a file and hash it. Raises as `open_file`, and UnstableFileError where it changes meanwhile."""
    opened, before = open_file(folder, part, name)
    with opened as number:
        data = read_bytes(number, before.size)
        _check_unchanged(number, folder, part, name, before)
    return Content(data, hash_bytes(data, before))


def hash_file(folder: int, part: str, name: str, stop: Event) -> Hashed:
    """Hash a file of any size. Raises as `read_file`, and UnstableFileError when `stop` is set before the end."""
    opened, before = open_file(folder, part, name)
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with opened as number:
        left = before.size
        while left > 0 and (chunk := os.read(number, min(left, _CHUNK_BYTES))):
            sha256.update(chunk)
            md5.update(chunk)
            left -= len(chunk)
            if stop.is_set():
                raise unstable(name)
        _check_unchanged(number, folder, part, name, before)
    return Hashed(sha256.hexdigest(), md5.hexdigest(), before)


def hash_bytes(data: bytes, fingerprint: Fingerprint) -> Hashed:
    """The hashes of bytes at hand."""
    return Hashed(hashlib.sha256(data).hexdigest(), hashlib.md5(data, usedforsecurity=False).hexdigest(), fingerprint)


def read_bytes(number: int, limit: int) -> bytes:
    """Read up to `limit` bytes from where a descriptor stands; fewer only at the end of the file."""
    data = os.read(number, limit)
    if len(data) == limit:
        return data
    pieces = [data]
    left = limit - len(data)
    while left > 0 and (data := os.read(number, left)):
        pieces.append(data)
        left -= len(data)
    return b"".join(pieces)


def _check_unchanged(number: int, folder: int, part: str, name: str, before: Fingerprint) -> None:
    try:
        is_same = fingerprint_of(os.fstat(number)) == before == fingerprint_of(lstat(folder, part))
    except FileNotFoundError as error:
        raise unstable(name) from error
    if not is_same:
        raise unstable(name)
