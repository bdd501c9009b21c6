"""The state at a glance, for a status: a few numbers, read beside a running sync, without the lock and in milliseconds.

Imports next to nothing, because a status must be told in a tenth of a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw

from bucketdrive.state.failures import failure

T = TypeVar("T")

MAYBE_COPY = "instr(path, ' (conflict ') > 0"
"""What paths that may be conflict copies' have in common, in the very words of the index `synced_copies`."""

_PATIENCE_MS = 5000
"""Whoever opens or closes the state has it alone for a moment."""

_OLDEST = (
    "SELECT min(at) FROM (SELECT started_s AS at FROM attempt WHERE is_open = 1"
    " UNION ALL SELECT json_extract(entry, '$.at') FROM outbox)"
)


@dataclass(frozen=True, slots=True)
class Glance:
    """What stands in a state. `maybe_copies`: paths that look like conflict copies; `holds`: path and reason, by path.

    `approvals`: deletions that wait for the user; `pending`: attempts not settled and announcements not made, the
    oldest since `pending_since_s` (seconds since 1970, 0 for none). `is_run_open`: the last run was not ended; it runs,
    or was broken off.
    """

    meta: dict[str, str]
    files: int
    size_bytes: int
    maybe_copies: list[str]
    holds: list[tuple[str, str]]
    approvals: int
    pending: int
    pending_since_s: float = 0.0
    is_run_open: bool = False


def glance(folder: Path) -> Glance | None:
    """Read `state.db` in `folder`, all as of one moment; None where there is none yet.

    Raises:
        DriveError: it cannot be read; a DiskFullError where that takes room.
    """
    return reading(folder, _read)


def reading(folder: Path, read: Callable[[apsw.Connection], T]) -> T | None:
    """What `read` finds in the state, all as of one moment; None where there is no state.

    Raises:
        DriveError: it cannot be read; a DiskFullError where that takes room.
    """
    path = folder / "state.db"
    if not path.exists():
        return None
    try:
        return _read_anyhow(path, read)
    except apsw.Error as error:
        raise failure(path, error) from error


def _read_anyhow(path: Path, read: Callable[[apsw.Connection], T]) -> T | None:
    try:
        return _read_at_once(str(path), read)
    except (apsw.CantOpenError, apsw.IOError):
        if _has_log(path):
            raise
        # nothing can be written beside it, so nobody writes it
        return _read_at_once(f"{path.resolve().as_uri()}?immutable=1", read)


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _read_at_once(name: str, read: Callable[[apsw.Connection], T]) -> T | None:
    db = apsw.Connection(name, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        db.set_busy_timeout(_PATIENCE_MS)
        db.execute("BEGIN")
        return read(db) if db.pragma("user_version") else None
    finally:
        db.close()


def _read(db: apsw.Connection) -> Glance:
    files, size_bytes = next(db.execute("SELECT count(*), coalesce(sum(size), 0) FROM synced WHERE kind = 'file'"))
    copies = db.execute(f"SELECT path FROM synced WHERE {MAYBE_COPY} AND +kind = 'file' ORDER BY path")  # noqa: S608
    return Glance(
        meta={str(name): str(value) for name, value in db.execute("SELECT name, value FROM meta")},
        files=files,
        size_bytes=size_bytes,
        maybe_copies=[path for (path,) in copies],
        holds=[(str(path), str(why)) for path, why in db.execute("SELECT path, reason FROM hold ORDER BY path")],
        approvals=db.execute("SELECT count(*) FROM hold WHERE guard = 'G3' AND is_approved = 0").get,
        pending=db.execute("SELECT (SELECT count(*) FROM outbox) + count(*) FROM attempt WHERE is_open = 1").get,
        pending_since_s=db.execute(_OLDEST).get or 0.0,
        is_run_open=db.execute("SELECT finished_s FROM run ORDER BY id DESC LIMIT 1").get == 0,
    )
