"""A budget of memory shared by the bodies in flight."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemoryBudget:
    """Lets bodies in as long as their sum stays within `total_bytes`; one that is larger than all waits to be alone."""

    def __init__(self, total_bytes: int) -> None:
        """`total_bytes`: what all bodies together may take."""
        self._total_bytes = total_bytes
        self._used_bytes = 0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def room_for(self, size_bytes: int) -> AsyncIterator[None]:
        """Wait for room, hold it for the block."""
        size_bytes = min(size_bytes, self._total_bytes)
        async with self._freed:
            await self._freed.wait_for(lambda: self._used_bytes + size_bytes <= self._total_bytes)
            self._used_bytes += size_bytes
        try:
            yield
        finally:
            self._used_bytes -= size_bytes
            async with self._freed:
                self._freed.notify_all()
