"""Holding traffic back to so many bytes a second, on average."""

import asyncio


class Throttle:
    """Lets bodies through one after the other, each when those before it have had their time."""

    def __init__(self, bytes_per_s: float) -> None:
        """`bytes_per_s` 0: no limit."""
        self._bytes_per_s = bytes_per_s
        self._free_at_s = 0.0

    async def take(self, size: int) -> None:
        """Wait until `size` bytes may travel."""
        if not self._bytes_per_s or not size:
            return
        now_s = asyncio.get_running_loop().time()
        starts_at_s = max(now_s, self._free_at_s)
        self._free_at_s = starts_at_s + size / self._bytes_per_s
        await asyncio.sleep(starts_at_s - now_s)
