"""What a device remembers for stores that ignore conditional writes, in rows."""

from collections.abc import Iterable, Mapping

import apsw

from bucketdrive.model.paths import RelPath


def load_audited(db: apsw.Connection) -> dict[RelPath, str]:
    """The version that was on top of each key when its lineage was last audited."""
    return {RelPath(path): version_id for path, version_id in db.execute("SELECT path, version_id FROM audited")}


def put_audited(db: apsw.Connection, tops: Mapping[RelPath, str]) -> None:
    """Write down which versions were on top when their keys were audited."""
    db.executemany("INSERT OR REPLACE INTO audited VALUES (?, ?)", [(str(path), top) for path, top in tops.items()])


def load_told_deletions(db: apsw.Connection) -> dict[RelPath, set[str]]:
    """The versions of each path that journals said would be deleted."""
    told: dict[RelPath, set[str]] = {}
    for path, version_id in db.execute("SELECT path, version_id FROM told_deletion"):
        told.setdefault(RelPath(path), set()).add(version_id)
    return told


def add_told_deletions(db: apsw.Connection, told: Iterable[tuple[str, str]]) -> None:
    """Add (path, version id) pairs that a journal tells of."""
    db.executemany("INSERT OR IGNORE INTO told_deletion VALUES (?, ?)", list(told))


def load_cursors(db: apsw.Connection) -> dict[str, int]:
    """The last batch read of each device's journal."""
    return dict(db.execute("SELECT device_id, number FROM journal_cursor"))


def put_cursor(db: apsw.Connection, device_id: str, number: int, told: Iterable[tuple[str, str]]) -> None:
    """A batch was read: write down its number and the deletions it tells of, together."""
    db.execute("INSERT OR REPLACE INTO journal_cursor VALUES (?, ?)", (device_id, number))
    add_told_deletions(db, told)
