"""After a crash, a lost reply or a lost state: settle what was begun, and give back what lies about (spec §2.7)."""

from collections.abc import Awaitable
from dataclasses import dataclass, field

from bucketdrive.engine.audit import settle_deletion
from bucketdrive.engine.deed import Work
from bucketdrive.engine.download import drop_staged, installed_row
from bucketdrive.engine.log import lines_of_attempt
from bucketdrive.engine.move import settle_rename
from bucketdrive.engine.observe_remote import has_bytes, key_history, settle_uploads
from bucketdrive.engine.rebuild import mark_state
from bucketdrive.engine.remove import give_back, put_aside_or_back
from bucketdrive.errors import ItemError
from bucketdrive.model.attempts import Attempt, Deed, Quarantined
from bucketdrive.model.entries import Hashed, LocalFile, SyncedFile, SyncedTree
from bucketdrive.model.paths import RESERVED, RelPath
from bucketdrive.ports.disk import JUNK_NAMES
from bucketdrive.state.attempts import drop_attempts
from bucketdrive.state.change import StateChange
from bucketdrive.state.snapshot import Snapshot


@dataclass(slots=True)
class Recovery:
    """What came of it. `is_changed`: the state must be loaded again.

    `stuck`: paths of which something could not be settled now, and why; nothing else may be done to them.
    """

    is_changed: bool = False
    stuck: dict[RelPath, str] = field(default_factory=dict)

    async def attempt(self, path: RelPath, work: Awaitable[None]) -> None:
        """Do `work`; what is wrong with one path is that path's."""
        try:
            await work
        except ItemError as error:
            self.stuck[path] = error.message


async def recover(work: Work, snapshot: Snapshot, *, at_start: bool) -> Recovery:
    """Settle what is open, tend the quarantine.

    `at_start`: also look for files under `.bucketdrive/` that no row explains.
    """
    recovery = Recovery()
    now_s = work.parts.clock.now_s()
    due = [entry for entry in snapshot.quarantined if entry.purge_after_s <= now_s]
    known = {entry.place for entry in snapshot.quarantined} | {attempt.place for attempt in snapshot.attempts}
    orphans = [place for place in await work.parts.disk.places() if place not in known] if at_start else []
    recovery.is_changed = bool(due) or any(attempt.is_open for attempt in snapshot.attempts)
    if recovery.is_changed or orphans:
        await mark_state(work.parts)
    await _settle_attempts(work, snapshot, recovery)
    for entry in due:
        await recovery.attempt(entry.path, _purge(work, entry))
    for place in orphans:
        path = _path_of(place)
        await recovery.attempt(path, _tend_orphan(work, place, path))
    return recovery


async def _settle_attempts(work: Work, snapshot: Snapshot, recovery: Recovery) -> None:
    """Settle every open attempt, before anything else is done to its path."""
    attempts, synced = snapshot.attempts, snapshot.synced
    too_old_s = work.parts.clock.now_s() - work.parts.options.ledger_s
    expired = [a.op for a in attempts if not a.is_open and a.started_s < too_old_s]
    if expired:
        await work.parts.state.run(drop_attempts, expired)
    opened = [a for a in attempts if a.is_open]
    uploads: dict[RelPath, list[Attempt]] = {a.path: [] for a in opened if a.deed is Deed.UPLOAD}
    for attempt in attempts:
        if attempt.deed is Deed.UPLOAD and attempt.path in uploads:
            uploads[attempt.path].append(attempt)
    await settle_uploads(work.parts, work.commits, synced, uploads)
    for attempt in opened:
        await recovery.attempt(attempt.path, _settle(work, attempt, synced))


async def _settle(work: Work, attempt: Attempt, synced: SyncedTree) -> None:
    match attempt.deed:
        case Deed.INSTALL:
            await _settle_install(work, attempt)
        case Deed.REPLACE:
            await _settle_replace(work, attempt)
        case Deed.REMOVE:
            await _settle_remove(work, attempt, synced)
        case Deed.RENAME:
            await settle_rename(work, attempt)
        case Deed.DELETE:
            await settle_deletion(work, attempt)
            await work.commits.write(StateChange(closed=(attempt.op,)))
        case Deed.UPLOAD:
            pass


async def _settle_install(work: Work, attempt: Attempt) -> None:
    """Still staged: it was not installed. Gone: it was."""
    if await work.parts.disk.hash_place(attempt.place) is not None:
        await drop_staged(work, attempt)
    else:
        await _agree_on_installed(work, attempt)


