"""The versions of a path: what the bucket keeps, read and not changed."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from operator import attrgetter

from bucketdrive.errors import NoSuchObjectError, NoSuchPathError
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.format import FileMeta, read_metadata
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.reports import VersionInfo
from bucketdrive.ports.bucket import Reads
from bucketdrive.rules.timeline import versions_of
from bucketdrive.state.database import State
from bucketdrive.state.journals import load_origins

_BEHIND_ALL = "\U0010ffff"
_MOVES = 16
"""So many moves of a file are followed back."""

_HEADS = 20
"""Of so many of the newest versions the metadata is asked for: one request each."""


async def list_versions(bucket: Reads, keys: KeySpace, path: RelPath) -> list[VersionRow]:
    """All versions and markers of a file, newest first; empty where there are none."""
    key = keys.key(path)
    return versions_of([row async for row in each_version(bucket, keys, key, stop_behind=key)], key)


async def follow_versions(
    bucket: Reads, keys: KeySpace, state: State, path: RelPath, moves: int = _MOVES
) -> list[VersionRow]:
    """As `list_versions`, with the versions that the file had under the names it was moved from.

    The state knows of moves what journals told. What another file left under the same name before is among them.
    """
    found = await list_versions(bucket, keys, path)
    origins = await state.run(load_origins, path) if moves else {}
    for row in list(found):
        origin = origins.get(row.version_id)
        if origin is not None:
            earlier = await follow_versions(bucket, keys, state, origin.path, moves - 1)
            at = next((n for n, other in enumerate(earlier) if other.version_id == origin.version_id), len(earlier))
            found = list(heapq.merge(found, earlier[at:], key=attrgetter("modified_s"), reverse=True))
    return found


async def describe_versions(bucket: Reads, keys: KeySpace, state: State, path: RelPath) -> list[VersionInfo]:
    """The versions of a file for a user, newest first, the newest of them with device and hash as they claim them.

    Raises:
        NoSuchPathError: the file has no version at all.
    """
    rows = await follow_versions(bucket, keys, state, path)
    if not rows:
        raise NoSuchPathError(
            f"{path} is not in this drive, and never was as far as its versions go back.",
            hint="Paths are relative to the drive's folder; `bucketdrive trash` lists what was deleted.",
            path=path,
        )
    async with asyncio.TaskGroup() as group:
        heads = [group.create_task(claims_of(bucket, row)) for row in rows[:_HEADS]]
    claims = [head.result() for head in heads] + [FileMeta()] * max(0, len(rows) - _HEADS)
    return [_info(keys.tail(row.key), path, row, claim) for row, claim in zip(rows, claims, strict=True)]


async def describe_version(bucket: Reads, keys: KeySpace, row: VersionRow) -> tuple[VersionInfo, FileMeta]:
    """One version for a user, and all that it claims."""
    claim = await claims_of(bucket, row)
    path = keys.tail(row.key)
    return _info(path, path, row, claim), claim


async def claims_of(bucket: Reads, row: VersionRow) -> FileMeta:
    """What a version's metadata claims; nothing for a delete marker."""
    if row.is_delete_marker:
        return FileMeta()
    try:
        head = await bucket.head_object(row.key, version_id=row.version_id)
    except NoSuchObjectError:  # a lifecycle rule took it since it was listed
        return FileMeta()
    return read_metadata(head.metadata)


def _info(path: str, now: str, row: VersionRow, claim: FileMeta) -> VersionInfo:
    """`now`: the path that the file has now."""
    return VersionInfo(
        path,
        row.version_id,
        row.size,
        row.modified_s,
        row.is_latest and path == now,
        row.is_delete_marker,
        device=claim.device or None,
        sha256=claim.sha256 or None,
    )


async def each_version(
    bucket: Reads, keys: KeySpace, prefix: str, *, stop_behind: str = ""
) -> AsyncIterator[VersionRow]:
    """Every version and marker under `prefix`, in the store's order, page by page; our own objects are passed over.

    With `stop_behind`, no further than that key needs.
    """
    marker = version_marker = ""
    own = keys.own_prefix
    while True:
        page = await bucket.list_object_versions(prefix, key_marker=marker, version_id_marker=version_marker)
        for row in page.rows:
            if not row.key.startswith(own):
                yield row
        if not page.is_truncated or not page.rows or (stop_behind and page.rows[-1].key != stop_behind):
            return
        marker, version_marker = page.rows[-1].key, page.rows[-1].version_id
        if marker.startswith(own):
            marker, version_marker = behind_own(keys), ""


def behind_own(keys: KeySpace) -> str:
    """A key behind all of our own objects, from which a listing goes on without them."""
    return keys.own_prefix + _BEHIND_ALL
