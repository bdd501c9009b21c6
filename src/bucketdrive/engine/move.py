"""Files that were moved: no byte of them travels, the store copies and the disk renames (spec §2.8).

Only a cheaper way to make what is new under the other name; the old one is deleted by itself, or comes along.
"""

import dataclasses

from bucketdrive.engine.deed import Work, check_kept
from bucketdrive.engine.download import installed_row
from bucketdrive.engine.multipart import copy_version, is_copied_by_store, named
from bucketdrive.engine.remove import surely
from bucketdrive.engine.upload import attempt_of, conclude, new_object, settling, upload
from bucketdrive.errors import MissingError, NoSuchObjectError, OccupiedError
from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import Hashed, LocalFile, ObjectHead, SyncedFile
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import CopySource, DownloadByRename, UploadByCopy
from bucketdrive.state.change import StateChange


async def upload_by_copy(work: Work, action: UploadByCopy) -> int:
    """Have the store copy the version that holds the content; where it cannot, send the file. How many bytes were sent.

    What the file became since it was looked at is a change of its own, and goes up on top.

    Raises:
        as `upload`.
    """
    parts, source = work.parts, action.source
    source_key, key = parts.keys.key(source.path), parts.keys.key(action.path)
    head = await _pinned(work, source)
    attempt = attempt_of(work, action, Hashed(source.sha256, source.md5, action.fingerprint))
    new = new_object(work, action, attempt, md5="" if source.etag == source.md5 else source.md5)
    if head is None or not is_copied_by_store(parts, source.size, new.condition):
        return await upload(work, action)
    try:
        written = await settling(work, attempt, lambda: copy_version(parts, source_key, head, key, new))
    except NoSuchObjectError:  # the version expired since it was listed
        await work.commits.write(StateChange(closed=(attempt.op,)))
        return await upload(work, action)
    written = await named(parts, key, written, attempt.op)
    check_kept(written)
    told = work.journal_entry("copy", action.path, written)
    await conclude(work, action, attempt, written, dataclasses.replace(told, base=head.version_id, source=source.path))
    return 0


async def _pinned(work: Work, source: CopySource) -> ObjectHead | None:
    """The version to copy; None where it is not known, and not the current one any more."""
    if source.version_id:
        return ObjectHead(source.etag, source.size, source.version_id, 0.0, {})
    try:
        head = await work.parts.bucket.head_object(work.parts.keys.key(source.path))
    except NoSuchObjectError:
        return None
    return head if head.etag == source.etag and head.version_id else None


async def download_by_rename(work: Work, action: DownloadByRename) -> int:
    """Give the local file the name it has in the bucket.

    What its user writes to it at that very moment comes along, and is a change of the file under its new name.

    Raises:
        OccupiedError, MissingError: the folder changed meanwhile; nothing was changed.
    """
    expected = await surely(work, action.source, action.expected)
    attempt = Attempt(
        op=work.parts.chance.uuid(),
        deed=Deed.RENAME,
        path=action.path,
        sha256=expected.sha256,
        size=action.size,
        etag=action.etag,
        fingerprint=expected.fingerprint,
        is_fp_safe=work.is_safe_installed(expected.fingerprint),
        source=action.source,
        started_s=work.parts.clock.now_s(),
    )
    await work.commits.write(StateChange(opened=(attempt,)))
    name, new_name = work.names.name(action.source), work.names.name(action.path)
    try:
        now = await work.parts.disk.rename(name, new_name, expected.fingerprint)
    except (OccupiedError, MissingError):
        await work.commits.write(StateChange(closed=(attempt.op,)))
        raise
    fingerprint = now if now.is_same_file_as(expected.fingerprint) else expected.fingerprint
    await _agree(work, attempt, installed_row(attempt, fingerprint, work.names.alias(action.path)))
    return 0


async def settle_rename(work: Work, attempt: Attempt) -> None:
    """After a crash: agree on the new name if the very file bears it. Whatever else is there, the next look decides."""
    (now,) = await work.parts.disk.look([work.names.name(attempt.path)])
    meant = attempt.fingerprint
    if isinstance(now, LocalFile) and meant is not None and now.fingerprint.is_same_file_as(meant):
        row = installed_row(attempt, now.fingerprint, work.names.alias(attempt.path))
        await _agree(work, attempt, row.with_fingerprint(now.fingerprint, is_safe=False))
    else:
        await work.commits.write(StateChange(closed=(attempt.op,)))


async def _agree(work: Work, attempt: Attempt, row: SyncedFile) -> None:
    change = StateChange((RelPath(attempt.source),), work.rows(attempt.path, row), closed=(attempt.op,))
    await work.commits.write(change)
