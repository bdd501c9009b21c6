"""From a path's past to a plan that makes it present again: copies forward, never a version less."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bucketdrive.errors import NoSuchPathError
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.plan import CopyForward
from bucketdrive.rules.names import refusal
from bucketdrive.rules.timeline import Past


def plan_restore(keys: KeySpace, path: RelPath, versions: Sequence[VersionRow], version_id: str) -> CopyForward | None:
    """What makes a version of `path` the newest again; None where it is that already.

    `versions` are all of the file's, newest first, those under the names it was moved from among them. Without a
    `version_id`: the last content of a deleted file, or of a live one the last content that is not the current.

    Raises:
        NoSuchPathError: there is no such version.
    """
    contents = [row for row in versions if not row.is_delete_marker]
    top = next((row for row in versions if row.key == keys.key(path)), None)
    if version_id:
        wanted = next((row for row in contents if row.version_id == version_id), None)
    elif top is not None and top.is_delete_marker:
        wanted = contents[0] if contents else None
    else:
        wanted = next((row for row in contents if top and not _is_same_content(row, top)), None)
    if wanted is None or top is None:
        raise _no_such_version(path, versions, version_id)
    if wanted is top:
        return None
    is_deleted = top.is_delete_marker
    reason = "deleted: its last content comes back" if is_deleted else "an older version becomes the newest"
    source = keys.tail(wanted.key)
    return replace(_forward(path, reason, wanted, top), source="" if source == path else source)


def plan_restore_as_of(tree: Mapping[str, Past], moment: str) -> list[CopyForward]:
    """What brings every file of a past tree back as it was; files with that content now, and files made since, stay.

    `moment`: in words, for the reasons. Keys that no drive can keep as files are left alone.
    """
    return [
        _forward(RelPath(path), f"as it was at {moment}", past.then, past.top)
        for path, past in tree.items()
        if not _is_same_content(past.then, past.top) and refusal(path) is None
    ]


def _is_same_content(then: VersionRow, top: VersionRow) -> bool:
    is_same_version = then.version_id == top.version_id
    return is_same_version or (not top.is_delete_marker and (then.etag, then.size) == (top.etag, top.size))


def _forward(path: RelPath, reason: str, wanted: VersionRow, top: VersionRow) -> CopyForward:
    live = None if top.is_delete_marker else top
    return CopyForward(
        path,
        reason,
        wanted.version_id,
        wanted.etag,
        wanted.size,
        if_match=live.etag if live else "",
        base_version=live.version_id if live else "",
    )


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
