"""Attempts: what was begun and must be settled before anything else is done to its path (spec §2.6, §2.7)."""

from dataclasses import dataclass
from enum import StrEnum

from bucketdrive.model.entries import Fingerprint
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import ExpectedFile


class Deed(StrEnum):
    """What was attempted. UPLOAD: a put; INSTALL, REPLACE: a download; REMOVE: a local file set aside.

    DELETE: a deletion in a store that ignores conditions; `version_id`, `etag` are those of what was meant. RENAME: a
    local file gets the name it was moved to in the bucket.
    """

    UPLOAD = "upload"
    INSTALL = "install"
    REPLACE = "replace"
    REMOVE = "remove"
    RENAME = "rename"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, written before its effect.

    `op`: its UUID, for uploads also in the object's metadata. `sha256`, `size`, `etag` (empty: unknown) and
    `version_id` tell of the new content; `fingerprint` of the local file uploaded, or of the staged one. `place`: where
    it is staged or set aside. `expected`: what was to be replaced, removed or renamed. `source`: the path it is renamed
    from. `base_version`: what was on top of the key when an upload began. `is_open`: its outcome was never looked for;
    a settled upload whose version did not show stays known (not open) as long as a request may live, since it may still
    be executed. `run`: the number of the run that began it.
    """

    op: str
    deed: Deed
    path: RelPath
    sha256: str
    size: int
    etag: str = ""
    version_id: str = ""
    fingerprint: Fingerprint | None = None
    is_fp_safe: bool = False
    place: str = ""
    expected: ExpectedFile | None = None
    source: str = ""
    base_version: str = ""
    boot_id: str = ""
    started_s: float = 0.0
    is_open: bool = True
    run: int = 0


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file set aside, to be destroyed after `purge_after_s` if its bytes are then proved to be a listed version."""

    place: str
    path: RelPath
    sha256: str
    purge_after_s: float
