"""When much happened: from the versions of a listing to the moments in which files came, changed and went.

Two walks over the same rows, so that nothing but the moments themselves is kept: `Rhythm` finds the spans of time in
which something happened at all, `Tally` counts what became of each file in each of them. Rows come as `timeline` has
them: a key's together, newest first.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bucketdrive.model.entries import VersionRow
from bucketdrive.rules.timeline import current_since_s

GAP_S = 60
"""What happens within a minute of something else is one moment with it."""


@dataclass(frozen=True, slots=True)
class Event:
    """A file became another at `at_s`; `was_live` and `is_live`: whether it was there before, and is from then on.

    `device_id` is that of the device whose journal tells of it, empty where none does.
    """

    key: str
    at_s: int
    was_live: bool
    is_live: bool
    device_id: str = ""


class Events:
    """Makes events of rows; keeps one row. Deleting what is deleted, or has no version left, is none.

    An event is at the moment from which on its version counts (`timeline.LiveAt`): not later than any newer one of its
    key, whatever the clocks say.
    """

    def __init__(self) -> None:
        self._row: VersionRow | None = None
        self._at_s = 0.0
        self._device_id = ""

    def take(self, row: VersionRow, told_s: float = 0.0, device_id: str = "") -> Event | None:
        """The next row; the event of the one before it, which is known only now."""
        upper, since_s = self._row, current_since_s(row, told_s)
        is_same_key = upper is not None and upper.key == row.key
        event = self._event(was_live=is_same_key and not row.is_delete_marker)
        self._row, self._device_id = row, device_id
        self._at_s = min(self._at_s, since_s) if is_same_key else since_s
        return event

    def end(self) -> Event | None:
        """The event of the last row."""
        event, self._row = self._event(was_live=False), None
        return event

    def _event(self, *, was_live: bool) -> Event | None:
        row = self._row
        if row is None or (row.is_delete_marker and not was_live):
            return None
        return Event(row.key, int(self._at_s), was_live, not row.is_delete_marker, self._device_id)


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds in which things happened, the first and the last with something in it, and how many events there were."""

    first_s: int
    last_s: int
    events: int


class Rhythm:
    """Finds the spans of time in which something happened. Keeps three numbers for each minute of them."""

    def __init__(self) -> None:
        self._minutes: dict[int, list[int]] = {}

    def take(self, at_s: int) -> None:
        """Something happened; in any order."""
        minute = self._minutes.setdefault(at_s // GAP_S, [at_s, at_s, 0])
        minute[0] = min(minute[0], at_s)
        minute[1] = max(minute[1], at_s)
        minute[2] += 1

    def spans(self) -> list[Span]:
        """The spans, oldest first: between two of them lies more than `GAP_S` without anything, and in none."""
        found: list[Span] = []
        for _, (first_s, last_s, events) in sorted(self._minutes.items()):
            if found and first_s - found[-1].last_s <= GAP_S:
                found[-1] = Span(found[-1].first_s, last_s, found[-1].events + events)
            else:
                found.append(Span(first_s, last_s, events))
        return found


@dataclass(slots=True)
class Account:
    """What happened to files in a span: each counts once, by how it was before and after.

    `fleeting`: those that were made and deleted again within it. `devices`: files by who did the last thing to them.
    `sample`: the key of one, if possible of a deleted, else of a changed one; `folder`: what all their keys begin with.
    """

    span: Span
    new: int = 0
    changed: int = 0
    deleted: int = 0
    fleeting: int = 0
    devices: Counter[str] = field(default_factory=Counter)
    sample: str = ""
    folder: str = ""
    _sample_rank: int = -1

    @property
    def files(self) -> int:
        """How many files it was about."""
        return self.new + self.changed + self.deleted + self.fleeting

    def add(self, key: str, device_id: str, *, was_live: bool, is_live: bool) -> None:
        """What became of one more file."""
        self.folder = _common_folder(self.folder, key) if self.files else key[: key.rfind("/") + 1]
        rank = 2 * was_live + (not is_live)
        if rank > self._sample_rank:
            self.sample, self._sample_rank = key, rank
        self.new += not was_live and is_live
        self.changed += was_live and is_live
        self.deleted += was_live and not is_live
        self.fleeting += not was_live and not is_live
        self.devices[device_id] += 1


class Tally:
    """Counts, in the second walk, what became of files in each span. Keeps one file's events at a time."""

    def __init__(self, spans: Sequence[Span]) -> None:
        """`spans`: those that matter, oldest first; what happened outside of them is passed over."""
        self.accounts = [Account(span) for span in spans]
        self._firsts = [span.first_s for span in spans]
        self._event: Event | None = None
        self._account: Account | None = None
        self._was_live = False

    def take(self, event: Event) -> None:
        """The next event, of the same key as the last or of another; within a key newest first."""
        account = self._account_at(event.at_s)
        first = self._event
        if first is None or first.key != event.key or self._account is not account:
            self.end()
            self._event, self._account = event, account
        self._was_live = event.was_live

    def end(self) -> None:
        """There are no more events of the last key in its span."""
        event, account = self._event, self._account
        if event is not None and account is not None:
            account.add(event.key, event.device_id, was_live=self._was_live, is_live=event.is_live)
        self._event = self._account = None

    def _account_at(self, at_s: int) -> Account | None:
        place = bisect_right(self._firsts, at_s) - 1
        if place < 0 or at_s > self.accounts[place].span.last_s:
            return None
        return self.accounts[place]


def _common_folder(folder: str, key: str) -> str:
    """The longest folder, with a `/` at its end, that both a folder and a key are in; empty for none."""
    while not key.startswith(folder):
        folder = folder[: folder[:-1].rfind("/") + 1]
    return folder
