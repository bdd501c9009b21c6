"""What an action changes in the state, as data, so that many finished actions make one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from bucketdrive.model.attempts import Attempt, Quarantined
from bucketdrive.model.entries import SyncedEntry
from bucketdrive.model.format import JournalEntry
from bucketdrive.model.paths import RelPath
from bucketdrive.state.attempts import drop_attempts, drop_quarantined, put_attempts, put_quarantined
from bucketdrive.state.runs import add_outbox
from bucketdrive.state.trees import drop_synced, put_synced


@dataclass(frozen=True, slots=True)
class StateChange:
    """One change, applied wholly or not at all. `opened` also rewrites an attempt that is there (to settle it)."""

    dropped: tuple[RelPath, ...] = ()
    synced: tuple[tuple[RelPath, SyncedEntry], ...] = ()
    opened: tuple[Attempt, ...] = ()
    closed: tuple[str, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    unquarantined: tuple[str, ...] = ()
    announced: tuple[JournalEntry, ...] = ()


def apply_changes(db: apsw.Connection, changes: Sequence[StateChange]) -> None:
    """Apply all `changes`, in order where they speak of one path."""
    rows: dict[RelPath, SyncedEntry | None] = {}
    for change in changes:
        rows.update(dict.fromkeys(change.dropped))
        rows.update(change.synced)
    if dropped := [path for path, row in rows.items() if row is None]:
        drop_synced(db, dropped)
    if put := [(path, row) for path, row in rows.items() if row is not None]:
        put_synced(db, put)
    attempts: dict[str, Attempt | None] = {}
    for change in changes:
        attempts.update({attempt.op: attempt for attempt in change.opened})
        attempts.update(dict.fromkeys(change.closed))
    if closed := [op for op, attempt in attempts.items() if attempt is None]:
        drop_attempts(db, closed)
    if opened := [attempt for attempt in attempts.values() if attempt is not None]:
        put_attempts(db, opened)
    for change in changes:
        if change.unquarantined:
            drop_quarantined(db, change.unquarantined)
        if change.quarantined:
            put_quarantined(db, change.quarantined)
        if change.announced:
            add_outbox(db, change.announced)
