"""A look at what hints name, and nothing else: it costs what changed, not what is stored.

What was agreed on in the bucket, and no hint is about, is taken to be there still: every deed has a precondition that
says otherwise if it is not. Where a store checks none, the very keys are asked. What few paths cannot tell is left to a
look at everything: names in other forms of Unicode or in a folder that folds them, ignore rules that changed, what a
crash left, and more paths than a whole listing would cost.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from unicodedata import normalize

from bucketdrive.engine.audit import audit_lineage
from bucketdrive.engine.commit import Commits
from bucketdrive.engine.deed import Work
from bucketdrive.engine.observe import Look, assemble, check_local, leave_out_unkeepable, look_closer
from bucketdrive.engine.observe_local import Folder, LocalNames, name_entries
from bucketdrive.engine.observe_remote import Listing, key_history, note_top
from bucketdrive.engine.parts import Parts
from bucketdrive.model.entries import LocalDir, RemoteFile, SyncedDir, SyncedFile, VersionRow
from bucketdrive.model.hints import Hints
from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.ports.disk import IGNORE_FILE
from bucketdrive.rules.changes import Observed, changed_paths
from bucketdrive.rules.ignore import IgnoreRules
from bucketdrive.rules.names import refusal
from bucketdrive.state.scope import Scope, load_scope
from bucketdrive.state.snapshot import Snapshot
from bucketdrive.state.trees import has_aliases

_ROWS = 1000
"""So many paths are looked at one by one; beyond, a whole scan and listing is cheaper."""

_REQUESTS = 50
"""So many keys are asked about one by one, likewise."""


async def look_at_some(parts: Parts, hints: Hints) -> Look | None:
    """Observe both sides of what `hints` name; None where only a look at everything can tell.

    Raises:
        GuardError: G1. DriveError, TransientError: the folder or the bucket could not be observed.
    """
    await check_local(parts)
    asked = await _asked(parts, hints)
    if asked is None:
        return None
    clock_ns = await parts.disk.clock_ns()
    ignore = IgnoreRules()
    found = await _look_here(parts, asked, ignore)
    if found is None:
        return None
    scope, snapshot, folder = found
    scanned_at_s = asyncio.get_running_loop().time()
    listing = Listing(live=_as_agreed(snapshot, scope))
    seen, ignored = assemble(snapshot.synced, folder, listing, ignore)
    seen.live_elsewhere = scope.elsewhere
    result = Look(
        seen,
        set(),
        Work(parts, Commits(parts.state), LocalNames(), clock_ns),
        snapshot,
        scanned_at_s,
        scope,
        holds=folder.holds,
        excluded=dict.fromkeys(ignored, "an ignore rule excludes it here"),
    )
    histories = await _look_there(result, *(_kept(told, scope, ignore) for told in (hints.paths, hints.folders)))
    if histories is None:
        return None
    leave_out_unkeepable(result, await parts.disk.name_rules())
    if not parts.facts.conditional_put:
        result.to_be_seen_again.update(await audit_lineage(result.work, snapshot, histories))
    await look_closer(result, None if parts.facts.conditional_delete else histories)
    return result


async def _asked(parts: Parts, hints: Hints) -> set[RelPath] | None:
    """The paths that `hints` name, without those no drive can keep; None where they may be other paths' names."""
    names = [name for name in hints.names if refusal(name) is None]
    paths = [path for path in hints.paths | hints.folders if refusal(path) is None]
    asked = {*map(RelPath, names), *paths}
    if any(path.name == IGNORE_FILE for path in asked) or (await parts.disk.name_rules()).folds:
        return None
    if all(path.isascii() for path in asked):
        return asked
    is_other_form = any(normalize("NFC", path) != path for path in asked)
    return None if is_other_form or await parts.state.run(has_aliases) else asked


