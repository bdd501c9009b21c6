"""Undo: from the log of runs and the bucket now to a plan, which `engine.execute` runs."""

from collections.abc import Collection, Iterable, Sequence
from os.path import commonpath

from bucketdrive.errors import NoSuchRunError
from bucketdrive.history.versions import each_version, list_versions
from bucketdrive.model.entries import ObjectRow, VersionRow
from bucketdrive.model.log import Had, LogLine
from bucketdrive.model.paths import KeySpace, RelPath, ancestors_of
from bucketdrive.model.plan import Plan
from bucketdrive.ports.bucket import Reads
from bucketdrive.rules.undo import Present, plan_undo, traces_of
from bucketdrive.state.database import State
from bucketdrive.state.journals import load_copies
from bucketdrive.state.runs import StoredRun, last_run, load_run

_FEW = 20
"""Up to so many paths are looked at one by one; beyond, one sweep of the versions around them is cheaper."""


async def runs_to_undo(state: State, runs: Sequence[int]) -> list[int]:
    """The runs that are meant, newest first; the last that did something where none is named.

    Raises:
        NoSuchRunError: none did anything yet.
    """
    if runs:
        return sorted(set(runs), reverse=True)
    last = await state.run(last_run)
    if not last:
        raise NoSuchRunError(
            "No run of this drive on this device is on record. Nothing was undone.", hint="bucketdrive log"
        )
    return [last]


async def make_undo_plan(bucket: Reads, keys: KeySpace, state: State, runs: Sequence[int]) -> Plan:
    """What puts back what `runs` changed, in folder and bucket, where it was not changed since.

    Raises:
        NoSuchRunError: there was no such run, or it is not known any more what it did.
    """
    lines = [_lines_of(number, await state.run(load_run, number)) for number in sorted(set(runs))]
    traces = traces_of(lines)
    now = await _look(bucket, keys, traces.keys())
    now.copies = await state.run(load_copies)
    return plan_undo(traces, now, _named(runs))


def _named(runs: Iterable[int]) -> str:
    numbers = [str(number) for number in sorted(set(runs))]
    return f"run {numbers[0]}" if len(numbers) == 1 else f"runs {', '.join(numbers)}"


def _lines_of(number: int, run: StoredRun | None) -> list[LogLine]:
    if run is None:
        what, hint = f"There was no run {number} on this device.", "`bucketdrive log` tells the number of each run."
    elif run.is_trimmed:
        what = f"What run {number} did is no longer kept: the log has the last lines only."
        hint = "Go back to a moment before it: bucketdrive restore PATH --as-of TIME"
    elif any(line.before is Had.UNTOLD for line in run.lines):
        what = f"Run {number} was made by an older version, which did not write down what was there before."
        hint = "Go back to a moment before it: bucketdrive restore PATH --as-of TIME"
    else:
        return run.lines
    raise NoSuchRunError(f"{what} Nothing was undone.", hint=hint)


async def _look(bucket: Reads, keys: KeySpace, paths: Collection[RelPath]) -> Present:
    now = Present()
    if len(paths) <= _FEW:
        for path in paths:
            _take(now, keys, await list_versions(bucket, keys, path), paths)
            below = await bucket.list_objects(keys.folder_key(path), max_keys=2)
            for found in below.rows:
                _take(now, keys, [_live(found)], paths)
        above = ancestors_of(paths) - set(paths)
    else:
        scope = commonpath([f"/{path}" for path in paths]).lstrip("/")
        rows: list[VersionRow] = []
        if scope:
            _take(now, keys, await list_versions(bucket, keys, RelPath(scope)), paths)
        async for row in each_version(bucket, keys, keys.folder_key(scope) if scope else keys.prefix):
            if rows and rows[0].key != row.key:
                _take(now, keys, rows, paths)
                rows = []
            rows.append(row)
        _take(now, keys, rows, paths)
        above = set(RelPath(scope).ancestors()) if scope else set()
    for path in above:
        _take(now, keys, await list_versions(bucket, keys, path), paths)
    return now


def _live(row: ObjectRow) -> VersionRow:
    """A live object as a version whose id is not known."""
    return VersionRow(
        row.key, "", is_latest=True, is_delete_marker=False, etag=row.etag, size=row.size, modified_s=row.modified_s
    )


def _take(now: Present, keys: KeySpace, rows: Sequence[VersionRow], paths: Collection[RelPath]) -> None:
    """Sort in the versions of one key, newest first."""
    if not rows:
        return
    tail, top = keys.tail(rows[0].key), rows[0]
    path = RelPath(tail.removesuffix("/"))
    if tail.endswith("/"):
        if path and not top.is_delete_marker:
            now.markers[path] = top
        return
    if path in paths and top.version_id:
        now.histories[path] = tuple(rows)
    if not top.is_delete_marker:
        now.live.setdefault(path, top)
