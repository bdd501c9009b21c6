"""For stores that ignore conditional writes: what was buried unseen is found in the lineage, and brought back.

Every version names the one it was made from. A version that lies between another and its base was overwritten by
somebody who had not seen it: it comes back as a conflict copy. A deletion that hit a newer version than it meant is
undone (spec §2.6, class C). Names come from content and author, so any device may do this, and all do the same.
"""

import asyncio
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from bucketdrive.engine.deed import Work, check_kept
from bucketdrive.engine.journal import read_journals
from bucketdrive.engine.multipart import copy_version, hash_version, named
from bucketdrive.engine.observe_remote import has_bytes, key_history
from bucketdrive.errors import NoSuchObjectError
from bucketdrive.model.attempts import Attempt
from bucketdrive.model.entries import ObjectHead, SyncedFile, VersionRow
from bucketdrive.model.format import FileMeta, read_metadata, write_metadata
from bucketdrive.model.paths import RelPath
from bucketdrive.ports.bucket import NewObject
from bucketdrive.rules.lineage import (
    audit_range,
    buried_by_marker,
    buried_late,
    buried_versions,
    credible_bases,
    has_marker_below,
    is_untold_burial,
)
from bucketdrive.rules.names import conflict_names
from bucketdrive.state.change import StateChange
from bucketdrive.state.journals import load_bases, load_told_deletions
from bucketdrive.state.lineage import put_audited
from bucketdrive.state.snapshot import Snapshot

Histories = Mapping[RelPath, Sequence[VersionRow]]

_FEW = 3
"""So many versions are asked about one by one; beyond, journals are read first: a list, and a request a device."""


async def audit_lineage(work: Work, snapshot: Snapshot, histories: Histories) -> list[RelPath]:
    """Bring back every version that was overwritten unseen since the last audit; the paths that got a conflict copy.

    Keys of which nothing is agreed on here are left to the devices that know them.
    """
    tops = {path: history[0].version_id for path, history in histories.items()}
    fresh = {path: top for path, top in tops.items() if snapshot.audited.get(path) != top}
    known = [path for path in fresh if isinstance(snapshot.synced.get(path), SyncedFile)]
    deep = {path: histories[path] for path in known if len(histories[path]) > 1}
    told_bases, told_deletions = await _what_journals_tell(work, snapshot, deep) if deep else ({}, {})
    found = []
    for path, history in deep.items():
        audited = snapshot.audited.get(path, "")
        bases = await _bases(work, path, history, audited, told_bases[path])
        buried = buried_versions(history, audited, bases)
        for row in [*buried, *buried_late(history, audited, told_deletions.get(path, ()))]:
            await bring_back(work, path, row)
            found.append(path)
    begun = {attempt.path for attempt in snapshot.attempts} - set(known)  # what comes of it may yet bury what is there
    if done := {path: top for path, top in fresh.items() if path not in begun}:
        await work.parts.state.run(put_audited, done)
    return found


async def _what_journals_tell(
    work: Work, snapshot: Snapshot, histories: Histories
) -> tuple[dict[RelPath, dict[str, str]], Mapping[RelPath, set[str]]]:
    """`load_bases`, `load_told_deletions`; journals are read where that saves requests, or tells of late deletions."""
    state, paths = work.parts.state, list(histories)
    bases = await state.run(load_bases, paths)
    is_deleted, untold = False, 0
    for path, history in histories.items():
        audited = snapshot.audited.get(path, "")
        is_deleted |= has_marker_below(history, audited)
        untold += sum(row.version_id not in bases[path] for row in _above(history, audited))
    if not is_deleted and untold <= _FEW:
        return bases, {}
    await read_journals(work.parts)
    return await state.run(load_bases, paths), await state.run(load_told_deletions)


def _above(history: Sequence[VersionRow], audited: str) -> list[VersionRow]:
    """The versions above the `audited` one (all, where it is not listed), without markers."""
    above = takewhile(lambda row: row.version_id != audited, history)
    return [row for row in above if not row.is_delete_marker]


