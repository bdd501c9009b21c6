"""The bytes of a version, as a file was at some moment: found, and read in pieces."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from bucketdrive.errors import NoSuchObjectError, NoSuchPathError, TransientError
from bucketdrive.history.as_of import NOW, not_there
from bucketdrive.history.look import each_file
from bucketdrive.history.sweep import Sweeps
from bucketdrive.history.versions import follow_versions
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import RelPath
from bucketdrive.model.reports import iso_time

_PIECE_BYTES = 8 << 20
"""So much of a version is in memory at once."""


@dataclass(frozen=True, slots=True)
class Content:
    """A version, and its bytes in pieces, which are read as they are taken.

    Taking them raises TransientError where the store fails, and NoSuchPathError where the version is gone meanwhile.
    """

    row: VersionRow
    pieces: AsyncIterator[bytes]


async def find_content(sweeps: Sweeps, path: RelPath, version_id: str = "", at_s: float = NOW) -> Content:
    """A file as it was at `at_s`, or one version of it; those under names it was moved from are its own too.

    Raises:
        NoSuchPathError: there was no such file, or there is no such version.
    """
    row = await (_version(sweeps, path, version_id) if version_id else _as_of(sweeps, path, at_s))
    return Content(row, _pieces(sweeps, row))


async def _version(sweeps: Sweeps, path: RelPath, version_id: str) -> VersionRow:
    rows = await follow_versions(sweeps.bucket, sweeps.keys, sweeps.state, path)
    row = next((row for row in rows if row.version_id == version_id), None)
    if row is None or row.is_delete_marker:
        what = "has no version" if row is None else "was deleted by"
        raise NoSuchPathError(
            f"{path} {what} {version_id}. Nothing was read.", hint=f"bucketdrive versions {path}", path=path
        )
    return row


async def _as_of(sweeps: Sweeps, path: RelPath, at_s: float) -> VersionRow:
    async with aclosing(each_file(sweeps, path, at_s)) as files:
        past = await anext(files, None)
    if past is None:
        raise await not_there(sweeps.bucket, sweeps.keys, path, at_s, "Nothing was read.")
    if past.then.key != sweeps.keys.key(path):
        then = "is" if at_s == NOW else f"at {iso_time(at_s)} was"
        raise NoSuchPathError(
            f"{path} {then} a folder. Nothing was read.", hint="bucketdrive ls FOLDER --as-of TIME", path=path
        )
    return past.then


async def _pieces(sweeps: Sweeps, row: VersionRow) -> AsyncIterator[bytes]:
    path = sweeps.keys.tail(row.key)
    for first in range(0, row.size, _PIECE_BYTES):
        end = min(first + _PIECE_BYTES, row.size)
        try:
            body = await sweeps.bucket.get_object(row.key, version_id=row.version_id, byte_range=(first, end))
        except NoSuchObjectError as error:
            raise NoSuchPathError(
                f"Version {row.version_id} of {path} is no longer in the bucket: a lifecycle rule or another tool took "
                f"it. Nothing was read{f' behind byte {first:,}' if first else ''}.",
                hint=f"bucketdrive versions {path}",
                path=path,
            ) from error
        if body is None or len(body.data) != end - first:
            raise TransientError(f"Bytes {first:,} to {end:,} of {path} did not come whole.", path=path)
        yield body.data
