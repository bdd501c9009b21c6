"""What the journals of all devices told, in rows."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import apsw

from bucketdrive.model.format import JournalEntry
from bucketdrive.model.paths import RelPath
from bucketdrive.state.runs import clear_outbox
from bucketdrive.state.trees import put_meta

Moved = dict[str, dict[str, str]]
"""Where files were moved to: by their path before, by the version that was moved."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a moved file came from: `version_id` of `path` was copied."""

    path: RelPath
    version_id: str


def load_cursors(db: apsw.Connection) -> dict[str, int]:
    """The last batch read of each device's journal."""
    return dict(db.execute("SELECT device_id, number FROM journal_cursor"))


def put_batch(db: apsw.Connection, device_id: str, number: int, entries: Sequence[JournalEntry]) -> None:
    """A batch was read, or written by us: keep what it tells. Batches before it that are not known stay to be read."""
    if number == load_cursors(db).get(device_id, 0) + 1:
        db.execute("INSERT OR REPLACE INTO journal_cursor VALUES (?, ?)", (device_id, number))
    db.executemany(
        "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (device_id, number, line, e.op, e.path, e.version, e.base, e.source, e.size, e.at, e.run)
            for line, e in enumerate(entries)
        ],
    )


def finish_batch(
    db: apsw.Connection, device_id: str, number: int, entries: Sequence[JournalEntry], last_id: int
) -> None:
    """Our own batch is in the bucket: `number` is taken, and the outbox is done up to `last_id`."""
    put_meta(db, {"journal_next": str(number + 1)})
    put_batch(db, device_id, number, entries)
    clear_outbox(db, last_id)


def load_told_deletions(db: apsw.Connection) -> dict[RelPath, set[str]]:
    """The versions of each path that journals said would be deleted."""
    told: dict[RelPath, set[str]] = {}
    for path, base in db.execute("SELECT path, base FROM told WHERE op = 'delete' AND base <> ''"):
        told.setdefault(RelPath(path), set()).add(base)
    return told


def load_bases(db: apsw.Connection, paths: Sequence[RelPath]) -> dict[RelPath, dict[str, str]]:
    """The versions of some paths that devices uploaded, by path and id; what each was made from (empty: nothing)."""
    query = "SELECT path, version_id, base FROM told WHERE op = 'put' AND path IN (SELECT value FROM json_each(?))"
    told: dict[RelPath, dict[str, str]] = {path: {} for path in paths}
    for path, version_id, base in db.execute(query, (json.dumps(paths),)):
        told[RelPath(path)][version_id] = base
    return told


def load_copies(db: apsw.Connection, path: str = "") -> dict[str, str]:
    """The version that each copy at or below `path` (empty: anywhere) was made of, by version id."""
    where, values = "op = 'copy' AND base <> ''", []
    if path:
        where, values = f"{where} AND (path = ? OR (path > ? AND path < ?))", [path, f"{path}/", f"{path}0"]
    return dict(db.execute(f"SELECT version_id, base FROM told WHERE {where}", values))  # noqa: S608


def load_origins(db: apsw.Connection, path: RelPath) -> dict[str, Origin]:
    """The versions of a path that came there by a move, by id."""
    rows = db.execute(
        "SELECT version_id, source, base FROM told WHERE path = ? AND op = 'copy' AND source <> ''", (path,)
    )
    return {version_id: Origin(RelPath(source), base) for version_id, source, base in rows}


def load_sources(db: apsw.Connection, paths: Iterable[RelPath]) -> dict[str, str]:
    """Where the versions of some paths came from by a move: a path, by version id."""
    return {version_id: origin.path for path in paths for version_id, origin in load_origins(db, path).items()}


def load_deeds(db: apsw.Connection, last: int) -> list[tuple[float, str, str, str, str, str, int, int]]:
    """The `last` deeds that journals told of, oldest first, each once.

    When, which device, the op, the path, the version it made, the path it came from, its size, the run. Deletions that
    were only announced, on stores that ignore conditions, name no version and are left out.
    """
    rows = db.execute(
        "SELECT min(at_s) AS told_s, device_id, op, path, version_id, source, size, run FROM told"
        " WHERE version_id <> ''"
        " GROUP BY device_id, op, path, version_id ORDER BY told_s DESC, number DESC, line DESC LIMIT ?",
        (last,),
    )
    return list(rows)[::-1]


def load_deleters(db: apsw.Connection, paths: Sequence[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Who told of deletions of these paths: device id, the marker's id (or empty), and the version that was deleted."""
    query = (
        "SELECT path, device_id, version_id, base FROM told WHERE op = 'delete' "
        "AND path IN (SELECT value FROM json_each(?)) ORDER BY device_id, number, line"
    )
    told: dict[str, list[tuple[str, str, str]]] = {}
    for path, device_id, version_id, base in db.execute(query, (json.dumps(list(paths)),)):
        told.setdefault(path, []).append((device_id, version_id, base))
    return told


def load_moved(db: apsw.Connection, paths: Sequence[str] | None = None) -> Moved:
    """Where the files of these paths (None: of all) were moved to: by path, by the version that was moved."""
    query = "SELECT source, base, path FROM told WHERE op = 'copy' AND source <> ''"
    some = " AND source IN (SELECT value FROM json_each(?))" if paths is not None else ""
    moved: Moved = {}
    for source, version_id, target in db.execute(query + some, (json.dumps(list(paths)),) if paths is not None else ()):
        moved.setdefault(source, {})[version_id] = target
    return moved


def load_moved_and_cursors(db: apsw.Connection) -> tuple[Moved, dict[str, int]]:
    """`load_moved` of all paths, and the last batch of each journal that is in it; of an older state: nothing."""
    if db.pragma("user_version") < 3:
        return {}, {}
    return load_moved(db), load_cursors(db)
