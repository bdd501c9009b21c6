"""The bucket now: what is live, what is deleted, and what became of our own writes."""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bucketdrive.engine.commit import Commits
from bucketdrive.engine.log import lines_of_attempt
from bucketdrive.engine.parts import Parts
from bucketdrive.errors import ConditionFailedError, NoSuchObjectError, PreconditionError, TransientError
from bucketdrive.model.attempts import Attempt
from bucketdrive.model.entries import RemoteFile, SyncedFile, SyncedTree, VersionRow
from bucketdrive.model.format import read_metadata
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Hold
from bucketdrive.ports.bucket import IfMatch
from bucketdrive.rules.changes import Observed
from bucketdrive.rules.lineage import Advance, Settled, UndoZombie, Verdict, judge, worth_asking
from bucketdrive.rules.names import refusal
from bucketdrive.state.change import StateChange

_BEHIND_ALL = "\U0010ffff"
_RANGE_BYTES = 8 << 20
_FEW = 20
"""Up to so many missing keys are looked up one by one; beyond, one sweep of all versions is cheaper."""


@dataclass(slots=True)
class Listing:
    """A complete listing of the drive: live files, folder markers, and keys that cannot be kept as files here."""

    live: dict[RelPath, RemoteFile] = field(default_factory=dict)
    folder_markers: dict[RelPath, RemoteFile] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    histories: dict[RelPath, list[VersionRow]] = field(default_factory=dict)

    def take(self, tail: str, remote: RemoteFile, prefix_bytes: int, *, is_sound: bool) -> None:
        """Sort in a live key, `tail` behind the prefix."""
        is_marker = tail.endswith("/") and tail.rstrip("/") == tail[:-1]
        why = refusal(tail[:-1] if is_marker else tail, prefix_bytes)
        if why is not None or not is_sound:
            self.holds.append(Hold(RelPath(tail), why or "its key has characters that no listing can carry"))
        elif not is_marker:
            self.live[RelPath(tail)] = remote
        elif remote.size:
            self.holds.append(Hold(RelPath(tail), "a folder's marker with content in it, made by another tool"))
        else:
            self.folder_markers[RelPath(tail[:-1])] = remote


async def list_all_versions(parts: Parts) -> Listing:
    """As `list_live`, from one sweep of all versions: with version ids, and the history of every file's key.

    For stores that ignore conditions, where only the lineage of versions shows what was buried.
    """
    listing = Listing()
    tops: dict[str, VersionRow] = {}

    def take(row: VersionRow) -> None:
        tops.setdefault(row.key, row)
        if not row.key.endswith("/"):
            listing.histories.setdefault(RelPath(parts.keys.tail(row.key)), []).append(row)

    await sweep_versions(parts, take)
    prefix_bytes = len(parts.keys.prefix.encode())
    for key, row in tops.items():
        if not row.is_delete_marker and key != parts.keys.prefix:
            remote = RemoteFile(row.etag, row.size, row.version_id)
            listing.take(parts.keys.tail(key), remote, prefix_bytes, is_sound=row.is_sound)
    return listing


async def list_live(parts: Parts) -> Listing:
    """List the whole drive, our own objects left out. Counts only because it is complete: an error discards it all."""
    listing = Listing()
    prefix, own = parts.keys.prefix, parts.keys.own_prefix
    after, is_more = "", True
    while is_more:
        page = await parts.bucket.list_objects(prefix, start_after=after)
        is_more = page.is_truncated and bool(page.rows)
        for row in page.rows:
            if row.key.startswith(own) or row.key == prefix:
                continue
            remote = RemoteFile(row.etag, row.size)
            listing.take(parts.keys.tail(row.key), remote, len(prefix.encode()), is_sound=row.is_sound)
        if is_more:
            last = page.rows[-1].key
            after = own + _BEHIND_ALL if last.startswith(own) else last
    return listing


async def key_history(parts: Parts, key: str) -> list[VersionRow]:
    """All versions and markers of one key, newest first."""
    found: list[VersionRow] = []
    marker = version_marker = ""
    while True:
        page = await parts.bucket.list_object_versions(
            key, key_marker=marker, version_id_marker=version_marker, max_keys=1000 if found else 50
        )
        for row in page.rows:
            if row.key != key:
                return found
            found.append(row)
        if not page.is_truncated or not page.rows:
            return found
        marker, version_marker = page.rows[-1].key, page.rows[-1].version_id


async def sweep_versions(parts: Parts, take: Callable[[VersionRow], None]) -> None:
    """Show `take` every version and marker of the drive, keys in order, each key's newest first."""
    marker = version_marker = ""
    own = parts.keys.own_prefix
    while True:
        page = await parts.bucket.list_object_versions(
            parts.keys.prefix, key_marker=marker, version_id_marker=version_marker
        )
        for row in page.rows:
            if not row.key.startswith(own):
                take(row)
        if not page.is_truncated or not page.rows:
            return
        marker, version_marker = page.rows[-1].key, page.rows[-1].version_id
        if marker.startswith(own):
            marker, version_marker = own + _BEHIND_ALL, ""


