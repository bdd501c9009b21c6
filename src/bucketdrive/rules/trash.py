"""The trash, from a listing of versions: what is deleted and can come back, and what its destruction would destroy.

A file is deleted if a delete marker is on top of a version with content. The moment is that of the oldest marker on top
of it: deleting what is deleted already is no news. Rows are taken one by one as they are listed, keys together and each
key's newest first, and no more is kept than of the key at hand.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bucketdrive.model.entries import VersionRow
from bucketdrive.rules.timeline import is_file

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted file: its last `content`, and when and by which marker it was deleted; `markers` lie upon it."""

    path: str
    content: VersionRow
    deleted_s: float
    marker_id: str
    markers: int

    @property
    def newer(self) -> int:
        """How many old versions are newer than the content, markers included; the one on top is none."""
        return self.markers - 1


class Trash:
    """Finds deleted files among rows."""

    def __init__(self, tail: Callable[[str], str]) -> None:
        """`tail` makes a path of a key."""
        self._tail = tail
        self._key: str | None = None
        self._is_settled = False
        self._marker: VersionRow | None = None
        self._markers = 0

    def take(self, row: VersionRow) -> Deleted | None:
        """The next row; what is deleted, where it is the last content of that."""
        if row.key != self._key:
            self._key, self._marker, self._markers = row.key, None, 0
            self._is_settled = not (row.is_delete_marker and row.is_sound and is_file(self._tail(row.key)))
        if self._is_settled:
            return None
        if row.is_delete_marker:
            self._marker, self._markers = row, self._markers + 1
            return None
        self._is_settled = True
        marker = self._marker
        if marker is None:
            return None
        return Deleted(self._tail(row.key), row, marker.modified_s, marker.version_id, self._markers)


@dataclass(slots=True)
class Doomed:
    """A deleted file with all that destroying it destroys; `content_id`: its last content. `deleted_s`: as above."""

    path: str
    deleted_s: float
    content_id: str = ""
    versions: int = 0
    markers: int = 0
    size_bytes: int = 0


class Emptying:
    """Finds deleted files among rows, with all of each key's rows; also those of which nothing but markers is left."""

    def __init__(self, tail: Callable[[str], str]) -> None:
        """`tail` makes a path of a key."""
        self._tail = tail
        self._key: str | None = None
        self._found: Doomed | None = None

    def take(self, row: VersionRow) -> Doomed | None:
        """The next row; the file before it, if that is complete and deleted."""
        complete = None
        if row.key != self._key:
            complete, self._key = self.end(), row.key
            if row.is_delete_marker and row.is_sound and is_file(self._tail(row.key)):
                self._found = Doomed(self._tail(row.key), row.modified_s)
        found = self._found
        if found is not None and row.is_delete_marker:
            found.markers += 1
            found.deleted_s = row.modified_s if not found.versions else found.deleted_s
        elif found is not None:
            found.content_id = found.content_id or row.version_id
            found.versions += 1
            found.size_bytes += row.size
        return complete

    def end(self) -> Doomed | None:
        """After the last row: the file before, if it is deleted."""
        found, self._found, self._key = self._found, None, None
        return found


@dataclass(frozen=True, slots=True)
class Burial:
    """All rows of a deleted file: the `markers` on top, and what lies `below` them, both newest first."""

    markers: list[VersionRow] = field(default_factory=list)
    below: list[VersionRow] = field(default_factory=list)

    @property
    def deleted_s(self) -> float:
        """When it was deleted."""
        return self.markers[-1].modified_s


def burial_of(rows: Sequence[VersionRow]) -> Burial | None:
    """The rows of one key, newest first, if it is deleted; None where it is live, or there are none."""
    count = next((number for number, row in enumerate(rows) if not row.is_delete_marker), len(rows))
    return Burial(list(rows[:count]), list(rows[count:])) if count else None


def since_text(text: str) -> str:
    """A moment from which on something counts, for `rules.moments`: a date alone means its beginning."""
    return f"{text.strip()}T00:00:00" if _DATE.fullmatch(text.strip()) else text
