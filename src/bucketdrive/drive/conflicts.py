"""The inbox of conflicts: what each conflict copy is about, and settling one by moving files here.

Nothing is overwritten or deleted here before its content is proved to be a version in the bucket.
"""

from dataclasses import dataclass, replace

from bucketdrive.drive.opening import Opened
from bucketdrive.drive.telling import added
from bucketdrive.errors import (
    MissingError,
    NoSuchPathError,
    OccupiedError,
    PreconditionError,
    TransientError,
    UsageError,
)
from bucketdrive.history.versions import describe_version, list_versions
from bucketdrive.model.entries import SyncedFile, SyncedTree, VersionRow
from bucketdrive.model.explanations import ConflictCopy, Keep
from bucketdrive.model.format import FileMeta
from bucketdrive.model.paths import RelPath
from bucketdrive.model.reports import SyncReport, VersionInfo
from bucketdrive.rules.names import numbered_name, origin_of
from bucketdrive.state.trees import load_maybe_copies, load_synced_at


async def list_conflicts(opened: Opened) -> list[ConflictCopy]:
    """The conflict copies that were agreed on, by path. Where the store cannot be asked, their names alone tell."""
    found = []
    for path, (of, device) in _copies(await opened.state.run(load_maybe_copies)).items():
        try:
            found.append(await _describe(opened, path, RelPath(of), device))
        except TransientError:
            found.append(ConflictCopy(path, of))
    return found


def _copies(synced: SyncedTree) -> dict[RelPath, tuple[str, str]]:
    """The conflict copies that were agreed on, in order, each with its file's path and its device."""
    files = sorted(path for path, row in synced.items() if isinstance(row, SyncedFile))
    return {path: origin for path in files if (origin := origin_of(path))}


async def _describe(opened: Opened, path: RelPath, of: RelPath, device: str) -> ConflictCopy:
    copy_rows, rows = await _rows(opened, path), await _rows(opened, of)
    mine, my_claim = await _newest(opened, copy_rows)
    theirs, their_claim = await _newest(opened, rows)
    base_id = their_claim.base or my_claim.base
    base = next((row for row in rows if base_id and row.version_id == base_id), None)
    told_base = (await describe_version(opened.parts.bucket, opened.parts.keys, base))[0] if base else None
    mine = replace(mine, device=mine.device or device) if mine else None
    return ConflictCopy(path, of, told_base, mine, theirs)


async def _rows(opened: Opened, path: RelPath) -> list[VersionRow]:
    return await list_versions(opened.parts.bucket, opened.parts.keys, path)


async def _newest(opened: Opened, rows: list[VersionRow]) -> tuple[VersionInfo | None, FileMeta]:
    """The live version of a file, and what it claims; None where it is deleted."""
    if not rows or rows[0].is_delete_marker:
        return None, FileMeta()
    return await describe_version(opened.parts.bucket, opened.parts.keys, rows[0])


async def settle_conflict(opened: Opened, path: RelPath, keep: Keep) -> SyncReport:
    """Settle the conflict copy `path`, or the only one of the file `path`. Syncs before and after.

    MINE: the copy's content takes the file's place in one step, and the copy goes. THEIRS: the copy goes. BOTH: the
    copy gets an ordinary name. What goes stays a version in the bucket.

    Raises:
        NoSuchPathError: there is no such conflict copy. UsageError: the file has several.
        PreconditionError: a file changed meanwhile; nothing was settled.
        DriveError, TransientError: as for a sync.
    """
    first = await opened.cycle.sync()
    synced = await opened.state.run(load_maybe_copies)
    copy = _chosen(synced, path)
    of = RelPath((origin_of(copy) or ("", ""))[0])
    desk = _Desk(opened, synced | await opened.state.run(load_synced_at, [of]))
    match keep:
        case Keep.MINE:
            await desk.put_in_place(copy, of)
        case Keep.THEIRS:
            await desk.drop(copy)
        case Keep.BOTH:
            await desk.give_number(copy, of)
    return added(first, await opened.cycle.sync())


def _chosen(synced: SyncedTree, path: RelPath) -> RelPath:
    """The conflict copy that a user means by its own path, or by that of its file."""
    copies = _copies(synced)
    if path in copies:
        return path
    found = [copy for copy, origin in copies.items() if origin[0] == path]
    if not found:
        raise NoSuchPathError(
            f"{path} has no conflict copy that is synced, and is none. Nothing was settled.",
            hint="`bucketdrive conflicts` lists them.",
            path=path,
        )
    if len(found) > 1:
        raise UsageError(
            f"{path} has {len(found)} conflict copies. Nothing was settled.",
            hint=f"Name one of them, such as {found[0]}.",
            path=path,
        )
    return found[0]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Moves files of the drive, by the disk's own steps: each one atomic, none over anything."""

    opened: Opened
    synced: SyncedTree

    async def put_in_place(self, copy: RelPath, of: RelPath) -> None:
        """The copy's content becomes the file's. An edit of the last moment becomes the conflict copy instead."""
        disk, row = self.opened.parts.disk, self.synced.get(of)
        if not isinstance(row, SyncedFile):
            mine = self._row(copy)
            await disk.rename(mine.local_name or copy, of, mine.fingerprint)
            return
        name, place = row.local_name or of, await self._take(copy)
        try:
            await disk.exchange(place, name, row.fingerprint)
        except PreconditionError:
            await disk.put_back(place, self._name(copy))
            raise
        came_out = await disk.hash_place(place)
        if came_out is not None and came_out.sha256 != row.sha256:
            await disk.put_back(place, self._name(copy))
        else:
            await disk.discard(place)

    async def drop(self, copy: RelPath) -> None:
        """The copy goes."""
        await self.opened.parts.disk.discard(await self._take(copy))

    async def give_number(self, copy: RelPath, of: RelPath) -> None:
        """The copy becomes an ordinary file beside the other."""
        disk, mine = self.opened.parts.disk, self._row(copy)
        for number in range(2, 1000):
            name = numbered_name(of, number)
            try:
                await disk.rename(self._name(copy), name, mine.fingerprint)
            except OccupiedError:
                (there,) = await disk.look([name])
                if there is None:
                    raise
            else:
                return

    async def _take(self, copy: RelPath) -> str:
        """Set the copy aside where its bytes are surely those of its version in the bucket; where it then is."""
        disk, row = self.opened.parts.disk, self._row(copy)
        place = f"quarantine/{self.opened.parts.chance.uuid()}/{self._name(copy)}"
        await disk.set_aside(self._name(copy), place, row.fingerprint)
        found = await disk.hash_place(place)
        if found is None or found.sha256 != row.sha256:
            await disk.put_back(place, self._name(copy))
            raise OccupiedError(f"{copy} changed meanwhile. Nothing was settled.", hint="Try again.", path=copy)
        return place

    def _name(self, path: RelPath) -> str:
        return self._row(path).local_name or path

    def _row(self, path: RelPath) -> SyncedFile:
        row = self.synced.get(path)
        if not isinstance(row, SyncedFile):
            raise MissingError(f"{path} is not synced yet. Nothing was settled.", hint="Try again.", path=path)
        return row
