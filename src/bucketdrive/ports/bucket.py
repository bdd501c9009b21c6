"""The bucket port: one method per S3 request, named as the operation is named in `requests`.

Every implementation keeps versions and answers as S3 does (spec `s3.md`); it neither retries nor pages nor decides.
Keys are whole keys. ETags come and go without quotes. A method may be called from many tasks at once.

**Raises**, for every method:
    NoSuchBucketError, AccessDeniedError, CredentialsError: final for this drive.
    UnavailableError: the store did not act (connection refused, 503, 429, a read that failed).
    UnknownOutcomeError: writes only; the request was sent and no reply was understood.
"""

from dataclasses import dataclass
from typing import Protocol

from bucketdrive.model.entries import ObjectHead, ObjectRow, VersionRow
from bucketdrive.model.lifecycle import LifecycleRule


@dataclass(frozen=True, slots=True)
class IfMatch:
    """Only if the current version has this ETag."""

    etag: str


@dataclass(frozen=True, slots=True)
class IfAbsent:
    """Only if there is no current version, or it is a delete marker (`If-None-Match: *`)."""


Condition = IfMatch | IfAbsent | None


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """A page of live objects in the order of their keys' UTF-8 bytes. The next page starts after `rows[-1].key`."""

    rows: tuple[ObjectRow, ...]
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A page of versions and markers, keys in UTF-8 byte order, each key's newest first, in the store's own order.

    The next page starts after `rows[-1].key` and `rows[-1].version_id`.
    """

    rows: tuple[VersionRow, ...]
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class ObjectBody:
    """A version's bytes (or the range asked for) and what the store tells of it; `head.size` is the whole size."""

    data: bytes
    head: ObjectHead


@dataclass(frozen=True, slots=True)
class Written:
    """The reply to a write. `version_id` is empty where the store names none: then it keeps no versions.

    (But of copies some stores never name it: `copy_object`.)
    """

    version_id: str
    etag: str


@dataclass(frozen=True, slots=True)
class NewObject:
    """What a put or copy writes besides the bytes. `metadata`: ASCII values, names in lower case, under 1 KiB."""

    metadata: dict[str, str]
    content_type: str = "application/octet-stream"
    condition: Condition = None


