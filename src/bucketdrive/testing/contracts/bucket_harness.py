"""What the contract suite of the bucket needs of a bucket under test, and the calls its tests are written in."""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bucketdrive.model.entries import ObjectHead, VersionRow
from bucketdrive.ports.bucket import AdminBucket, Condition, NewObject, ObjectBody, Part, VersionRange, Written

T = TypeVar("T")

ODD_NAMES = (
    "100%25",
    "%2F",
    "a b",
    "a+b",
    "ü",
    "e\u0301",
    "\x01",
    "\r",
    "\n",
    "a//b",
    "dir",
    "dir/",
    "dir/../up",
    "./dot",
    "/lead",
    "trail ",
    "a&b<c>'\"",
    "a?b#c=d",
    "a\\b",
    "\U0001f600",
    "\ufffd",
    "\ufffe",
)
"""Names that some client or store is known to change, refuse, or lose in a listing."""

PART_BYTES = 5 * 1024 * 1024
"""The least that S3 takes as a part that is not the last."""


class BucketHarness:
    """A bucket under test that keeps versions; nothing is under `prefix`. Names in its calls are relative to it.

    `unlisted_names`: those of `ODD_NAMES` that the store cannot keep, or not tell.
    """

    def __init__(
        self, bucket: AdminBucket, prefix: str, runner: asyncio.Runner, unlisted_names: Collection[str] = ()
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.odd_names: Sequence[str] = [name for name in ODD_NAMES if name not in unlisted_names]
        self._runner = runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for one call."""
        return self._runner.run(work)

    def put(
        self, name: str, body: bytes = b"", condition: Condition = None, metadata: dict[str, str] | None = None
    ) -> Written:
        """Put an object."""
        new = NewObject(metadata or {}, condition=condition)
        return self.run(self.bucket.put_object(self.prefix + name, body, new))

    def copy(self, source: str, version_id: str, name: str, new: NewObject) -> Written:
        """Copy a version."""
        return self.run(self.bucket.copy_object(self.prefix + source, version_id, self.prefix + name, new))

    def delete(self, name: str, condition: Condition = None) -> Written:
        """Put a marker."""
        return self.run(self.bucket.delete_object(self.prefix + name, condition=condition))

    def get(self, name: str, **options: Any) -> ObjectBody | None:
        """Get an object; options as of `get_object`."""
        return self.run(self.bucket.get_object(self.prefix + name, **options))

    def body(self, name: str, **options: Any) -> bytes:
        """Its bytes."""
        found = self.get(name, **options)
        return found.data if found else b"(not modified)"

    def head(self, name: str, version_id: str = "") -> ObjectHead:
        """Ask for its head."""
        return self.run(self.bucket.head_object(self.prefix + name, version_id=version_id))

    def begin(self, name: str, metadata: dict[str, str] | None = None) -> str:
        """Begin a multipart upload."""
        return self.run(self.bucket.create_multipart_upload(self.prefix + name, NewObject(metadata or {})))

    def part(self, name: str, upload_id: str, number: int, body: bytes) -> Part:
        """Upload a part."""
        return self.run(self.bucket.upload_part(self.prefix + name, upload_id, number, body))

    def part_copy(self, name: str, upload_id: str, number: int, source: VersionRange) -> Part:
        """Upload a part that is a range of a version; its key is given as a name."""
        ranged = replace(source, key=self.prefix + source.key)
        return self.run(self.bucket.upload_part_copy(self.prefix + name, upload_id, number, ranged))

    def complete(self, name: str, upload_id: str, parts: list[Part], condition: Condition = None) -> Written:
        """Complete a multipart upload."""
        return self.run(
            self.bucket.complete_multipart_upload(self.prefix + name, upload_id, parts, condition=condition)
        )

    def abort(self, name: str, upload_id: str) -> None:
        """Abort a multipart upload."""
        self.run(self.bucket.abort_multipart_upload(self.prefix + name, upload_id))

    def names(self, page_size: int = 1000, after: str = "") -> list[str]:
        """All live names, page by page."""
        start_after = self.prefix + after if after else ""
        names: list[str] = []
        while True:
            page = self.run(self.bucket.list_objects(self.prefix, start_after=start_after, max_keys=page_size))
            names += [row.key.removeprefix(self.prefix) for row in page.rows]
            if not page.is_truncated:
                return names
            start_after = page.rows[-1].key

    def versions(self, name: str = "", page_size: int = 1000) -> list[VersionRow]:
        """All versions of the names beginning with `name`, page by page."""
        rows: list[VersionRow] = []
        key_marker = version_id_marker = ""
        while True:
            page = self.run(
                self.bucket.list_object_versions(
                    self.prefix + name,
                    key_marker=key_marker,
                    version_id_marker=version_id_marker,
                    max_keys=page_size,
                )
            )
            rows += page.rows
            if not page.is_truncated:
                return rows
            key_marker, version_id_marker = page.rows[-1].key, page.rows[-1].version_id
