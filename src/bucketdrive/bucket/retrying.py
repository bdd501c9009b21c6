"""Repeats what may be repeated: reads after any passing failure, writes only where the store surely did not act."""

import asyncio
from dataclasses import dataclass

from bucketdrive.bucket.forwarding import ForwardingBucket, PortRequest, Reply
from bucketdrive.errors import TransientError, UnavailableError
from bucketdrive.ports.bucket import AdminBucket
from bucketdrive.ports.runtime import Chance


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to try. Delays double from `first_delay_s` up to `longest_delay_s`, each drawn between half and whole.

    No try begins after `budget_s`, or after `first_budget_s` as long as the store has never answered: then somebody is
    waiting to hear that the endpoint is wrong.
    """

    tries: int = 6
    first_delay_s: float = 0.2
    longest_delay_s: float = 5.0
    budget_s: float = 20.0
    first_budget_s: float = 3.0


class RetryingBucket(ForwardingBucket):
    """An `AdminBucket` that tries again. A write of unknown outcome is never repeated: rule L settles it."""

    def __init__(self, inner: AdminBucket, chance: Chance, policy: RetryPolicy | None = None) -> None:
        super().__init__(inner, self._persist)
        self._chance = chance
        self._policy = policy or RetryPolicy()
        self._has_answered = False

    async def _persist(self, request: PortRequest[Reply]) -> Reply:
        loop = asyncio.get_running_loop()
        began = loop.time()
        tries_left = self._policy.tries
        delay_s = self._policy.first_delay_s
        while True:
            tries_left -= 1
            try:
                reply = await request.send()
            except TransientError as error:
                self._has_answered = self._has_answered or error.retry_after_s > 0
                is_safe = request.may_repeat or isinstance(error, UnavailableError)
                pause_s = max(delay_s * (1 + self._chance.fraction()) / 2, error.retry_after_s)
                budget_s = self._policy.budget_s if self._has_answered else self._policy.first_budget_s
                if not is_safe or not tries_left or loop.time() - began + pause_s > budget_s:
                    raise
            else:
                self._has_answered = True
                return reply
            await asyncio.sleep(pause_s)
            delay_s = min(delay_s * 2, self._policy.longest_delay_s)
