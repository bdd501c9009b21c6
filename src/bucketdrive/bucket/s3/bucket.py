"""`S3Bucket`: the bucket port on a real store, one method per request."""

import asyncio
import base64
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote
from xml.sax.saxutils import escape

from bucketdrive.bucket.s3 import listing
from bucketdrive.bucket.s3.bodies import Bodies, Unclear, carries
from bucketdrive.bucket.s3.lifecycle import read_rules, write_rules
from bucketdrive.bucket.s3.refusals import Intent
from bucketdrive.bucket.s3.settings import BucketSettings
from bucketdrive.bucket.s3.signed import Reply, Request, SignedClient, result_fields
from bucketdrive.errors import AccessDeniedError, ItemError, NoSuchObjectError, UnfitStoreError
from bucketdrive.model.entries import ObjectHead
from bucketdrive.model.lifecycle import LifecycleRule
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

if TYPE_CHECKING:
    from obstore import GetOptions

_Value = TypeVar("_Value")
_META = "x-amz-meta-"
_SMALL_OBJECTS = "x-amz-transition-default-minimum-object-size"


class S3Bucket:
    """One bucket of an S3 store, as an `AdminBucket`. Made by `connect.connect`; close it when done."""

    def __init__(
        self,
        name: str,
        signed: SignedClient,
        bodies: Bodies,
        make_settings: Callable[[], BucketSettings],
        executor: ThreadPoolExecutor,
    ) -> None:
        self._name = name
        self._signed = signed
        self._bodies = bodies
        self._make_settings = make_settings
        self._settings: BucketSettings | None = None
        self._executor = executor

    async def aclose(self) -> None:
        """Close all connections. Requests under way end on their own, unheard."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._signed.close()
        if self._settings:
            self._settings.close()

    # --- reads --------------------------------------------------------------------------------------------------------

    async def list_objects(self, prefix: str, *, start_after: str = "", max_keys: int = 1000) -> ObjectPage:
        """See `Reads`."""
        query = {"list-type": "2", "encoding-type": "url", "max-keys": str(max_keys), "prefix": prefix}
        if start_after:
            query["start-after"] = start_after
        reply = await self._signed.send(Request(Intent("GET"), query))
        return listing.read_objects(reply.body)

    async def list_object_versions(
        self, prefix: str, *, key_marker: str = "", version_id_marker: str = "", max_keys: int = 1000
    ) -> VersionPage:
        """See `Reads`."""
        query = {"versions": "", "encoding-type": "url", "max-keys": str(max_keys), "prefix": prefix}
        if key_marker:
            query["key-marker"] = key_marker
        if version_id_marker:
            query["version-id-marker"] = version_id_marker
        reply = await self._signed.send(Request(Intent("GET"), query))
        is_moto = reply.headers.get("server", "").startswith("Werkzeug")  # prints all versions, then all markers
        return listing.read_versions(reply.body, is_interleaved=not is_moto)

    async def head_object(self, key: str, *, version_id: str = "") -> ObjectHead:
        """See `Reads`."""
        intent = Intent("HEAD", key, pins_version=bool(version_id))
        reply = await self._signed.send(Request(intent, _pinned(version_id)))
        return _head(reply, key)

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
        options: GetOptions = {}
        headers: dict[str, str] = {}
        if version_id:
            options["version"] = version_id
        if if_match:
            options["if_match"] = headers["If-Match"] = f'"{if_match}"'
        if if_none_match:
            options["if_none_match"] = headers["If-None-Match"] = f'"{if_none_match}"'
        if byte_range:
            first, end = options["range"] = byte_range
            headers["Range"] = f"bytes={first}-{end - 1}"
        if carries(key):
            try:
                return await self._bodies.get(key, options)
            except Unclear:
                pass  # the signed client tells missing from deleted, and reads what obstore cannot
        reply = await self._signed.send(
            Request(Intent("GET", key, pins_version=bool(version_id)), _pinned(version_id), headers)
        )
        return None if reply.status == 304 else ObjectBody(reply.body, _head(reply, key))

    # --- writes -------------------------------------------------------------------------------------------------------

    async def put_object(self, key: str, body: bytes, new: NewObject) -> Written:
        """See `Writes`."""
        if carries(key):
            return await self._bodies.put(key, body, new)
        checksums = {
            "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
            "Content-MD5": _content_md5(body),
        }
        headers = _new_headers(new) | _condition_headers(new.condition) | checksums
        reply = await self._signed.send(Request(_write("PUT", key, new.condition), headers=headers, body=body))
        return _written(reply)

    async def delete_object(self, key: str, *, condition: Condition = None) -> Written:
        """See `Writes`."""
        request = Request(_write("DELETE", key, condition), headers=_condition_headers(condition))
        return _written(await self._signed.send(request))

    async def copy_object(self, source_key: str, source_version_id: str, key: str, new: NewObject) -> Written:
        """See `Writes`."""
        source = self._copy_source(source_key, source_version_id)
        headers = {"x-amz-copy-source": source, "x-amz-metadata-directive": "REPLACE"}
        headers |= _new_headers(new) | _condition_headers(new.condition)
        reply = await self._signed.send(Request(_write("PUT", key, new.condition), headers=headers))
        return _written(reply)

    async def create_multipart_upload(self, key: str, new: NewObject) -> str:
        """See `Writes`."""
        request = Request(Intent("POST", key, is_write=True), {"uploads": ""}, _new_headers(new))
        return result_fields((await self._signed.send(request)).body)["UploadId"]

    async def upload_part(self, key: str, upload_id: str, number: int, body: bytes) -> Part:
        """See `Writes`."""
        query = {"partNumber": str(number), "uploadId": upload_id}
        request = Request(Intent("PUT", key, is_write=True), query, {"Content-MD5": _content_md5(body)}, body)
        return Part(number, _written(await self._signed.send(request)).etag)

    async def upload_part_copy(self, key: str, upload_id: str, number: int, source: VersionRange) -> Part:
        """See `Writes`."""
        query = {"partNumber": str(number), "uploadId": upload_id}
        headers = {"x-amz-copy-source": self._copy_source(source.key, source.version_id)}
        if source.end:
            headers["x-amz-copy-source-range"] = f"bytes={source.first}-{source.end - 1}"
        reply = await self._signed.send(Request(Intent("PUT", key, is_write=True), query, headers))
        return Part(number, _written(reply).etag)

    def _copy_source(self, key: str, version_id: str) -> str:
        pinned = f"?versionId={quote(version_id, safe='')}" if version_id else ""
        return f"/{self._name}/{quote(key, safe='/~')}{pinned}"

    async def complete_multipart_upload(
        self, key: str, upload_id: str, parts: list[Part], *, condition: Condition = None
    ) -> Written:
        """See `Writes`."""
        rows = (
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>&quot;{escape(part.etag)}&quot;</ETag></Part>"
            for part in parts
        )
        body = (
            '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"{''.join(rows)}</CompleteMultipartUpload>"
        )
        headers = {"Content-Type": "application/xml"} | _condition_headers(condition)
        intent = _write("POST", key, condition)
        return _written(await self._signed.send(Request(intent, {"uploadId": upload_id}, headers, body.encode())))

    async def abort_multipart_upload(self, key: str, upload_id: str) -> None:
        """See `Writes`."""
        try:
            await self._signed.send(Request(Intent("DELETE", key, is_write=True), {"uploadId": upload_id}))
        except NoSuchObjectError:
            return

    # --- bucket settings ----------------------------------------------------------------------------------------------

    async def head_bucket(self) -> None:
        """See `Administers`."""
        await self._signed.send(Request(Intent("HEAD")))

    async def store_time_s(self, key: str) -> float | None:
        """See `Administers`."""
        reply = await self._signed.send(Request(Intent("HEAD", key)))
        told = reply.headers.get("date", "")
        return parsedate_to_datetime(told).timestamp() if told else None

    async def may_destroy_versions(self, key: str, version_id: str) -> bool | None:
        """See `Administers`."""
        try:
            await self._signed.send(Request(Intent("DELETE", key, pins_version=True), _pinned(version_id)))
        except AccessDeniedError:
            return False
        except NoSuchObjectError as error:
            return None if error.is_delete_marker else True  # 405: the store has no such method
        except (ItemError, UnfitStoreError):
            return None
        return True

    async def create_bucket(self) -> None:
        """See `Administers`."""
        await self._set(BucketSettings.create)

    async def get_bucket_versioning(self) -> str:
        """See `Administers`."""
        return await self._set(BucketSettings.versioning)

    async def enable_bucket_versioning(self) -> None:
        """See `Administers`."""
        await self._set(BucketSettings.enable_versioning)

    async def get_bucket_lifecycle(self) -> list[LifecycleRule]:
        """See `Administers`."""
        return read_rules((await self._lifecycle()).body)

    async def put_bucket_lifecycle(self, rules: list[LifecycleRule]) -> None:
        """See `Administers`."""
        if not rules:
            await self._signed.send(Request(Intent("DELETE", is_write=True), {"lifecycle": ""}))
            return
        body = write_rules(rules)
        headers = {"Content-Type": "application/xml", "Content-MD5": _content_md5(body)}
        kept = (await self._lifecycle()).headers.get(_SMALL_OBJECTS, "")
        if kept:  # it belongs to the rules as a whole, and is AWS's default again where it is not sent
            headers[_SMALL_OBJECTS] = kept
        await self._signed.send(Request(Intent("PUT", is_write=True), {"lifecycle": ""}, headers, body))

    async def _lifecycle(self) -> Reply:
        try:
            return await self._signed.send(Request(Intent("GET"), {"lifecycle": ""}))
        except NoSuchObjectError:
            return Reply(404, {}, b"<LifecycleConfiguration/>")

    async def delete_object_version(self, key: str, version_id: str) -> None:
        """See `Administers`."""
        intent = Intent("DELETE", key, is_write=True, pins_version=True)
        with suppress(NoSuchObjectError):
            await self._signed.send(Request(intent, _pinned(version_id)))

    async def _set(self, action: Callable[[BucketSettings], _Value]) -> _Value:
        def act() -> _Value:
            if self._settings is None:
                self._settings = self._make_settings()
            return action(self._settings)

        return await asyncio.get_running_loop().run_in_executor(self._executor, act)


def _pinned(version_id: str) -> dict[str, str]:
    return {"versionId": version_id} if version_id else {}


def _write(method: str, key: str, condition: Condition) -> Intent:
    return Intent(method, key, is_write=True, expects_version=isinstance(condition, IfMatch))


def _condition_headers(condition: Condition) -> dict[str, str]:
    match condition:
        case IfMatch(etag):
            return {"If-Match": f'"{etag}"'}
        case IfAbsent():
            return {"If-None-Match": "*"}
        case None:
            return {}


def _new_headers(new: NewObject) -> dict[str, str]:
    return {"Content-Type": new.content_type, **{_META + name: text for name, text in new.metadata.items()}}


def _content_md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _written(reply: Reply) -> Written:
    """What a write's reply tells: the ETag stands in the header of a put, in the document of a copy or completion."""
    etag = reply.headers.get("etag", "") or (result_fields(reply.body).get("ETag", "") if reply.body else "")
    return Written(reply.headers.get("x-amz-version-id", ""), etag.strip('"'))


def _head(reply: Reply, key: str) -> ObjectHead:
    headers = reply.headers
    if "last-modified" not in headers or headers.get("x-amz-delete-marker", "") == "true":
        raise NoSuchObjectError(f"GET {key}: a delete marker.", path=key, is_delete_marker=True)
    whole = headers.get("content-range", "").rpartition("/")[2]
    return ObjectHead(
        etag=headers.get("etag", "").strip('"'),
        size=int(whole or headers.get("content-length", "0")),
        version_id=headers.get("x-amz-version-id", ""),
        modified_s=parsedate_to_datetime(headers["last-modified"]).timestamp(),
        metadata=_metadata(headers),
    )


def _metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """User metadata. Headers are read as Latin-1; what is UTF-8 underneath is meant as UTF-8."""
    metadata: dict[str, str] = {}
    for header, text in headers.items():
        name = header.lower()
        if name.startswith(_META):
            try:
                metadata[name.removeprefix(_META)] = text.encode("latin-1").decode()
            except UnicodeError:
                metadata[name.removeprefix(_META)] = text
    return metadata
