"""What commands about the past answer, and its JSON (docs/reference/json.md). Times are ISO 8601 in UTC."""

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from bucketdrive.model.reports import HeldPath, iso_time


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """How long old versions and deleted files of a drive can be had, by the bucket's lifecycle rules.

    `is_known`: the credentials may read the rules; if not, nothing else is known. `versions_days`, `deleted_days`: how
    long any old version, and the last content of any deleted file, stays at least; None: for ever. `keep_last`: so many
    of the newest old versions of each file stay longer than the others. `unfinished_uploads_days`: None: they stay.
    `says`, `warnings`: in sentences. `rules`: those that touch the drive, a line each. `changes`: what becomes of the
    rules, a line each, where they are to be or were set (`is_set`); `shortfalls`: what was asked and is not so.
    """

    drive: str = ""
    is_known: bool = True
    versions_days: int | None = None
    deleted_days: int | None = None
    keep_last: int = 0
    spent_markers_go: bool = False
    unfinished_uploads_days: int | None = None
    deletes_live_files: bool = False
    says: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    is_set: bool = False
    shortfalls: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The document of `retention --json`."""
        return asdict(self)

    @property
    def exit_code(self) -> int:
        """0 all is as asked; 4 a rule deletes live files, or what was asked is not what the store does."""
        return 4 if self.deletes_live_files or self.shortfalls else 0


@dataclass(frozen=True, slots=True)
class Which:
    """Which deleted files: deleted since and until a moment (an age or ISO 8601, empty: any), by this device."""

    since: str = ""
    until: str = ""
    by: str = ""


class Expiry(StrEnum):
    """Whether it is known when something expires."""

    AT = "at"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TrashedFile:
    """A deleted file that can come back. `size` and `version_id` are those of its last content.

    `deleted`: seconds since 1970; `by`: the device that deleted it, None where it was another tool or long ago.
    `moved_to`: it was not deleted but moved there, with this content.
    `expires`: from when on the store may let it go, where `expiry` is AT; `may_expire_sooner`: some rule is for tags,
    which nobody asked for.
    """

    path: str
    deleted: float
    size: int
    version_id: str
    by: str | None = None
    expiry: Expiry = Expiry.UNKNOWN
    expires: float | None = None
    may_expire_sooner: bool = False
    moved_to: str | None = None

    def with_end(self, expires: float | None, *, may_be_sooner: bool) -> Self:
        """The same with its end, which is known; None: never."""
        expiry = Expiry.NEVER if expires is None else Expiry.AT
        return replace(self, expiry=expiry, expires=expires, may_expire_sooner=may_be_sooner)

    def to_json(self) -> dict[str, Any]:
        """One entry of `trash --json`."""
        expires = None if self.expires is None else iso_time(self.expires)
        return asdict(self) | {"deleted": iso_time(self.deleted), "expires": expires}


@dataclass(frozen=True, slots=True)
class TrashPage:
    """Deleted files by path; `next`: there are more behind this path, empty where there are none."""

    deleted: list[TrashedFile] = field(default_factory=list)
    next: str = ""

    def to_json(self) -> dict[str, Any]:
        """The document of `trash --json`."""
        return {"deleted": [one.to_json() for one in self.deleted], "next": self.next}


@dataclass(slots=True)
class EmptyReport:
    """What emptying the trash destroyed for good, or would. `before`: only what was deleted up to then.

    `moved`: so many files are not counted, as they were moved: what is there is the history of what is live elsewhere.
    `spared`: was not destroyed, as it is live again or was deleted anew; `failed`: was not, or not all of it.
    """

    drive: str = ""
    path: str = ""
    before: float = 0.0
    files: int = 0
    versions: int = 0
    markers: int = 0
    size_bytes: int = 0
    moved: int = 0
    is_done: bool = False
    spared: list[HeldPath] = field(default_factory=list)
    failed: list[HeldPath] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The document of `trash empty --json`."""
        return asdict(self) | {"before": iso_time(self.before) if self.before else None}

    @property
    def exit_code(self) -> int:
        """0 done; 4 something was spared; 5 something is to be tried again."""
        if self.failed:
            return 5
        return 4 if self.spared else 0
