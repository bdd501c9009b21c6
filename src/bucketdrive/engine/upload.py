"""Local content into the bucket (spec §2.6 UPLOAD)."""

import dataclasses

from bucketdrive.engine.deed import Work, check_kept
from bucketdrive.errors import MissingError, UnavailableError, UnstableFileError
from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import Content, Hashed, LocalFile, SyncedDir, SyncedFile
from bucketdrive.model.format import FOLDER_TYPE, FileMeta, write_metadata
from bucketdrive.model.plan import MakeDirRemote, RemoveDirRemote, Upload
from bucketdrive.ports.bucket import Condition, IfAbsent, IfMatch, NewObject, Part, Written
from bucketdrive.rules.transfer import Parts as PartSizes
from bucketdrive.rules.transfer import Whole, how_to_upload, ranges
from bucketdrive.state.change import StateChange


async def upload(work: Work, action: Upload) -> int:
    """Send the file as it was observed; how many body bytes were sent.

    Raises:
        UnstableFileError: it is no longer the file that was observed; nothing was sent.
        ConditionFailedError: the bucket changed meanwhile; no version was made.
        UnknownOutcomeError: the attempt stays open, to be settled by rule L.
    """
    disk, name = work.parts.disk, work.names.name(action.path)
    sizes = how_to_upload(action.fingerprint.size)
    if isinstance(sizes, Whole):
        content = await disk.read(name)
        hashed = content.hashed
    else:
        content = None
        hashed = await _hash(work, action)
    if hashed.fingerprint != action.fingerprint:
        raise UnstableFileError("It changed since it was looked at.", path=action.path)
    attempt = _attempt(work, action, hashed)
    await work.commits.write(StateChange(opened=(attempt,)))
    try:
        written = await _send(work, action, attempt, content, sizes)
    except UnavailableError:
        await work.commits.write(StateChange(closed=(attempt.op,)))
        raise
    check_kept(written)
    etag = written.etag or (await work.parts.bucket.head_object(work.parts.keys.key(action.path))).etag
    row = SyncedFile(
        hashed.sha256,
        hashed.fingerprint.size,
        etag,
        written.version_id,
        hashed.fingerprint,
        attempt.is_fp_safe,
        work.names.alias(action.path),
    )
    told = dataclasses.replace(
        work.journal_entry("put", action.path, written),
        base=action.base_version,
        size=row.size,
        sha256=row.sha256,
    )
    await work.commits.write(StateChange(synced=work.rows(action.path, row), closed=(attempt.op,), announced=(told,)))
    return row.size


async def _hash(work: Work, action: Upload) -> Hashed:
    (found,) = await work.parts.disk.hash_files([work.names.name(action.path)])
    if isinstance(found, Hashed):
        return found
    raise found or MissingError("It went away before it was sent.", path=action.path)


def _attempt(work: Work, action: Upload, hashed: Hashed) -> Attempt:
    size = hashed.fingerprint.size
    return Attempt(
        op=work.parts.chance.uuid(),
        deed=Deed.UPLOAD,
        path=action.path,
        sha256=hashed.sha256,
        size=size,
        etag=hashed.md5 if isinstance(how_to_upload(size), Whole) else "",
        fingerprint=hashed.fingerprint,
        is_fp_safe=work.is_safe(hashed.fingerprint),
        base_version=action.top_version,
        started_s=work.parts.clock.now_s(),
    )


async def _send(
    work: Work, action: Upload, attempt: Attempt, content: Content | None, sizes: Whole | PartSizes
) -> Written:
    meta = FileMeta(
        mtime_ns=action.fingerprint.mtime_ns,
        sha256=attempt.sha256,
        mode=action.fingerprint.mode,
        device=work.parts.identity.device,
        op=attempt.op,
        base=action.base_version,
    )
    condition = work.parts.on_put(IfMatch(action.if_match) if action.if_match else IfAbsent())
    new = NewObject(write_metadata(meta, action.path), condition=condition)
    key = work.parts.keys.key(action.path)
    if isinstance(sizes, Whole):
        return await work.parts.bucket.put_object(key, content.data if content else b"", new)
    return await _send_in_parts(work, action, new, sizes)


async def _check_unchanged(work: Work, action: Upload) -> None:
    (now,) = await work.parts.disk.look([work.names.name(action.path)])
    if not isinstance(now, LocalFile) or now.fingerprint != action.fingerprint:
        raise UnstableFileError("It changed while it was sent; no version was made.", path=action.path)


async def _send_in_parts(work: Work, action: Upload, new: NewObject, sizes: PartSizes) -> Written:
    """Multipart, one part in memory at a time; the file must still be the one that was hashed when all parts are up."""
    bucket, disk = work.parts.bucket, work.parts.disk
    key, name = work.parts.keys.key(action.path), work.names.name(action.path)
    upload_id = await bucket.create_multipart_upload(key, new)
    try:
        sent: list[Part] = []
        for number, (first, end) in enumerate(ranges(action.fingerprint.size, sizes.part_bytes), 1):
            data = await disk.read_range(name, first, end)
            sent.append(await bucket.upload_part(key, upload_id, number, data))
        await _check_unchanged(work, action)
    except BaseException:
        await bucket.abort_multipart_upload(key, upload_id)
        raise
    return await bucket.complete_multipart_upload(key, upload_id, sent, condition=new.condition)


async def make_dir(work: Work, action: MakeDirRemote) -> int:
    """Put the marker of a folder; one that is there already serves as well."""
    condition: Condition = work.parts.on_put(IfAbsent())
    key = work.parts.keys.folder_key(action.path)
    meta = write_metadata(FileMeta(device=work.parts.identity.device), action.path)
    written = await work.parts.bucket.put_object(key, b"", NewObject(meta, FOLDER_TYPE, condition))
    check_kept(written)
    await work.commits.write(
        StateChange(
            synced=work.rows(action.path, SyncedDir(work.names.alias(action.path))),
            announced=(work.journal_entry("mark", action.path, written),),
        )
    )
    return 0


async def remove_dir(work: Work, action: RemoveDirRemote) -> int:
    """Delete the marker of a folder that was removed here."""
    if not action.etag:
        await work.commits.write(StateChange(dropped=(action.path,)))
        return 0
    written = await work.parts.bucket.delete_object(
        work.parts.keys.folder_key(action.path), condition=work.parts.on_delete(IfMatch(action.etag))
    )
    told = work.journal_entry("delete", action.path, written)
    await work.commits.write(StateChange(dropped=(action.path,), announced=(told,)))
    return 0
