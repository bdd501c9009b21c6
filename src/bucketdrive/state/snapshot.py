"""All that a round goes by, in one transaction."""

from dataclasses import dataclass

import apsw

from bucketdrive.model.attempts import Attempt, Quarantined
from bucketdrive.model.entries import SyncedTree
from bucketdrive.model.paths import RelPath
from bucketdrive.state.attempts import load_attempts, load_quarantined
from bucketdrive.state.lineage import load_audited
from bucketdrive.state.runs import StoredHold, deletions_since, load_holds
from bucketdrive.state.trees import load_meta, load_synced


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state at one moment. `deleted_here`, `deleted_in_bucket`: by runs since the time asked for.

    `audited` is for stores that ignore conditional writes (`state.lineage`).
    """

    meta: dict[str, str]
    synced: SyncedTree
    attempts: list[Attempt]
    quarantined: list[Quarantined]
    holds: list[StoredHold]
    audited: dict[RelPath, str]
    deleted_here: int
    deleted_in_bucket: int

    @property
    def approved(self) -> set[RelPath]:
        """The paths whose deletion the user approved."""
        return {hold.path for hold in self.holds if hold.is_approved}


def load_snapshot(db: apsw.Connection, deletions_since_s: float) -> Snapshot:
    """Load everything; deletions are counted since `deletions_since_s`, seconds since 1970 UTC."""
    return Snapshot(
        load_meta(db),
        load_synced(db),
        load_attempts(db),
        load_quarantined(db),
        load_holds(db),
        load_audited(db),
        *deletions_since(db, deletions_since_s),
    )
