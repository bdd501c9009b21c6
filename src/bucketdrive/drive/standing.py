"""How a drive stands, from its state and what a keeper has seen: without the bucket, the lock, or an open session."""

from dataclasses import dataclass, field

from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.records import DriveRecord, not_its_marker, read_root_id
from bucketdrive.drive.settings import state_dir
from bucketdrive.errors import BucketDriveError, GuardError, TransientError
from bucketdrive.model.reports import DriveStatus, HeldPath
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.rules.standing import Doing, Facts, Trouble, state_word
from bucketdrive.state.glance import Glance, glance
from bucketdrive.state.locks import is_locked

PAUSED = "is_paused"
"""The fact in the state that says whether a drive is paused, `1` or `0`."""

_NOTHING = Glance({}, 0, 0, [], [], 0, 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a keeper knows beside the state; without one, nothing. `pending_since_s`, `retry_at_s`: since 1970, or 0.

    `has_looked`: at everything, since it began: what was so before may not be so any more.
    `error` keeps the drive from being synced; `note` tells of a path that was not.
    """

    is_kept: bool = False
    has_looked: bool = True
    doing: Doing = Doing.NONE
    pending: int = 0
    pending_since_s: float = 0.0
    up_bytes_per_s: float = 0.0
    down_bytes_per_s: float = 0.0
    error: BucketDriveError | None = None
    note: str = ""
    retry_at_s: float = 0.0
    requests: dict[str, int] = field(default_factory=dict)


def read_status(record: DriveRecord, seen: Seen | None = None) -> DriveStatus:
    """What is known of a drive; of one that was never synced, or lost its state, that is little.

    Raises:
        DriveError: the state cannot be read.
    """
    folder = state_dir(record.root_id)
    found = glance(folder) or _NOTHING
    is_at_work = seen is None and found.is_run_open and is_locked(folder / "lock")
    seen = seen or Seen(doing=Doing.SYNCING if is_at_work else Doing.NONE)
    copies = [path for path in found.maybe_copies if is_conflict_name(path)]
    since = [at for at in (found.pending_since_s, seen.pending_since_s) if at]
    error = seen.error or _strange_folder(record)
    verified_s = float(found.meta.get("synced_s", "0"))
    is_syncing = seen.is_kept and seen.doing is Doing.SYNCING  # others are told of what is done at the end
    pending = seen.pending if is_syncing else max(found.pending, seen.pending)
    now_s = SystemClock().now_s()
    facts = Facts(
        is_kept=seen.is_kept,
        is_paused=found.meta.get(PAUSED) == "1",
        trouble=_trouble(error),
        doing=seen.doing,
        verified_age_s=now_s - verified_s if verified_s and seen.has_looked else None,
        pending_age_s=now_s - min(since, default=now_s) if pending else None,
        asks_user=bool(found.holds or copies),
    )
    return DriveStatus(
        folder=str(record.folder),
        drive=record.url,
        device=found.meta.get("device", record.device),
        synced_at=verified_s,
        files=found.files,
        size_bytes=found.size_bytes,
        conflicts=copies,
        held=[HeldPath(path, reason) for path, reason in found.holds],
        approvals=found.approvals,
        pending=pending,
        state=state_word(facts),
        verified_at=verified_s,
        pending_since=min(since, default=0.0),
        up_bytes_per_s=seen.up_bytes_per_s,
        down_bytes_per_s=seen.down_bytes_per_s,
        last_error=error.message if error else seen.note or None,
        retry_at=seen.retry_at_s,
        is_kept=seen.is_kept,
        requests=seen.requests,
    )


def _strange_folder(record: DriveRecord) -> GuardError | None:
    """Guard G1 at a glance: a folder without the drive's marker may not be mounted."""
    found = read_root_id(record.folder)
    return None if found == record.root_id else not_its_marker(record, found)


def _trouble(error: BucketDriveError | None) -> Trouble:
    if isinstance(error, GuardError):
        return Trouble.GUARD
    if isinstance(error, TransientError):
        return Trouble.OFFLINE
    return Trouble.OTHER if error else Trouble.NONE
