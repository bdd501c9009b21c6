"""Copies within the bucket: a file that yields its name to a folder (spec §2.8 CLASH).

And old versions made new again.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bucketdrive.engine.bodies import get_body
from bucketdrive.engine.copies import Copied, Copies
from bucketdrive.engine.deed import Work, check_kept
from bucketdrive.engine.journal import announce_deletions
from bucketdrive.engine.multipart import copy_version, hash_version, is_copied_by_store, named
from bucketdrive.engine.observe_remote import has_bytes, key_history
from bucketdrive.engine.remove import delete_and_look_back
from bucketdrive.errors import ConditionFailedError, ItemError
from bucketdrive.model.entries import ObjectHead, VersionRow
from bucketdrive.model.format import JournalEntry, read_metadata, write_metadata
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Clash, CopyForward, DeleteRemote
from bucketdrive.ports.bucket import Condition, IfAbsent, IfMatch, NewObject
from bucketdrive.rules.names import conflict_names
from bucketdrive.state.change import StateChange


async def resolve_clash(work: Work, action: Clash) -> int:
    """Copy the file to its conflict name in the bucket, then delete it at its own, if a folder is really live there.

    Every device that does this writes the same name, from the content's hash and its author's name.

    Raises:
        ConditionFailedError: the file was changed meanwhile; the next look decides.
    """
    bucket, keys = work.parts.bucket, work.parts.keys
    key = keys.key(action.path)
    below = await bucket.list_objects(keys.folder_key(action.path), max_keys=1)
    if not below.rows:
        return 0
    content = await _read(work, action)
    head = content.head
    await _put_copy(work, action.path, key, content)
    closed: tuple[str, ...] = ()
    if work.parts.facts.conditional_delete:
        written = await bucket.delete_object(key, condition=IfMatch(action.etag))
    else:
        meant = DeleteRemote(action.path, action.reason, action.etag, head.version_id, head.size)
        entry = JournalEntry("delete", action.path, base=head.version_id, size=head.size, run=work.run)
        await announce_deletions(work.parts, [entry])
        written, op = await delete_and_look_back(work, meant)
        closed = (op,)
    told = work.journal_entry("delete", action.path, written)
    await work.commits.write(StateChange(closed=closed, announced=(told,), logged=work.lines()))
    return 2 * head.size


@dataclass(frozen=True, slots=True)
class _Content:
    """A version that was read, and its hashes in hex. `data` is None for a large one, which is not kept in memory."""

    head: ObjectHead
    data: bytes | None
    sha256: str
    md5: str


async def _read(work: Work, action: Clash) -> _Content:
    """The current version, if it is the one that was observed."""
    bucket, key = work.parts.bucket, work.parts.keys.key(action.path)
    if action.size > work.parts.options.whole_bytes:
        head = await bucket.head_object(key)
        if head.etag != action.etag:
            raise ConditionFailedError("It was changed meanwhile; nothing was done.", path=action.path)
        return _Content(head, None, *await hash_version(work.parts, key, head))
    body = await get_body(work.parts, key, if_match=action.etag)
    md5 = hashlib.md5(body.data, usedforsecurity=False).hexdigest()
    return _Content(body.head, body.data, hashlib.sha256(body.data).hexdigest(), md5)


async def _put_copy(work: Work, path: RelPath, source: str, content: _Content) -> None:
    """Put what was read at `source` under its conflict name, unless that name's versions hold it already."""
    meta = dataclasses.replace(read_metadata(content.head.metadata), sha256=content.sha256)
    for target in conflict_names(path, meta.device, content.sha256):
        key = work.parts.keys.key(target)
        if not work.parts.facts.conditional_put:
            history = await key_history(work.parts, key)
            if await _is_among(work, history, content):
                return
            if history and not history[0].is_delete_marker:
                continue
        fresh = dataclasses.replace(meta, op=work.parts.chance.uuid(), base="")
        new = NewObject(write_metadata(fresh, target), condition=work.parts.on_put(IfAbsent()))
        try:
            if content.data is not None:
                written = await work.parts.bucket.put_object(key, content.data, new)
            else:
                written = await copy_version(work.parts, source, content.head, key, new)
                written = await named(work.parts, key, written, fresh.op)
        except ConditionFailedError:
            if await _is_among(work, await key_history(work.parts, key), content):
                return
            continue
        check_kept(written)
        await work.commits.write(StateChange(announced=(work.journal_entry("put", target, written),)))
        return
    raise ItemError("No name was free for a conflict copy; nothing was changed in the bucket.", path=path)


async def _is_among(work: Work, history: Sequence[VersionRow], content: _Content) -> bool:
    """Whether a version of a key surely has this content. ETags of large objects differ with the way they were made."""
    same_size = [row for row in history if not row.is_delete_marker and row.size == content.head.size]
    if any(row.etag in (content.md5, content.head.etag) for row in same_size):
        return True
    for row in same_size:
        if content.data is None and await has_bytes(work.parts, row.key, row.version_id, content.sha256):
            return True
    return False


async def copy_forward(work: Work, action: CopyForward) -> int:
    """Make an old version the newest again, if what is on top is still what was seen; how many body bytes travelled.

    By the store itself where that loses no condition; else the bytes go through here, so that nobody's newer version
    is buried unseen.

    Raises:
        ConditionFailedError: the bucket changed meanwhile; nothing was restored.
        NoSuchObjectError: the version is no longer there.
    """
    parts, key = work.parts, work.parts.keys.key(action.path)
    source_key = parts.keys.key(action.source or action.path)
    condition: Condition = IfMatch(action.if_match) if action.if_match else IfAbsent()
    copies = work.copies or Copies(parts)
    async with copies.room:
        head = await parts.bucket.head_object(source_key, version_id=action.version_id)
        meta = dataclasses.replace(
            read_metadata(head.metadata),
            op=parts.chance.uuid(),
            base=action.base_version,  # what it replaces: its lineage is that of the path, not of its content
            device=parts.identity.device,
        )
        new = NewObject(write_metadata(meta, action.path), condition=parts.on_put(condition))
        written = await copy_version(parts, source_key, head, key, new)
    written = await copies.named(Copied(key, action.version_id, meta.op, written))
    check_kept(written)
    told = dataclasses.replace(
        work.journal_entry("copy", action.path, written), base=action.version_id, size=action.size, sha256=meta.sha256
    )
    await work.commits.write(StateChange(announced=(told,), logged=work.lines(written.version_id)))
    return 0 if is_copied_by_store(parts, head.size, new.condition) else 2 * action.size
