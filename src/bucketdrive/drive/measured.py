"""What a verb costs: requests, body bytes, seconds."""

from collections import Counter
from types import TracebackType
from typing import Self, TypeVar

from bucketdrive.drive.assembly import Store
from bucketdrive.drive.clock import SystemClock
from bucketdrive.model.reports import SyncReport, VerifyReport

Report = TypeVar("Report", SyncReport, VerifyReport)


class Measured:
    """What a block costs: requests, body bytes, seconds."""

    def __init__(self, store: Store) -> None:
        self._meter = store.meter
        self._clock = SystemClock()

    def __enter__(self) -> Self:
        self._requests = Counter(self._meter.requests)
        self._bytes = (self._meter.bytes_sent, self._meter.bytes_received)
        self._started_s = self._clock.now_s()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def into(self, report: Report) -> Report:
        """Write it into a report."""
        report.requests = dict(sorted((Counter(self._meter.requests) - self._requests).items()))
        if isinstance(report, SyncReport):
            report.bytes_sent = self._meter.bytes_sent - self._bytes[0]
        report.bytes_received = self._meter.bytes_received - self._bytes[1]
        report.seconds = round(self._clock.now_s() - self._started_s, 3)
        return report
