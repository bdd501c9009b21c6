"""Sweeps of the bucket's versions, in rows: written page by page, read in pieces.

The rows of a sweep are numbered from its `first_id` on, in the order of their keys: that of their paths' UTF-8.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import apsw

SweptRow = tuple[str, str, bool, str, int, float]
"""Of a version: path, version id, whether it is a delete marker, ETag, size, LastModified."""

_TOLD = "FROM told WHERE told.path = swept.path AND told.version_id = swept.version_id"
_TOLD_AT = f"CASE WHEN instr(etag, '-') THEN (SELECT min(at_s) {_TOLD} AND at_s > 0) END"
"""When a journal told of a version that was made in parts, for `rules.timeline.current_since_s`; null for never."""

_SWEEP = "SELECT id, path, began_s, key_marker, version_marker, versions FROM sweep"
_ROOM = 2**32
"""So many rows a sweep may have."""

_AT_ONCE = 20_000
"""So many rows are dropped in one transaction: whoever waits for the next waits some hundredths of a second."""

_OF_PARTS = 16
"""So many complete sweeps of folders and files are kept beside that of the drive."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A pass over the versions of `path` and all below it (empty: the drive), begun at `began_s` of the store's clock.

    `key_marker` and `version_marker`: how far it came; `versions`: how many it kept by then.
    """

    id: int
    path: str
    began_s: float
    key_marker: str = ""
    version_marker: str = ""
    versions: int = 0

    @property
    def first_id(self) -> int:
        """The id of its first row."""
        return self.id * _ROOM

    @property
    def end_id(self) -> int:
        """The id behind that of its last row."""
        return self.first_id + self.versions

    def knows(self, at_s: float) -> bool:
        """Whether all that was written by `at_s` is in it, the whole second: that of its beginning may be not."""
        return at_s < int(self.began_s)


KeptRow = tuple[str, str, bool, str, int, float, float, str]
"""What a `SweptRow` has, when a journal told of it (0: never), and whose that was, where it was asked for."""


def find_sweep(db: apsw.Connection, path: str, at_s: float) -> Sweep | None:
    """The newest complete sweep that knows `path` at `at_s`."""
    above = ["", path, *(path[:end] for end, char in enumerate(path) if char == "/")]
    rows = db.execute(
        f"{_SWEEP} WHERE word = 'complete' AND path IN ({', '.join('?' * len(above))}) ORDER BY began_s DESC", above
    )
    return next((sweep for sweep in (Sweep(*row) for row in rows) if sweep.knows(at_s)), None)


def find_open_sweep(db: apsw.Connection, path: str) -> Sweep | None:
    """The sweep of exactly `path` that was broken off."""
    rows = db.execute(f"{_SWEEP} WHERE word = 'open' AND path = ? ORDER BY id DESC LIMIT 1", (path,))
    return next((Sweep(*row) for row in rows), None)


def begin_sweep(db: apsw.Connection, path: str, began_s: float) -> Sweep:
    """A new sweep; what an earlier one of the same path left unfinished is of no more use."""
    db.execute("UPDATE sweep SET word = 'dropped' WHERE word = 'open' AND path = ?", (path,))
    db.execute("INSERT INTO sweep (path, began_s) VALUES (?, ?)", (path, began_s))
    return Sweep(db.last_insert_rowid(), path, began_s)


def add_swept(db: apsw.Connection, sweep: Sweep, rows: Sequence[SweptRow], markers: tuple[str, str]) -> Sweep:
    """Keep the next versions, in the order of the listing, and how far it came with them."""
    db.executemany(
        "INSERT INTO swept (id, path, version_id, is_marker, etag, size, modified_s) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(row_id, *row) for row_id, row in enumerate(rows, sweep.end_id)],
    )
    longer = replace(sweep, key_marker=markers[0], version_marker=markers[1], versions=sweep.versions + len(rows))
    db.execute(
        "UPDATE sweep SET key_marker = ?, version_marker = ?, versions = ? WHERE id = ?",
        (*markers, longer.versions, longer.id),
    )
    return longer


def complete_sweep(db: apsw.Connection, sweep: Sweep) -> None:
    """All is in it: those of the same path or of what is below it are of no more use, nor all too many others."""
    below = f"{sweep.path}/" if sweep.path else ""
    db.execute("UPDATE sweep SET word = 'complete' WHERE id = ? AND word = 'open'", (sweep.id,))
    db.execute(
        "UPDATE sweep SET word = 'dropped' WHERE id <> ? AND began_s <= ? AND (path = ? OR substr(path, 1, ?) = ?)",
        (sweep.id, sweep.began_s, sweep.path, len(below), below),
    )
    db.execute(
        "UPDATE sweep SET word = 'dropped' WHERE path <> '' AND id NOT IN"
        " (SELECT id FROM sweep WHERE path <> '' AND word <> 'dropped' ORDER BY id DESC LIMIT ?)",
        (_OF_PARTS,),
    )


def find_row(db: apsw.Connection, sweep: Sweep, path: str) -> int:
    """The id of the first row of a sweep whose path is not before `path`; its end, where there is none."""
    low, high = sweep.first_id, sweep.end_id
    while low < high:
        middle = (low + high) // 2
        if db.execute("SELECT path < ? FROM swept WHERE id = ?", (path, middle)).get:
            low = middle + 1
        else:
            high = middle
    return low


def read_swept(db: apsw.Connection, first_id: int, end_id: int, *, of_devices: bool = False) -> list[KeptRow]:
    """The rows with these ids, the second excluded, in the order of the listing."""
    device_id = f"coalesce((SELECT device_id {_TOLD} LIMIT 1), '')" if of_devices else "''"
    rows = db.execute(
        f"SELECT path, version_id, is_marker, etag, size, modified_s, coalesce({_TOLD_AT}, 0.0), {device_id}"  # noqa: S608
        " FROM swept WHERE id >= ? AND id < ? ORDER BY id",
        (first_id, end_id),
    )
    return list(rows)


def drop_swept(db: apsw.Connection, spared: Sequence[int]) -> bool:
    """Let go of some rows that are of no more use, but for those of the sweeps `spared`; whether there are more."""
    dropped = (Sweep(*row) for row in db.execute(f"{_SWEEP} WHERE word = 'dropped'"))
    sweep = next((sweep for sweep in dropped if sweep.id not in spared), None)
    if sweep is None:
        return False
    left = max(sweep.versions - _AT_ONCE, 0)
    db.execute("DELETE FROM swept WHERE id >= ? AND id < ?", (sweep.first_id + left, sweep.end_id))
    if left:
        db.execute("UPDATE sweep SET versions = ? WHERE id = ?", (left, sweep.id))
    else:
        db.execute("DELETE FROM sweep WHERE id = ?", (sweep.id,))
    return True


def forget_sweeps(db: apsw.Connection) -> None:
    """The bucket is not what it was: nothing that was swept counts."""
    db.execute("UPDATE sweep SET word = 'dropped'")
