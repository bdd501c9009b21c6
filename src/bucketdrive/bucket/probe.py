"""Finds out what a bucket really does (spec §2.1). Many stores accept a condition and ignore it without a word."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal

from bucketdrive.errors import (
    AccessDeniedError,
    BucketDriveError,
    ConditionFailedError,
    ItemError,
    NoSuchObjectError,
    UnfitStoreError,
)
from bucketdrive.model.reports import StoreFacts
from bucketdrive.ports.bucket import AdminBucket, Condition, IfAbsent, IfMatch, NewObject, VersionRange, Written
from bucketdrive.ports.runtime import Chance

_WRONG_ETAG = "0" * 32
_RACERS = 8
_ROUNDS = 3

_Outcome = Literal["done", "refused", "unable"]
_Attempt = Callable[[], Awaitable[object]]


async def probe(bucket: AdminBucket, key_prefix: str, chance: Chance) -> StoreFacts:
    """Try a store out under `key_prefix` + a UUID + `/`: some 50 requests, half of them in three races.

    Leaves delete markers over noncurrent versions; no credentials to destroy versions are needed. What the store does
    with a wrong checksum is not tried: the port cannot send one, and every body goes with a signature over its hash.

    Raises:
        UnfitStoreError: it keeps no versions, names none, or shows old content.
    """
    trial = _Trial(bucket, f"{key_prefix}{chance.uuid()}/")
    try:
        await trial.see_that_versions_are_kept()
        conditional_put = await trial.puts_heed_conditions() and await trial.races_have_one_winner()
        return StoreFacts(
            conditional_put=conditional_put,
            conditional_delete=conditional_put and await trial.deletes_heed_conditions(),
            conditional_copy=conditional_put and await trial.copies_heed_conditions(),
            part_copy=await trial.parts_can_be_copied(),
        )
    finally:
        await trial.clean_up()


class _Trial:
    """Trials of one bucket, each on keys of its own. `_live`: keys that may hold an object."""

    def __init__(self, bucket: AdminBucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._live: dict[str, None] = {}

    async def see_that_versions_are_kept(self) -> None:
        """P5 and P7: ids in replies, all versions in order, and never an old answer.

        Raises:
            UnfitStoreError: not so.
        """
        key = f"{self._prefix}versions"
        written: list[Written] = []
        for body in (b"first", b"second"):
            written.append(await self._put(key, body))
            found = await self._bucket.get_object(key)
            if found is None or found.data != body or found.head.version_id != written[-1].version_id:
                raise UnfitStoreError("The store shows old content after a write. The drive was not linked.")
        marker = await self._delete(key)
        page = await self._bucket.list_object_versions(key, max_keys=5)
        listed = [(row.version_id, row.is_latest) for row in page.rows if row.key == key]
        expected = [(marker.version_id, True), (written[1].version_id, False), (written[0].version_id, False)]
        if listed != expected:
            raise UnfitStoreError("The store does not list versions newest first. The drive was not linked.")
        old = await self._bucket.get_object(key, version_id=written[0].version_id)
        if old is None or old.data != b"first":
            raise UnfitStoreError("The store does not keep old versions. The drive was not linked.")

    async def puts_heed_conditions(self) -> bool:
        """P1 to P3."""
        key = f"{self._prefix}put"
        etag = (await self._put(key, b"1")).etag
        if [await self._try_put(key, condition) for condition in (IfAbsent(), IfMatch(_WRONG_ETAG))] != ["refused"] * 2:
            return False
        if await self._try_put(key, IfMatch(etag), b"1") != "done":
            return False
        await self._delete(key)
        return await self._try_put(key, IfMatch(etag)) == "refused" and await self._try_put(key, IfAbsent()) == "done"

    async def races_have_one_winner(self) -> bool:
        """P9: a store that looks first and then writes lets several win."""
        for number in range(_ROUNDS):
            key = f"{self._prefix}race-{number}"
            async with asyncio.TaskGroup() as group:
                racers = [group.create_task(self._try_put(key, IfAbsent(), b"%d" % racer)) for racer in range(_RACERS)]
            if [racer.result() for racer in racers].count("done") > 1:
                return False
        return True

    async def deletes_heed_conditions(self) -> bool:
        """P4."""
        key = f"{self._prefix}delete"
        etag = (await self._put(key, b"1")).etag
        if await _outcome(lambda: self._bucket.delete_object(key, condition=IfMatch(_WRONG_ETAG))) != "refused":
            return False
        return await _outcome(lambda: self._bucket.delete_object(key, condition=IfMatch(etag))) == "done"

    async def copies_heed_conditions(self) -> bool:
        """P8."""
        source, target = f"{self._prefix}source", f"{self._prefix}target"
        version_id = (await self._put(source, b"1")).version_id
        self._live[target] = None

        def copy(condition: Condition) -> _Attempt:
            return lambda: self._bucket.copy_object(source, version_id, target, NewObject({}, condition=condition))

        conditions = (IfAbsent(), IfAbsent(), IfMatch(_WRONG_ETAG))
        return [await _outcome(copy(condition)) for condition in conditions] == ["done", "refused", "refused"]

    async def parts_can_be_copied(self) -> bool:
        """Whether an upload can be made of what is in the bucket, with these credentials."""
        source, target = f"{self._prefix}whole", f"{self._prefix}parts"
        version_id = (await self._put(source, b"1")).version_id
        upload_id = await self._bucket.create_multipart_upload(target, NewObject({}))
        try:
            part = await self._bucket.upload_part_copy(target, upload_id, 1, VersionRange(source, version_id))
            self._live[target] = None
            await self._bucket.complete_multipart_upload(target, upload_id, [part])
            found = await self._bucket.get_object(target)
        except (AccessDeniedError, ItemError, UnfitStoreError, NoSuchObjectError):
            with suppress(BucketDriveError):
                await self._bucket.abort_multipart_upload(target, upload_id)
            return False
        return found is not None and found.data == b"1"

    async def clean_up(self) -> None:
        """Put a marker on what may be live. What cannot be deleted does no harm: no sync looks here."""
        for key in list(self._live):
            with suppress(BucketDriveError):
                await self._delete(key)

    async def _put(self, key: str, body: bytes) -> Written:
        """Put, and see that a version came of it."""
        self._live[key] = None
        written = await self._bucket.put_object(key, body, NewObject({}))
        if written.version_id in {"", "null"}:
            raise UnfitStoreError(
                "The bucket does not keep versions. The drive was not linked.",
                hint="Turn on versioning, with --enable-versioning or in the store's console.",
            )
        return written

    async def _try_put(self, key: str, condition: Condition, body: bytes = b"2") -> _Outcome:
        self._live[key] = None
        return await _outcome(lambda: self._bucket.put_object(key, body, NewObject({}, condition=condition)))

    async def _delete(self, key: str) -> Written:
        self._live.pop(key, None)
        return await self._bucket.delete_object(key)


async def _outcome(attempt: _Attempt) -> _Outcome:
    """What a conditional write came to; `unable`: the store does not know the condition (501, 400)."""
    try:
        await attempt()
    except ConditionFailedError:
        return "refused"
    except (UnfitStoreError, ItemError):
        return "unable"
    return "done"