async def _bases(
    work: Work, path: RelPath, history: Sequence[VersionRow], audited: str, told: Mapping[str, str]
) -> dict[str, str | None]:
    """The base of each version that the audit must understand; None for another tool's. `told`: by journals."""
    heads: dict[str, FileMeta] = {}
    end = next((place for place, row in enumerate(history) if row.version_id == audited), len(history))
    while True:
        rows = [row for row in history[:end] if not row.is_delete_marker]
        if all(row.version_id in told for row in rows):
            # journals told of each: none is another tool's, and so none came with the claims of another one
            claims = {row.version_id: FileMeta(op=row.version_id, base=told[row.version_id]) for row in rows}
        else:
            async with asyncio.TaskGroup() as group:
                asked = {row: group.create_task(_claims(work, row)) for row in rows if row.version_id not in heads}
            heads.update({row.version_id: head.result() for row, head in asked.items()})
            claims = heads
        bases = credible_bases(path, history, claims)
        reach = audit_range(history, audited, bases)
        if reach <= end:
            return bases
        end = reach


async def _claims(work: Work, row: VersionRow) -> FileMeta:
    try:
        head = await work.parts.bucket.head_object(row.key, version_id=row.version_id)
    except NoSuchObjectError:
        return FileMeta()
    return read_metadata(head.metadata)


async def bring_back(work: Work, path: RelPath, row: VersionRow) -> None:
    """Copy a buried version to its conflict name, unless that name's versions hold it already."""
    claims = await _claims(work, row)
    sha256 = claims.sha256 or await _hash(work, row)
    for target in conflict_names(path, claims.device, sha256):
        history = await key_history(work.parts, work.parts.keys.key(target))
        if await _is_among(work, row, history, sha256):
            return
        if not history or history[0].is_delete_marker:
            await _copy(work, row, target, dataclasses.replace(claims, sha256=sha256, base=""))
            return


def _holds(one: VersionRow, other: VersionRow) -> bool:
    return not one.is_delete_marker and (one.etag, one.size) == (other.etag, other.size)


async def _is_among(work: Work, row: VersionRow, history: Sequence[VersionRow], sha256: str) -> bool:
    """Whether a version of another key has the content of `row`; a copy of what went up in parts has another ETag."""
    if any(_holds(other, row) for other in history):
        return True
    same_size = [other for other in history if not other.is_delete_marker and other.size == row.size]
    for other in same_size:
        is_in_parts = "-" in row.etag or "-" in other.etag
        if is_in_parts and await has_bytes(work.parts, other.key, other.version_id, sha256):
            return True
    return False


async def _hash(work: Work, row: VersionRow) -> str:
    return (await hash_version(work.parts, row.key, _head(row)))[0]


def _head(row: VersionRow) -> ObjectHead:
    return ObjectHead(row.etag, row.size, row.version_id, row.modified_s, {})


async def _copy(work: Work, row: VersionRow, target: RelPath, meta: FileMeta) -> None:
    meta = dataclasses.replace(meta, op=work.parts.chance.uuid())
    key = work.parts.keys.key(target)
    written = await copy_version(work.parts, row.key, _head(row), key, NewObject(write_metadata(meta, target)))
    written = await named(work.parts, key, written, meta.op)
    check_kept(written)
    told = dataclasses.replace(work.journal_entry("copy", target, written), size=row.size)
    await work.commits.write(StateChange(announced=(told,)))


async def settle_deletion(work: Work, attempt: Attempt) -> None:
    """After an unconditional delete: if it buried a version that was not meant, put that version back (edit wins)."""
    history = await key_history(work.parts, work.parts.keys.key(attempt.path))
    buried = buried_by_marker(history, attempt.version_id, attempt.etag)
    if buried is not None:
        await _undelete(work, attempt.path, history, buried)


async def _undelete(work: Work, path: RelPath, history: Sequence[VersionRow], buried: VersionRow) -> None:
    if history[0].is_delete_marker:
        claims = await _claims(work, buried)
        await _copy(work, buried, path, dataclasses.replace(claims, base=history[0].version_id))
    else:
        await bring_back(work, path, buried)


async def undo_late_deletions(work: Work, deleted: Iterable[RelPath], histories: Histories | None) -> set[RelPath]:
    """Undo deletions that hit a newer version than their journal announced; the paths that came back.

    `histories`: those of all keys, where a sweep has shown them.
    """
    asked = [path for path in deleted if histories is None or len(histories.get(path, ())) > 2]
    if not asked:
        return set()
    await read_journals(work.parts)
    told = await work.parts.state.run(load_told_deletions)
    back = set()
    for path in asked:
        history = await key_history(work.parts, work.parts.keys.key(path))  # as it is after the journals were read
        if is_untold_burial(history, told.get(path, ())):
            await _undelete(work, path, history, history[1])
            back.add(path)
    return back