@dataclass(frozen=True, slots=True)
class Part:
    """An uploaded part of a multipart upload, numbered from 1."""

    number: int
    etag: str


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Bytes [first, end) of a version in this bucket; `end` 0: to its end. A part of one must be of over 5 MiB."""

    key: str
    version_id: str
    first: int = 0
    end: int = 0


class Reads(Protocol):
    """Requests that change nothing. May be repeated at will."""

    async def list_objects(self, prefix: str, *, start_after: str = "", max_keys: int = 1000) -> ObjectPage:
        """ListObjectsV2: live objects whose key starts with `prefix`, behind `start_after`."""
        ...

    async def list_object_versions(
        self, prefix: str, *, key_marker: str = "", version_id_marker: str = "", max_keys: int = 1000
    ) -> VersionPage:
        """ListObjectVersions, behind the version `version_id_marker` of `key_marker` (both exclusive).

        With `key_marker` alone it starts behind all versions of that key. Versions and markers are interleaved as the
        store orders them.
        """
        ...

    async def head_object(self, key: str, *, version_id: str = "") -> ObjectHead:
        """HeadObject. Never evidence of a deletion.

        Raises:
            NoSuchObjectError: not there, or a delete marker.
        """
        ...

    async def get_object(
        self,
        key: str,
        *,
        version_id: str = "",
        if_match: str = "",
        if_none_match: str = "",
        byte_range: tuple[int, int] | None = None,
    ) -> ObjectBody | None:
        """GetObject; `byte_range` is (first, end), end exclusive. None where `if_none_match` is its ETag (304).

        Raises:
            NoSuchObjectError: not there, or a delete marker.
            ConditionFailedError: the current version has another ETag than `if_match`.
        """
        ...


class Writes(Protocol):
    """Requests that add versions or markers. Never repeated by a wrapper once they may have reached the store."""

    async def put_object(self, key: str, body: bytes, new: NewObject) -> Written:
        """PutObject with the SHA-256 (and where the store needs it, the MD5) of `body`, so that torn bytes are refused.

        Raises:
            ConditionFailedError: `new.condition` does not hold; no version was made.
        """
        ...

    async def delete_object(self, key: str, *, condition: Condition = None) -> Written:
        """DeleteObject without a version: puts a delete marker, whose id is `version_id`.

        Raises:
            ConditionFailedError: `condition` does not hold (412, or 404 where nothing live is there); no marker was
            made.
        """
        ...

    async def copy_object(self, source_key: str, source_version_id: str, key: str, new: NewObject) -> Written:
        """CopyObject of a pinned version within the bucket, at most 5 GiB, metadata replaced by that of `new`.

        Whether `new.condition` is honoured is a fact about the store (`StoreFacts.conditional_copy`). `version_id` may
        be empty in the reply of some stores (Ceph 16): HEAD has it.

        Raises:
            NoSuchObjectError: the source is not there.
            ConditionFailedError: `new.condition` does not hold.
        """
        ...

    async def create_multipart_upload(self, key: str, new: NewObject) -> str:
        """CreateMultipartUpload: the upload id. The condition of `new` goes with `complete_multipart_upload`."""
        ...

    async def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> Part:
        """UploadPart with its Content-MD5. Parts but the last are at least 5 MiB.

        May be repeated: the last one counts.
        """
        ...

    async def upload_part_copy(self, key: str, upload_id: str, number: int, source: VersionRange) -> Part:
        """UploadPartCopy: a part made of bytes that the bucket has; none travels. May be repeated, as `upload_part`.

        Some stores refuse it to some credentials (Ceph 16 to those of a role): `StoreFacts.part_copy` tells.

        Raises:
            NoSuchObjectError: the source is not there.
        """
        ...

    async def complete_multipart_upload(
        self, key: str, upload_id: str, parts: list[Part], *, condition: Condition = None
    ) -> Written:
        """CompleteMultipartUpload. `etag` may be empty in the reply of some stores: HEAD has it.

        Raises:
            ConditionFailedError: `condition` does not hold, or the key changed since the upload began (409).
        """
        ...

    async def abort_multipart_upload(self, key: str, upload_id: str) -> None:
        """AbortMultipartUpload. No error where it is gone already."""
        ...


class Administers(Protocol):
    """Bucket settings, and what destroys. Used by `link`, `doctor`, `retention`, `trash empty` and the demo.

    A device's own credentials may be denied all of it.
    """

    async def head_bucket(self) -> None:
        """HeadBucket: returns if the bucket is there and may be reached.

        Raises:
            NoSuchBucketError, AccessDeniedError: as they say.
        """
        ...

    async def store_time_s(self, key: str) -> float | None:
        """The store's own time, seconds since 1970 UTC in whole seconds, from its reply to a HEAD of `key`.

        None where it does not tell.

        Raises:
            NoSuchObjectError: the key is not there.
        """
        ...

    async def may_destroy_versions(self, key: str, version_id: str) -> bool | None:
        """Whether these credentials may destroy versions, by asking for that where there is nothing to destroy.

        DeleteObject of a version at a `key` that never had one; `version_id` is one the store made for another key, so
        that it has the form of one. Only a refusal for want of permission means no. None where the store cannot tell.
        """
        ...

    async def create_bucket(self) -> None:
        """CreateBucket, in the region of the connection. No error where it exists and is ours."""
        ...

    async def get_bucket_versioning(self) -> str:
        """GetBucketVersioning: `Enabled`, `Suspended`, or empty where it was never turned on."""
        ...

    async def enable_bucket_versioning(self) -> None:
        """PutBucketVersioning with `Enabled`."""
        ...

    async def get_bucket_lifecycle(self) -> list[LifecycleRule]:
        """GetBucketLifecycleConfiguration; empty where there is none."""
        ...

    async def put_bucket_lifecycle(self, rules: list[LifecycleRule]) -> None:
        """PutBucketLifecycleConfiguration: replaces all rules; without rules, DeleteBucketLifecycle.

        A rule that was read goes back as the store wrote it. A store may drop parts of others without a word: read it
        back.
        """
        ...

    async def delete_object_version(self, key: str, version_id: str) -> None:
        """DeleteObject of a version or marker: it is destroyed for good. No error where it is gone already.

        Nothing that syncs may ask for it: it is here, and not among `Writes`, so that the engine cannot.

        Raises:
            AccessDeniedError: the credentials may not destroy versions; nothing was.
        """
        ...


class Bucket(Reads, Writes, Protocol):
    """What the engine needs of a store."""


class AdminBucket(Bucket, Administers, Protocol):
    """What linking needs of a store."""
