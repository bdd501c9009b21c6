"""The log of a drive, in rows: what was done, and what a user must know of."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import apsw

from bucketdrive.model.log import Had, LogLine
from bucketdrive.state.glance import reading

KEPT_LINES = 100_000
"""Older lines go: what was done to a file long ago, its versions tell."""

KEPT_RUNS = 10
"""So many of the last runs keep all of their lines, so that they can be undone."""

TRIMMED = "log_trimmed_run"
"""The last run of which lines are gone, among the single facts."""

_OWN_VERSION = "coalesce(nullif(?, ''), (SELECT version_id FROM synced WHERE path = ?), '')"
_OWN_ETAG = "coalesce((SELECT etag FROM synced WHERE path = ?), '')"
_BEFORE = ("before", "before_id", "before_etag", "source", "is_asked")
_HAD = {"file": Had.FILE, "dir": Had.FOLDER}


def before_now(db: apsw.Connection, line: LogLine) -> LogLine:
    """The line with what is agreed on at its path, unless it tells that itself. For use before the deed is applied."""
    if line.before is not Had.UNTOLD or not line.path:
        return line
    for kind, version_id, etag in db.execute("SELECT kind, version_id, etag FROM synced WHERE path = ?", (line.path,)):
        return replace(line, before=_HAD[kind], before_id=version_id, before_etag=etag)
    return replace(line, before=Had.NOTHING)


def add_log(db: apsw.Connection, lines: Iterable[LogLine]) -> None:
    """Write lines. Where one names no version, it is the one that is agreed on for its path by now."""
    db.executemany(
        f"INSERT INTO log (run, at_s, op, path, version_id, etag, note, {', '.join(_BEFORE)})"  # noqa: S608
        f" VALUES (?, ?, ?, ?, {_OWN_VERSION}, {_OWN_ETAG}, ?, ?, ?, ?, ?, ?)",
        [_values(line) for line in lines],
    )


def _values(line: LogLine) -> tuple[str | int | float, ...]:
    row = "" if line.is_asked else line.path  # what was asked for is not what is agreed on yet
    return (line.run, line.at, line.op, line.path, line.version_id, row, row, line.note, *_before(line))


def _before(line: LogLine) -> tuple[str | int, ...]:
    return (str(line.before), line.before_id, line.before_etag, line.source, int(line.is_asked))


def trim_log(db: apsw.Connection) -> None:
    """Drop what is older than the last `KEPT_LINES`, but no line of the last `KEPT_RUNS` runs."""
    which = "id <= (SELECT max(id) FROM log) - ? AND run <= (SELECT max(id) FROM run) - ?"
    kept = (KEPT_LINES, KEPT_RUNS)
    ((last,),) = db.execute(f"SELECT max(run) FROM log WHERE {which}", kept)  # noqa: S608
    if last is not None:
        db.execute(f"DELETE FROM log WHERE {which}", kept)  # noqa: S608
        db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name)"
            " DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
            (TRIMMED, str(last)),
        )


def read_log(folder: Path, last: int, after: int = 0) -> list[LogLine]:
    """The `last` lines, oldest first, of those with an id above `after`; read beside a running sync, without the lock.

    Raises:
        DriveError: the state cannot be read.
    """
    return reading(folder, lambda db: _read(db, last, after)) or []


def _read(db: apsw.Connection, last: int, after: int) -> list[LogLine]:
    if db.pragma("user_version") < 4:
        return []
    is_older = not list(db.execute("SELECT 1 FROM pragma_table_info('log') WHERE name = 'before'"))
    return _lines(db, "id > ? ORDER BY id DESC LIMIT ?", (after, last), is_older=is_older)[::-1]


def load_lines_of(db: apsw.Connection, run: int) -> list[LogLine]:
    """What a run did, oldest first; nothing that it only told."""
    return _lines(db, "run = ? AND path <> '' ORDER BY id", (run,))


def _lines(db: apsw.Connection, which: str, values: tuple[int, ...], *, is_older: bool = False) -> list[LogLine]:
    """Lines. `is_older`: the state is of a program that did not write down what was before."""
    more = "'', '', '', '', 0, ''" if is_older else ", ".join((*_BEFORE, "etag"))
    rows = db.execute(f"SELECT id, run, at_s, op, path, version_id, note, {more} FROM log WHERE {which}", values)  # noqa: S608
    return [
        LogLine(
            op, path, at_s, run, version_id, note, number, Had(before), before_id, was, etag, source, bool(is_asked)
        )
        for number, run, at_s, op, path, version_id, note, before, before_id, was, source, is_asked, etag in rows
    ]
