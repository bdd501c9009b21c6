"""Compares folder, state and bucket by hash, and changes nothing (spec §2.3; P4, I9)."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bucketdrive.engine.groups import sole_error
from bucketdrive.engine.observe import check_local, check_roots
from bucketdrive.engine.observe_local import LocalNames, name_entries
from bucketdrive.engine.observe_remote import confirm_missing, has_bytes, list_live
from bucketdrive.engine.parts import Parts
from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import (
    Hashed,
    LocalDir,
    LocalEntry,
    LocalFile,
    LocalSpecial,
    LocalUnknown,
    SyncedDir,
    SyncedFile,
)
from bucketdrive.model.paths import RESERVED, RelPath
from bucketdrive.model.plan import Hold
from bucketdrive.model.reports import Difference, VerifyReport
from bucketdrive.ports.disk import JUNK_NAMES
from bucketdrive.rules.changes import Observed, is_clean, to_confirm
from bucketdrive.rules.ignore import IgnoreRules
from bucketdrive.state.runs import load_outbox
from bucketdrive.state.snapshot import Snapshot, load_snapshot

SAMPLE = 100
"""So many files that look unchanged are read, unless all are."""

_HIDDEN = (
    "its content here is not the one agreed on, though size and times are: the disk damaged it, or an edit hid itself; "
    "touch it to keep it with the next sync, or delete it and `bucketdrive restore` it"
)

_DEEDS = {
    Deed.UPLOAD: "an upload",
    Deed.INSTALL: "a download",
    Deed.REPLACE: "a download",
    Deed.REMOVE: "a deletion here",
    Deed.DELETE: "a deletion in the bucket",
}


@dataclass(slots=True)
class _Sight:
    """All that is compared."""

    seen: Observed
    names: LocalNames
    snapshot: Snapshot
    holds: list[Hold]
    hashes: dict[RelPath, Hashed] = field(default_factory=dict)


async def verify(parts: Parts, *, is_full: bool = False, sample: int = SAMPLE) -> VerifyReport:
    """Compare the sides path by path, and read what proves them equal.

    Read are all files that look changed and `sample` others, chosen by chance; with `is_full` all, and where no ETag
    proves the bytes in the bucket, these as well. Everything that lies under `.bucketdrive/` is accounted for.

    Raises:
        GuardError: G1 or G2. DriveError, TransientError: the folder or the bucket could not be observed as a whole.
    """
    try:
        return await _verify(parts, is_full=is_full, sample=sample)
    except BaseExceptionGroup as group:
        raise sole_error(group) from group


async def _verify(parts: Parts, *, is_full: bool, sample: int) -> VerifyReport:
    await check_roots(parts)
    sight = await _look(parts)
    _, untold = await parts.state.run(load_outbox)
    attempts = [attempt for attempt in sight.snapshot.attempts if attempt.is_open]
    files = sorted(path for path, row in sight.seen.synced.items() if isinstance(row, SyncedFile))
    report = VerifyReport(
        is_full=is_full,
        files=len(files),
        set_aside=len(sight.snapshot.quarantined),
        unsettled=len(attempts),
        untold=len(untold),
    )
    if not parts.identity.device_id:
        report.differences.append(Difference("", "this device has lost its state; the next sync builds it anew"))
    report.differences += _differences_of_trees(sight.seen)
    report.differences += [Difference(hold.path, f"held: {hold.reason}") for hold in sight.holds]
    report.differences += [Difference(attempt.path, _unsettled(attempt)) for attempt in attempts]
    await _read_here(parts, sight, report, _to_read(parts, sight.seen, files, None if is_full else sample))
    await _prove_in_bucket(parts, sight, report, files if is_full else list(sight.hashes))
    report.differences += await _leftovers(parts, sight.snapshot, is_full=is_full)
    report.differences.sort(key=lambda difference: difference.path)
    return report


async def _look(parts: Parts) -> _Sight:
    snapshot = await parts.state.run(load_snapshot, parts.clock.now_s())
    ignore = IgnoreRules()
    async with asyncio.TaskGroup() as group:
        listed = group.create_task(list_live(parts))
        scanned = group.create_task(parts.disk.scan(ignore))
    await check_local(parts)  # after the scan: what was unmounted meanwhile looks empty
    listing = listed.result()
    prefix_bytes = len(parts.keys.prefix.encode())
    folder = name_entries(scanned.result(), snapshot.synced.keys() | listing.live.keys(), prefix_bytes)
    seen = Observed(
        synced={
            path: row
            for path, row in snapshot.synced.items()
            if not ignore.skips_key(path if isinstance(row, SyncedFile) else f"{path}/")
        },
        local=folder.entries,
        live={path: remote for path, remote in listing.live.items() if not ignore.skips_key(path)},
        folder_markers={p: remote for p, remote in listing.folder_markers.items() if not ignore.skips_key(f"{p}/")},
    )
    await confirm_missing(parts, seen, to_confirm(seen))
    return _Sight(seen, folder.names, snapshot, folder.holds + listing.holds)


# --- path by path, without reading ------------------------------------------------------------------------------------


def _differences_of_trees(seen: Observed) -> Iterator[Difference]:
    for path in sorted({*seen.synced, *seen.local, *seen.live, *seen.folder_markers}):
        row, entry = seen.synced.get(path), seen.local_entry(path)
        if isinstance(row, SyncedFile):
            found = (_of_agreed_file_here(entry), _of_agreed_file_there(seen, path, row))
        elif isinstance(row, SyncedDir):
            found = (_of_agreed_dir_here(entry), _of_agreed_dir_there(seen, path))
        else:
            found = (_of_unagreed(seen, path), "")
        yield from (Difference(path, what) for what in found if what)


def _of_agreed_file_here(entry: LocalEntry | None) -> str:
    match entry:
        case LocalFile():
            return ""
        case None:
            return "gone here"
        case LocalDir():
            return "a folder stands here in its place"
        case _:
            return _of_odd(entry)


def _of_agreed_file_there(seen: Observed, path: RelPath, row: SyncedFile) -> str:
    if path in seen.unknown_remote:
        return "how it stands in the bucket could not be learnt"
    if path in seen.deleted:
        return "deleted in the bucket"
    if path in seen.vanished:
        return "the bucket has no version of it any more"
    return "" if seen.live[path].etag == row.etag else "the bucket has another version than the one agreed on"


def _of_agreed_dir_here(entry: LocalEntry | None) -> str:
    match entry:
        case LocalDir():
            return ""
        case None:
            return "the folder is gone here"
        case LocalFile():
            return "a file stands here in place of the folder"
        case _:
            return _of_odd(entry)


def _of_agreed_dir_there(seen: Observed, path: RelPath) -> str:
    is_there = path in seen.folder_markers or path in seen.live_folders
    return "" if is_there else "the folder is gone in the bucket"


def _of_unagreed(seen: Observed, path: RelPath) -> str:
    entry = seen.local_entry(path)
    is_dir_there = path in seen.folder_markers or path in seen.live_folders
    match entry:
        case LocalSpecial() | LocalUnknown():
            return _of_odd(entry)
        case LocalFile():
            return "here and in the bucket, not agreed on yet" if path in seen.live else "only here, not uploaded yet"
        case _ if path in seen.live:
            return "only in the bucket, not downloaded yet"
        case LocalDir(is_empty=True) if not is_dir_there:
            return "an empty folder that is only here"
        case None if path in seen.folder_markers:
            return "a folder that is only in the bucket"
        case _:
            return ""


def _of_odd(entry: LocalSpecial | LocalUnknown) -> str:
    if isinstance(entry, LocalSpecial):
        return f"a {entry.what}, which is not synced"
    return f"cannot be looked at: {entry.why}"


# --- contents ---------------------------------------------------------------------------------------------------------


def _to_read(parts: Parts, seen: Observed, files: Iterable[RelPath], sample: int | None) -> list[RelPath]:
    """The agreed files to be hashed here: those that look changed and `sample` others (None: all)."""
    changed: list[RelPath] = []
    clean: list[RelPath] = []
    for path in files:
        entry, row = seen.local.get(path), seen.synced[path]
        if isinstance(entry, LocalFile) and isinstance(row, SyncedFile):
            (clean if is_clean(row, entry) else changed).append(path)
    if sample is None:
        return sorted(changed + clean)
    drawn = sorted(clean, key=lambda _: parts.chance.fraction())
    return sorted(changed + drawn[:sample])


async def _read_here(parts: Parts, sight: _Sight, report: VerifyReport, paths: list[RelPath]) -> None:
    """Hash files here; those that have the content agreed on are in `sight.hashes` afterwards."""
    found = await parts.disk.hash_files([sight.names.name(path) for path in paths])
    for path, result in zip(paths, found, strict=True):
        row, entry = sight.seen.synced[path], sight.seen.local[path]
        if not isinstance(row, SyncedFile) or not isinstance(entry, LocalFile):
            continue
        if not isinstance(result, Hashed):
            what = f"cannot be read: {result.message}" if result else "went away while it was looked at"
            report.differences.append(Difference(path, what))
            continue
        report.read_here += 1
        sight.hashes[path] = result
        if result.sha256 != row.sha256:
            is_hidden = result.fingerprint == row.fingerprint
            report.differences.append(Difference(path, _HIDDEN if is_hidden else "changed here since the last sync"))


async def _prove_in_bucket(parts: Parts, sight: _Sight, report: VerifyReport, paths: Iterable[RelPath]) -> None:
    for path in paths:
        row, remote = sight.seen.synced[path], sight.seen.live.get(path)
        if not isinstance(row, SyncedFile) or remote is None or remote.etag != row.etag:
            continue
        here = sight.hashes.get(path)
        if here is not None and here.sha256 == row.sha256 and here.md5 == row.etag:
            report.proved_in_bucket += 1
        elif not report.is_full:
            report.unproved_in_bucket += 1
        elif await has_bytes(parts, parts.keys.key(path), row.version_id, row.sha256):
            report.proved_in_bucket += 1
        else:
            report.differences.append(Difference(path, "the bytes in the bucket are not those agreed on"))


# --- below .bucketdrive/ ----------------------------------------------------------------------------------------------


def _unsettled(attempt: Attempt) -> str:
    return f"{_DEEDS[attempt.deed]} of an earlier run is not settled; the next sync does it"


async def _leftovers(parts: Parts, snapshot: Snapshot, *, is_full: bool) -> list[Difference]:
    """What lies in `tmp/` and `quarantine/` and no row explains, and rows that no file bears out."""
    places = await parts.disk.places()
    found = []
    known = {entry.place for entry in snapshot.quarantined} | {attempt.place for attempt in snapshot.attempts}
    for place in places:
        if place not in known and RelPath(place).name not in JUNK_NAMES:
            what = "left over by an interrupted run; the next sync puts it where it belongs"
            found.append(Difference(f"{RESERVED}/{place}", what))
    for entry in snapshot.quarantined:
        if entry.place not in places:
            found.append(Difference(entry.path, "its old content was set aside, but is gone from quarantine"))
        elif is_full:
            hashed = await parts.disk.hash_place(entry.place)
            if hashed is None or hashed.sha256 != entry.sha256:
                found.append(Difference(entry.path, "its old content, set aside, was written to; it comes back"))
    return found
