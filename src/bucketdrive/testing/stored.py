"""What a bucket in memory keeps: versions, and uploads in parts that are under way."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version or delete marker as the store keeps it. `order`: the newest has the highest."""

    version_id: str
    order: int
    is_delete_marker: bool
    data: bytes
    metadata: dict[str, str]
    etag: str
    modified_s: float


@dataclass(slots=True)
class StoredUpload:
    """A multipart upload under way; `parts` are (etag, bytes) by number."""

    key: str
    order: int
    modified_s: float
    metadata: dict[str, str]
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)


def md5_hex(data: bytes) -> str:
    """The ETag of bytes put in one piece."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def older_than(versions: list[StoredVersion], version_id: str, order: int) -> list[StoredVersion]:
    """Those of `versions`, newest first, after the one with this id; if that is gone, those older than its `order`."""
    ids = [version.version_id for version in versions]
    if version_id in ids:
        return versions[ids.index(version_id) + 1 :]
    return [version for version in versions if version.order < order]
