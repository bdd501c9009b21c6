"""The verbs of time of an open drive: what the bucket keeps of the past, looked at and brought back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.measured import Measured
from bucketdrive.drive.opening import Opened
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.retention import read_retention, read_rules
from bucketdrive.drive.telling import added, came_back, would_do
from bucketdrive.engine.journal import read_journals
from bucketdrive.errors import UsageError
from bucketdrive.history.as_of import NOW, list_tree
from bucketdrive.history.restore import make_restore_plan, make_restore_plan_as_of
from bucketdrive.history.trash import TrashQuery, Undelete, make_undelete_plan, read_trash
from bucketdrive.history.versions import describe_versions
from bucketdrive.model.entries import SyncedFile
from bucketdrive.model.history import RetentionReport, TrashPage, Which
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.plan import Plan
from bucketdrive.model.reports import SyncReport, TreeEntry, VersionInfo
from bucketdrive.rules.moments import parse_moment
from bucketdrive.rules.trash import since_text
from bucketdrive.state.trees import load_synced_at


class History:
    """What `Session.history` can do."""

    def __init__(self, working: Callable[[], Awaitable[Opened]], record: DriveRecord) -> None:
        """`working`: opens the drive, where it is not open yet."""
        self._working = working
        self._record = record
        self._keys = KeySpace(record.prefix)

    async def versions(self, path: str) -> list[VersionInfo]:
        """The versions of a file, newest first.

        Raises:
            NoSuchPathError: it has none.
        """
        opened = await self._working()
        parsed = RelPath.parse(path)
        await read_journals(opened.parts)
        found = await describe_versions(opened.store.bucket, self._keys, opened.state, parsed)
        row = (await opened.state.run(load_synced_at, [parsed])).get(parsed)
        if not isinstance(row, SyncedFile):
            return found
        return [replace(v, sha256=row.sha256) if v.version_id == row.version_id else v for v in found]

    async def ls(self, path: str = "", as_of: str = "") -> list[TreeEntry]:
        """The files in the bucket at or below `path` (empty: all), sorted by path; as they are now or were `as_of`.

        `as_of` is a time in ISO 8601 or an age, as `rules.moments` reads it.

        Raises:
            NoSuchPathError: a path is named, and there is or was nothing.
            UsageError: `as_of` is no moment.
        """
        at_s = self._moment(as_of) if as_of else NOW
        opened = await self._working()
        return await list_tree(opened.store.bucket, self._keys, _parsed(path), at_s)

    async def trash(self, path: str = "", which: Which | None = None, limit: int = 1000, after: str = "") -> TrashPage:
        """The first `limit` deleted files at or below `path` (empty: all), by path, of those behind the path `after`.

        Raises:
            UsageError: a moment of `which` is none.
        """
        opened = await self._working()
        query = replace(self._query(which or Which()), path=_parsed(path), after=after)
        await read_journals(opened.parts)
        return await read_trash(
            opened.store.bucket, self._keys, opened.state, query, await read_rules(opened.store.bucket), limit
        )

    async def undelete(
        self, paths: Sequence[str] = (), which: Which | None = None, *, dry_run: bool = False
    ) -> SyncReport:
        """Bring back the deleted files at and below `paths` (none: all of the drive) as far as `which` means them.

        Asked again, it goes on where it was broken off: what is live is left alone.

        Raises:
            NoSuchPathError: at one of `paths` nothing was ever deleted, and nothing is live.
            UsageError: a moment of `which` is none.
        """
        query = self._query(which or Which())
        opened = await self._working()
        planned: list[Undelete] = []

        async def plan() -> Plan:
            await read_journals(opened.parts)
            places = [_parsed(path) for path in paths] or [""]
            found = await make_undelete_plan(opened.store.bucket, self._keys, opened.state, places, query)
            planned.append(found)
            return found.plan

        report = await self._carry_out(plan, dry_run=dry_run)
        report.notes += came_back(planned[0].plan, planned[0].moved, report)
        return report

    async def retention(self) -> RetentionReport:
        """How long old versions and deleted files can be had, by the bucket's lifecycle rules."""
        return await read_retention((await self._working()).store.bucket, self._record)

    async def restore(self, path: str, version_id: str = "", as_of: str = "", *, dry_run: bool = False) -> SyncReport:
        """Make an old version the newest again and bring it here; what is here and not yet up goes up first.

        With `as_of` (as for `ls`), the file, or all files below the folder, as they were then; files made since stay.

        Raises:
            NoSuchPathError: there is nothing to restore, or there was nothing then.
            UsageError: `as_of` is no moment, or a version is named as well.
        """
        if version_id and as_of:
            raise UsageError(
                "A version and a moment cannot both be named. Nothing was restored.",
                hint="Name the version alone: it is of one moment.",
                path=path,
            )
        at_s = self._moment(as_of) if as_of else NOW
        parsed = _parsed(path) if as_of else RelPath.parse(path)
        opened = await self._working()

        async def plan() -> Plan:
            if as_of:
                return await make_restore_plan_as_of(opened.store.bucket, self._keys, parsed, at_s)
            await read_journals(opened.parts)
            return await make_restore_plan(opened.store.bucket, self._keys, opened.state, RelPath(parsed), version_id)

        return await self._carry_out(plan, dry_run=dry_run)

    async def _carry_out(self, plan: Callable[[], Awaitable[Plan]], *, dry_run: bool) -> SyncReport:
        """Bring up what is here and not yet there, then do what `plan` says in the bucket, then bring that here."""
        opened = await self._working()
        with Measured(opened.store) as measured:
            if dry_run:
                report = would_do(await plan())
            else:
                first = await opened.cycle.sync()
                restored = await opened.cycle.carry_out(await plan())
                report = added(first, await opened.cycle.sync())
                report.failed += restored.failed
        return self._signed(measured.into(report))

    def _query(self, which: Which) -> TrashQuery:
        since_s = self._moment(since_text(which.since)) if which.since else 0.0
        return TrashQuery("", since_s, self._moment(which.until) if which.until else NOW, which.by)

    def _moment(self, text: str) -> float:
        return parse_moment(text, SystemClock().now_s())

    def _signed(self, report: SyncReport) -> SyncReport:
        report.drive = self._record.url
        return report


def _parsed(path: str) -> str:
    """A path in the drive, or empty for all of it."""
    return RelPath.parse(path) if path else ""
