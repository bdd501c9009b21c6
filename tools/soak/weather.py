"""Which request meets which fault, drawn from a seed. What a fault does is in `proxy`.

The same seed gives the same row of faults; which request comes at which place in the row is a matter of real timing.
"""

import random
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What may happen to a request.

    RESET: the connection is reset before the store got anything. LOST_REPLY: the store carried it out, and the
    connection is reset. CUT_REPLY, CUT_REQUEST: a body ends part-way. LATE: the connection is reset at once, and the
    whole request reaches the store seconds later.
    """

    PASS = "passed"
    DELAY = "delayed"
    SLOW_DOWN = "503 SlowDown"
    RESET = "reset before the store"
    LOST_REPLY = "reply lost"
    CUT_REPLY = "reply cut"
    CUT_REQUEST = "request cut"
    LATE = "delivered late"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request; `amount`, from 0 to 1, says how long or how far."""

    kind: Kind
    amount: float = 0.0


NO_FAULT = Fault(Kind.PASS)

_READ_RATES = {
    Kind.DELAY: 0.05,
    Kind.SLOW_DOWN: 0.02,
    Kind.RESET: 0.02,
    Kind.LOST_REPLY: 0.02,
    Kind.CUT_REPLY: 0.04,
}
_WRITE_RATES = {
    Kind.DELAY: 0.07,
    Kind.SLOW_DOWN: 0.03,
    Kind.RESET: 0.02,
    Kind.LOST_REPLY: 0.05,
    Kind.CUT_REQUEST: 0.03,
    Kind.LATE: 0.04,
}
_MOODS = (0.2, 1.0, 1.0, 2.5)
_MOOD_LASTS = 150
"""So many requests pass before fair weather may turn to foul."""


class Weather:
    """Draws a fault for each request, until it is quiet."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._mood = 1.0
        self._drawn = 0
        self.is_quiet = True

    def next(self, *, is_write: bool) -> Fault:
        """The fault of the next request."""
        if self.is_quiet:
            return NO_FAULT
        if self._drawn % _MOOD_LASTS == 0:
            self._mood = self._random.choice(_MOODS)
        self._drawn += 1
        roll, amount = self._random.random() / self._mood, self._random.random()
        for kind, rate in (_WRITE_RATES if is_write else _READ_RATES).items():
            if roll < rate:
                return Fault(kind, amount)
            roll -= rate
        return NO_FAULT
