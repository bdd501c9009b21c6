"""One look at everything: the folder, the bucket, what was agreed, and what of it must be looked at closer."""

import asyncio
from dataclasses import dataclass, field

from bucketdrive.engine.audit import Histories, audit_lineage, undo_late_deletions
from bucketdrive.engine.bodies import get_body
from bucketdrive.engine.commit import Commits
from bucketdrive.engine.deed import Work
from bucketdrive.engine.observe_local import Folder, LocalNames, hash_paths, name_entries, wait_for_young
from bucketdrive.engine.observe_remote import (
    Listing,
    confirm_missing,
    has_bytes,
    list_all_versions,
    list_live,
    note_top,
    settle_uploads,
)
from bucketdrive.engine.parts import Parts
from bucketdrive.engine.rebuild import drop_old_state, find_bases, find_histories
from bucketdrive.engine.recover import recover
from bucketdrive.errors import NoSuchObjectError
from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import LocalFile, LocalUnknown, NameRules, SyncedEntry, SyncedFile, SyncedTree
from bucketdrive.model.format import DriveInfo, read_drive_info
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Hold
from bucketdrive.rules.changes import Observed, changed_paths, has_etag, to_confirm, to_hash
from bucketdrive.rules.guards import check_local_root, check_remote_root, check_vanished
from bucketdrive.rules.ignore import IgnoreRules
from bucketdrive.rules.names import unkeepable
from bucketdrive.rules.planner import undecided
from bucketdrive.state.scope import Scope
from bucketdrive.state.snapshot import Snapshot, load_snapshot
from bucketdrive.state.sweeps import forget_sweeps
from bucketdrive.state.trees import drop_synced, put_meta


@dataclass(slots=True)
class Look:
    """What a round goes by. `excluded`: agreed paths that are no longer kept on this device, and why.

    `scope`: what it is about; None: everything. `has_stuck`: something of an earlier round could not be cleared up yet.
    """

    seen: Observed
    changed: set[RelPath]
    work: Work
    snapshot: Snapshot
    scanned_at_s: float
    scope: Scope | None = None
    has_stuck: bool = False
    holds: list[Hold] = field(default_factory=list)
    excluded: dict[RelPath, str] = field(default_factory=dict)
    to_be_seen_again: set[RelPath] = field(default_factory=set)

    @property
    def settle_s(self) -> float:
        """How young a file is to be looked at twice."""
        options = self.work.parts.options
        return options.settle_s if self.scope is None else min(options.quiet_s, options.settle_s)

    @property
    def surely_gone_s(self) -> float:
        """When a second look will tell that what was gone at the first is gone; the event loop's time."""
        options = self.work.parts.options
        absence_s = options.absence_s if self.scope is None else min(options.quiet_absence_s, options.absence_s)
        return self.scanned_at_s + absence_s


async def check_roots(parts: Parts) -> DriveInfo:
    """Guards G1 and G2: the folder and the prefix are this drive's. What the prefix says of the drive.

    Raises:
        GuardError: they are not.
    """
    await check_local(parts)
    try:
        info = read_drive_info((await get_body(parts, parts.keys.own_key("drive.json"))).data)
    except NoSuchObjectError:
        info = None
    check_remote_root(parts.identity.drive_id, info.drive_id if info else None)
    return info or DriveInfo(parts.identity.drive_id)


async def check_local(parts: Parts) -> None:
    """Guard G1: the folder is there and is this drive's.

    Raises:
        GuardError: it is not.
    """
    facts, identity = await parts.disk.root(), parts.identity
    check_local_root(identity.drive_id, identity.root_id, found_drive_id=facts.drive_id, found_root_id=facts.root_id)
    parts.disk.stay_at(facts)


async def look(parts: Parts, *, at_start: bool) -> Look:
    """Observe both sides, after settling what was begun before.

    Raises:
        GuardError: G1, G2 or G6. DriveError, TransientError: the folder or the bucket could not be observed as a whole.
    """
    info = await check_roots(parts)
    commits = Commits(parts.state)
    snapshot = await _remember(parts, info)
    if at_start and await drop_old_state(parts, snapshot.meta):
        snapshot = await _remember(parts, info)
    work = Work(parts, commits, LocalNames(_aliases(snapshot.synced)), await parts.disk.clock_ns())
    recovery = await recover(work, snapshot, at_start=at_start)
    if recovery.is_changed:
        snapshot = await _remember(parts, info)
    ignore = IgnoreRules()
    async with asyncio.TaskGroup() as group:
        is_swept = not parts.facts.conditional_delete  # a deletion must then name its version before it is made
        listed = group.create_task(list_all_versions(parts) if is_swept else list_live(parts))
        scanned = group.create_task(parts.disk.scan(ignore))
    scanned_at_s = asyncio.get_running_loop().time()
    listing = listed.result()
    prefix_bytes = len(parts.keys.prefix.encode())
    folder = name_entries(scanned.result(), snapshot.synced.keys() | listing.live.keys(), prefix_bytes)
    for path, why in recovery.stuck.items():
        folder.entries[path] = LocalUnknown(why)
        folder.holds.append(Hold(path, why))
    seen, ignored = assemble(snapshot.synced, folder, listing, ignore)
    result = Look(
        seen,
        set(),
        Work(parts, commits, folder.names, work.fs_now_ns),
        snapshot,
        scanned_at_s,
        has_stuck=bool(recovery.stuck),
        holds=folder.holds + listing.holds,
        excluded=dict.fromkeys(ignored, "an ignore rule excludes it here"),
    )
    leave_out_unkeepable(result, await parts.disk.name_rules())
    if not parts.facts.conditional_put:
        result.to_be_seen_again.update(await audit_lineage(result.work, snapshot, listing.histories))
    await look_closer(result, listing.histories if is_swept else None)
    return result


