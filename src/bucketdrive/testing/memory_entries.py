"""What the engine is told of inodes in memory, and of what cannot be done with them."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import md5, sha256

from bucketdrive.disk.failures import failure, folder_failure, folder_gone
from bucketdrive.model.entries import Fingerprint, Hashed, LocalDir, LocalEntry, LocalFile, LocalSpecial, LocalUnknown
from bucketdrive.ports.disk import JUNK_NAMES
from bucketdrive.testing.memory_tree import MemoryDir, MemoryFile, MemorySpecial

DENIED = "permission denied"
OTHER_DISK = LocalUnknown("another file system is mounted here")


@lru_cache(64)
def ids_of(marker: bytes) -> tuple[str, str]:
    """The ids of the drive and of its root here; asked for so often that a world would spend its time on it."""
    try:
        ids = json.loads(marker)
        return str(ids["drive_id"]), str(ids["root_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise folder_gone("in memory", "has a damaged .bucketdrive/root.json") from error


def entry_of(node: MemoryFile | MemoryDir | MemorySpecial) -> LocalEntry:
    """What a scan tells of an inode."""
    match node:
        case MemoryFile():
            return LocalFile(node.fingerprint)
        case MemoryDir(is_denied=True):
            return LocalUnknown(DENIED)
        case MemoryDir() if node.covered is not None:
            return OTHER_DISK
        case MemoryDir():
            return LocalDir(is_empty=not node.children)
        case MemorySpecial():
            return LocalSpecial(node.what)


def is_junk(child: tuple[str, MemoryFile | MemoryDir | MemorySpecial]) -> bool:
    """Whether a folder's child (name, inode) is what operating systems leave in folders."""
    return child[0] in JUNK_NAMES and isinstance(child[1], MemoryFile)


def hashed_of(data: bytes, fingerprint: Fingerprint) -> Hashed:
    """A stable reading of these bytes."""
    return Hashed(sha256(data).hexdigest(), md5(data, usedforsecurity=False).hexdigest(), fingerprint)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Within, an error of the file system is ours about `name`, or where that is empty about the folder as a whole."""
    try:
        yield
    except OSError as error:
        raise (failure(error, name) if name else folder_failure(error, "in memory")) from error


async def chunks_of(body: AsyncIterator[bytes] | bytes) -> AsyncIterator[bytes]:
    """The pieces in which a body comes."""
    if isinstance(body, bytes):
        yield body
    else:
        async for chunk in body:
            yield chunk
