"""How a drive stands, from its state alone: without the bucket, the lock, or an open session."""

from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import state_dir
from bucketdrive.model.reports import DriveStatus, HeldPath
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.state.glance import Glance, glance

_NOTHING = Glance({}, 0, 0, [], [], 0, 0)


def read_status(record: DriveRecord) -> DriveStatus:
    """What the state of a drive tells; one that was never synced, or lost its state, has nothing in it.

    Raises:
        DriveError: the state cannot be read.
    """
    found = glance(state_dir(record.root_id)) or _NOTHING
    return DriveStatus(
        folder=str(record.folder),
        drive=record.url,
        device=found.meta.get("device", record.device),
        synced_at=float(found.meta.get("synced_s", "0")),
        files=found.files,
        size_bytes=found.size_bytes,
        conflicts=[path for path in found.maybe_copies if is_conflict_name(path)],
        held=[HeldPath(path, reason) for path, reason in found.holds],
        approvals=found.approvals,
        pending=found.pending,
    )
