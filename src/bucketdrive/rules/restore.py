"""From a path's past to a plan that makes it present again: copies forward, never a version less."""

from collections.abc import Sequence

from bucketdrive.errors import NoSuchPathError
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import CopyForward


def plan_restore(path: RelPath, versions: Sequence[VersionRow], version_id: str) -> CopyForward | None:
    """What makes a version of `path` the newest again; None where it is that already.

    `versions` are all of the key's, newest first. Without a `version_id`: the last content of a deleted file, or of a
    live one the version before the current.

    Raises:
        NoSuchPathError: there is no such version.
    """
    contents = [row for row in versions if not row.is_delete_marker]
    top = versions[0] if versions else None
    if version_id:
        wanted = next((row for row in contents if row.version_id == version_id), None)
    elif top is not None and top.is_delete_marker:
        wanted = contents[0] if contents else None
    else:
        wanted = contents[1] if len(contents) > 1 else None
    if wanted is None or top is None:
        raise _no_such_version(path, versions, version_id)
    if wanted is top:
        return None
    live_etag = "" if top.is_delete_marker else top.etag
    reason = "deleted: its last content comes back" if not live_etag else "an older version becomes the newest"
    base = top.version_id if live_etag else ""
    return CopyForward(path, reason, wanted.version_id, wanted.etag, wanted.size, live_etag, base)


def _no_such_version(path: RelPath, versions: Sequence[VersionRow], version_id: str) -> NoSuchPathError:
    if not versions:
        what = f"{path} is not in this drive, and never was as far as its versions go back."
    elif version_id:
        what = f"{path} has no version {version_id}."
    else:
        what = f"{path} has no earlier version to go back to."
    return NoSuchPathError(
        f"{what} Nothing was restored.",
        hint="See what there is with `bucketdrive versions PATH` and `bucketdrive trash`.",
        path=path,
    )
