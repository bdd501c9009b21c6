"""The log of a drive, in rows: what was done, and what a user must know of."""

from collections.abc import Iterable
from pathlib import Path

import apsw

from bucketdrive.model.log import LogLine
from bucketdrive.state.glance import reading

KEPT_LINES = 100_000
"""Older lines go: what was done to a file long ago, its versions tell."""

_OWN_VERSION = "coalesce(nullif(?, ''), (SELECT version_id FROM synced WHERE path = ?), '')"


def add_log(db: apsw.Connection, lines: Iterable[LogLine]) -> None:
    """Write lines. Where one names no version, it is the one that is agreed on for its path by now."""
    db.executemany(
        f"INSERT INTO log (run, at_s, op, path, version_id, note) VALUES (?, ?, ?, ?, {_OWN_VERSION}, ?)",  # noqa: S608
        [(line.run, line.at, line.op, line.path, line.version_id, line.path, line.note) for line in lines],
    )


def trim_log(db: apsw.Connection) -> None:
    """Drop what is older than the last `KEPT_LINES`."""
    db.execute("DELETE FROM log WHERE id <= (SELECT max(id) FROM log) - ?", (KEPT_LINES,))


def read_log(folder: Path, last: int, after: int = 0) -> list[LogLine]:
    """The `last` lines, oldest first, of those with an id above `after`; read beside a running sync, without the lock.

    Raises:
        DriveError: the state cannot be read.
    """
    return reading(folder, lambda db: _read(db, last, after)) or []


def _read(db: apsw.Connection, last: int, after: int) -> list[LogLine]:
    if db.pragma("user_version") < 4:
        return []
    rows = db.execute(
        "SELECT id, run, at_s, op, path, version_id, note FROM log WHERE id > ? ORDER BY id DESC LIMIT ?", (after, last)
    )
    return [
        LogLine(op, path, at_s, run, version_id, note, number) for number, run, at_s, op, path, version_id, note in rows
    ][::-1]
