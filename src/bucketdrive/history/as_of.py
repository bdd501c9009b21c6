"""Moments at which a path is looked at, and how it is told that nothing was there."""

from bucketdrive.errors import NoSuchPathError
from bucketdrive.history.versions import list_versions
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.reports import iso_time
from bucketdrive.ports.bucket import Reads

NOW = float("inf")
"""No moment at all: what is newest in the bucket, whatever any clock says."""


async def not_there(bucket: Reads, keys: KeySpace, path: str, at_s: float, what_not: str) -> NoSuchPathError:
    """The error that says how it is that nothing was at `path` at `at_s`; `what_not` says what was not done."""
    then = "now" if at_s == NOW else f"at {iso_time(at_s)}"
    rows = await list_versions(bucket, keys, RelPath(path)) if path else []
    contents = [row for row in rows if not row.is_delete_marker]
    if not path:
        what = f"The drive had no files {then}."
    elif not contents:
        what = f"{path} is neither a file {then} nor a folder with files in it."
    elif int(contents[-1].modified_s) > at_s:
        what = f"{path} did not exist {then}: its oldest version is of {iso_time(contents[-1].modified_s)}."
    else:
        what = f"{path} was deleted{'' if at_s == NOW else f' {then}'}."
    return NoSuchPathError(
        f"{what} {what_not}",
        hint="See what there is with `bucketdrive versions PATH` and `bucketdrive ls --as-of TIME`.",
        path=path,
    )
