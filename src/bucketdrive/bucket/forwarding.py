"""A bucket around a bucket: every request of the port passes through one function. For `retrying` and `metered`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from bucketdrive.model.entries import ObjectHead
from bucketdrive.model.lifecycle import LifecycleRule
from bucketdrive.ports.bucket import (
    AdminBucket,
    Condition,
    NewObject,
    ObjectBody,
    ObjectPage,
    Part,
    VersionPage,
    VersionRange,
    Written,
)

Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class PortRequest(Generic[Reply]):
    """A request on its way. `send` makes it, as often as it is called.

    `may_repeat`: making it twice is as good as once, even where the first reply was lost. `body_bytes`: what it sends.
    """

    operation: str
    send: Callable[[], Awaitable[Reply]]
    may_repeat: bool = True
    body_bytes: int = 0


class Through(Protocol):
    """What a request passes through."""

    async def __call__(self, request: PortRequest[Reply]) -> Reply:
        """Make the request, and return its reply or raise its error."""
        ...


class ForwardingBucket:
    """An `AdminBucket` whose requests go `through` a function to the `inner` one."""

    def __init__(self, inner: AdminBucket, through: Through) -> None:
        self._inner = inner
        self._through = through

    async def list_objects(self, prefix: str, *, start_after: str = "", max_keys: int = 1000) -> ObjectPage:
        """See `Reads`."""
        send = partial(self._inner.list_objects, prefix, start_after=start_after, max_keys=max_keys)
        return await self._through(PortRequest("ListObjectsV2", send))

    async def list_object_versions(
        self, prefix: str, *, key_marker: str = "", version_id_marker: str = "", max_keys: int = 1000
    ) -> VersionPage:
        """See `Reads`."""
        send = partial(
            self._inner.list_object_versions,
            prefix,
            key_marker=key_marker,
            version_id_marker=version_id_marker,
            max_keys=max_keys,
        )
        return await self._through(PortRequest("ListObjectVersions", send))

    async def head_object(self, key: str, *, version_id: str = "") -> ObjectHead:
        """See `Reads`."""
        return await self._through(
            PortRequest("HeadObject", partial(self._inner.head_object, key, version_id=version_id))
        )

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
        send = partial(
            self._inner.get_object,
            key,
            version_id=version_id,
            if_match=if_match,
            if_none_match=if_none_match,
            byte_range=byte_range,
        )
        return await self._through(PortRequest("GetObject", send))

    async def put_object(self, key: str, body: bytes, new: NewObject) -> Written:
        """See `Writes`."""
        send = partial(self._inner.put_object, key, body, new)
        return await self._through(PortRequest("PutObject", send, may_repeat=False, body_bytes=len(body)))

    async def delete_object(self, key: str, *, condition: Condition = None) -> Written:
        """See `Writes`."""
        send = partial(self._inner.delete_object, key, condition=condition)
        return await self._through(PortRequest("DeleteObject", send, may_repeat=False))

    async def copy_object(self, source_key: str, source_version_id: str, key: str, new: NewObject) -> Written:
        """See `Writes`."""
        send = partial(self._inner.copy_object, source_key, source_version_id, key, new)
        return await self._through(PortRequest("CopyObject", send, may_repeat=False))

    async def create_multipart_upload(self, key: str, new: NewObject) -> str:
        """See `Writes`."""
        send = partial(self._inner.create_multipart_upload, key, new)
        return await self._through(PortRequest("CreateMultipartUpload", send))  # one begun in vain holds no parts

    async def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> Part:
        """See `Writes`."""
        send = partial(self._inner.upload_part, key, upload_id, number, body)
        return await self._through(PortRequest("UploadPart", send, body_bytes=len(body)))

    async def upload_part_copy(self, key: str, upload_id: str, number: int, source: VersionRange) -> Part:
        """See `Writes`."""
        send = partial(self._inner.upload_part_copy, key, upload_id, number, source)
        return await self._through(PortRequest("UploadPartCopy", send))

    async def complete_multipart_upload(
        self, key: str, upload_id: str, parts: list[Part], *, condition: Condition = None
    ) -> Written:
        """See `Writes`."""
        send = partial(self._inner.complete_multipart_upload, key, upload_id, parts, condition=condition)
        return await self._through(PortRequest("CompleteMultipartUpload", send, may_repeat=False))

    async def abort_multipart_upload(self, key: str, upload_id: str) -> None:
        """See `Writes`."""
        send = partial(self._inner.abort_multipart_upload, key, upload_id)
        await self._through(PortRequest("AbortMultipartUpload", send))

    async def head_bucket(self) -> None:
        """See `Administers`."""
        await self._through(PortRequest("HeadBucket", self._inner.head_bucket))

    async def store_time_s(self, key: str) -> float | None:
        """See `Administers`."""
        return await self._through(PortRequest("HeadObject", partial(self._inner.store_time_s, key)))

    async def may_destroy_versions(self, key: str, version_id: str) -> bool | None:
        """See `Administers`."""
        send = partial(self._inner.may_destroy_versions, key, version_id)
        return await self._through(PortRequest("DeleteObject", send))

    async def create_bucket(self) -> None:
        """See `Administers`."""
        await self._through(PortRequest("CreateBucket", self._inner.create_bucket))

    async def get_bucket_versioning(self) -> str:
        """See `Administers`."""
        return await self._through(PortRequest("GetBucketVersioning", self._inner.get_bucket_versioning))

    async def enable_bucket_versioning(self) -> None:
        """See `Administers`."""
        await self._through(PortRequest("PutBucketVersioning", self._inner.enable_bucket_versioning))

    async def get_bucket_lifecycle(self) -> list[LifecycleRule]:
        """See `Administers`."""
        return await self._through(PortRequest("GetBucketLifecycleConfiguration", self._inner.get_bucket_lifecycle))

    async def put_bucket_lifecycle(self, rules: list[LifecycleRule]) -> None:
        """See `Administers`."""
        send = partial(self._inner.put_bucket_lifecycle, rules)
        await self._through(PortRequest("PutBucketLifecycleConfiguration", send))

    async def delete_object_version(self, key: str, version_id: str) -> None:
        """See `Administers`."""
        await self._through(PortRequest("DeleteObject", partial(self._inner.delete_object_version, key, version_id)))
