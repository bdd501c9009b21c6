"""Large objects in parts, up from disk or copied within the bucket; never whole in memory (spec §2.6, s3.md §1.7).

Nothing is in the bucket before an upload is completed. Whoever begins one here has it aborted on any failure, but where
the reply to its completion was lost: then it may have become a version, and rule L settles it.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from bucketdrive.engine.bodies import get_body
from bucketdrive.engine.groups import sole_error
from bucketdrive.engine.observe_remote import key_history
from bucketdrive.engine.parts import Parts
from bucketdrive.errors import (
    BucketDriveError,
    ConditionFailedError,
    UnavailableError,
    UnknownOutcomeError,
    UnstableFileError,
)
from bucketdrive.model.entries import ObjectHead
from bucketdrive.model.format import read_metadata
from bucketdrive.ports.bucket import Condition, NewObject, Part, VersionRange, Written
from bucketdrive.rules.transfer import MAX_COPY_BYTES, in_parts, parts_at_once, ranges

Source = Callable[[int, int], Awaitable[bytes]]
"""Gives the bytes [first, end) of what is to be sent."""


_COPIES_IN_FLIGHT = 16
"""Parts that the store copies take no memory here, only its time."""


class PartsUpload:
    """A multipart upload under way. Made by `begin_upload`."""

    def __init__(self, parts: Parts, key: str, new: NewObject, upload_id: str) -> None:
        self._parts = parts
        self._key = key
        self._condition = new.condition
        self._upload_id = upload_id
        self._sent: list[Part] = []
        self.may_be_a_version = False
        """Whether it was asked to be completed, and no reply said that it was not."""

    async def send(self, size: int, source: Source, sha256: str = "") -> None:
        """Send `size` bytes, read in order, a few parts at once.

        Raises:
            UnstableFileError: they are not the bytes that have the hash `sha256` (empty: any will do).
            UnavailableError: a part could not be sent.
        """
        how = in_parts(size, self._parts.options.part_bytes)
        pieces = enumerate(ranges(size, how.part_bytes), 1)
        digest, reading = hashlib.sha256(), asyncio.Lock()

        async def send_some() -> None:
            while True:
                async with reading:  # one after the other: the parts are hashed in their order
                    number, (first, end) = next(pieces, (0, (0, 0)))
                    if not number:
                        return
                    data = await source(first, end)
                    if len(data) != end - first:
                        raise UnstableFileError("It became shorter while it was read; no version was made.")
                    digest.update(data)
                self._sent.append(await self._send_part(number, data))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(parts_at_once(how, self._parts.options.memory_bytes)):
                    group.create_task(send_some())
        except BaseExceptionGroup as failed:
            raise sole_error(failed) from failed
        if sha256 and digest.hexdigest() != sha256:
            raise UnstableFileError("It changed while it was read; no version was made.")

    async def copy(self, source_key: str, source: ObjectHead) -> None:
        """Have the store make all parts of a version that it has.

        Raises:
            NoSuchObjectError: the version is gone. UnavailableError: a part could not be copied.
        """
        how = in_parts(source.size, self._parts.options.part_bytes)
        pieces = enumerate(ranges(source.size, how.part_bytes), 1)

        async def copy_some() -> None:
            for number, (first, end) in pieces:
                piece = VersionRange(source_key, source.version_id, first, end)
                part = await self._parts.bucket.upload_part_copy(self._key, self._upload_id, number, piece)
                self._sent.append(part)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_COPIES_IN_FLIGHT, how.count)):
                    group.create_task(copy_some())
        except BaseExceptionGroup as failed:
            raise _of_a_part(sole_error(failed)) from failed

    async def _send_part(self, number: int, data: bytes) -> Part:
        try:
            return await self._parts.bucket.upload_part(self._key, self._upload_id, number, data)
        except UnknownOutcomeError as error:
            raise _of_a_part(error) from error

    async def complete(self) -> Written:
        """Make it a version, under the condition it was begun with.

        Raises:
            ConditionFailedError: the condition does not hold, or the key changed since it was begun.
            UnknownOutcomeError: it may have become a version.
        """
        self.may_be_a_version = True
        sent = sorted(self._sent, key=lambda part: part.number)
        try:
            return await self._parts.bucket.complete_multipart_upload(
                self._key, self._upload_id, sent, condition=self._condition
            )
        except UnknownOutcomeError:
            raise
        except BucketDriveError:
            self.may_be_a_version = False
            raise


def _of_a_part(error: BaseException) -> BaseException:
    """What a failed part means: no version came of it, even if its own outcome is unknown."""
    if isinstance(error, UnknownOutcomeError):
        return UnavailableError(f"A part could not be sent; no version was made. {error.message}")
    return error


@asynccontextmanager
async def begin_upload(parts: Parts, key: str, new: NewObject) -> AsyncIterator[PartsUpload]:
    """Begin an upload in parts. If the block fails before the upload may be a version, it is aborted.

    Raises:
        UnavailableError: it could not be begun; no version was made.
    """
    try:
        upload_id = await parts.bucket.create_multipart_upload(key, new)
    except UnknownOutcomeError as error:
        raise UnavailableError(f"The upload could not be begun; no version was made. {error.message}") from error
    upload = PartsUpload(parts, key, new, upload_id)
    try:
        yield upload
    except BaseException:
        if not upload.may_be_a_version:
            with suppress(BucketDriveError):  # the bucket's lifecycle rule clears it away
                await parts.bucket.abort_multipart_upload(key, upload_id)
        raise


def is_copied_by_store(parts: Parts, size: int, condition: Condition) -> bool:
    """Whether `copy_version` moves no byte through here.

    What is sent whole is not copied in parts: that would take three requests, and its ETag would not be its MD5.
    """
    return _is_one_copy(parts, size, condition) or (parts.facts.part_copy and size > parts.options.whole_bytes)


def _is_one_copy(parts: Parts, size: int, condition: Condition) -> bool:
    """See `rules.forecast.is_one_copy`; what has no condition loses none."""
    return size <= MAX_COPY_BYTES and (parts.facts.conditional_copy or condition is None)


async def copy_version(parts: Parts, source_key: str, head: ObjectHead, key: str, new: NewObject) -> Written:
    """Copy a version to another key or onto its own, whatever its size, under the condition of `new`.

    By the store in one request where that loses no condition and it is not too large, or in parts; else through here,
    in parts if it is large. `etag` and `version_id` of the answer are those the store told.

    Raises:
        ConditionFailedError: the condition does not hold. NoSuchObjectError: the source is gone.
    """
    if _is_one_copy(parts, head.size, new.condition):
        return await parts.bucket.copy_object(source_key, head.version_id, key, new)
    if is_copied_by_store(parts, head.size, new.condition):
        async with begin_upload(parts, key, new) as upload:
            await upload.copy(source_key, head)
            return await upload.complete()
    source = partial(_read, parts, source_key, head.version_id)
    if head.size <= parts.options.whole_bytes:
        return await parts.bucket.put_object(key, await source(0, head.size) if head.size else b"", new)
    async with begin_upload(parts, key, new) as upload:
        await upload.send(head.size, source)
        return await upload.complete()


async def on_top(parts: Parts, key: str, op: str) -> Written:
    """The version that was just completed with the op id `op`, which must be the current one.

    Raises:
        ConditionFailedError: another lies on top: somebody was faster, or uploads are ordered by their beginning.
    """
    head = await parts.bucket.head_object(key)
    if read_metadata(head.metadata).op != op:
        raise ConditionFailedError("Another version lies on top of what was sent; the next look decides.")
    return Written(head.version_id, head.etag)


async def named(parts: Parts, key: str, written: Written, op: str) -> Written:
    """What was just written with the op id `op`, with its version id and ETag where the store's reply left them out."""
    if written.version_id and written.etag:
        return written
    if written.version_id:
        return Written(written.version_id, (await parts.bucket.head_object(key, version_id=written.version_id)).etag)
    for row in await key_history(parts, key):
        if not row.is_delete_marker:
            head = await parts.bucket.head_object(key, version_id=row.version_id)
            if read_metadata(head.metadata).op == op:
                return Written(row.version_id, row.etag)
    return written


async def _read(parts: Parts, key: str, version_id: str, first: int, end: int) -> bytes:
    return (await get_body(parts, key, version_id=version_id, byte_range=(first, end))).data


async def chunks_of(parts: Parts, key: str, head: ObjectHead, begun: bytes = b"") -> AsyncIterator[bytes]:
    """The bytes of a version in order, after those that came already; pinned to its id where the store named one."""
    if begun:
        yield begun
    if_match = "" if head.version_id else head.etag
    for first, end in _rest_of(head.size, parts.options.part_bytes, len(begun)):
        body = await get_body(parts, key, version_id=head.version_id, if_match=if_match, byte_range=(first, end))
        yield body.data


def _rest_of(size: int, step: int, first: int) -> Iterator[tuple[int, int]]:
    return ((first + start, first + end) for start, end in ranges(size - first, step))


async def hash_version(parts: Parts, key: str, head: ObjectHead) -> tuple[str, str]:
    """SHA-256 and MD5, in hex, of the bytes of a version, which are downloaded for it."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    async for chunk in chunks_of(parts, key, head):
        sha256.update(chunk)
        md5.update(chunk)
    return sha256.hexdigest(), md5.hexdigest()
