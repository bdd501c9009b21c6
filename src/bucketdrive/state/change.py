"""What an action changes in the state, as data, so that many finished actions make one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import apsw

from bucketdrive.model.attempts import Attempt, Quarantined
from bucketdrive.model.entries import SyncedEntry
from bucketdrive.model.format import JournalEntry
from bucketdrive.model.log import LogLine
from bucketdrive.model.paths import RelPath
from bucketdrive.state.attempts import drop_attempts, drop_quarantined, put_attempts, put_quarantined
from bucketdrive.state.log import add_log, before_now
from bucketdrive.state.runs import add_outbox, approve_deletions
from bucketdrive.state.sweeps import forget_sweeps
from bucketdrive.state.trees import drop_synced, put_meta, put_synced


@dataclass(frozen=True, slots=True)
class StateChange:
    """One change, applied wholly or not at all. `opened` also rewrites an attempt that is there (to settle it).

    `approved`: the user asked for these files to be deleted, so that no guard asks again.
    """

    dropped: tuple[RelPath, ...] = ()
    synced: tuple[tuple[RelPath, SyncedEntry], ...] = ()
    opened: tuple[Attempt, ...] = ()
    closed: tuple[str, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    unquarantined: tuple[str, ...] = ()
    announced: tuple[JournalEntry, ...] = ()
    logged: tuple[LogLine, ...] = ()
    approved: tuple[RelPath, ...] = ()


def apply_changes(db: apsw.Connection, changes: Sequence[StateChange]) -> None:
    """Apply all `changes`, in order where they speak of one path."""
    lines: list[LogLine] = []
    for change in changes:
        lines += [before_now(db, line) for line in change.logged]
        if change.dropped:
            drop_synced(db, change.dropped)
        if change.synced:
            put_synced(db, change.synced)
    _apply_attempts(db, changes)
    for change in changes:
        if change.unquarantined:
            drop_quarantined(db, change.unquarantined)
        if change.quarantined:
            put_quarantined(db, change.quarantined)
        if change.announced:
            add_outbox(db, change.announced)
        if change.approved:
            approve_deletions(db, change.approved)
    if lines:
        add_log(db, lines)


def _apply_attempts(db: apsw.Connection, changes: Sequence[StateChange]) -> None:
    attempts: dict[str, Attempt | None] = {}
    for change in changes:
        attempts.update({attempt.op: attempt for attempt in change.opened})
        attempts.update(dict.fromkeys(change.closed))
    if closed := [op for op, attempt in attempts.items() if attempt is None]:
        drop_attempts(db, closed)
    if opened := [attempt for attempt in attempts.values() if attempt is not None]:
        put_attempts(db, opened)


def begin_anew(db: apsw.Connection, facts: Mapping[str, str]) -> None:
    """Forget what was agreed on, begun, set aside, held, to be told and swept; with single `facts` to begin with.

    Who this device is, what the store does, and what journals told remains true.
    """
    for table in ("synced", "attempt", "quarantine", "hold", "outbox"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from above
    forget_sweeps(db)
    put_meta(db, facts)
