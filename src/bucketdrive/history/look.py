"""Looking back, from kept sweeps: the tree at a moment, and what differs between two. Trees come in order of keys."""

from collections.abc import AsyncGenerator
from operator import attrgetter

from bucketdrive.history.as_of import not_there
from bucketdrive.history.sweep import Sweeps
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.history import TreeChange, What
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.reports import TreeEntry
from bucketdrive.rules.differences import Comparing, Difference, pair_moves
from bucketdrive.rules.timeline import LiveAt, Past
from bucketdrive.state.journals import load_sources


async def list_tree(sweeps: Sweeps, path: str, at_s: float) -> list[TreeEntry]:
    """The files at or below `path` (empty: all of the drive) at `at_s`, sorted by path.

    Raises:
        NoSuchPathError: a path is named, and there was nothing.
    """
    found = [_entry(sweeps.keys, past.then) async for past in each_file(sweeps, path, at_s)]
    if path and not found:
        raise await not_there(sweeps.bucket, sweeps.keys, path, at_s, "Nothing is listed.")
    return found


def _entry(keys: KeySpace, row: VersionRow) -> TreeEntry:
    return TreeEntry(keys.tail(row.key), row.size, row.modified_s, row.version_id)


async def compare_trees(sweeps: Sweeps, path: str, from_s: float, to_s: float) -> list[TreeChange]:
    """What differs at or below `path` (empty: all of the drive) between two moments, by path.

    Both trees come from one sweep and are merged as they are read: only what differs is gathered.

    Raises:
        NoSuchPathError: a path is named, and there was nothing at either moment.
    """
    comparing = Comparing(from_s, to_s, sweeps.keys.tail)
    async with sweeps.of(path, max(from_s, to_s)) as sweep:
        rows = sweeps.rows(sweep, path)
        found = [one async for told in rows if (one := comparing.take(told.row, told.told_s))]
    if last := comparing.end():
        found.append(last)
    if path and comparing.is_empty:
        raise await not_there(sweeps.bucket, sweeps.keys, path, to_s, "Nothing was compared.")
    made = [RelPath(one.path) for one in found if one.before is None]
    origins = await sweeps.state.run(load_sources, made)
    return [_change(sweeps.keys, one) for one in sorted(pair_moves(found, origins), key=attrgetter("path"))]


def _change(keys: KeySpace, one: Difference) -> TreeChange:
    before, after = (_entry(keys, row) if row else None for row in (one.before, one.after))
    if one.source:
        return TreeChange(one.path, What.MOVED, before, after)
    what = What.REMOVED if after is None else What.ADDED if before is None else What.CHANGED
    return TreeChange(one.path, what, before, after)


async def each_file(sweeps: Sweeps, path: str, at_s: float) -> AsyncGenerator[Past, None]:
    """The files at or below `path` (empty: all of the drive) that were live at `at_s`, in the order of their keys."""
    live_at = LiveAt(at_s, sweeps.keys.tail)
    async with sweeps.of(path, at_s) as sweep:
        async for told in sweeps.rows(sweep, path):
            past = live_at.take(told.row, told.told_s)
            if past is not None:
                yield past
