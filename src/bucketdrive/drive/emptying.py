"""Emptying the trash: the one place that destroys versions, for good.

For whoever runs the bucket: it takes `s3:DeleteObjectVersion`, which a device has not. So it opens no drive, goes
through no daemon and knows no plan; `profile` names the credentials. Nothing that syncs can reach what is here.

A file is destroyed from its oldest version to its newest, then the markers on top of them, so that whatever breaks it
off leaves a deleted file whose newer versions can still be had; asked again, it goes on. Before each version that is
destroyed the store is asked what is on top of it by now: what is live again, or was deleted anew, is left alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from bucketdrive.drive.assembly import SystemChance, location_of, open_store
from bucketdrive.drive.checks import may_destroy
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import load_settings, state_dir
from bucketdrive.engine.groups import sole_error
from bucketdrive.errors import AccessDeniedError, TransientError
from bucketdrive.history.moved import read_moved
from bucketdrive.history.trash import each_row
from bucketdrive.history.versions import list_versions
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.reports import HeldPath
from bucketdrive.model.trash import EmptyReport
from bucketdrive.ports.bucket import AdminBucket, Reads
from bucketdrive.ports.runtime import Chance
from bucketdrive.rules.moments import parse_moment
from bucketdrive.rules.trash import Burial, Doomed, Emptying, burial_of
from bucketdrive.state.glance import reading
from bucketdrive.state.journals import Moved, load_moved_and_cursors

AT_ONCE = 32
"""Files that are destroyed at a time."""
Hear = Callable[[int, int], None]
"""Told, after each file, of how many files and versions were destroyed."""


@dataclass(slots=True)
class _Work:
    """One emptying under way."""

    bucket: AdminBucket
    keys: KeySpace
    report: EmptyReport
    hear: Hear
    moved: Moved
    is_offline: bool = False
    queue: asyncio.Queue[Doomed | None] = field(default_factory=lambda: asyncio.Queue(2 * AT_ONCE))


async def count_trash(bucket: Reads, keys: KeySpace, path: str, before_s: float, moved: Moved) -> EmptyReport:
    """What emptying would destroy at and below `path` (empty: of the drive) of what was deleted until `before_s`.

    `before` of the report is when the last of these files was deleted, by the store's own time: given to `empty_trash`,
    it destroys no file that was deleted after it was counted. `moved`: what journals tell; that is left alone.
    """
    report = EmptyReport(path=path)
    async for doomed in _each_doomed(bucket, keys, path, before_s):
        if _is_moved(doomed, moved):
            report.moved += 1
            continue
        report.files += 1
        report.versions += doomed.versions
        report.markers += doomed.markers
        report.size_bytes += doomed.size_bytes
        report.before = max(report.before, doomed.deleted_s)
    return report


async def check_may_empty(bucket: AdminBucket, keys: KeySpace, chance: Chance) -> None:
    """Whether these credentials may destroy versions.

    Raises:
        AccessDeniedError: they may not. Where the store cannot tell, the first version tells.
    """
    if await may_destroy(bucket, keys, chance) is False:
        raise AccessDeniedError(
            "These credentials cannot destroy versions, and that is by design: whoever gets hold of a device cannot "
            "destroy its past. Nothing was destroyed.",
            hint="What is in the trash goes by itself: bucketdrive retention. To destroy it now, name credentials with "
            "s3:DeleteObjectVersion: --profile NAME.",
        )


async def empty_trash(
    bucket: AdminBucket, keys: KeySpace, path: str, before_s: float, moved: Moved, hear: Hear | None = None
) -> EmptyReport:
    """Destroy what is deleted at and below `path` since `before_s` or longer; what was destroyed, spared and failed.

    It ends where the store cannot be reached any more. Asked again, it goes on.

    Raises:
        AccessDeniedError, DriveError: it was stopped; what was destroyed is, and asked again it goes on.
    """
    report = EmptyReport(path=path, before=before_s, is_done=True)
    work = _Work(bucket, keys, report, hear or (lambda _files, _versions: None), moved)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(_destroy_some(work))
            await _queue_all(work, path, before_s)
            for _ in range(AT_ONCE):
                await work.queue.put(None)
    except BaseExceptionGroup as errors:
        raise sole_error(errors) from errors
    return report


async def _each_doomed(bucket: Reads, keys: KeySpace, path: str, before_s: float) -> AsyncIterator[Doomed]:
    emptying = Emptying(keys.tail)
    async for row in each_row(bucket, keys, path):
        doomed = emptying.take(row)
        if doomed is not None and doomed.deleted_s <= before_s:
            yield doomed
    last = emptying.end()
    if last is not None and last.deleted_s <= before_s:
        yield last


async def _queue_all(work: _Work, path: str, before_s: float) -> None:
    try:
        async for doomed in _each_doomed(work.bucket, work.keys, path, before_s):
            if _is_moved(doomed, work.moved):
                work.report.moved += 1
                continue
            await work.queue.put(doomed)
            if work.is_offline:
                return
    except TransientError as error:
        work.report.failed.append(HeldPath(path, error.message))


def _is_moved(doomed: Doomed, moved: Moved) -> bool:
    """Whether it was moved away: then its versions are the older history of what has another name now."""
    return doomed.content_id in moved.get(doomed.path, {})


async def _destroy_some(work: _Work) -> None:
    while (doomed := await work.queue.get()) is not None:
        if work.is_offline:
            work.report.failed.append(HeldPath(doomed.path, "not tried: the store cannot be reached"))
            continue
        try:
            await _destroy(work, RelPath(doomed.path))
        except TransientError as error:
            work.is_offline = True
            work.report.failed.append(HeldPath(doomed.path, error.message))


async def _destroy(work: _Work, path: RelPath) -> None:
    """All versions of a file, oldest first; then, when a new list has none, its markers; as long as it is deleted."""
    burial = await _burial(work, path)
    while burial is not None and burial.below:
        if not await _destroy_rows(work, burial.markers[0], burial.below):
            break
        burial = await _burial(work, path)
    if burial is None or burial.below or not await _destroy_rows(work, burial.markers[0], burial.markers):
        work.report.spared.append(HeldPath(path, "it is live again, or was deleted anew; the rest was left alone"))
        return
    work.report.files += 1
    work.hear(work.report.files, work.report.versions)


async def _burial(work: _Work, path: RelPath) -> Burial | None:
    burial = burial_of(await list_versions(work.bucket, work.keys, path))
    return burial if burial is not None and burial.deleted_s <= work.report.before else None


async def _destroy_rows(work: _Work, top: VersionRow, rows: Sequence[VersionRow]) -> bool:
    """Destroy `rows`, given newest first as they were just listed, from the oldest on; false: `top` is not on top."""
    for number, row in enumerate(reversed(rows)):
        if number and not await _is_on_top(work.bucket, top):
            return False
        await work.bucket.delete_object_version(row.key, row.version_id)
        if row.is_delete_marker:
            work.report.markers += 1
        else:
            work.report.versions += 1
            work.report.size_bytes += row.size
    return True


async def _is_on_top(bucket: Reads, marker: VersionRow) -> bool:
    """Whether a marker is still the newest of its key."""
    page = await bucket.list_object_versions(marker.key, max_keys=1)
    if page.rows and not page.rows[0].is_latest:  # of the stores that print versions before markers
        page = await bucket.list_object_versions(marker.key)
    newest = next((row for row in page.rows if row.key == marker.key and row.is_latest), None)
    return newest is not None and newest.version_id == marker.version_id


class TrashCan:
    """The calls above for a drive of this machine, for callers without an event loop."""

    def __init__(self, record: DriveRecord, profile: str = "") -> None:
        """`profile`: of the AWS configuration; empty: the drive's own."""
        self._record = replace(record, profile=profile) if profile else record
        self._keys = KeySpace(record.prefix)

    def count(self, path: str, before: str = "") -> EmptyReport:
        """See `count_trash`; `before` is a moment (empty: now).

        Raises:
            AccessDeniedError: it could be counted, but not destroyed. UsageError: `before` is no moment.
        """
        before_s = parse_moment(before, SystemClock().now_s()) if before else float("inf")
        return asyncio.run(self._count(path, before_s))

    def empty(self, counted: EmptyReport, hear: Hear | None = None) -> EmptyReport:
        """See `empty_trash`: what was counted."""
        return asyncio.run(self._empty(counted, hear))

    async def _count(self, path: str, before_s: float) -> EmptyReport:
        store = open_store(location_of(self._record), load_settings())
        try:
            await check_may_empty(store.bucket, self._keys, SystemChance())
            moved = await self._moved(store.bucket)
            return self._signed(await count_trash(store.bucket, self._keys, path, before_s, moved))
        finally:
            await store.close()

    async def _empty(self, counted: EmptyReport, hear: Hear | None) -> EmptyReport:
        store = open_store(location_of(self._record), load_settings())
        try:
            moved = await self._moved(store.bucket)
            return self._signed(await empty_trash(store.bucket, self._keys, counted.path, counted.before, moved, hear))
        finally:
            await store.close()

    async def _moved(self, bucket: Reads) -> Moved:
        """What this device's state knows of moves, beside a running sync, and what journals tell since."""
        known = reading(state_dir(self._record.root_id), load_moved_and_cursors)
        return await read_moved(bucket, self._keys, *(known or ({}, {})))

    def _signed(self, report: EmptyReport) -> EmptyReport:
        report.drive = self._record.url
        return report
