"""The bucket port over a bucket in memory: the fake behind the simulator and most tests.

It is held to the same contract suite as the real thing. Faults on the way (lost replies, refusals) belong to whoever
wraps the port.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from bucketdrive.model.entries import ObjectHead
from bucketdrive.model.lifecycle import LifecycleRule
from bucketdrive.ports.bucket import (
    Condition,
    NewObject,
    ObjectBody,
    ObjectPage,
    Part,
    VersionPage,
    VersionRange,
    Written,
)
from bucketdrive.testing.loop import switch
from bucketdrive.testing.memory_settings import StoreClass, Versioning
from bucketdrive.testing.memory_store import MemoryStore
from bucketdrive.testing.stored import StoredVersion

__all__ = ["MemoryBucket", "MemoryStore", "StoreClass", "StoredVersion", "Versioning"]

_Reply = TypeVar("_Reply")


class MemoryBucket:
    """A device's way to a `MemoryStore`, as an `AdminBucket`. Every request yields before and after its effect."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    async def list_objects(self, prefix: str, *, start_after: str = "", max_keys: int = 1000) -> ObjectPage:
        """See `Reads`."""
        return await _request(partial(self.store.list_objects, prefix, start_after, max_keys))

    async def list_object_versions(
        self, prefix: str, *, key_marker: str = "", version_id_marker: str = "", max_keys: int = 1000
    ) -> VersionPage:
        """See `Reads`."""
        return await _request(partial(self.store.list_object_versions, prefix, key_marker, version_id_marker, max_keys))

    async def head_object(self, key: str, *, version_id: str = "") -> ObjectHead:
        """See `Reads`."""
        return await _request(partial(self.store.head_object, key, version_id))

    async def get_object(
        self,
        key: str,
        *,
        version_id: str = "",
        if_match: str = "",
        if_none_match: str = "",
        byte_range: tuple[int, int] | None = None,
    ) -> ObjectBody | None:
        """See `Reads`."""
        return await _request(
            partial(self.store.get_object, key, version_id, if_match, if_none_match, byte_range=byte_range)
        )

    async def put_object(self, key: str, body: bytes, new: NewObject) -> Written:
        """See `Writes`."""
        return await _request(partial(self.store.put_object, key, body, new))

    async def delete_object(self, key: str, *, condition: Condition = None) -> Written:
        """See `Writes`."""
        return await _request(partial(self.store.delete_object, key, condition))

    async def copy_object(self, source_key: str, source_version_id: str, key: str, new: NewObject) -> Written:
        """See `Writes`."""
        return await _request(partial(self.store.copy_object, source_key, source_version_id, key, new))

    async def create_multipart_upload(self, key: str, new: NewObject) -> str:
        """See `Writes`."""
        return await _request(partial(self.store.create_multipart_upload, key, new))

    async def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> Part:
        """See `Writes`."""
        return await _request(partial(self.store.upload_part, upload_id, number, body))

    async def upload_part_copy(self, key: str, upload_id: str, number: int, source: VersionRange) -> Part:
        """See `Writes`."""
        return await _request(partial(self.store.upload_part_copy, upload_id, number, source))

    async def complete_multipart_upload(
        self, key: str, upload_id: str, parts: list[Part], *, condition: Condition = None
    ) -> Written:
        """See `Writes`."""
        return await _request(partial(self.store.complete_multipart_upload, upload_id, parts, condition))

    async def abort_multipart_upload(self, key: str, upload_id: str) -> None:
        """See `Writes`."""
        await _request(partial(self.store.abort_multipart_upload, upload_id))

    async def head_bucket(self) -> None:
        """See `Administers`."""
        await _request(self.store.head_bucket)

    async def store_time_s(self, key: str) -> float | None:
        """See `Administers`."""
        return await _request(partial(self.store.store_time_s, key))

    async def may_destroy_versions(self, key: str, version_id: str) -> bool | None:
        """See `Administers`."""
        return await _request(partial(self.store.may_destroy_versions, key, version_id))

    async def create_bucket(self) -> None:
        """See `Administers`."""
        await _request(self.store.create_bucket)

    async def get_bucket_versioning(self) -> str:
        """See `Administers`."""
        return await _request(self.store.get_bucket_versioning)

    async def enable_bucket_versioning(self) -> None:
        """See `Administers`."""
        await _request(self.store.enable_bucket_versioning)

    async def get_bucket_lifecycle(self) -> list[LifecycleRule]:
        """See `Administers`."""
        return await _request(self.store.get_bucket_lifecycle)

    async def put_bucket_lifecycle(self, rules: list[LifecycleRule]) -> None:
        """See `Administers`."""
        await _request(partial(self.store.put_bucket_lifecycle, rules))

    async def delete_object_version(self, key: str, version_id: str) -> None:
        """See `Administers`."""
        await _request(partial(self.store.delete_object_version, key, version_id))


async def _request(effect: Callable[[], _Reply]) -> _Reply:
    await switch()
    reply = effect()
    await switch()
    return reply
