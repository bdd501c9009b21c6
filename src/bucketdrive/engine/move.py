"""Files that were moved: no byte of them travels, the store copies and the disk renames (spec §2.8).

Only a cheaper way to make what is new under the other name; the old one is deleted by itself, or comes along.
"""

import dataclasses

from bucketdrive.engine.deed import Work, check_kept
from bucketdrive.engine.download import installed_row
from bucketdrive.engine.log import lines_of_attempt
from bucketdrive.engine.multipart import copy_version, is_copied_by_store, named
from bucketdrive.engine.remove import surely
from bucketdrive.engine.upload import attempt_of, conclude, new_object, settling, upload
from bucketdrive.errors import MissingError, NoSuchObjectError, OccupiedError
from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import Fingerprint, Hashed, LocalEntry, LocalFile, ObjectHead, SyncedFile
from bucketdrive.model.log import LogLine
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
        is_fp_safe=False,  # the file is read at the next look: an edit just now may have kept its size and time
        source=action.source,
        boot_id=work.parts.boot_id,
        started_s=work.parts.clock.now_s(),
        run=work.run,
    )
    await work.commits.write(StateChange(opened=(attempt,)))
    name, new_name = work.names.name(action.source), work.names.name(action.path)
    try:
        now = await work.parts.disk.rename(name, new_name, expected.fingerprint)
    except (OccupiedError, MissingError):
        await work.commits.write(StateChange(closed=(attempt.op,)))
        raise
    fingerprint = now if now.is_same_file_as(expected.fingerprint) else expected.fingerprint
    row = installed_row(attempt, fingerprint, work.names.alias(action.path))
    await _agree(work, attempt, row, work.lines())
    return 0


async def settle_rename(work: Work, attempt: Attempt) -> None:
    """After a crash: agree on the new name, unless the file surely still has the old one. Then the next look decides.

    What the user did to the file since is so an edit or a deletion of it under its new name.
    """
    meant, names = attempt.fingerprint, work.names
    old, new = await work.parts.disk.look([names.name(RelPath(attempt.source)), names.name(attempt.path)])
    if meant is None or not _has_come(old, new, meant, is_same_boot=attempt.boot_id == work.parts.boot_id):
        await work.commits.write(StateChange(closed=(attempt.op,)))
        return
    is_untouched = isinstance(new, LocalFile) and new.fingerprint.is_same_file_as(meant)
    fingerprint = new.fingerprint if isinstance(new, LocalFile) and is_untouched else meant
    row = installed_row(attempt, fingerprint, names.alias(attempt.path))
    await _agree(work, attempt, row, lines_of_attempt(attempt, work.parts.clock.now_s()))


def _has_come(old: LocalEntry | None, new: LocalEntry | None, meant: Fingerprint, *, is_same_boot: bool) -> bool:
    """Whether the file came to its new name: it is there, or something else is, or nothing, and the old name is free.

    After a power cut the rename may be undone, so that where nothing is at either name nothing can be told.
    """
    if isinstance(new, LocalFile):
        return new.fingerprint.inode == meant.inode or old is None
    return new is None and old is None and is_same_boot


async def _agree(work: Work, attempt: Attempt, row: SyncedFile, lines: tuple[LogLine, ...]) -> None:
    rows = work.rows(attempt.path, row)
    change = StateChange((RelPath(attempt.source),), rows, closed=(attempt.op,), logged=lines)
    await work.commits.write(change)
