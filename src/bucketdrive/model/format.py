"""The public bucket format in bytes: our own objects and the user metadata of files (docs/reference/bucket-format.md).

Reading is total: whatever another tool wrote is either understood or treated as absent. Metadata is a claim, never
evidence: it may cause a download, not spare one.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from bucketdrive.errors import GuardError

FORMAT = 1
"""The version of the format that this program writes. It refuses drives of a newer one."""

FOLDER_TYPE = "application/x-directory"
"""The content type of a folder's marker, as s3fs and the AWS console write it."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_TIME_S = 9_223_372_036
"""The last whole second, in the year 2262, whose nanoseconds fit 64 bits; a later mtime is somebody's mistake."""

_MIN_TIME_MS = 253_402_300_800
"""More seconds than up to the year 9999: these are milliseconds, as some desktop clients write them."""


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What the metadata of a version claims. None or empty: it claims nothing there.

    `mode` are the permission bits; `base` is the version id the content was made from, empty beside an `op`: it was
    created (`0` in the bucket). `md5` is in hex; we write it where the ETag is not the MD5. `written_for` tells the
    path it was written to, as `path_mark`: a copy elsewhere still claims the original's.
    """

    mtime_ns: int | None = None
    sha256: str = ""
    mode: int | None = None
    device: str = ""
    op: str = ""
    base: str = ""
    written_for: str = ""
    md5: str = ""

    def may_be_of(self, path: str) -> bool:
        """Whether what is claimed can have been written for `path`, and did not come with a copy from elsewhere."""
        return self.written_for in ("", path_mark(path))


def path_mark(path: str) -> str:
    """What `written_for` is for a path in the drive: the first 16 hex digits of the SHA-256 of its UTF-8."""
    return hashlib.sha256(path.encode()).hexdigest()[:16]


def write_metadata(meta: FileMeta, path: str) -> dict[str, str]:
    """User metadata for a put: names in lower case, values ASCII; `mtime` as rclone writes it, `mode` as s3fs does.

    `path` is where it is put, in the drive.
    """
    fields: dict[str, str] = {}
    if meta.mtime_ns is not None:
        seconds, nanos = divmod(abs(meta.mtime_ns), 1_000_000_000)
        fields["mtime"] = f"{'-' if meta.mtime_ns < 0 else ''}{seconds}.{nanos:09d}"
    if meta.sha256:
        fields["sha256"] = meta.sha256
    if meta.md5:
        fields["md5chksum"] = base64.b64encode(bytes.fromhex(meta.md5)).decode()
    if meta.mode is not None:
        fields["mode"] = str(0o100000 | meta.mode)
    if meta.device:
        fields["bucketdrive-device"] = quote(meta.device, safe=" ()'!,;@&=+$")
    if meta.op:
        fields["bucketdrive-op"] = meta.op
        fields["bucketdrive-base"] = meta.base or "0"
        fields["bucketdrive-path"] = path_mark(path)
    return fields


def read_metadata(fields: Mapping[str, str]) -> FileMeta:
    """Understand the metadata of any tool; out of range is absent. Never raises.

    mtimes are read as rclone, s3fs, goofys' kin and Cyberduck write them (`mtime`), then as s3cmd does
    (`s3cmd-attrs`). Sources: rclone backend/s3, s3fs metaheader.cpp, s3cmd S3.py.
    """
    attrs = dict(part.partition(":")[::2] for part in fields.get("s3cmd-attrs", "").split("/"))
    sha256 = fields.get("sha256", "").lower()
    base = fields.get("bucketdrive-base", "")
    mtime_ns = _time_ns(fields.get("mtime", ""))
    return FileMeta(
        mtime_ns=_time_ns(attrs.get("mtime", "")) if mtime_ns is None else mtime_ns,
        sha256=sha256 if _SHA256.fullmatch(sha256) else "",
        mode=_mode(fields.get("mode", "") or attrs.get("mode", "")),
        device=unquote(fields.get("bucketdrive-device", ""))[:200],
        op=fields.get("bucketdrive-op", "")[:64],
        base="" if base == "0" else base,
        md5=_md5(fields.get("md5chksum", "")),
        written_for=fields.get("bucketdrive-path", "")[:64],
    )


def _time_ns(text: str) -> int | None:
    whole, _, fraction = text.strip().partition(".")
    if not re.fullmatch(r"-?[0-9]{1,13}", whole) or not re.fullmatch(r"[0-9]{0,20}", fraction):
        return _float_time_ns(text)
    seconds = int(whole)
    if seconds >= _MIN_TIME_MS:
        return seconds * 1_000_000 if seconds < _MAX_TIME_S * 1000 else None
    if abs(seconds) >= _MAX_TIME_S:
        return None
    nanos = int((fraction + "000000000")[:9])
    return seconds * 1_000_000_000 + (-nanos if whole.startswith("-") else nanos)


def _float_time_ns(text: str) -> int | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return int(seconds * 1e9) if math.isfinite(seconds) and abs(seconds) < _MAX_TIME_S else None


def _md5(text: str) -> str:
    """An MD5 in hex of one in base64; empty where it is none. Source: rclone backend/s3, `metaMD5Hash`."""
    try:
        digest = base64.b64decode(text, validate=True)
    except ValueError:
        return ""
    return digest.hex() if len(digest) == 16 else ""


def _mode(text: str) -> int | None:
    """Permission bits of a decimal mode with or without the file type; None unless it is a regular file's."""
    if not re.fullmatch(r"[0-9]{1,6}", text):
        return None
    mode = int(text)
    return mode & 0o777 if mode >> 12 in (0, 0o10) else None


