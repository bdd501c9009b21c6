"""Time, chance, and the way up: what a pure engine may not take for itself.

Sleeping and monotonic time are the event loop's own (`asyncio.sleep`, `loop.time`).
"""

from dataclasses import dataclass
from typing import Protocol

from bucketdrive.model.plan import Action, Plan
from bucketdrive.model.reports import StateWord


class Clock(Protocol):
    """Wall time, for display and for purge delays only; no decision compares it with another machine's."""

    def now_s(self) -> float:
        """Seconds since 1970 UTC. May jump."""
        ...


class Chance(Protocol):
    """Randomness."""

    def uuid(self) -> str:
        """A new random UUID (version 4), in its usual 36 characters."""
        ...

    def fraction(self) -> float:
        """A number in [0, 1), for jitter."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan is about to run."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Finished:
    """An action is done; `body_bytes` travelled for it."""

    action: Action
    body_bytes: int


@dataclass(frozen=True, slots=True)
class Failed:
    """An action was not done; `why` in words."""

    action: Action
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something a user may want to read, as one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Of the bucket's versions so many were listed so far, for a look back."""

    versions: int


@dataclass(frozen=True, slots=True)
class Stands:
    """There is another word for how the drive stands."""

    word: StateWord


Event = Planned | Finished | Failed | Note | Listed | Stands


class Listener(Protocol):
    """The only way up from the engine. It must not block and not raise."""

    def tell(self, event: Event) -> None:
        """Something happened."""
        ...
