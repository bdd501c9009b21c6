"""The verbs of time of an open drive: what the bucket keeps of the past, looked at and brought back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.measured import Measured
from bucketdrive.drive.opening import Opened
from bucketdrive.drive.previews import check_plan, preview_of
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.retention import read_retention, read_rules
from bucketdrive.drive.telling import came_back, carried_out, would_do
from bucketdrive.engine.journal import read_journals
from bucketdrive.errors import UsageError
from bucketdrive.history.as_of import NOW
from bucketdrive.history.content import Content, find_content
from bucketdrive.history.devices import list_deeds
from bucketdrive.history.look import compare_trees, list_tree
from bucketdrive.history.moments import list_moments
from bucketdrive.history.restore import make_restore_plan, make_restore_plan_as_of
from bucketdrive.history.trash import TrashQuery, Undelete, make_undelete_plan, read_trash
from bucketdrive.history.undo import make_undo_plan, runs_to_undo
from bucketdrive.history.versions import describe_versions
from bucketdrive.model.entries import SyncedFile
from bucketdrive.model.history import Deed, Moment, TreeDiff
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.plan import Plan
from bucketdrive.model.previews import Preview
from bucketdrive.model.reports import SyncReport, TreeEntry, VersionInfo
from bucketdrive.model.retention import RetentionReport
from bucketdrive.model.trash import TrashPage, Which
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
        return await list_tree((await self._working()).sweeps, _parsed(path), at_s)

    async def cat(self, path: str, version_id: str = "", as_of: str = "") -> Content:
        """A file as it is in the bucket now, was `as_of` (as for `ls`), or one version of it; read in pieces.

        Raises:
            NoSuchPathError: there is or was no such file, or there is no such version.
            UsageError: `as_of` is no moment, or a version is named as well.
        """
        at_s = self._moment_alone(as_of, version_id, path)
        opened = await self._working()
        if version_id:  # it may be of a name that the file was moved from
            await read_journals(opened.parts)
        return await find_content(opened.sweeps, RelPath.parse(path), version_id, at_s)

    async def diff(self, path: str, since: str, until: str = "") -> TreeDiff:
        """What differs at or below `path` (empty: all) between two moments (as for `ls`); without `until`, to now.

        Raises:
            NoSuchPathError: a path is named, and there was nothing.
            UsageError: a moment is none, or `until` lies before `since`.
        """
        from_s, to_s = self._moment(since), self._moment(until) if until else NOW
        if to_s < from_s:
            raise UsageError("The second moment lies before the first. Nothing was done.", hint="Swap them.")
        changes = await compare_trees((await self._working()).sweeps, _parsed(path), from_s, to_s)
        return TreeDiff(path, from_s, to_s if until else 0.0, changes)

    async def moments(self, path: str = "", limit: int = 20, least: int = 10, before: str = "") -> list[Moment]:
        """The `limit` newest moments in which at least `least` files at or below `path` (empty: all) changed.

        `before` (as `as_of` for `ls`): only what happened up to then.

        Raises:
            UsageError: `before` is no moment.
        """
        before_s = self._moment(before) if before else NOW
        return await list_moments((await self._working()).sweeps, _parsed(path), limit, least, before_s)

    async def deeds(self, last: int = 100) -> list[Deed]:
        """The `last` things that all devices of the drive did in the bucket, as their journals tell; oldest first."""
        opened = await self._working()
        await read_journals(opened.parts)
        return await list_deeds(opened.sweeps, last)

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

    async def plan_restore(self, path: str, version_id: str = "", as_of: str = "", *, exact: bool = False) -> Preview:
        """What `restore` would do now, by the plan that it would carry out. Changes nothing.

        Raises:
            as `restore`.
        """
        opened = await self._working()
        at_s, plan = self._restoring(opened, path, version_id, as_of, exact=exact)
        found = preview_of(await plan(), opened, as_of_s=0.0 if at_s == NOW else at_s)
        return replace(found, drive=self._record.url)

    async def restore(
        self,
        path: str,
        version_id: str = "",
        as_of: str = "",
        *,
        exact: bool = False,
        dry_run: bool = False,
        plan_id: str = "",
    ) -> SyncReport:
        """Make an old version the newest again and bring it here; what is here and not yet up goes up first.

        With `as_of` (as for `ls`), the file, or all files below the folder, as they were then; files made since stay,
        or with `exact` are deleted, by marker. `plan_id`: of the plan that was shown; no other is carried out.

        Raises:
            NoSuchPathError: there is nothing to restore, or there was nothing then.
            UsageError: `as_of` is no moment, or a version is named as well, or `exact` without a moment.
            ConditionFailedError: the plan is no longer the one that was shown.
        """
        _, plan = self._restoring(await self._working(), path, version_id, as_of, exact=exact)
        return await self._carry_out(plan, dry_run=dry_run, plan_id=plan_id)

    def _restoring(
        self, opened: Opened, path: str, version_id: str, as_of: str, *, exact: bool
    ) -> tuple[float, Callable[[], Awaitable[Plan]]]:
        """The moment that is meant, and what makes the plan."""
        if (version_id and as_of) or (exact and not as_of):
            raise _unclear(path, is_exact=exact)
        at_s = self._moment(as_of) if as_of else NOW
        parsed = _parsed(path) if as_of else RelPath.parse(path)

        async def plan() -> Plan:
            if as_of:
                return await make_restore_plan_as_of(opened.sweeps, parsed, at_s, is_exact=exact)
            await read_journals(opened.parts)
            bucket = opened.store.bucket
            return await make_restore_plan(bucket, self._keys, opened.state, RelPath(parsed), version_id)

        return at_s, plan

    async def plan_undo(self, runs: Sequence[int] = ()) -> Preview:
        """What `undo` would do now, by the plan that it would carry out. Changes nothing.

        Raises:
            NoSuchRunError: as `undo`.
        """
        opened = await self._working()
        meant = await runs_to_undo(opened.state, runs)
        plan = await make_undo_plan(opened.store.bucket, self._keys, opened.state, meant)
        return replace(preview_of(plan, opened, runs=meant), drive=self._record.url)

    async def undo(self, runs: Sequence[int] = (), *, dry_run: bool = False, plan_id: str = "") -> SyncReport:
        """Put back what `runs` (none: the last one) changed, on both sides, where it was not changed since.

        What was is in `held` of the report, and left alone. It is a run itself, and can be undone. What is here and not
        yet up goes up first. `plan_id`: as for `restore`.

        Raises:
            NoSuchRunError: there was no such run, or what it did is not known any more.
            ConditionFailedError: the plan is no longer the one that was shown.
        """
        opened = await self._working()
        meant = await runs_to_undo(opened.state, runs)

        async def plan() -> Plan:
            return await make_undo_plan(opened.store.bucket, self._keys, opened.state, meant)

        return await self._carry_out(plan, dry_run=dry_run, plan_id=plan_id)

    async def _carry_out(self, plan: Callable[[], Awaitable[Plan]], *, dry_run: bool, plan_id: str = "") -> SyncReport:
        """Bring up what is here and not yet there, then do what `plan` says in the bucket, then bring that here.

        What is brought up first is a run of its own; the rest is one run. `plan_id`: see `restore`.
        """
        opened = await self._working()
        with Measured(opened.store) as measured:
            if dry_run:
                report = would_do(await plan())
            else:
                first = await opened.cycle.sync()
                made = await plan()
                check_plan(made, plan_id)
                restored = await opened.cycle.carry_out(made)
                report = carried_out(first, restored, await opened.cycle.sync(run=restored.run))
        return self._signed(measured.into(report))

    def _moment_alone(self, as_of: str, version_id: str, path: str) -> float:
        """The moment, where no version is named as well."""
        if version_id and as_of:
            raise UsageError(
                "A version and a moment cannot both be named. Nothing was done.",
                hint="Name the version alone: it is of one moment.",
                path=path,
            )
        return self._moment(as_of) if as_of else NOW

    def _query(self, which: Which) -> TrashQuery:
        since_s = self._moment(since_text(which.since)) if which.since else 0.0
        return TrashQuery("", since_s, self._moment(which.until) if which.until else NOW, which.by)

    def _moment(self, text: str) -> float:
        return parse_moment(text, SystemClock().now_s())

    def _signed(self, report: SyncReport) -> SyncReport:
        report.drive = self._record.url
        return report


def _unclear(path: str, *, is_exact: bool) -> UsageError:
    if is_exact:
        return UsageError(
            "What is exact must be as of a moment. Nothing was restored.", hint="Name one with --as-of.", path=path
        )
    return UsageError(
        "A version and a moment cannot both be named. Nothing was restored.",
        hint="Name the version alone: it is of one moment.",
        path=path,
    )


def _parsed(path: str) -> str:
    """A path in the drive, or empty for all of it."""
    return RelPath.parse(path) if path else ""
