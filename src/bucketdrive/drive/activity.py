"""What is being done for a drive at this moment: scanning or syncing, how much is left of the plan, and how fast."""

import asyncio
from collections.abc import Callable

from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.speed import Speed
from bucketdrive.ports.runtime import Event, Failed, Finished, Planned
from bucketdrive.rules.standing import Doing


class Activity:
    """Told of each sync and its progress. `to_do`: actions left; `planned_at_s`: since when, since 1970, or 0."""

    def __init__(self, traffic_bytes: Callable[[], tuple[int, int]]) -> None:
        """`traffic_bytes`: bytes sent and received so far. Make and use it on an event loop."""
        self._traffic_bytes = traffic_bytes
        self._speed = Speed()
        self.doing = Doing.NONE
        self.to_do = 0
        self.planned_at_s = 0.0

    def begin(self) -> None:
        """A sync begins."""
        self.doing = Doing.SCANNING
        self._measure()

    def end(self) -> None:
        """It has ended, however it did."""
        self.doing, self.to_do, self.planned_at_s = Doing.NONE, 0, 0.0
        self._speed.forget()

    def hear(self, event: Event) -> None:
        """It made progress."""
        match event:
            case Planned(plan) if plan.to_do:
                self.to_do += plan.to_do
                self.planned_at_s = self.planned_at_s or SystemClock().now_s()
                self.doing = Doing.SYNCING
            case Finished() | Failed():
                self.to_do = max(0, self.to_do - 1)
                self._measure()
            case _:
                pass

    def bytes_per_s(self) -> tuple[float, float]:
        """Sent and received, over the last seconds."""
        self._measure()
        return self._speed.per_s()

    def _measure(self) -> None:
        if self.doing is not Doing.NONE:
            self._speed.note(asyncio.get_running_loop().time(), self._traffic_bytes())
