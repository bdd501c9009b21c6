"""Counts what a bucket is asked, and holds back to limits: of requests in flight, and of bytes a second."""

import asyncio
from collections import Counter

from bucketdrive.bucket.forwarding import ForwardingBucket, PortRequest, Reply
from bucketdrive.bucket.throttle import Throttle
from bucketdrive.ports.bucket import AdminBucket, ObjectBody

IN_FLIGHT = 64
"""Requests at a time; more only wait in the store's queue."""


class MeteredBucket(ForwardingBucket):
    """An `AdminBucket` with meters: `requests` by S3 operation name, failed ones too, and bytes of bodies.

    Put it below `RetryingBucket`, so that every try counts.
    """

    def __init__(
        self, inner: AdminBucket, in_flight: int = IN_FLIGHT, up: Throttle | None = None, down: Throttle | None = None
    ) -> None:
        """`up`, `down`: what holds bodies back; None: nothing does."""
        super().__init__(inner, self._meter)
        self.requests: Counter[str] = Counter()
        self.bytes_sent = 0
        self.bytes_received = 0
        self._slots = asyncio.Semaphore(in_flight)
        self._up, self._down = up or Throttle(0), down or Throttle(0)

    async def _meter(self, request: PortRequest[Reply]) -> Reply:
        async with self._slots:
            self.requests[request.operation] += 1
            await self._up.take(request.body_bytes)
            self.bytes_sent += request.body_bytes
            reply = await request.send()
            if isinstance(reply, ObjectBody):
                self.bytes_received += len(reply.data)
                await self._down.take(len(reply.data))
        return reply