async def _remember(parts: Parts, info: DriveInfo) -> Snapshot:
    """Load the state. Guard G7: if the bucket was restored from a backup, what was agreed on counts no more."""
    since_s = parts.clock.now_s() - parts.options.quota_window_s
    snapshot = await parts.state.run(load_snapshot, since_s)
    if info.epoch <= int(snapshot.meta.get("epoch", "0")):
        return snapshot
    if "epoch" in snapshot.meta:
        await parts.state.run(drop_synced, list(snapshot.synced))
        await parts.state.run(forget_sweeps)
    await parts.state.run(put_meta, {"epoch": str(info.epoch), "is_rebuilding": "1"})
    return await parts.state.run(load_snapshot, since_s)


def _aliases(synced: SyncedTree) -> dict[RelPath, str]:
    return {path: row.local_name for path, row in synced.items() if row.local_name}


def assemble(
    synced: SyncedTree, folder: Folder, listing: Listing, ignore: IgnoreRules
) -> tuple[Observed, list[RelPath]]:
    """What was seen without what is ignored here, and the agreed paths that are ignored now."""
    ignored_rows = [path for path in synced if _is_ignored(path, synced[path], ignore)]
    for path in ignored_rows:
        del synced[path]
    seen = Observed(
        synced=synced,
        local=folder.entries,
        live={path: remote for path, remote in listing.live.items() if not ignore.skips_key(path)},
        folder_markers={
            path: remote for path, remote in listing.folder_markers.items() if not ignore.skips_key(f"{path}/")
        },
    )
    return seen, ignored_rows


def leave_out_unkeepable(result: Look, rules: NameRules) -> None:
    """Files of the bucket that this disk cannot hold are held, and invisible: never created here, never deleted.

    Nothing is agreed on about them any more: that they are not here is no deletion. But what was agreed on, is in the
    bucket as it was, and made way for another name here, its user has deleted.
    """
    seen = result.seen
    seen.folds = rules.folds
    for path, why in unkeepable(seen.live, seen.local, rules).items():
        if has_etag(seen.synced.get(path), seen.live[path].etag):
            continue
        del seen.live[path]
        seen.unknown_remote.add(path)
        result.holds.append(Hold(path, why))
        if seen.synced.pop(path, None) is not None:
            result.excluded[path] = why


def _is_ignored(path: RelPath, row: SyncedEntry, ignore: IgnoreRules) -> bool:
    return ignore.skips_key(path if isinstance(row, SyncedFile) else f"{path}/")


async def look_closer(result: Look, histories: Histories | None) -> None:
    """Find out what decides: what became of missing files, what files hold, what our own uploads came to.

    `histories`: of every key that was swept; None: none was.
    """
    parts, seen, names = result.work.parts, result.seen, result.work.names
    known = seen.deleted.keys() | seen.vanished | seen.unknown_remote
    await confirm_missing(parts, seen, [path for path in to_confirm(seen) if path not in known], histories)
    if not parts.facts.conditional_delete:
        back = await undo_late_deletions(result.work, list(seen.deleted), histories)
        seen.unknown_remote |= back
        result.to_be_seen_again |= back
    check_vanished([path for path in seen.vanished if path in seen.local])
    result.changed = changed_paths(seen)
    await wait_for_young(parts, seen, result.changed, names, result.settle_s)
    await hash_paths(parts, seen, to_hash(seen, result.changed), names)
    await _apply_rule_l(result)
    if result.snapshot.meta.get("is_rebuilding") == "1":
        asked = await find_histories(parts, seen)
        await hash_paths(parts, seen, [path for path in asked if path not in seen.hashes], names)
        await find_bases(parts, seen, asked)
        await hash_paths(parts, seen, [p for p in to_hash(seen, result.changed) if p not in seen.hashes], names)
    for path in undecided(seen, result.changed):
        hashed = seen.hashes.get(path)
        if hashed is not None:
            seen.compared[path] = await has_bytes(parts, parts.keys.key(path), "", hashed.sha256)


async def _apply_rule_l(result: Look) -> None:
    """Before anything is decided: move the base on to our own uploads whose outcome was not known (spec §2.6)."""
    attempts: dict[RelPath, list[Attempt]] = {}
    for attempt in result.snapshot.attempts:
        if attempt.deed is Deed.UPLOAD and attempt.path in result.changed:
            attempts.setdefault(attempt.path, []).append(attempt)
    seen = result.seen
    found = await settle_uploads(result.work.parts, result.work.commits, seen.synced, attempts)
    for path, finding in found.items():
        if finding.is_to_be_seen_again:
            result.changed.discard(path)
            result.to_be_seen_again.add(path)
            continue
        if finding.base is not None:
            seen.synced[path] = finding.base
        note_top(seen, path, finding.history[0] if finding.history else None)
    missing = [path for path in attempts if isinstance(seen.local.get(path), LocalFile)]
    wanted = set(to_hash(seen, set(missing)))
    await hash_paths(result.work.parts, seen, sorted(wanted - seen.hashes.keys()), result.work.names)
