"""Restores: from what the bucket keeps to a plan, which `engine.execute` runs."""

from bucketdrive.errors import NoSuchPathError, UsageError
from bucketdrive.history.as_of import NOW, not_there
from bucketdrive.history.sweep import Sweeps
from bucketdrive.history.trash import TrashQuery, bring_back, each_deleted
from bucketdrive.history.versions import follow_versions, list_versions
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.plan import Plan
from bucketdrive.model.reports import iso_time
from bucketdrive.ports.bucket import Reads
from bucketdrive.rules.names import refusal
from bucketdrive.rules.restore import Folders, plan_restore, plan_restore_as_of
from bucketdrive.rules.timeline import AsOf
from bucketdrive.state.database import State
from bucketdrive.state.journals import load_copies


async def make_restore_plan(bucket: Reads, keys: KeySpace, state: State, path: RelPath, version_id: str) -> Plan:
    """What makes a file's version the newest again; for a folder, all files below it that were deleted, not moved away.

    Raises:
        NoSuchPathError: there is nothing to restore.
        UsageError: a version is named for a folder.
    """
    versions = await follow_versions(bucket, keys, state, path)
    if versions:
        action = plan_restore(keys, path, versions, version_id)
        return Plan(actions=(action,) if action else ())
    trash = each_deleted(bucket, keys, state, TrashQuery(path))
    deleted = [told.deleted async for told in trash if told.moved_to is None and refusal(told.deleted.path) is None]
    if not deleted:
        raise NoSuchPathError(
            f"{path} is neither a file with versions nor a folder with deleted files. Nothing was restored.",
            hint="See what there is with `bucketdrive versions PATH` and `bucketdrive trash`.",
            path=path,
        )
    if version_id:
        raise UsageError(f"{path} is a folder: it has no version of its own. Nothing was restored.", path=path)
    return Plan(actions=tuple(map(bring_back, deleted)))


async def make_restore_plan_as_of(sweeps: Sweeps, path: str, at_s: float, *, is_exact: bool = False) -> Plan:
    """What brings back every file and folder at or below `path` (empty: all of the drive) as it was at `at_s`.

    What was made since stays, or with `is_exact` is deleted. What is as it was is not in the plan: a restore that was
    broken off is gone on with by asking for it again. A new sweep tells both trees.

    Raises:
        NoSuchPathError: there was nothing then.
    """
    then, now = AsOf(at_s, sweeps.keys.tail), AsOf(NOW, sweeps.keys.tail)
    async with sweeps.of(path) as sweep:
        async for told in sweeps.rows(sweep, path, with_markers=True):
            then.take(told.row, told.told_s)
            now.take(told.row)
    if not then.files and not then.markers:
        raise await not_there(sweeps.bucket, sweeps.keys, path, at_s, "Nothing was restored.")
    live = {found: past.then for found, past in now.files.items()} | await _live_above(sweeps, path)
    copies = await sweeps.state.run(load_copies, path)
    folders = Folders(then.markers, now.markers)
    return plan_restore_as_of(then.files, live, iso_time(at_s), is_exact=is_exact, copies=copies, folders=folders)


async def _live_above(sweeps: Sweeps, path: str) -> dict[str, VersionRow]:
    """The files that are live where `path` has folders above it."""
    live: dict[str, VersionRow] = {}
    for above in RelPath(path).ancestors() if path else ():
        rows = await list_versions(sweeps.bucket, sweeps.keys, above)
        if rows and not rows[0].is_delete_marker:
            live[above] = rows[0]
    return live
