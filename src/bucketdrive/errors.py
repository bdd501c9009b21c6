"""Every error of BucketDrive, in one tree.

    BucketDriveError
    ├── ItemError             one path; the cycle goes on                              exit 4
    │   ├── UnstableFileError     it changes while it is read: look again later
    │   ├── UnreadableError       it cannot be opened, listed or written
    │   └── NameRefusedError      its name cannot be kept on the other side
    ├── PreconditionError     the world moved: observe again, never force              exit 5
    │   ├── ConditionFailedError  412, 409 or 404 to a conditional request
    │   ├── NoSuchObjectError     the key or the version is not there
    │   ├── OccupiedError         something stands where a file was to be put
    │   └── MissingError          what was to be moved is gone
    ├── TransientError        try again (`retry_after_s`)                              exit 5
    │   ├── UnavailableError      the store did not act: not reached, 503, 429
    │   └── UnknownOutcomeError   a write whose reply was lost; it may have happened, or may yet
    ├── DriveError            this drive stops and says why                            exit 1
    │   ├── GuardError            stopped to protect data (G1, G2)                     exit 7
    │   ├── AccessDeniedError     the credentials may not do this
    │   ├── CredentialsError      there are none, or they are wrong or expired
    │   ├── NoSuchBucketError     the bucket does not exist                            exit 3
    │   ├── UnfitStoreError       no versions, or not what a drive needs
    │   ├── DiskFullError         no room for what was to be written
    │   └── BusyError             another process has this drive open                  exit 5
    ├── UsageError            the call makes no sense as it stands                     exit 2
    │   ├── NoSuchRunError        no such run on this device, or no longer known           exit 3
    │   ├── NoSuchDriveError      no drive here                                        exit 3
    │   └── NoSuchPathError       no such file or version in this drive                exit 3
    ├── NoDaemonError         the command needs a running daemon                       exit 75
    └── InternalError         our own mistake                                          exit 1

A message says what happened and what did not happen; `hint` says what to do next. `path` is the path it is about.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class BucketDriveError(Exception):
    """The root of all errors that BucketDrive raises on purpose."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path


class ItemError(BucketDriveError):
    """Concerns one path; the cycle goes on with the others."""

    code = "item"
    exit_code = 4


class UnstableFileError(ItemError):
    """The file changes while it is looked at; it is looked at again later."""

    code = "unstable"


class UnreadableError(ItemError):
    """A file or folder cannot be opened, listed or written."""

    code = "unreadable"


class NameRefusedError(ItemError):
    """A name that one side cannot keep."""

    code = "name"


class PreconditionError(BucketDriveError):
    """The world is not as it was observed. Nothing was done; observe again, never force."""

    code = "precondition"
    exit_code = 5


class ConditionFailedError(PreconditionError):
    """The store refused a conditional request: 412, 409, or 404 where a version was expected."""

    code = "condition"


class NoSuchObjectError(PreconditionError):
    """The key or the version is not there; `is_delete_marker` where the store said that a marker is on top."""

    code = "no-such-object"

    def __init__(self, message: str, *, hint: str = "", path: str = "", is_delete_marker: bool = False) -> None:
        super().__init__(message, hint=hint, path=path)
        self.is_delete_marker = is_delete_marker


class OccupiedError(PreconditionError):
    """Something stands where a file was to be put, or a folder is not empty."""

    code = "occupied"


class MissingError(PreconditionError):
    """What was to be read or moved is no longer there."""

    code = "missing"


class TransientError(BucketDriveError):
    """May work when tried again, after `retry_after_s` seconds where the store named a time (else 0)."""

    code = "temporary"
    exit_code = 5

    def __init__(self, message: str, *, hint: str = "", path: str = "", retry_after_s: float = 0.0) -> None:
        super().__init__(message, hint=hint, path=path)
        self.retry_after_s = retry_after_s


class UnavailableError(TransientError):
    """The store did not act: it was not reached, or refused for now (503, 429)."""

    code = "unavailable"


class UnknownOutcomeError(TransientError):
    """A write whose reply was lost: it may have happened, or may happen yet. Settled by rule L, never repeated."""

    code = "unknown-outcome"


class DriveError(BucketDriveError):
    """This drive stops and says why."""

    code = "drive"


class GuardError(DriveError):
    """Stopped to protect data."""

    code = "guard"
    exit_code = 7


class AccessDeniedError(DriveError):
    """The credentials may not do this."""

    code = "access-denied"


class CredentialsError(DriveError):
    """No credentials, or the store does not take them."""

    code = "credentials"


class NoSuchBucketError(DriveError):
    """The bucket does not exist."""

    code = "no-such-bucket"
    exit_code = 3


class UnfitStoreError(DriveError):
    """The bucket does not keep versions, or does not behave as a drive needs."""

    code = "unfit-store"


class DiskFullError(DriveError):
    """No room left on the disk."""

    code = "disk-full"


class BusyError(DriveError):
    """Another process has this drive open."""

    code = "busy"
    exit_code = 5


class UsageError(BucketDriveError):
    """The call makes no sense as it stands."""

    code = "usage"
    exit_code = 2


class NoSuchDriveError(UsageError):
    """There is no drive at the folder named."""

    code = "no-such-drive"
    exit_code = 3


class NoSuchPathError(UsageError):
    """There is no such file or version in this drive."""

    code = "no-such-path"
    exit_code = 3


class NoSuchRunError(UsageError):
    """There was no such run on this device, or what it did is not known any more."""

    code = "no-such-run"
    exit_code = 3


class NoDaemonError(BucketDriveError):
    """The command needs a running daemon, and there is none."""

    code = "no-daemon"
    exit_code = 75


class InternalError(BucketDriveError):
    """A mistake of ours."""

    code = "internal"


def error_document(error: BucketDriveError) -> dict[str, Any]:
    """An error as one JSON object (docs/reference/exit-codes.md)."""
    fields = {"error": error.code, "message": error.message, "hint": error.hint, "path": error.path}
    return fields | {"exit_code": error.exit_code}


def read_error(document: Mapping[str, Any]) -> BucketDriveError:
    """The error that an `error_document` tells of; one of a code that is not known here is a plain error."""
    texts = {name: str(document.get(name, "")) for name in ("message", "hint", "path")}
    kinds = {kind.code: kind for kind in _kinds(BucketDriveError)}
    return kinds.get(str(document.get("error", "")), BucketDriveError)(texts.pop("message"), **texts)


def _kinds(kind: type[BucketDriveError]) -> Iterator[type[BucketDriveError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)
