"""The bucket's content into the folder (spec §2.6 DOWNLOAD): staged, verified, swapped in.

And what came out verified.
"""

from bucketdrive.engine.bodies import get_body
from bucketdrive.engine.deed import Work
from bucketdrive.engine.multipart import chunks_of, hash_version
from bucketdrive.engine.remove import put_aside_or_back, surely
from bucketdrive.errors import (
    DiskFullError,
    MissingError,
    OccupiedError,
    PreconditionError,
    TransientError,
)
from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import Fingerprint, Hashed, ObjectHead, SyncedDir, SyncedFile
from bucketdrive.model.format import FileMeta, read_metadata
from bucketdrive.model.plan import Download, ExpectedFile, MakeDirLocal
from bucketdrive.ports.bucket import ObjectBody
from bucketdrive.ports.disk import Staging
from bucketdrive.state.change import StateChange


async def download(work: Work, action: Download) -> int:
    """Bring the version with the ETag that was observed; how many body bytes came.

    Raises:
        ConditionFailedError, NoSuchObjectError: it is no longer the current version; nothing was changed.
        OccupiedError, MissingError: the folder changed meanwhile; nothing was changed.
    """
    op = work.parts.chance.uuid()
    place = work.new_place(action.path, op) if action.replaces else f"tmp/{op}"
    head, hashed = await _stage(work, action, place)
    attempt = Attempt(
        op=op,
        deed=Deed.REPLACE if action.replaces else Deed.INSTALL,
        path=action.path,
        sha256=hashed.sha256,
        size=head.size,
        etag=head.etag,
        version_id=head.version_id,
        fingerprint=hashed.fingerprint,
        is_fp_safe=work.is_safe_installed(hashed.fingerprint),
        place=place,
        expected=action.replaces,
        boot_id=work.parts.boot_id,
        started_s=work.parts.clock.now_s(),
        run=work.run,
    )
    await work.commits.write(StateChange(opened=(attempt,)))
    if action.replaces is None:
        await _install(work, attempt)
    else:
        await _replace(work, attempt, action.replaces)
    return head.size


async def _stage(work: Work, action: Download, place: str) -> tuple[ObjectHead, Hashed]:
    first = await _begin(work, action)
    head = first.head
    meta = read_metadata(head.metadata)
    how = Staging(
        mtime_ns=meta.mtime_ns if meta.mtime_ns is not None else int(head.modified_s * 1e9),
        is_executable=bool((meta.mode or 0) & 0o100),
        like=work.names.name(action.path) if action.replaces else "",
    )
    key = work.parts.keys.key(action.path)
    is_whole = len(first.data) == head.size
    body = first.data if is_whole else chunks_of(work.parts, key, head, first.data)
    try:
        hashed = await work.parts.disk.stage(place, body, how)
    except DiskFullError as error:  # which speaks of our temporary file
        raise DiskFullError(
            f"There is no room left on the disk: {action.path!r} was not downloaded. Nothing here was changed by it.",
            hint=error.hint,
            path=action.path,
        ) from error
    try:
        await _check_bytes(work, action, head, hashed, meta)
    except (PreconditionError, TransientError):
        await work.parts.disk.discard(place)
        raise
    return head, hashed


async def _begin(work: Work, action: Download) -> ObjectBody:
    """The object, or of a large one the first part; which version it is, is settled with that."""
    key, options = work.parts.keys.key(action.path), work.parts.options
    if action.size > options.whole_bytes:
        return await get_body(work.parts, key, if_match=action.etag, byte_range=(0, options.part_bytes))
    return await get_body(work.parts, key, if_match=action.etag)


async def _check_bytes(work: Work, action: Download, head: ObjectHead, hashed: Hashed, claimed: FileMeta) -> None:
    """Whether the bytes are those of the version.

    A claim that its ETag contradicts is stale: some tools keep headers.
    """
    if hashed.fingerprint.size != head.size:
        raise TransientError("The body came shorter than the store had said; it was thrown away.", path=action.path)
    is_as_claimed = claimed.sha256 == hashed.sha256 if claimed.sha256 else claimed.md5 in ("", hashed.md5)
    if is_as_claimed or head.etag == hashed.md5:
        return
    sha256, _ = await hash_version(work.parts, work.parts.keys.key(action.path), head)
    if sha256 != hashed.sha256:
        raise TransientError("Two downloads of one version differed; both were thrown away.", path=action.path)


async def _install(work: Work, attempt: Attempt) -> None:
    try:
        fingerprint = await work.parts.disk.install(attempt.place, work.names.name(attempt.path))
    except OccupiedError:
        await drop_staged(work, attempt)
        raise
    row = _row(work, attempt, fingerprint)
    await work.commits.write(
        StateChange(synced=work.rows(attempt.path, row), closed=(attempt.op,), logged=work.lines())
    )


async def _replace(work: Work, attempt: Attempt, expected: ExpectedFile) -> None:
    disk, name = work.parts.disk, work.names.name(attempt.path)
    try:
        expected = await surely(work, attempt.path, expected)
        swapped = await disk.exchange(attempt.place, name, expected.fingerprint)
    except (OccupiedError, MissingError):
        await drop_staged(work, attempt)
        raise
    row = _row(work, attempt, swapped.installed)
    change = StateChange(synced=work.rows(attempt.path, row), closed=(attempt.op,), logged=work.lines())
    await put_aside_or_back(work, attempt.path, attempt.place, expected, swapped.came_out, change)


async def drop_staged(work: Work, attempt: Attempt) -> None:
    """Give a download up. The attempt is closed first: a crash in between must not look like an installed file."""
    await work.commits.write(StateChange(closed=(attempt.op,)))
    await work.parts.disk.discard(attempt.place)


def _row(work: Work, attempt: Attempt, fingerprint: Fingerprint) -> SyncedFile:
    return installed_row(attempt, fingerprint, work.names.alias(attempt.path))


def installed_row(attempt: Attempt, fingerprint: Fingerprint, local_name: str) -> SyncedFile:
    """The row of a file that a download put in place."""
    return SyncedFile(
        attempt.sha256,
        attempt.size,
        attempt.etag,
        attempt.version_id,
        fingerprint,
        attempt.is_fp_safe and fingerprint.mtime_ns == getattr(attempt.fingerprint, "mtime_ns", 0),
        local_name,
    )


async def make_dir(work: Work, action: MakeDirLocal) -> int:
    """Make a folder that is in the bucket."""
    await work.parts.disk.make_dir(work.names.name(action.path))
    row = SyncedDir(work.names.alias(action.path))
    await work.commits.write(StateChange(synced=work.rows(action.path, row), logged=work.lines()))
    return 0
