"""Runs, holds, and the outbox of the journal, in rows."""

import json
from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass

import apsw

from bucketdrive.model.format import JournalEntry, read_journal_entry, write_journal
from bucketdrive.model.log import LogLine
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Hold
from bucketdrive.model.reports import SyncReport
from bucketdrive.state.log import TRIMMED, add_log, load_lines_of, trim_log
from bucketdrive.state.trees import load_meta, put_meta


@dataclass(frozen=True, slots=True)
class StoredHold:
    """A hold as the last run left it."""

    path: RelPath
    reason: str
    guard: str
    is_approved: bool


def replace_holds(
    db: apsw.Connection, holds: Iterable[Hold], now_s: float, scope: Container[RelPath] | None = None
) -> None:
    """Make `holds` the holds there are; those that were there keep their time, and approvals end with their hold.

    With a `scope`, those of other paths stay.
    """
    known = {path: (since_s, ok) for path, since_s, ok in db.execute("SELECT path, since_s, is_approved FROM hold")}
    ended = [path for path in known if scope is None or RelPath(path) in scope]
    db.executemany("DELETE FROM hold WHERE path = ?", [(path,) for path in ended])
    db.executemany(
        "INSERT OR REPLACE INTO hold VALUES (?, ?, ?, ?, ?)",
        [(str(h.path), h.reason, h.guard, *known.get(str(h.path), (now_s, 0))) for h in holds],
    )


def finish_run(
    db: apsw.Connection,
    run: int,
    holds: Collection[Hold],
    now_s: float,
    *,
    is_in_sync: bool,
    scope: Container[RelPath] | None,
) -> None:
    """Write down what a run left: its holds, and if nothing was left undone, that both sides were equal at `now_s`.

    `scope`: what it was about; None: everything. Deletions that begin to wait for the user's word are logged.
    """
    known = {path for (path,) in db.execute("SELECT path FROM hold WHERE guard <> ''")}
    asked = [hold for hold in holds if hold.guard and hold.path not in known]
    if asked:
        note = f"{len(asked):,} deletions wait for `bucketdrive approve` or `deny`: {asked[0].reason}"
        add_log(db, [LogLine("wait", "", now_s, run, note=note)])
    replace_holds(db, holds, now_s, scope)
    if is_in_sync:
        put_meta(db, {"synced_s": str(now_s), "is_rebuilding": "0"})


def load_holds(db: apsw.Connection) -> list[StoredHold]:
    """All holds, by path."""
    rows = db.execute("SELECT path, reason, guard, is_approved FROM hold ORDER BY path")
    return [StoredHold(RelPath(path), reason, guard, bool(ok)) for path, reason, guard, ok in rows]


def approve_holds(db: apsw.Connection, guard: str) -> int:
    """Approve all that `guard` asks; how many."""
    db.execute("UPDATE hold SET is_approved = 1 WHERE guard = ? AND is_approved = 0", (guard,))
    return db.changes()


def approve_deletions(db: apsw.Connection, paths: Iterable[RelPath]) -> None:
    """Let the deletion of files pass that the user asked for, before any guard asks; until the next look at them."""
    db.executemany(
        "INSERT OR REPLACE INTO hold VALUES (?, 'you asked for its deletion', 'G3', 0, 1)",
        [(str(path),) for path in paths],
    )


def deny_holds(db: apsw.Connection, guard: str) -> int:
    """Refuse all that `guard` asks: the other side's copies come back, by forgetting what was agreed; how many."""
    db.execute("DELETE FROM synced WHERE path IN (SELECT path FROM hold WHERE guard = ?)", (guard,))
    db.execute("DELETE FROM hold WHERE guard = ?", (guard,))
    return db.changes()


def add_outbox(db: apsw.Connection, entries: Iterable[JournalEntry]) -> None:
    """Queue journal entries."""
    db.executemany("INSERT INTO outbox (entry) VALUES (?)", [(write_journal([entry]).decode(),) for entry in entries])


def load_outbox(db: apsw.Connection) -> tuple[int, list[JournalEntry]]:
    """The last id queued (0: none) and the entries, oldest first."""
    rows = list(db.execute("SELECT id, entry FROM outbox ORDER BY id"))
    return (rows[-1][0] if rows else 0), [read_journal_entry(entry) for _, entry in rows]


def clear_outbox(db: apsw.Connection, last_id: int) -> None:
    """Remove what was announced, up to `last_id`."""
    db.execute("DELETE FROM outbox WHERE id <= ?", (last_id,))


def begin_run(db: apsw.Connection, started_s: float) -> int:
    """A run is about to do something: its number. One that is never ended was broken off."""
    db.execute(
        "INSERT INTO run (started_s, finished_s, deleted_here, deleted_in_bucket, report) VALUES (?, 0, 0, 0, '{}')",
        (started_s,),
    )
    return db.last_insert_rowid()


def end_run(db: apsw.Connection, run: int, finished_s: float, report: SyncReport, unasked: tuple[int, int]) -> None:
    """Write down what a run did, when it ended, and the deletions here and in the bucket that the quota counts.

    Of a run in several parts each one ends so, and the deletions add up.
    """
    db.execute(
        "UPDATE run SET finished_s = ?, deleted_here = deleted_here + ?, deleted_in_bucket = deleted_in_bucket + ?,"
        " report = ? WHERE id = ?",
        (finished_s, *unasked, json.dumps(report.to_json()), run),
    )
    trim_log(db)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What a run did, oldest first. `is_trimmed`: some of it is no longer known."""

    lines: list[LogLine]
    is_trimmed: bool


def load_run(db: apsw.Connection, run: int) -> StoredRun | None:
    """What a run did; None where there was none of this number."""
    if not list(db.execute("SELECT 1 FROM run WHERE id = ?", (run,))):
        return None
    return StoredRun(load_lines_of(db, run), run <= int(load_meta(db).get(TRIMMED, "0")))


def last_run(db: apsw.Connection) -> int:
    """The number of the last run that did something, 0 for none."""
    ((run,),) = db.execute("SELECT coalesce(max(run), 0) FROM log WHERE path <> ''")
    return int(run)


def deletions_since(db: apsw.Connection, since_s: float) -> tuple[int, int]:
    """How many files runs deleted here and in the bucket since `since_s`."""
    query = "SELECT coalesce(sum(deleted_here), 0), coalesce(sum(deleted_in_bucket), 0) FROM run WHERE finished_s >= ?"
    here, there = next(iter(db.execute(query, (since_s,))))
    return here, there
