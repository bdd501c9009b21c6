"""The trash: deleted files page by page, by whom and until when; and what brings them back."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bucketdrive.errors import NoSuchPathError
from bucketdrive.history.devices import device_names
from bucketdrive.history.versions import list_versions
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.lifecycle import LifecycleRule
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.plan import CopyForward, Plan
from bucketdrive.model.trash import TrashedFile, TrashPage
from bucketdrive.ports.bucket import Reads
from bucketdrive.rules.names import refusal
from bucketdrive.rules.retention import NEVER_S, expires
from bucketdrive.rules.trash import Deleted, Trash
from bucketdrive.state.database import State
from bucketdrive.state.journals import load_deleters, load_moved

_BEHIND_ALL = "\U0010ffff"
_CHUNK = 1001
"""So many deleted files are kept in memory, and looked up in the state at once: a page, and whether there are more."""


@dataclass(frozen=True, slots=True)
class Told:
    """A deleted file, the device that deleted it (None: another tool), and where it was moved to (None: nowhere)."""

    deleted: Deleted
    by: str | None
    moved_to: str | None


@dataclass(frozen=True, slots=True)
class Undelete:
    """What brings back deleted files; `moved`: so many were moved and not deleted, and are left alone."""

    plan: Plan
    moved: int


@dataclass(frozen=True, slots=True)
class TrashQuery:
    """Which deleted files: at or below `path` (empty: all), deleted between two moments, by the device of this name.

    `after`: only paths behind this one.
    """

    path: str = ""
    since_s: float = 0.0
    until_s: float = float("inf")
    by: str = ""
    after: str = ""

    def has(self, deleted: Deleted) -> bool:
        """Whether the moment is meant. Stores tell times in whole seconds."""
        return int(self.since_s) <= deleted.deleted_s and int(deleted.deleted_s) <= self.until_s


async def read_trash(
    bucket: Reads, keys: KeySpace, state: State, query: TrashQuery, rules: Sequence[LifecycleRule] | None, limit: int
) -> TrashPage:
    """The first `limit` deleted files by path, and from where to go on; `rules`: None where they may not be read.

    Who deleted a file is what the journals told that were read before.
    """
    found: list[TrashedFile] = []
    async for told in each_deleted(bucket, keys, state, query, limit + 1):
        if len(found) == limit:
            return TrashPage(found, found[-1].path)
        found.append(_trashed(told, keys, rules))
    return TrashPage(found)


async def make_undelete_plan(
    bucket: Reads, keys: KeySpace, state: State, paths: Sequence[str], query: TrashQuery
) -> Undelete:
    """What brings back the deleted files at or below each of `paths`, as far as `query` means them.

    What is live already is left alone, and so are names that no drive can keep, and what was moved away, unless it is
    named itself.

    Raises:
        NoSuchPathError: at one of the paths nothing is deleted, and nothing is live.
    """
    actions: dict[str, CopyForward] = {}
    moved: set[str] = set()
    for path in paths:
        here = TrashQuery(path, query.since_s, query.until_s, query.by)
        before = len(actions)
        async for told in each_deleted(bucket, keys, state, here):
            deleted = told.deleted
            if told.moved_to is not None and deleted.path != path:
                moved.add(deleted.path)
            elif refusal(deleted.path) is None:
                actions[deleted.path] = bring_back(deleted)
        if path and len(actions) == before and not await _is_known(bucket, keys, path):
            raise NoSuchPathError(
                f"{path} is neither a deleted file nor a folder with deleted files. Nothing was restored.",
                hint="See what there is with `bucketdrive trash`.",
                path=path,
            )
    return Undelete(Plan(actions=tuple(actions.values())), len(moved - actions.keys()))


async def each_deleted(
    bucket: Reads, keys: KeySpace, state: State, query: TrashQuery, wanted: int = _CHUNK
) -> AsyncIterator[Told]:
    """Each deleted file that is meant, by path, with what the journals tell of it.

    `wanted`: after so many the caller stops.
    """
    names: dict[str, str] | None = None
    async for chunk in _chunks(bucket, keys, query, min(wanted, _CHUNK)):
        paths = [deleted.path for deleted in chunk]
        told, moved = await state.run(load_deleters, paths), await state.run(load_moved, paths)
        if names is None:
            names = await device_names(bucket, keys)
        for deleted in chunk:
            device_id = _deleter(deleted, told.get(deleted.path, []))
            by = None if device_id is None else names.get(device_id, device_id)
            if not query.by or query.by in (by, device_id):
                yield Told(deleted, by, moved.get(deleted.path, {}).get(deleted.content.version_id))


async def _chunks(bucket: Reads, keys: KeySpace, query: TrashQuery, size: int) -> AsyncIterator[list[Deleted]]:
    chunk: list[Deleted] = []
    trash = Trash(keys.tail)
    async for row in each_row(bucket, keys, query.path, query.after):
        deleted = trash.take(row)
        if deleted is not None and query.has(deleted):
            chunk.append(deleted)
            if len(chunk) == size:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


async def each_row(bucket: Reads, keys: KeySpace, path: str, after: str = "") -> AsyncIterator[VersionRow]:
    """Every version and marker of what is at or below `path` (empty: of the drive) with a path behind `after`."""
    if path:  # not in one sweep: between `p` and `p/` may lie any number of keys such as `p-old/x`
        if path.encode() > after.encode():
            for row in await list_versions(bucket, keys, RelPath(path)):
                yield row
        folder = keys.folder_key(path)
    else:
        folder = keys.prefix
    start = keys.key(after) if after and keys.key(after).startswith(folder) else ""
    if after and not start and after.encode() > keys.tail(folder).encode():
        return
    async for row in _below(bucket, keys, folder, start):
        yield row


async def _below(bucket: Reads, keys: KeySpace, prefix: str, start: str) -> AsyncIterator[VersionRow]:
    """The rows behind all of the key `start`: some stores give that key's own again, so they are passed over here."""
    marker, version_marker, own = start, "", keys.own_prefix
    while True:
        page = await bucket.list_object_versions(prefix, key_marker=marker, version_id_marker=version_marker)
        for row in page.rows:
            if not row.key.startswith(own) and row.key != start:
                yield row
        if not page.is_truncated or not page.rows:
            return
        marker, version_marker = page.rows[-1].key, page.rows[-1].version_id
        if marker.startswith(own):
            marker, version_marker = own + _BEHIND_ALL, ""


