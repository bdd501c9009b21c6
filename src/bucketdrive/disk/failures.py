"""What goes wrong on a disk, in our words: the one place where the system's error numbers are named."""

import errno

from bucketdrive.errors import (
    BucketDriveError,
    DiskFullError,
    DriveError,
    GuardError,
    MissingError,
    OccupiedError,
    UnreadableError,
    UnstableFileError,
)
from bucketdrive.model.paths import RESERVED

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_OCCUPIED = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR})
_HINTS = {
    errno.EACCES: "Give yourself permission to read and write it; it is tried again by itself.",
    errno.EPERM: "Give yourself permission to read and write it; it is tried again by itself.",
    errno.EROFS: "The disk is mounted read-only: mount it for writing.",
    errno.EIO: "The disk reports an error: check its health and make a backup.",
    errno.ELOOP: "Replace the symbolic link by a real file or folder.",
    errno.ENAMETOOLONG: "Give it a shorter name: a part of a path holds at most 255 bytes here.",
    errno.EXDEV: "Another disk is mounted inside the drive's folder: link that one as a drive of its own.",
    errno.EMFILE: "Too many files are open: raise the limit (ulimit -n).",
}

_LOOK_AT_IT = "Look at it with ls -l and rename or move it."

UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""What a file system answers that does not know a kind of rename."""


def failure(error: OSError, path: str, *, is_place: bool = False) -> BucketDriveError:
    """Our error for what the system said about `path`: a name, or a place, which is shown as what it is."""
    number = error.errno or 0
    if number == errno.ENOENT:
        return missing(path)
    if number in _OCCUPIED:
        return occupied(path)
    if number in _FULL:
        return disk_full(path)
    shown = f"{RESERVED}/{path}" if is_place else path
    return UnreadableError(
        f"{shown!r} cannot be used: {why(error)}. It was left as it is.",
        hint=_HINTS.get(number, _LOOK_AT_IT),
        path=path,
    )


def folder_failure(error: OSError, folder: str) -> DriveError:
    """Our error for what the system said about the drive's folder as a whole."""
    number = error.errno or 0
    if number in _FULL:
        return disk_full(folder)
    return DriveError(
        f"The drive's folder {folder} cannot be used: {why(error)}. Nothing was changed.",
        hint=_HINTS.get(number, "Look at it with ls -ld."),
        path=folder,
    )


def why(error: OSError) -> str:
    """What the system said, in lower case words, such as `permission denied`."""
    return (error.strerror or str(error)).lower()


def missing(path: str) -> MissingError:
    """Nothing is at `path`."""
    return MissingError(f"{path!r} is not there any more. Nothing was changed.", path=path)


def occupied(path: str) -> OccupiedError:
    """Something else is at `path`, or above it."""
    return OccupiedError(f"Something else stands at {path!r}. Nothing was overwritten.", path=path)


def disk_full(path: str) -> DiskFullError:
    """No room for `path`."""
    return DiskFullError(
        f"The disk is full: {path!r} was not written.", hint="Free some space; syncing then goes on.", path=path
    )


def unreadable(path: str, what: str, *, hint: str = "") -> UnreadableError:
    """`path` followed by `what` is the sentence."""
    return UnreadableError(
        f"{path!r} {what}. It was left as it is.",
        hint=hint or _LOOK_AT_IT,
        path=path,
    )


def unstable(path: str) -> UnstableFileError:
    """The file at `path` changed while it was read."""
    return UnstableFileError(
        f"{path!r} changed while it was read. It was left as it is.", hint="It is looked at again by itself.", path=path
    )


def folder_gone(folder: str, what: str) -> GuardError:
    """The drive's folder itself is not what it was; `what` continues the sentence after the folder."""
    return GuardError(
        f"The drive's folder {folder} {what}. Nothing was changed.",
        hint="If it is on a disk that is not mounted, mount it; if it was moved, link it again with --moved.",
        path=folder,
    )