async def confirm_missing(
    parts: Parts,
    seen: Observed,
    paths: Collection[RelPath],
    histories: Mapping[RelPath, Sequence[VersionRow]] | None = None,
) -> None:
    """Find out what became of agreed files that the listing did not show: only a marker on top is a deletion.

    `histories`: those of all keys, where a sweep has shown them already.
    Writes to `seen`: `deleted`, `vanished`, `unknown_remote`, or `live` where the listing was stale.
    """
    tops: dict[str, VersionRow] = {}
    if histories is not None:
        tops = {parts.keys.key(path): history[0] for path, history in histories.items()}
    elif len(paths) > max(_FEW, len(seen.live) // 200):
        await sweep_versions(parts, lambda row: _keep_first(tops, row))
    else:
        for path in paths:
            key = parts.keys.key(path)
            try:
                page = await parts.bucket.list_object_versions(key, max_keys=1)
            except TransientError:
                seen.unknown_remote.add(path)
                continue
            for row in page.rows:
                if row.key == key:
                    _keep_first(tops, row)
    for path in paths:
        if path not in seen.unknown_remote:
            note_top(seen, path, tops.get(parts.keys.key(path)))


def _keep_first(tops: dict[str, VersionRow], row: VersionRow) -> None:
    tops.setdefault(row.key, row)


def note_top(seen: Observed, path: RelPath, top: VersionRow | None) -> None:
    """Take over what is on top of a key's versions (None: it has none)."""
    seen.live.pop(path, None)
    seen.deleted.pop(path, None)
    seen.vanished.discard(path)
    if top is None:
        seen.vanished.add(path)
    elif top.is_delete_marker:
        seen.deleted[path] = top.version_id
    else:
        seen.live[path] = RemoteFile(top.etag, top.size, top.version_id)


async def has_bytes(parts: Parts, key: str, version_id: str, sha256: str) -> bool:
    """Whether a version (the current one where `version_id` is empty) has this content, by downloading and hashing it.

    False where it is not there.
    """
    digest = hashlib.sha256()
    first, size = 0, 1
    while first < size:
        try:
            body = await parts.bucket.get_object(key, version_id=version_id, byte_range=(first, first + _RANGE_BYTES))
        except PreconditionError:
            return False
        if body is None or not body.data:
            break
        digest.update(body.data)
        size, version_id = body.head.size, body.head.version_id
        first += len(body.data)
    return digest.hexdigest() == sha256


@dataclass(frozen=True, slots=True)
class Finding:
    """What rule L found for a path: the key's history, the base row after it, and whether to look again later."""

    history: list[VersionRow]
    base: SyncedFile | None
    is_to_be_seen_again: bool


async def settle_uploads(
    parts: Parts, commits: Commits, synced: SyncedTree, attempts: Mapping[RelPath, list[Attempt]]
) -> dict[RelPath, Finding]:
    """Rule L (spec §2.6): find out what became of our uploads of each path, and move its base on where one is newest.

    All at once: as many were under way as requests may be.
    """
    async with asyncio.TaskGroup() as group:
        asked = {}
        for path, mine in attempts.items():
            row = synced.get(path)
            base = row if isinstance(row, SyncedFile) else None
            asked[path] = group.create_task(_settle_uploads_of(parts, commits, path, base, mine))
    return {path: task.result() for path, task in asked.items()}


async def _settle_uploads_of(
    parts: Parts, commits: Commits, path: RelPath, base: SyncedFile | None, attempts: list[Attempt]
) -> Finding:
    history = await key_history(parts, parts.keys.key(path))
    ops: dict[str, str] = {}
    for row in worth_asking(history, base, attempts):
        try:
            head = await parts.bucket.head_object(row.key, version_id=row.version_id)
        except NoSuchObjectError:
            continue
        ops[row.version_id] = read_metadata(head.metadata).op
    verdict = judge(history, base, attempts, ops)
    return await _carry_out(parts, commits, Finding(history, base, is_to_be_seen_again=False), verdict, attempts)


async def _carry_out(
    parts: Parts, commits: Commits, finding: Finding, verdict: Verdict, attempts: list[Attempt]
) -> Finding:
    remembered = tuple(_remembered(attempt) for attempt in attempts if attempt.is_open)
    match verdict:
        case Advance(attempt, row) if attempt.fingerprint is not None:
            base = SyncedFile(
                attempt.sha256, row.size, row.etag, row.version_id, attempt.fingerprint, attempt.is_fp_safe
            )
            others = tuple(other for other in remembered if other.op != attempt.op)
            lines = lines_of_attempt(attempt, parts.clock.now_s())
            synced = ((attempt.path, base),)
            change = StateChange(synced=synced, closed=(attempt.op,), opened=others, logged=lines)
            await commits.write(change)
            return Finding(finding.history, base, is_to_be_seen_again=False)
        case UndoZombie(_, row):
            await commits.write(StateChange(opened=remembered))
            with suppress(ConditionFailedError):  # somebody wrote on top of it: then it is an ordinary remote change
                await parts.bucket.delete_object(row.key, condition=parts.on_delete(IfMatch(row.etag)))
            return Finding(finding.history, finding.base, is_to_be_seen_again=True)
        case Settled(attempt):
            await commits.write(StateChange(closed=(attempt.op,), opened=remembered))
        case _:
            await commits.write(StateChange(opened=remembered))
    return finding


def _remembered(attempt: Attempt) -> Attempt:
    """Looked for and not found: it may still be executed, so it is remembered, but no longer has to be settled."""
    return replace(attempt, is_open=False)
