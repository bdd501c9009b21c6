"""Looking back, from kept sweeps: the tree at a moment. Trees are streamed in the order of their keys."""

from collections.abc import AsyncGenerator

from bucketdrive.history.as_of import not_there
from bucketdrive.history.sweep import Sweeps
from bucketdrive.model.reports import TreeEntry
from bucketdrive.rules.timeline import LiveAt, Past


async def list_tree(sweeps: Sweeps, path: str, at_s: float) -> list[TreeEntry]:
    """The files at or below `path` (empty: all of the drive) at `at_s`, sorted by path.

    Raises:
        NoSuchPathError: a path is named, and there was nothing.
    """
    found = [
        TreeEntry(sweeps.keys.tail(past.then.key), past.then.size, past.then.modified_s, past.then.version_id)
        async for past in each_file(sweeps, path, at_s)
    ]
    if path and not found:
        raise await not_there(sweeps.bucket, sweeps.keys, path, at_s, "Nothing is listed.")
    return found


async def each_file(sweeps: Sweeps, path: str, at_s: float) -> AsyncGenerator[Past, None]:
    """The files at or below `path` (empty: all of the drive) that were live at `at_s`, in the order of their keys."""
    live_at = LiveAt(at_s, sweeps.keys.tail)
    async with sweeps.of(path, at_s) as sweep:
        async for told in sweeps.rows(sweep, path):
            past = live_at.take(told.row, told.told_s)
            if past is not None:
                yield past
