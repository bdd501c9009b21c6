"""Local content into the bucket (spec §2.6 UPLOAD)."""

import dataclasses
from collections.abc import Awaitable, Callable
from functools import partial

from bucketdrive.engine.deed import Work, check_kept
from bucketdrive.engine.multipart import begin_upload, named, on_top
from bucketdrive.errors import MissingError, UnavailableError, UnstableFileError
from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import Hashed, LocalFile, SyncedDir, SyncedFile
from bucketdrive.model.format import FOLDER_TYPE, FileMeta, JournalEntry, write_metadata
from bucketdrive.model.plan import MakeDirRemote, RemoveDirRemote, Upload
from bucketdrive.ports.bucket import Condition, IfAbsent, IfMatch, NewObject, Written
from bucketdrive.rules.transfer import Whole
from bucketdrive.state.change import StateChange


async def upload(work: Work, action: Upload) -> int:
    """Send the file as it was observed; how many body bytes were sent.

    Raises:
        UnstableFileError: it is no longer the file that was observed, or changed while it was sent; no version was
            made.
        ConditionFailedError: the bucket changed meanwhile: no version was made, or it is not the current one.
        UnknownOutcomeError: the attempt stays open, to be settled by rule L.
    """
    if isinstance(work.parts.options.how_to_upload(action.fingerprint.size), Whole):
        written, attempt = await _upload_whole(work, action)
    else:
        written, attempt = await _upload_in_parts(work, action)
    told = dataclasses.replace(work.journal_entry("put", action.path, written), base=action.base_version)
    await conclude(work, action, attempt, written, told)
    return attempt.size


async def conclude(work: Work, action: Upload, attempt: Attempt, written: Written, told: JournalEntry) -> None:
    """An upload is done: agree on what was `written`, close its attempt, and tell others."""
    row = SyncedFile(
        attempt.sha256,
        attempt.size,
        written.etag,
        written.version_id,
        action.fingerprint,
        attempt.is_fp_safe,
        work.names.alias(action.path),
    )
    told = dataclasses.replace(told, size=row.size, sha256=row.sha256)
    rows = work.rows(action.path, row)
    await work.commits.write(StateChange(synced=rows, closed=(attempt.op,), announced=(told,), logged=work.lines()))


async def _upload_whole(work: Work, action: Upload) -> tuple[Written, Attempt]:
    """One put of the very bytes that were hashed."""
    content = await work.parts.disk.read(work.names.name(action.path))
    _check_observed(action, content.hashed)
    attempt = attempt_of(work, action, content.hashed, etag=content.hashed.md5)
    new = new_object(work, action, attempt)
    key = work.parts.keys.key(action.path)
    written = await settling(work, attempt, lambda: work.parts.bucket.put_object(key, content.data, new))
    check_kept(written)
    return await named(work.parts, key, written, attempt.op), attempt


async def _upload_in_parts(work: Work, action: Upload) -> tuple[Written, Attempt]:
    """Hash the file, send it in parts, and make it a version only if what was sent is what was hashed."""
    name, key = work.names.name(action.path), work.parts.keys.key(action.path)
    (hashed,) = await work.parts.disk.hash_files([name])
    if not isinstance(hashed, Hashed):
        raise hashed or MissingError("It went away before it was sent.", path=action.path)
    _check_observed(action, hashed)
    attempt = attempt_of(work, action, hashed)
    async with begin_upload(work.parts, key, new_object(work, action, attempt, md5=hashed.md5)) as sending:
        await sending.send(attempt.size, partial(work.parts.disk.read_range, name), attempt.sha256)
        (now,) = await work.parts.disk.look([name])
        if not isinstance(now, LocalFile) or now.fingerprint != action.fingerprint:
            raise UnstableFileError("It changed while it was sent; no version was made.", path=action.path)
        attempt = dataclasses.replace(attempt, started_s=work.parts.clock.now_s())
        check_kept(await settling(work, attempt, sending.complete))
    return await on_top(work.parts, key, attempt.op), attempt


async def settling(work: Work, attempt: Attempt, write: Callable[[], Awaitable[Written]]) -> Written:
    """Write down an attempt and make it. It stays open, but where the store surely did not act."""
    await work.commits.write(StateChange(opened=(attempt,)))
    try:
        return await write()
    except UnavailableError:
        await work.commits.write(StateChange(closed=(attempt.op,)))
        raise


def _check_observed(action: Upload, hashed: Hashed) -> None:
    if hashed.fingerprint != action.fingerprint:
        raise UnstableFileError("It changed since it was looked at.", path=action.path)


def attempt_of(work: Work, action: Upload, hashed: Hashed, *, etag: str = "") -> Attempt:
    """The attempt to make `hashed` the newest version; its `etag` where that is known beforehand."""
    return Attempt(
        op=work.parts.chance.uuid(),
        deed=Deed.UPLOAD,
        path=action.path,
        sha256=hashed.sha256,
        size=hashed.fingerprint.size,
        etag=etag,
        fingerprint=hashed.fingerprint,
        is_fp_safe=work.is_safe(hashed.fingerprint),
        base_version=action.top_version,
        started_s=work.parts.clock.now_s(),
        run=work.run,
    )


def new_object(work: Work, action: Upload, attempt: Attempt, *, md5: str = "") -> NewObject:
    """What is written besides the bytes; with `md5`, in hex, where the ETag will not be it."""
    meta = FileMeta(
        mtime_ns=action.fingerprint.mtime_ns,
        sha256=attempt.sha256,
        mode=action.fingerprint.mode,
        device=work.parts.identity.device,
        op=attempt.op,
        base=action.base_version,
        md5=md5,
    )
    condition = work.parts.on_put(IfMatch(action.if_match) if action.if_match else IfAbsent())
    return NewObject(write_metadata(meta, action.path), condition=condition)


async def make_dir(work: Work, action: MakeDirRemote) -> int:
    """Put the marker of a folder; one that is there already serves as well."""
    condition: Condition = work.parts.on_put(IfAbsent())
    key = work.parts.keys.folder_key(action.path)
    meta = write_metadata(FileMeta(device=work.parts.identity.device), action.path)
    written = await work.parts.bucket.put_object(key, b"", NewObject(meta, FOLDER_TYPE, condition))
    check_kept(written)
    await work.commits.write(
        StateChange(
            synced=() if work.is_asked else work.rows(action.path, SyncedDir(work.names.alias(action.path))),
            announced=(work.journal_entry("mark", action.path, written),),
            logged=work.lines(written.version_id),
        )
    )
    return 0


async def remove_dir(work: Work, action: RemoveDirRemote) -> int:
    """Delete the marker of a folder that was removed here."""
    written = await work.parts.bucket.delete_object(
        work.parts.keys.folder_key(action.path), condition=work.parts.on_delete(IfMatch(action.etag))
    )
    told = work.journal_entry("delete", action.path, written)
    dropped = () if work.is_asked else (action.path,)  # it may still be here
    await work.commits.write(StateChange(dropped=dropped, announced=(told,), logged=work.lines()))
    return 0
