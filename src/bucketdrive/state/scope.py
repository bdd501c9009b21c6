"""The rows that a look at some paths needs: few, however many there are."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.state.attempts import load_attempts
from bucketdrive.state.lineage import load_audited_of
from bucketdrive.state.runs import deletions_since, load_holds
from bucketdrive.state.snapshot import Snapshot
from bucketdrive.state.trees import load_meta, load_synced_at, load_synced_below

if TYPE_CHECKING:
    from bucketdrive.model.entries import SyncedTree

_FILES_BELOW = "SELECT path FROM synced WHERE path > ? AND path < ? AND +kind = 'file' ORDER BY path"
"""With the plus, the rows of the range are read, and not an index of all files."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a look at some paths is about: `roots` and all below them, no root below another.

    Every folder above a root is in `elsewhere`: it has agreed files that are not in the scope, so that nothing in the
    scope decides about it.
    """

    roots: frozenset[RelPath]
    elsewhere: frozenset[RelPath]

    def __contains__(self, path: object) -> bool:
        return isinstance(path, RelPath) and _is_below(path, self.roots)


def _is_below(path: RelPath, roots: AbstractSet[RelPath]) -> bool:
    return path in roots or not roots.isdisjoint(path.ancestors())


def load_scope(
    db: apsw.Connection, asked: Iterable[RelPath], deletions_since_s: float, limit: int
) -> tuple[Scope, Snapshot] | None:
    """The smallest scope around `asked`, and the state of it; None where it has more than `limit` rows.

    A folder all of whose agreed files are in the scope is itself: what becomes of it is decided with them. The snapshot
    has no row of the quarantine.
    """
    scope = _close(db, set(asked), limit)
    if scope is None:
        return None
    synced: SyncedTree = {}
    for root in sorted(scope.roots):
        synced.update(load_synced_at(db, [root]))
        synced.update(load_synced_below(db, root, limit))
        if len(synced) >= limit:
            return None
    inside = list(synced)
    synced.update(load_synced_at(db, sorted(ancestors_of(scope.roots))))
    snapshot = Snapshot(
        load_meta(db),
        synced,
        load_attempts(db),
        [],
        load_holds(db),
        load_audited_of(db, inside),
        *deletions_since(db, deletions_since_s),
    )
    return scope, snapshot


def _close(db: apsw.Connection, roots: set[RelPath], limit: int) -> Scope | None:
    roots = _topmost(roots)
    elsewhere: set[RelPath] = set()
    for root in sorted(roots):
        if not roots.isdisjoint(root.ancestors()):  # a folder above it has become a root meanwhile
            continue
        for folder in root.ancestors():
            if folder in elsewhere:
                break
            found = _has_files_elsewhere(db, folder, roots, limit)
            if found is None:
                return None
            if found:
                elsewhere.update((folder, *folder.ancestors()))
                break
            roots.add(folder)
    return Scope(frozenset(_topmost(roots)), frozenset(elsewhere))


def _topmost(roots: set[RelPath]) -> set[RelPath]:
    return {root for root in roots if roots.isdisjoint(root.ancestors())}


def _has_files_elsewhere(db: apsw.Connection, folder: RelPath, roots: set[RelPath], limit: int) -> bool | None:
    """Whether an agreed file below `folder` is below no root; None where too many are."""
    for number, path in enumerate(_files_below(db, folder)):
        if not _is_below(path, roots):
            return True
        if number >= limit:
            return None
    return False


def _files_below(db: apsw.Connection, folder: RelPath) -> Iterator[RelPath]:
    for (path,) in db.execute(_FILES_BELOW, (f"{folder}/", f"{folder}0")):  # 0 comes next after /
        yield RelPath(path)
