"""Copies within the bucket: a file that yields its name to a folder (spec §2.8 CLASH).

And old versions made new again.
"""

import dataclasses
import hashlib

from bucketdrive.engine.deed import Work, check_kept
from bucketdrive.engine.journal import announce_deletions
from bucketdrive.engine.observe_remote import key_history
from bucketdrive.errors import ConditionFailedError, InternalError, ItemError
from bucketdrive.model.format import FileMeta, JournalEntry, read_metadata, write_metadata
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Clash, CopyForward
from bucketdrive.ports.bucket import Condition, IfAbsent, IfMatch, NewObject, ObjectBody, Written
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
    body = await bucket.get_object(key, if_match=action.etag)
    if body is None:
        raise InternalError("The store answered 304 to a request that cannot be answered so.", path=action.path)
    meta = read_metadata(body.head.metadata)
    sha256 = hashlib.sha256(body.data).hexdigest()
    await _put_copy(work, action.path, body, dataclasses.replace(meta, sha256=sha256))
    if not work.parts.facts.conditional_delete:
        entry = JournalEntry(op="delete", path=action.path, base=body.head.version_id, size=body.head.size)
        await announce_deletions(work.parts, [entry])
    written = await bucket.delete_object(key, condition=work.parts.on_delete(IfMatch(action.etag)))
    told = work.journal_entry("delete", action.path, written)
    await work.commits.write(StateChange(announced=(told,)))
    return 2 * len(body.data)


async def _put_copy(work: Work, path: RelPath, body: ObjectBody, meta: FileMeta) -> None:
    """Put `body` under its conflict name, unless that name's versions hold it already."""
    for target in conflict_names(path, meta.device, meta.sha256):
        key = work.parts.keys.key(target)
        if not work.parts.facts.conditional_put:
            history = await key_history(work.parts, key)
            if any(row.etag == body.head.etag for row in history):
                return
            if history and not history[0].is_delete_marker:
                continue
        fresh = dataclasses.replace(meta, op=work.parts.chance.uuid(), base="")
        try:
            written = await work.parts.bucket.put_object(
                key, body.data, NewObject(write_metadata(fresh, target), condition=work.parts.on_put(IfAbsent()))
            )
        except ConditionFailedError:
            md5 = hashlib.md5(body.data, usedforsecurity=False).hexdigest()
            if any(row.etag in (md5, body.head.etag) for row in await key_history(work.parts, key)):
                return
            continue
        check_kept(written)
        await work.commits.write(StateChange(announced=(work.journal_entry("put", target, written),)))
        return
    raise ItemError("No name was free for a conflict copy; nothing was changed in the bucket.", path=path)


async def copy_forward(work: Work, action: CopyForward) -> int:
    """Make an old version the newest again, if what is on top is still what was seen; how many body bytes travelled.

    By the store itself where it honours conditions on copies; else the bytes go through here, so that nobody's newer
    version is buried unseen.

    Raises:
        ConditionFailedError: the bucket changed meanwhile; nothing was restored.
        NoSuchObjectError: the version is no longer there.
    """
    bucket, key = work.parts.bucket, work.parts.keys.key(action.path)
    condition: Condition = IfMatch(action.if_match) if action.if_match else IfAbsent()
    head = await bucket.head_object(key, version_id=action.version_id)
    meta = dataclasses.replace(
        read_metadata(head.metadata),
        op=work.parts.chance.uuid(),
        base=action.base_version,  # what it replaces: its lineage is that of the path, not of its content
        device=work.parts.identity.device,
    )
    travelled = 0
    if work.parts.facts.conditional_copy:
        new = NewObject(write_metadata(meta, action.path), condition=work.parts.on_put(condition))
        written = await bucket.copy_object(key, action.version_id, key, new)
    else:
        written = await _copy_through_here(work, action, meta, condition)
        travelled = 2 * action.size
    check_kept(written)
    told = dataclasses.replace(
        work.journal_entry("copy", action.path, written), base=action.version_id, size=action.size, sha256=meta.sha256
    )
    await work.commits.write(StateChange(announced=(told,)))
    return travelled


async def _copy_through_here(work: Work, action: CopyForward, meta: FileMeta, condition: Condition) -> Written:
    key = work.parts.keys.key(action.path)
    body = await work.parts.bucket.get_object(key, version_id=action.version_id)
    if body is None:
        raise InternalError("The store answered 304 to a request that cannot be answered so.", path=action.path)
    sha256 = hashlib.sha256(body.data).hexdigest()
    fields = write_metadata(dataclasses.replace(meta, sha256=sha256), action.path)
    new = NewObject(fields, condition=work.parts.on_put(condition))
    return await work.parts.bucket.put_object(key, body.data, new)
