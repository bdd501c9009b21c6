"""Entries of the three trees: what is in the folder, what is in the bucket, what both last agreed on.

Also the rows in which a store answers. Times are seconds or nanoseconds since 1970 UTC, sizes bytes, ETags without
quotes.
"""

from dataclasses import dataclass, replace

from bucketdrive.model.paths import RelPath

# --- the folder -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What `lstat` tells of a file; equal fingerprints mean unchanged content, outside the racy moment (spec §2.3).

    `mode` are the permission bits.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int

    def is_same_file_as(self, other: "Fingerprint") -> bool:
        """Whether it is the same, unwritten file, whatever was done to its name (a rename changes only ctime)."""
        return self.inode == other.inode and self.size == other.size and self.mtime_ns == other.mtime_ns


@dataclass(frozen=True, slots=True)
class NameRules:
    """What a folder's file system makes of names.

    `folds`: names that differ only in case or normal form are one; `is_windows`: Windows' reserved names and
    characters cannot be used.
    """

    folds: bool = False
    is_windows: bool = False


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A regular file."""

    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class LocalDir:
    """A folder. `is_empty`: nothing at all is in it; `is_residue`: something is, but all of it is ignored."""

    is_empty: bool
    is_residue: bool = False


@dataclass(frozen=True, slots=True)
class LocalSpecial:
    """Something that is neither file nor folder; `what` in words, such as `symbolic link`."""

    what: str


@dataclass(frozen=True, slots=True)
class LocalUnknown:
    """Something that could not be looked at; `why` in words. What is below it is unknown as well."""

    why: str


LocalEntry = LocalFile | LocalDir | LocalSpecial | LocalUnknown


@dataclass(frozen=True, slots=True)
class Hashed:
    """A stable reading of a file: hashes in hex of exactly the bytes that `fingerprint` stands for."""

    sha256: str
    md5: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Content:
    """A stable reading of a file with its bytes."""

    data: bytes
    hashed: Hashed


# --- the bucket -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """A live object, as ListObjectsV2 tells of it.

    `is_sound` is false where the key held characters XML cannot carry.
    """

    key: str
    etag: str
    size: int
    modified_s: float
    is_sound: bool = True


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version or a delete marker, as ListObjectVersions tells of it (`etag` empty and `size` 0 for a marker)."""

    key: str
    version_id: str
    is_latest: bool
    is_delete_marker: bool
    etag: str
    size: int
    modified_s: float
    is_sound: bool = True


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What HEAD and GET tell of a version. `metadata`: user metadata, names in lower case, values as stored."""

    etag: str
    size: int
    version_id: str
    modified_s: float
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A live file in the bucket. `version_id` is empty where only a listing was seen."""

    etag: str
    size: int
    version_id: str = ""


# --- what both sides agreed on ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SyncedFile:
    """A file that was the same on both sides at one moment.

    `sha256` is empty where its deletion in the bucket was sent and may not have been answered: no file is that one any
    more. `version_id` is empty where it was adopted from a listing. `is_fp_safe` is false where the fingerprint was
    taken within the clock's grain of the last write: then the content is hashed at the next look. `local_name` is the
    name on disk where it is not the path itself (NFD).
    """

    sha256: str
    size: int
    etag: str
    version_id: str
    fingerprint: Fingerprint
    is_fp_safe: bool
    local_name: str = ""

    def with_fingerprint(self, fingerprint: Fingerprint, *, is_safe: bool) -> "SyncedFile":
        """The same agreement, seen on disk under another fingerprint."""
        return replace(self, fingerprint=fingerprint, is_fp_safe=is_safe)


@dataclass(frozen=True, slots=True)
class SyncedDir:
    """A folder that was there on both sides at one moment."""

    local_name: str = ""


SyncedEntry = SyncedFile | SyncedDir
SyncedTree = dict[RelPath, SyncedEntry]
