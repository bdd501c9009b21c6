"""What a device remembers for stores that ignore conditional writes, in rows."""

from collections.abc import Mapping

import apsw

from bucketdrive.model.paths import RelPath


def load_audited(db: apsw.Connection) -> dict[RelPath, str]:
    """The version that was on top of each key when its lineage was last audited."""
    return {RelPath(path): version_id for path, version_id in db.execute("SELECT path, version_id FROM audited")}


def put_audited(db: apsw.Connection, tops: Mapping[RelPath, str]) -> None:
    """Write down which versions were on top when their keys were audited."""
    db.executemany("INSERT OR REPLACE INTO audited VALUES (?, ?)", [(str(path), top) for path, top in tops.items()])
