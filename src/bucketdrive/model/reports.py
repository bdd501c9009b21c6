"""What commands answer, and its JSON: a documented interface (docs/reference/json.md). Times are ISO 8601 in UTC."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


def iso_time(seconds: float) -> str:
    """Seconds since 1970 UTC as ISO 8601 with milliseconds, such as `2026-11-24T08:15:00.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class HeldPath:
    """A path for which nothing is done, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class SyncReport:
    """What a sync did. Sizes in bytes; `requests` by S3 operation name; `failed` were not done and are tried again.

    `run`: its number, by which it can be undone; 0 where nothing was done. `restored`: versions that were made the
    newest again. `planned` has the sentences of a dry run,
    and is None otherwise.
    """

    drive: str = ""
    run: int = 0
    restored: int = 0
    uploaded: int = 0
    downloaded: int = 0
    deleted_here: int = 0
    deleted_in_bucket: int = 0
    moved: int = 0
    conflicts: list[str] = field(default_factory=list)
    held: list[HeldPath] = field(default_factory=list)
    failed: list[HeldPath] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bytes_sent: int = 0
    bytes_received: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    planned: list[str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The document of `sync --json`; `planned` only for a dry run."""
        fields = {name: getattr(self, name) for name in SyncReport.__slots__}
        if self.planned is None:
            del fields["planned"]
        return fields | {name: [asdict(path) for path in fields[name]] for name in ("held", "failed")}

    @property
    def has_done_something(self) -> bool:
        """Whether anything changed, here or in the bucket, or failed to."""
        counts = (
            self.restored + self.uploaded + self.downloaded + self.deleted_here + self.deleted_in_bucket + self.moved
        )
        return bool(counts or self.conflicts or self.failed)

    @property
    def exit_code(self) -> int:
        """0 done; 4 done, but conflicts or held paths need the user; 5 something is to be tried again."""
        if self.failed:
            return 5
        return 4 if self.conflicts or self.held else 0


class StateWord(StrEnum):
    """How a drive stands, in a word."""

    UP_TO_DATE = "up to date"
    SCANNING = "scanning"
    SYNCING = "syncing"
    PAUSED = "paused"
    OFFLINE = "offline"
    NEEDS_YOU = "needs you"
    STOPPED = "stopped to protect data"


@dataclass(frozen=True, slots=True)
class DriveStatus:
    """A drive as what is known of it tells, without asking the bucket. Times: seconds since 1970, 0 for never or none.

    `verified_at`: both sides were last seen to be equal; `synced_at` is the same by its older name. `pending` changes
    are known and not done, the oldest since `pending_since`. `approvals`: deletions that wait for the user's word.
    `retry_at`: when what failed with `last_error` is tried again by itself. `is_kept`: a daemon keeps it in sync.
    `requests`: how many of each S3 operation the daemon made since it opened the drive.
    """

    folder: str
    drive: str
    device: str
    synced_at: float
    files: int
    size_bytes: int
    conflicts: list[str]
    held: list[HeldPath]
    approvals: int
    pending: int
    state: StateWord = StateWord.NEEDS_YOU
    verified_at: float = 0.0
    pending_since: float = 0.0
    up_bytes_per_s: float = 0.0
    down_bytes_per_s: float = 0.0
    last_error: str | None = None
    retry_at: float = 0.0
    is_kept: bool = False
    requests: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """One entry of `status --json`."""
        times = ("synced_at", "verified_at", "pending_since", "retry_at")
        return asdict(self) | {name: iso_time(at) if (at := getattr(self, name)) else None for name in times}


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A version of a file, at the `path` that it had then. `device` and `sha256` are None where they are not known."""

    path: str
    version_id: str
    size: int
    modified: float
    is_latest: bool
    is_delete_marker: bool
    device: str | None = None
    sha256: str | None = None

    def to_json(self) -> dict[str, Any]:
        """One entry of `versions --json`."""
        return asdict(self) | {"modified": iso_time(self.modified)}


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file of the tree at a moment. `modified`: when that version was written, seconds since 1970."""

    path: str
    size: int
    modified: float
    version_id: str

    def to_json(self) -> dict[str, Any]:
        """One entry of `ls --json`."""
        return asdict(self) | {"modified": iso_time(self.modified)}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where folder, state and bucket do not agree; `what` in words."""

    path: str
    what: str


@dataclass(slots=True)
class VerifyReport:
    """What a verification found. It changed nothing.

    `files`: those agreed on; of them `read_here` were hashed here, and of `proved_in_bucket` the bytes in the bucket
    are surely those agreed on (their ETag is the MD5, or they were downloaded); of `unproved_in_bucket` only the
    version is. `set_aside`: files in quarantine; `unsettled`: attempts of an earlier run; `untold`: changes that other
    devices were not told of yet.
    """

    drive: str = ""
    is_full: bool = False
    files: int = 0
    read_here: int = 0
    proved_in_bucket: int = 0
    unproved_in_bucket: int = 0
    set_aside: int = 0
    unsettled: int = 0
    untold: int = 0
    differences: list[Difference] = field(default_factory=list)
    bytes_received: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The document of `verify --json`."""
        return asdict(self)

    @property
    def exit_code(self) -> int:
        """0 all agrees; 4 something differs."""
        return 4 if self.differences else 0


class Level(StrEnum):
    """What a finding asks of the user: nothing, to consider something, or to do something."""

    FINE = "fine"
    ADVICE = "advice"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `doctor` found out: what it is `about`, what it `says`, and what `to_do` about it (or nothing)."""

    about: str
    level: Level
    says: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """How fit a drive is."""

    folder: str
    drive: str
    device: str
    findings: list[Finding]

    def to_json(self) -> dict[str, Any]:
        """The document of `doctor --json`."""
        return asdict(self)

    @property
    def exit_code(self) -> int:
        """0 nothing has to be done; 4 something has."""
        return 4 if any(finding.level is Level.PROBLEM for finding in self.findings) else 0


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a bucket really does, measured at link (spec §2.1).

    `conditional_put` and `conditional_delete` name the class: A both, B put only, C neither. `part_copy`: parts of an
    upload may be copied from versions in the bucket.
    """

    conditional_put: bool
    conditional_delete: bool
    conditional_copy: bool
    part_copy: bool = False
    checks_sha256: bool = True
    checks_md5: bool = True

    @property
    def store_class(self) -> str:
        """A, B or C."""
        if not self.conditional_put:
            return "C"
        return "A" if self.conditional_delete else "B"

    def to_json(self) -> dict[str, Any]:
        """As it is kept in the state."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "StoreFacts":
        """Back from the state."""
        return cls(**{name: bool(value) for name, value in fields.items()})
