"""A budget of memory shared by the bodies in flight."""

import asyncio

from bucketdrive.engine.multipart import is_copied_by_store
from bucketdrive.engine.parts import Parts
from bucketdrive.model.plan import Action, Clash, CopyForward, Download, DownloadByRename, Upload
from bucketdrive.ports.bucket import IfAbsent
from bucketdrive.rules.transfer import MAX_OBJECT_BYTES, Whole, parts_at_once


class MemoryBudget:
    """Lets bodies in as long as their sum stays within `total_bytes`; one that is larger than all waits to be alone."""

    def __init__(self, total_bytes: int) -> None:
        """`total_bytes`: what all bodies together may take."""
        self._total_bytes = total_bytes
        self._used_bytes = 0
        self._freed = asyncio.Event()

    async def take(self, size_bytes: int) -> int:
        """Wait for room for so many bytes, and hold it; what is to be given back."""
        size_bytes = min(size_bytes, self._total_bytes)
        while self._used_bytes + size_bytes > self._total_bytes:
            self._freed.clear()
            await self._freed.wait()
        self._used_bytes += size_bytes
        return size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Let go of what `take` gave."""
        self._used_bytes -= size_bytes
        self._freed.set()


def memory_of(action: Action, parts: Parts) -> int:
    """The most bytes of a file's content that an action has in memory at once."""
    options = parts.options
    match action:
        case DownloadByRename():
            return 0
        case CopyForward() if is_copied_by_store(parts, action.size, parts.on_put(IfAbsent())):
            return 0
        case Upload():
            size = action.fingerprint.size
        case Download() if action.size > options.whole_bytes:
            return options.part_bytes  # one range after the other
        case Download() | CopyForward() | Clash():
            size = action.size
        case _:
            return 0
    if size > MAX_OBJECT_BYTES:  # the upload will say so
        return 0
    how = options.how_to_upload(size)
    return size if isinstance(how, Whole) else how.part_bytes * parts_at_once(how, options.memory_bytes)
