"""What a device remembers for stores that ignore conditional writes, in rows."""

from collections.abc import Iterable, Mapping

import apsw

from bucketdrive.model.paths import RelPath


def load_audited(db: apsw.Connection) -> dict[RelPath, str]:
    """The version that was on top of each key when its lineage was last audited."""
    return {RelPath(path): version_id for path, version_id in db.execute("SELECT path, version_id FROM audited")}


def load_audited_of(db: apsw.Connection, paths: Iterable[RelPath]) -> dict[RelPath, str]:
    """As `load_audited`, for some paths."""
    found = {}
    for path in paths:
        for (version_id,) in db.execute("SELECT version_id FROM audited WHERE path = ?", (str(path),)):
            found[path] = version_id
    return found


def put_audited(db: apsw.Connection, tops: Mapping[RelPath, str]) -> None:
    """Write down which versions were on top when their keys were audited."""
    db.executemany("INSERT OR REPLACE INTO audited VALUES (?, ?)", [(str(path), top) for path, top in tops.items()])
