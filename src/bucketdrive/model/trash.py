"""Deleted files, and what became of them; and its JSON: a documented interface (docs/reference/json.md)."""

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from bucketdrive.model.reports import HeldPath, iso_time


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