async def _is_known(bucket: Reads, keys: KeySpace, path: str) -> bool:
    """Whether something live is at or below a path, or was deleted there at another time."""
    async for _ in each_row(bucket, keys, path):
        return True
    return False


def _deleter(deleted: Deleted, told: Sequence[tuple[str, str, str]]) -> str | None:
    """The device that told of this deletion: of its marker, or, announced before it was made, of the content."""
    by_marker = (device_id for device_id, marker_id, _ in told if marker_id == deleted.marker_id)
    by_content = (device_id for device_id, _, base in told if base == deleted.content.version_id)
    return next(by_marker, None) or next(by_content, None)


def _trashed(told: Told, keys: KeySpace, rules: Sequence[LifecycleRule] | None) -> TrashedFile:
    deleted, row = told.deleted, told.deleted.content
    about = TrashedFile(deleted.path, deleted.deleted_s, row.size, row.version_id, told.by, moved_to=told.moved_to)
    if rules is None:
        return about
    end = expires(rules, keys.key(deleted.path), row.size, deleted.deleted_s, deleted.newer)
    return about.with_end(None if end.at_s == NEVER_S else end.at_s, may_be_sooner=end.may_be_sooner)


def bring_back(deleted: Deleted) -> CopyForward:
    """What makes the last content of a deleted file its newest version again."""
    row = deleted.content
    return CopyForward(
        RelPath(deleted.path), "deleted: its last content comes back", row.version_id, row.etag, row.size, if_match=""
    )