async def _agree_on_installed(work: Work, attempt: Attempt) -> None:
    """The download was put in place; in the same boot, a file that is missing there is a user's deletion."""
    closed = StateChange(closed=(attempt.op,))
    name = work.names.name(attempt.path)
    (now,) = await work.parts.disk.look([name])
    if attempt.fingerprint is not None and (attempt.boot_id == work.parts.boot_id or isinstance(now, LocalFile)):
        fingerprint = now.fingerprint if isinstance(now, LocalFile) else attempt.fingerprint
        row = _unproved(installed_row(attempt, fingerprint, work.names.alias(attempt.path)))
        closed = _found_done(work, attempt, row)
    await work.commits.write(closed)


def _found_done(work: Work, attempt: Attempt, row: SyncedFile) -> StateChange:
    lines = lines_of_attempt(attempt, work.parts.clock.now_s())
    return StateChange(synced=work.rows(attempt.path, row), closed=(attempt.op,), logged=lines)


def _unproved(row: SyncedFile) -> SyncedFile:
    """The row with a fingerprint that proves nothing: the file is hashed at the next look."""
    return row.with_fingerprint(row.fingerprint, is_safe=False)


async def _settle_replace(work: Work, attempt: Attempt) -> None:
    """The new bytes are still staged: not swapped. Others are there: swapped, and they are what came out.

    Nothing is there: swapped, and what came out was a user's and was given back.
    """
    found = await work.parts.disk.hash_place(attempt.place)
    if found is None or attempt.expected is None or attempt.fingerprint is None:
        await _agree_on_installed(work, attempt)
        return
    if found.sha256 == attempt.sha256 and found.fingerprint.inode == attempt.fingerprint.inode:
        await drop_staged(work, attempt)
        return
    row = _unproved(installed_row(attempt, attempt.fingerprint, work.names.alias(attempt.path)))
    await _judge(work, attempt, found, _found_done(work, attempt, row))


async def _judge(work: Work, attempt: Attempt, found: Hashed, change: StateChange) -> None:
    expected = attempt.expected
    if expected is None or found.sha256 != expected.sha256:
        await give_back(work, attempt.path, attempt.place)
        await work.commits.write(change)
        return
    await put_aside_or_back(work, attempt.path, attempt.place, expected, expected.fingerprint, change)


async def _settle_remove(work: Work, attempt: Attempt, synced: SyncedTree) -> None:
    """Set aside or not, it shows in quarantine; the row goes only if it still is the one that was meant."""
    found = await work.parts.disk.hash_place(attempt.place)
    if found is None:
        await work.commits.write(StateChange(closed=(attempt.op,)))
        return
    row = synced.get(attempt.path)
    is_row_meant = isinstance(row, SyncedFile) and row.sha256 == attempt.sha256
    change = StateChange(closed=(attempt.op,))
    if is_row_meant:
        lines = lines_of_attempt(attempt, work.parts.clock.now_s())
        change = StateChange(dropped=(attempt.path,), closed=(attempt.op,), logged=lines)
    await _judge(work, attempt, found, change)


async def _purge(work: Work, entry: Quarantined) -> None:
    found = await work.parts.disk.hash_place(entry.place)
    if found is not None:
        if found.sha256 != entry.sha256 or not await _is_listed(work, entry.path, found):
            await give_back(work, entry.path, entry.place)
        else:
            await work.parts.disk.discard(entry.place)
    await work.commits.write(StateChange(unquarantined=(entry.place,)))


def _path_of(place: str) -> RelPath:
    """The path that a place in quarantine mirrors; of our own files, a name to speak of them by."""
    area, _, inner = place.partition("/")
    if area == "tmp":
        return RelPath(f"{RESERVED}/{place}")
    return RelPath(inner.partition("/")[2] or inner)


async def _tend_orphan(work: Work, place: str, path: RelPath) -> None:
    """A file that no row explains: ours in `tmp/` goes; in `quarantine/` it may be a user's last copy."""
    if place.startswith("tmp/") or path.name in JUNK_NAMES:
        await work.parts.disk.discard(place)
        return
    found = await work.parts.disk.hash_place(place)
    if found is None:
        return
    if await _is_listed(work, path, found):
        await work.parts.disk.discard(place)
    else:
        await give_back(work, path, place)


async def _is_listed(work: Work, path: RelPath, found: Hashed) -> bool:
    """Whether a version of `path` surely has these bytes: its ETag is their MD5, or it is downloaded and hashed."""
    key = work.parts.keys.key(path)
    same_size = [
        row
        for row in await key_history(work.parts, key)
        if not row.is_delete_marker and row.size == found.fingerprint.size
    ]
    if any(row.etag == found.md5 for row in same_size):
        return True
    for row in same_size:
        if await has_bytes(work.parts, key, row.version_id, found.sha256):
            return True
    return False
