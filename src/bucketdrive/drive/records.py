"""Which drives this machine has, and where they lead: `drives.toml` (0600), written by `link`.

A folder counts as a drive only if this file lists it with the very root id that its marker holds: so an unpacked
archive cannot choose a bucket, and an unmounted disk is not an empty folder.
"""

import contextlib
import fcntl
import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bucketdrive.drive.settings import config_dir
from bucketdrive.errors import DriveError, GuardError, NoSuchDriveError, UsageError
from bucketdrive.model.paths import RESERVED

RECORDS_FILE = "drives.toml"
_HEADER = "# The drives of this machine. Written by `bucketdrive link`.\n"


@dataclass(frozen=True, slots=True)
class DriveRecord:
    """A folder of this machine and where it leads. `folder` is absolute, `prefix` empty or ends with `/`.

    `endpoint_url`, `region` and `profile` are empty where the AWS chain decides.
    """

    root_id: str
    folder: Path
    bucket: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""
    device: str = ""

    @property
    def url(self) -> str:
        """The bucket and prefix, such as `s3://bucket/photos`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def load_drives() -> list[DriveRecord]:
    """The drives of this machine, in the order in which they were linked.

    Raises:
        UsageError: the file is damaged.
    """
    path = config_dir() / RECORDS_FILE
    try:
        document = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    tables = document.pop("drive", [])
    if document or not isinstance(tables, list):
        raise _damaged(path, f"unknown key {next(iter(document), 'drive')!r}")
    return [_read(table, path) for table in tables]


def save_drive(record: DriveRecord) -> None:
    """Add a drive, or replace what is known of its root id or of its folder. Atomic and durable.

    Raises:
        UsageError: the folder's name cannot be written down, or the file is damaged.
        DriveError: the file cannot be written.
    """
    with _locked():
        others = [old for old in load_drives() if record.root_id != old.root_id and record.folder != old.folder]
        _write([*others, record])


def forget_drive(root_id: str) -> None:
    """Drop a drive; no error where it is not known. Neither folder nor bucket is touched.

    Raises:
        UsageError, DriveError: as `save_drive`.
    """
    with _locked():
        _write([record for record in load_drives() if record.root_id != root_id])


def find_drive(start: Path) -> DriveRecord:
    """The drive that `start` is in: the nearest folder from there upwards that is one, as git finds a repository.

    Raises:
        NoSuchDriveError: there is none.
        GuardError: the folder is a drive's, but its marker is gone or another's: it may not be mounted.
    """
    records = {record.folder: record for record in load_drives()}
    folder = start.resolve()
    has_unknown_marker = False
    for place in (folder, *folder.parents):
        found = read_root_id(place)
        record = records.get(place)
        if record:
            if record.root_id != found:
                raise not_its_marker(record, found)
            return record
        has_unknown_marker = has_unknown_marker or bool(found)
    raise NoSuchDriveError(
        f"{folder} is not in a drive of this machine. Nothing was done."
        + (" (It has a drive's marker, but this machine has not linked it.)" if has_unknown_marker else ""),
        hint="Go into a drive's folder, name one, or make one: bucketdrive link s3://BUCKET/PREFIX FOLDER",
        path=str(folder),
    )


def read_root_id(folder: Path) -> str:
    """The root id in the folder's marker, empty where there is none that can be read."""
    try:
        found = json.loads((folder / RESERVED / "root.json").read_bytes())
    except (OSError, ValueError):
        return ""
    return str(found.get("root_id", "")) if isinstance(found, dict) else ""


def not_its_marker(record: DriveRecord, found: str) -> GuardError:
    """The error of a folder that is known to be a drive's, but holds the root id `found`, or none (empty)."""
    state = "holds the marker of another drive" if found else "has lost its marker, .bucketdrive/root.json"
    return GuardError(
        f"{record.folder} leads to {record.url}, but it {state}. Nothing was synced.",
        hint=f"If it is a mounted disk, mount it. Else link it again: bucketdrive link {record.url} {record.folder}",
        path=str(record.folder),
    )


def _read(table: object, path: Path) -> DriveRecord:
    names = {row.name for row in fields(DriveRecord)}
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise _damaged(path, "a [[drive]] is not a table of texts")
    if unknown := set(table) - names:
        raise _damaged(path, f"unknown key {min(unknown)!r}")
    if missing := {"root_id", "folder", "bucket"} - set(table):
        raise _damaged(path, f"a [[drive]] has no {min(missing)}")
    return DriveRecord(**(table | {"folder": Path(table["folder"])}))


def _damaged(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} cannot be read: {why}. Nothing was done.",
        hint="Correct the file, or delete it and link each folder again: that moves no file.",
    )


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """Hold the configuration folder against another `link`; made if it is not there."""
    folder = config_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(records: list[DriveRecord]) -> None:
    path = config_dir() / RECORDS_FILE
    fresh = path.with_suffix(".new")
    try:
        text = _HEADER + "".join(map(_table, records))
        data = text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            "The folder's name is not valid UTF-8, so it cannot be written down. Nothing was linked.",
            hint="Rename the folder.",
        ) from error
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        handle = os.open(path.parent, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    except OSError as error:
        raise _unwritable(path, error) from error


def _table(record: DriveRecord) -> str:
    """A record as TOML; its texts are JSON's but for the one character that JSON may leave bare and TOML may not."""
    lines = (
        f"{name} = {json.dumps(str(value), ensure_ascii=False)}".replace("\x7f", "\\u007f")
        for name, value in asdict(record).items()
    )
    return "\n[[drive]]\n" + "\n".join(lines) + "\n"


def _unwritable(path: Path, error: OSError) -> DriveError:
    return DriveError(
        f"{path} cannot be written: {error.strerror}. The drive was not recorded.",
        hint="Make it writable, or name another folder with BUCKETDRIVE_CONFIG_DIR.",
        path=str(path),
    )