async def _look_here(parts: Parts, asked: set[RelPath], ignore: IgnoreRules) -> tuple[Scope, Snapshot, Folder] | None:
    """The scope around `asked`, its rows, and what is there on disk."""
    since_s = parts.clock.now_s() - parts.options.quota_window_s
    while True:
        loaded = await parts.state.run(load_scope, asked, since_s, _ROWS)
        if loaded is None or _is_for_all(loaded[1]):
            return None
        scope, snapshot = loaded
        scan = await parts.disk.scan(ignore, scope.roots)
        if len(scan.entries) > _ROWS:
            return None
        blocked = {folder for folder in ancestors_of(scope.roots) if not isinstance(scan.entries.get(folder), LocalDir)}
        if blocked:  # what is above is no folder here: then all that was below it is in question
            asked |= blocked
            continue
        folder = name_entries(scan, snapshot.synced.keys(), len(parts.keys.prefix.encode()))
        return None if folder.names.aliases else (scope, snapshot, folder)


def _is_for_all(snapshot: Snapshot) -> bool:
    """Whether something else must be settled first, or names on disk are not the paths."""
    is_rebuilding = snapshot.meta.get("is_rebuilding") == "1" or "epoch" not in snapshot.meta
    has_begun = any(attempt.is_open for attempt in snapshot.attempts)
    return is_rebuilding or has_begun or any(row.local_name for row in snapshot.synced.values())


def _as_agreed(snapshot: Snapshot, scope: Scope) -> dict[RelPath, RemoteFile]:
    return {
        path: RemoteFile(row.etag, row.size, row.version_id)
        for path, row in snapshot.synced.items()
        if isinstance(row, SyncedFile) and path in scope
    }


def _kept(told: Iterable[RelPath], scope: Scope, ignore: IgnoreRules) -> set[RelPath]:
    return {path for path in told if path in scope and not ignore.skips_key(path)}


async def _look_there(
    result: Look, told: set[RelPath], marked: set[RelPath]
) -> Mapping[RelPath, Sequence[VersionRow]] | None:
    """Ask the bucket about files that we were `told` of and `marked` folders, and about what no precondition protects.

    Returns:
        The versions of each key that was asked about, newest first (where the store's deletes have preconditions, only
        the newest); None where too many would have to be asked about.
    """
    parts, seen = result.work.parts, result.seen
    folders = marked | _folders_in_question(result, told)
    files = set(told)
    if not parts.facts.conditional_put:
        files |= {path for path in changed_paths(seen) if _may_be_file(seen, path)}
    if len(files) + len(folders) > _REQUESTS:
        return None
    histories: dict[RelPath, list[VersionRow]] = {}

    async def ask_about(path: RelPath) -> None:
        key = parts.keys.key(path)
        if parts.facts.conditional_delete:
            page = await parts.bucket.list_object_versions(key, max_keys=1)
            histories[path] = [row for row in page.rows if row.key == key]
        else:
            histories[path] = await key_history(parts, key)

    async def ask_about_marker(path: RelPath) -> None:
        key = parts.keys.folder_key(path)
        page = await parts.bucket.list_objects(key, max_keys=1)
        for row in page.rows:
            if row.key == key and not row.size:
                seen.folder_markers[path] = RemoteFile(row.etag, row.size)

    async with asyncio.TaskGroup() as group:
        for path in files:
            group.create_task(ask_about(path))
        for path in folders:
            group.create_task(ask_about_marker(path))
    for path, history in histories.items():
        if history or isinstance(seen.synced.get(path), SyncedFile):
            note_top(seen, path, history[0] if history else None)
    return {path: history for path, history in histories.items() if history}


def _may_be_file(seen: Observed, path: RelPath) -> bool:
    return isinstance(seen.synced.get(path), SyncedFile) or not isinstance(seen.local.get(path), LocalDir | None)


def _folders_in_question(result: Look, told: Iterable[RelPath]) -> set[RelPath]:
    """Folders of which it matters whether they have a marker: all but those that surely hold live files."""
    seen, scope = result.seen, result.scope
    sure = ancestors_of(path for path in seen.live if path not in told and path in seen.local) | seen.live_elsewhere
    return {
        path
        for path, row in seen.synced.items()
        if isinstance(row, SyncedDir)
        and (scope is None or path in scope)
        and not (path in sure and isinstance(seen.local.get(path), LocalDir))
    }
