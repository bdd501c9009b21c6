"""A versioned bucket in memory, synchronous: the state behind `MemoryBucket`, shared by all devices of a world.

Tests look into it and act on it as foreign tools do. Answers follow the AWS truth table (spec `s3.md` §1.2).
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable

from bucketdrive.errors import AccessDeniedError, ConditionFailedError, NoSuchObjectError
from bucketdrive.model.entries import ObjectHead, ObjectRow, VersionRow
from bucketdrive.model.reports import StoreFacts
from bucketdrive.ports.bucket import (
    Condition,
    IfAbsent,
    IfMatch,
    NewObject,
    ObjectBody,
    ObjectPage,
    Part,
    VersionPage,
    VersionRange,
    Written,
)
from bucketdrive.testing.memory_settings import MemorySettings, StoreClass, Versioning
from bucketdrive.testing.stored import StoredUpload, StoredVersion, md5_hex, older_than


class MemoryStore(MemorySettings):
    """One bucket, synchronous. Its methods named as requests answer as S3 does and are counted in `requests`.

    `store_class`: A honours every condition, B those of puts only (not of deletes and copies), C none, and answers
    otherwise too as Ceph 16 does: no id of a copy's version, no ETag of parts completed, which a copy keeps, no second
    marker over a marker, and a 404 under a marker is bare. `clock` gives seconds since 1970 for LastModified.
    `versioning` may be changed at any time. Requests raise NoSuchBucketError while `is_there` is false.
    """

    def __init__(
        self,
        store_class: StoreClass = "A",
        clock: Callable[[], float] = lambda: 0.0,
        versioning: Versioning = "Enabled",
    ) -> None:
        super().__init__(store_class, versioning)
        self.orders_by_beginning = store_class == "A"
        """Whether a version made of parts takes the place and time at which its upload began, as on AWS: then a
        conditional one is refused where the key changed since."""
        self.unconditional_writes: list[str] = []
        self.conditional_writes: list[str] = []
        """Keys outside `.bucketdrive/` that a device put, copied to, completed or deleted without a condition."""
        self._clock = clock
        self._order = 0
        self._keys: list[str] = []
        self._history: dict[str, list[StoredVersion]] = {}
        self._changed: dict[str, int] = {}
        self._orders: dict[str, int] = {}
        self._uploads: dict[str, StoredUpload] = {}

    # --- for tests: look, and do what another S3 tool does; neither is counted ---------------------------------------

    @property
    def facts(self) -> StoreFacts:
        """What a probe finds out about a store of this class."""
        honours_all = self.store_class == "A"
        return StoreFacts(self.store_class != "C", honours_all, honours_all, part_copy=True)

    def live(self) -> dict[str, bytes]:
        """The current objects, by key in listing order."""
        return {key: top.data for key in self._keys if (top := self._live(key))}

    def keys_below(self, prefix: str) -> list[str]:
        """The keys that begin so and have versions or markers, in listing order."""
        return [key for key in self._keys if key.startswith(prefix)]

    def history(self, key: str) -> list[StoredVersion]:
        """All versions and markers of a key, newest first."""
        return self._history.get(key, [])[::-1]

    def contents(self) -> set[bytes]:
        """What is kept in any version of any key."""
        return {version.data for history in self._history.values() for version in history}

    def put(self, key: str, data: bytes, metadata: dict[str, str] | None = None) -> StoredVersion:
        """Another tool's PutObject."""
        return self._add(key, data, metadata or {})

    def delete(self, key: str) -> None:
        """Another tool's DeleteObject."""
        self._mark_deleted(key)

    def forget_history(self, key: str) -> None:
        """All versions and markers of a key are gone, as after its lifecycle."""
        if key in self._history:
            del self._history[key]
            del self._keys[bisect_left(self._keys, key)]

    # --- reads -------------------------------------------------------------------------------------------------------

    def list_objects(self, prefix: str, start_after: str, max_keys: int) -> ObjectPage:
        """ListObjectsV2."""
        self._begin("ListObjectsV2")
        rows: list[ObjectRow] = []
        at = max(bisect_left(self._keys, prefix), bisect_right(self._keys, start_after) if start_after else 0)
        while at < len(self._keys) and (key := self._keys[at]).startswith(prefix):
            if top := self._live(key):
                if len(rows) == max_keys:
                    return ObjectPage(tuple(rows), is_truncated=True)
                rows.append(ObjectRow(key, top.etag, len(top.data), top.modified_s))
            at += 1
        return ObjectPage(tuple(rows), is_truncated=False)

    def list_object_versions(self, prefix: str, key_marker: str, version_id_marker: str, max_keys: int) -> VersionPage:
        """ListObjectVersions."""
        self._begin("ListObjectVersions")
        rows: list[VersionRow] = []
        at = max(bisect_left(self._keys, prefix), bisect_left(self._keys, key_marker))
        while at < len(self._keys) and (key := self._keys[at]).startswith(prefix):
            newest = self._history[key][-1]
            for version in self._behind_marker(key, key_marker, version_id_marker):
                if len(rows) == max_keys:
                    return VersionPage(tuple(rows), is_truncated=True)
                rows.append(
                    VersionRow(
                        key,
                        version.version_id,
                        version is newest,
                        version.is_delete_marker,
                        version.etag,
                        len(version.data),
                        version.modified_s,
                    )
                )
            at += 1
        return VersionPage(tuple(rows), is_truncated=False)

    def head_object(self, key: str, version_id: str) -> ObjectHead:
        """HeadObject."""
        self._begin("HeadObject")
        return self._head(self._version(key, version_id))

    def get_object(
        self, key: str, version_id: str, if_match: str, if_none_match: str, byte_range: tuple[int, int] | None
    ) -> ObjectBody | None:
        """GetObject."""
        self._begin("GetObject")
        version = self._version(key, version_id)
        if if_match and version.etag != if_match:
            raise ConditionFailedError(f"{key} has another ETag. Nothing was read.", path=key)
        if if_none_match and version.etag == if_none_match:
            return None
        data = version.data if byte_range is None else version.data[slice(*byte_range)]
        return ObjectBody(data, self._head(version))

    # --- writes ------------------------------------------------------------------------------------------------------

    def put_object(self, key: str, body: bytes, new: NewObject) -> Written:
        """PutObject."""
        self._begin("PutObject")
        self._note_unconditional(key, new.condition)
        if self.store_class != "C":
            self._check(key, new.condition)
        return self._written(self._add(key, body, new.metadata))

    def delete_object(self, key: str, condition: Condition) -> Written:
        """DeleteObject without a version."""
        self._begin("DeleteObject")
        self._note_unconditional(key, condition)
        if self.store_class == "A":
            self._check(key, condition)
        if self.store_class == "C" and key in self._history and not self._live(key):
            return Written("", "")
        return Written(self._mark_deleted(key), "")

    def copy_object(self, source_key: str, source_version_id: str, key: str, new: NewObject) -> Written:
        """CopyObject."""
        self._begin("CopyObject")
        self._note_unconditional(key, new.condition)
        source = self._version(source_key, source_version_id)
        if self.store_class == "A":
            self._check(key, new.condition)
        etag = source.etag if self.store_class == "C" else ""
        written = self._written(self._add(key, source.data, new.metadata, etag=etag))
        return Written("", written.etag) if self.store_class == "C" else written

    def create_multipart_upload(self, key: str, new: NewObject) -> str:
        """CreateMultipartUpload."""
        self._begin("CreateMultipartUpload")
        order = self._next_order()
        upload_id = f"upload-{order}"
        self._uploads[upload_id] = StoredUpload(key, order, self._clock(), dict(new.metadata))
        return upload_id

    def upload_part(self, upload_id: str, number: int, body: bytes) -> Part:
        """UploadPart."""
        return self._put_part("UploadPart", upload_id, number, body)

    def _put_part(self, operation: str, upload_id: str, number: int, body: bytes) -> Part:
        self._begin(operation)
        etag = md5_hex(body)
        self._upload(upload_id).parts[number] = (etag, body)
        return Part(number, etag)

    def upload_part_copy(self, upload_id: str, number: int, source: VersionRange) -> Part:
        """UploadPartCopy."""
        data = self._version(source.key, source.version_id).data[source.first : source.end or None]
        return self._put_part("UploadPartCopy", upload_id, number, data)

    def complete_multipart_upload(self, upload_id: str, parts: list[Part], condition: Condition) -> Written:
        """CompleteMultipartUpload."""
        self._begin("CompleteMultipartUpload")
        upload = self._upload(upload_id)
        self._note_unconditional(upload.key, condition)
        if condition is not None and self.store_class != "C":
            self._check(upload.key, condition)
            if self.orders_by_beginning and self._changed.get(upload.key, 0) > upload.order:
                raise ConditionFailedError(
                    f"{upload.key} changed since its upload began. No version was made.", path=upload.key
                )
        bodies: list[bytes] = []
        for part in parts:
            etag, body = upload.parts.get(part.number, ("", b""))
            if etag != part.etag:
                raise NoSuchObjectError(f"Part {part.number} of {upload.key} is not there. No version was made.")
            bodies.append(body)
        del self._uploads[upload_id]
        etag = f"{md5_hex(b''.join(bytes.fromhex(part.etag) for part in parts))}-{len(parts)}"
        began = upload if self.orders_by_beginning else None
        written = self._written(self._add(upload.key, b"".join(bodies), upload.metadata, etag=etag, began=began))
        return Written(written.version_id, "") if self.store_class == "C" else written

    def abort_multipart_upload(self, upload_id: str) -> None:
        """AbortMultipartUpload."""
        self._begin("AbortMultipartUpload")
        self._uploads.pop(upload_id, None)

    # --- settings of the bucket, and what destroys --------------------------------------------------------------------

    def store_time_s(self, key: str) -> float | None:
        """HeadObject, for its Date."""
        self.head_object(key, "")
        return float(int(self._clock()))

    def may_destroy_versions(self, key: str, version_id: str) -> bool | None:
        """DeleteObject of a version; one that is there is destroyed, if `may_destroy`."""
        self._begin("DeleteObject")
        if self.may_destroy:
            self._destroy(key, version_id)
        return self.may_destroy

    def delete_object_version(self, key: str, version_id: str) -> None:
        """DeleteObject of a version."""
        if not self.may_destroy_versions(key, version_id):
            raise AccessDeniedError(f"DELETE {key} is denied. Nothing was done.")

    def _destroy(self, key: str, version_id: str) -> None:
        kept = [version for version in self._history.get(key, []) if version.version_id != version_id]
        self.forget_history(key)
        if kept:
            insort(self._keys, key)
            self._history[key] = kept

    # --- within ------------------------------------------------------------------------------------------------------

    def _note_unconditional(self, key: str, condition: Condition) -> None:
        if ".bucketdrive" not in key.split("/")[:-1]:
            (self.unconditional_writes if condition is None else self.conditional_writes).append(key)

    def _next_order(self) -> int:
        self._order += 1
        return self._order

    def _live(self, key: str) -> StoredVersion | None:
        versions = self._history.get(key)
        return versions[-1] if versions and not versions[-1].is_delete_marker else None

    def _check(self, key: str, condition: Condition) -> None:
        top = self._live(key)
        match condition:
            case IfMatch(etag) if top is None or top.etag != etag:
                raise ConditionFailedError(f"{key} is not what it was. Nothing was written.", path=key)
            case IfAbsent() if top is not None:
                raise ConditionFailedError(f"{key} exists. Nothing was written.", path=key)
            case _:
                pass

    def _version(self, key: str, version_id: str) -> StoredVersion:
        versions = self._history.get(key, [])
        for version in reversed(versions):
            if version.version_id == version_id or not version_id:
                if version.is_delete_marker:
                    is_told = self.store_class != "C"
                    raise NoSuchObjectError(f"{key} is deleted.", path=key, is_delete_marker=is_told)
                return version
        raise NoSuchObjectError(f"{key} has no such version." if version_id else f"{key} does not exist.", path=key)

    def _head(self, version: StoredVersion) -> ObjectHead:
        version_id = "" if not self.versioning and version.version_id == "null" else version.version_id
        return ObjectHead(version.etag, len(version.data), version_id, version.modified_s, dict(version.metadata))

    def _written(self, version: StoredVersion) -> Written:
        return Written(version.version_id if self.versioning else "", version.etag)

    def _behind_marker(self, key: str, key_marker: str, version_id_marker: str) -> list[StoredVersion]:
        versions = self._history[key][::-1]
        if key != key_marker:
            return versions
        if not version_id_marker:
            return []
        return older_than(versions, version_id_marker, self._orders.get(version_id_marker, 0))

    def _add(
        self, key: str, data: bytes, metadata: dict[str, str], *, etag: str = "", began: StoredUpload | None = None
    ) -> StoredVersion:
        now = self._next_order()
        order, modified_s = (began.order, began.modified_s) if began else (now, self._clock())
        version = StoredVersion(
            version_id=self._new_id(order),
            order=order,
            is_delete_marker=False,
            data=data,
            metadata=dict(metadata),
            etag=etag or md5_hex(data),
            modified_s=modified_s,
        )
        self._store(key, version, now)
        return version

    def _mark_deleted(self, key: str) -> str:
        """Put a marker, on whatever is there or is not; the marker's id. Never versioned: the object is gone."""
        now = self._next_order()
        if not self.versioning:
            self._changed[key] = now
            self._destroy(key, "null")
            return ""
        marker = StoredVersion(
            self._new_id(now), now, is_delete_marker=True, data=b"", metadata={}, etag="", modified_s=self._clock()
        )
        self._store(key, marker, now)
        return marker.version_id

    def _store(self, key: str, version: StoredVersion, now: int) -> None:
        versions = self._history.get(key)
        if versions is None:
            versions = self._history[key] = []
            insort(self._keys, key)
        if version.version_id == "null":
            versions[:] = [other for other in versions if other.version_id != "null"]
        versions.append(version)
        if version.order != now:
            versions.sort(key=lambda other: other.order)
        self._orders[version.version_id] = version.order
        self._changed[key] = now

    def _new_id(self, order: int) -> str:
        """Deterministic, unique, and in no order."""
        return md5_hex(b"version %d" % order)[:16] if self.versioning == "Enabled" else "null"

    def _upload(self, upload_id: str) -> StoredUpload:
        if upload_id not in self._uploads:
            raise NoSuchObjectError("The multipart upload does not exist. Nothing was done.")
        return self._uploads[upload_id]
