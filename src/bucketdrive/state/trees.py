"""The synced tree and single facts, in rows."""

from collections.abc import Iterable, Mapping
from typing import Any

import apsw

from bucketdrive.model.entries import Fingerprint, SyncedDir, SyncedEntry, SyncedFile, SyncedTree
from bucketdrive.model.paths import RelPath
from bucketdrive.state.glance import MAYBE_COPY

_SELECT = (
    "SELECT path, kind, sha256, size, etag, version_id, local_size, mtime_ns, ctime_ns, inode, mode, is_fp_safe,"
    " local_name FROM synced"
)


def load_synced(db: apsw.Connection) -> SyncedTree:
    """The whole synced tree."""
    return _tree(db.execute(_SELECT))


def load_synced_at(db: apsw.Connection, paths: Iterable[RelPath]) -> SyncedTree:
    """The rows of some paths."""
    tree: SyncedTree = {}
    for path in paths:
        tree.update(_tree(db.execute(f"{_SELECT} WHERE path = ?", (str(path),))))
    return tree


def load_maybe_copies(db: apsw.Connection) -> SyncedTree:
    """The rows whose path looks like a conflict copy's; `rules.names` tells whether it is one."""
    return _tree(db.execute(f"{_SELECT} WHERE {MAYBE_COPY}"))


def load_synced_below(db: apsw.Connection, folder: RelPath, limit: int) -> SyncedTree:
    """The rows below a folder, the first `limit` of them."""
    return _tree(db.execute(f"{_SELECT} WHERE path > ? AND path < ? LIMIT ?", (f"{folder}/", f"{folder}0", limit)))


def has_aliases(db: apsw.Connection) -> bool:
    """Whether any file or folder has another name on disk than its path."""
    return bool(list(db.execute("SELECT 1 FROM synced WHERE local_name <> '' LIMIT 1")))


def count_synced(db: apsw.Connection) -> int:
    """How many rows the synced tree has."""
    ((count,),) = db.execute("SELECT count(*) FROM synced")
    return int(count)


def _tree(rows: Iterable[Any]) -> SyncedTree:
    tree: SyncedTree = {}
    for path, kind, sha256, size, etag, version_id, *fingerprint, is_fp_safe, local_name in rows:
        tree[RelPath(path)] = (
            SyncedFile(sha256, size, etag, version_id, Fingerprint(*fingerprint), bool(is_fp_safe), local_name)
            if kind == "file"
            else SyncedDir(local_name)
        )
    return tree


def put_synced(db: apsw.Connection, entries: Iterable[tuple[RelPath, SyncedEntry]]) -> None:
    """Write rows, replacing those that are there; but a folder takes no file's place.

    What comes into being below a path shows a folder there, on this side: that does not undo what was agreed on.
    """
    rows = list(entries)
    db.executemany(
        "INSERT OR REPLACE INTO synced VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(path, entry) for path, entry in rows if isinstance(entry, SyncedFile)],
    )
    db.executemany(
        "INSERT INTO synced (path, kind, local_name) VALUES (?, 'dir', ?)"
        " ON CONFLICT (path) DO UPDATE SET local_name = excluded.local_name WHERE kind = 'dir'",
        [(str(path), entry.local_name) for path, entry in rows if isinstance(entry, SyncedDir)],
    )


def _row(path: RelPath, entry: SyncedFile) -> tuple[str | int, ...]:
    seen = entry.fingerprint
    return (
        str(path),
        "file",
        entry.sha256,
        entry.size,
        entry.etag,
        entry.version_id,
        seen.size,
        seen.mtime_ns,
        seen.ctime_ns,
        seen.inode,
        seen.mode,
        int(entry.is_fp_safe),
        entry.local_name,
    )


def expect_nothing(db: apsw.Connection, paths: Iterable[RelPath]) -> None:
    """From now on, whatever is here at these files' paths counts as made anew, though it be what was agreed on.

    Written before deletions are sent: should a reply not come, a file that its user has brought back since is so no
    file that was deleted in the bucket.
    """
    db.executemany(
        "UPDATE synced SET sha256 = '', is_fp_safe = 0 WHERE path = ? AND kind = 'file'",
        [(str(path),) for path in paths],
    )


def drop_synced(db: apsw.Connection, paths: Iterable[RelPath]) -> None:
    """Drop rows; those that are not there are no error."""
    db.executemany("DELETE FROM synced WHERE path = ?", [(str(path),) for path in paths])


def load_meta(db: apsw.Connection) -> dict[str, str]:
    """All single facts."""
    return dict(db.execute("SELECT name, value FROM meta"))


def put_meta(db: apsw.Connection, facts: Mapping[str, str]) -> None:
    """Write single facts, replacing those that are there."""
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(facts.items()))