@dataclass(frozen=True, slots=True)
class DriveInfo:
    """`drive.json`: which drive a prefix holds. `epoch` is raised by whoever restores the bucket from a backup."""

    drive_id: str
    epoch: int = 1
    format: int = FORMAT
    created: str = ""


def write_drive_info(info: DriveInfo) -> bytes:
    """The bytes of `drive.json`."""
    return _json({"bucketdrive": info.format, "drive_id": info.drive_id, "epoch": info.epoch, "created": info.created})


def read_drive_info(data: bytes) -> DriveInfo:
    """Understand `drive.json`.

    Raises:
        GuardError: it is not ours, damaged, or of a newer format than this program knows.
    """
    try:
        fields = json.loads(data)
        info = DriveInfo(
            str(fields["drive_id"]), int(fields["epoch"]), int(fields["bucketdrive"]), str(fields["created"])
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise GuardError(
            "The bucket's .bucketdrive/drive.json cannot be read as a drive's. Nothing was changed.",
            hint="Restore an earlier version of that object; its versions are in the bucket.",
        ) from error
    if info.format > FORMAT:
        raise GuardError(
            f"This drive has format {info.format}; this program knows {FORMAT}. Nothing was changed.",
            hint="Install a newer BucketDrive.",
        )
    return info


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """`devices/ID.json`: a device of the drive and the journal numbers it has written (0: none)."""

    device_id: str
    name: str
    first: int = 1
    last: int = 0


def write_device_info(info: DeviceInfo) -> bytes:
    """The bytes of `devices/ID.json`."""
    return _json({"device_id": info.device_id, "name": info.name, "first": info.first, "last": info.last})


def read_device_info(data: bytes) -> DeviceInfo | None:
    """Understand `devices/ID.json`; None where it is damaged. Never raises."""
    try:
        fields = json.loads(data)
        return DeviceInfo(str(fields["device_id"]), str(fields["name"]), int(fields["first"]), int(fields["last"]))
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One committed change, as devices tell each other. Sizes in bytes; `at` seconds since 1970 UTC.

    `op` is put, delete, copy or mark (a folder's marker); `version` the version or marker it made, `base` the version
    it replaced; `source` the path a copy came from.
    """

    op: str
    path: str
    version: str = ""
    base: str = ""
    etag: str = ""
    size: int = 0
    sha256: str = ""
    at: float = 0.0
    run: int = 0
    source: str = ""


def write_journal(entries: Sequence[JournalEntry]) -> bytes:
    """A journal batch: JSON lines."""
    return b"".join(_json(_journal_fields(entry)) for entry in entries)


def _journal_fields(entry: JournalEntry) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "run": entry.run,
        "op": entry.op,
        "path": entry.path,
        "version": entry.version,
        "base": entry.base,
        "etag": entry.etag,
        "size": entry.size,
        "sha256": entry.sha256,
        "at": entry.at,
    }
    return fields | ({"from": entry.source} if entry.source else {})


def read_journal(data: bytes) -> list[JournalEntry]:
    """Understand a journal batch; damaged lines say nothing. Never raises."""
    entries = []
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            entries.append(read_journal_entry(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return entries


def read_journal_entry(line: str) -> JournalEntry:
    """A line of a journal batch.

    Raises:
        ValueError, KeyError, TypeError: it is not one.
    """
    fields = json.loads(line)
    source = fields.pop("from", "")
    return JournalEntry(**fields, source=source)


def journal_name(device_id: str, number: int) -> str:
    """The name of a device's batch below `.bucketdrive/`."""
    return f"journal/{device_id}/{number:012d}"


def write_doorbell(last_numbers: Mapping[str, int]) -> bytes:
    """The doorbell: the last journal number of each device that the ringer knows."""
    return _json(dict(sorted(last_numbers.items())))


def read_doorbell(data: bytes) -> dict[str, int]:
    """Understand the doorbell; a damaged one says nothing. Never raises."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(fields, dict):
        return {}
    return {device: number for device, number in fields.items() if type(number) is int}


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
