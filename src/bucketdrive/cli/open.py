"""Which drive a command is about, and which path in it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bucketdrive.errors import NoDaemonError, NoSuchDriveError, NoSuchPathError

if TYPE_CHECKING:
    from bucketdrive.cli.progress import Progress
    from bucketdrive.drive.drive import Drive
    from bucketdrive.drive.records import DriveRecord
    from bucketdrive.httpapi.client import Daemon
    from bucketdrive.httpapi.remote import RemoteDrive
    from bucketdrive.model.reports import DriveStatus


def find_record(folder: Path | None) -> "DriveRecord":
    """The drive of `folder`, or of the working directory where none is named.

    Raises:
        NoSuchDriveError, GuardError, UsageError: as `drive.records.find_drive`.
    """
    from bucketdrive.drive.records import find_drive  # noqa: PLC0415  --help does not need it

    return find_drive(folder or Path())


def _find_records(folder: Path | None) -> "list[DriveRecord]":
    """The drive of `folder`, or of the working directory; outside any drive, all drives of this machine."""
    from bucketdrive.drive.records import load_drives  # noqa: PLC0415  --help does not need it

    try:
        return [find_record(folder)]
    except NoSuchDriveError:
        if folder:
            raise
        return load_drives()


def read_statuses(folder: Path | None) -> "list[DriveStatus]":
    """How the drive of `folder`, or of the working directory, stands; outside any drive, all drives of this machine.

    No drive is opened, no store asked, and no event loop made: this takes a tenth of a second.

    Raises:
        NoSuchDriveError, GuardError, UsageError: as `find_record`, if a folder is named.
        DriveError: a state cannot be read.
    """
    records = _find_records(folder)
    if not records:
        return []
    daemon = find_daemon()
    kept = {Path(status.folder): status for status in daemon.statuses()} if daemon else {}
    if all(record.folder in kept for record in records):
        return [kept[record.folder] for record in records]
    from bucketdrive.drive.standing import read_status  # noqa: PLC0415  it brings SQLite with it

    return [kept.get(record.folder) or read_status(record) for record in records]


def open_drive(folder: Path | None, progress: "Progress | None" = None) -> "Drive | RemoteDrive":
    """The drive of `folder`, or of the working directory: through the daemon that keeps it, else in this process.

    The caller closes it.
    """
    record = find_record(folder)
    daemon = find_daemon()
    if daemon and record.root_id in daemon.ask("GET", "/")["drives"]:
        return _remote(daemon, record, progress)
    from bucketdrive.drive.drive import Drive  # noqa: PLC0415  it brings the engine with it

    return Drive.open(record.folder, progress)


def find_daemon() -> "Daemon | None":
    """The daemon of this user, if one runs and answers."""
    from bucketdrive.daemon.place import socket_path  # noqa: PLC0415  --help does not need it

    path = socket_path()
    if not path.exists():
        return None
    from bucketdrive.httpapi.client import Daemon, connect  # noqa: PLC0415  as above

    try:
        connect(path).close()
    except OSError:  # one that was killed leaves its socket
        return None
    return Daemon(path)


def need_daemon() -> "Daemon":
    """The daemon of this user.

    Raises:
        NoDaemonError: none runs.
    """
    daemon = find_daemon()
    if daemon is None:
        raise NoDaemonError("No daemon is running. Nothing was done.", hint="bucketdrive start")
    return daemon


def find_kept(folder: Path | None) -> "list[RemoteDrive]":
    """The drive of `folder`, or of the working directory; outside any drive, all that the daemon keeps.

    Raises:
        NoDaemonError: none runs, or it does not keep this drive.
        NoSuchDriveError, GuardError, UsageError: as `find_record`, if a folder is named.
    """
    daemon, records = need_daemon(), _find_records(folder)
    kept = set(daemon.ask("GET", "/")["drives"])
    found = [_remote(daemon, record) for record in records if record.root_id in kept]
    if not found:
        place = records[0].folder if records else ""
        raise NoDaemonError(
            f"The daemon does not keep {place}. Nothing was done.", hint=f"bucketdrive start {place}", path=str(place)
        )
    return found


def _remote(daemon: "Daemon", record: "DriveRecord", progress: "Progress | None" = None) -> "RemoteDrive":
    from bucketdrive.httpapi.remote import RemoteDrive  # noqa: PLC0415  --help does not need it

    hear = progress.hear if progress and progress.is_shown else None
    return RemoteDrive(daemon, record.root_id, (record.folder, record.url), hear)


def find_path(text: str, folder: Path | None) -> tuple[Path, str]:
    """The drive and the path in it that a user means by `text`, which may not be the drive's folder itself.

    See `find_place`.

    Raises:
        NoSuchPathError: it leads out of the drive, or is the drive's folder itself.
        NoSuchDriveError, GuardError, UsageError: as `find_record`.
    """
    root, inside = find_place(text, folder)
    if not inside:
        raise _not_inside(text, root)
    return root, inside


def find_place(text: str, folder: Path | None) -> tuple[Path, str]:
    """The drive and the place in it that a user means by `text`: a path, or the drive's folder.

    `text` is relative to the working directory if that lies inside the drive, else to the drive's folder; or absolute.
    Without `folder`, the drive is the one that `text` lies in.

    Returns:
        The drive's folder, and the path inside the drive, empty for the folder itself.

    Raises:
        NoSuchPathError: it leads out of the drive.
        NoSuchDriveError, GuardError, UsageError: as `find_record`.
    """
    here = Path.cwd()
    target = here / text
    try:
        root = find_record(folder or target.parent).folder
    except NoSuchDriveError:
        if folder:
            raise
        root = find_record(target).folder  # the drive's folder itself, or a link to it
        if target.resolve() == root:
            return root, ""
    if not here.is_relative_to(root) and folder:
        target = root / text
    inside = os.path.relpath(_with_parents_resolved(target), root)
    if inside.split("/")[0] == "..":
        raise _not_inside(text, root)
    return root, "" if inside == "." else inside


def _not_inside(text: str, root: Path) -> NoSuchPathError:
    return NoSuchPathError(
        f"{text} is not a file of the drive at {root}. Nothing was done.",
        hint="Name a file inside the drive's folder, such as notes/today.txt.",
        path=text,
    )


def _with_parents_resolved(path: Path) -> Path:
    """`path` without links and dots above its last part, which may itself be anything."""
    plain = Path(os.path.normpath(path))
    return plain.parent.resolve() / plain.name
