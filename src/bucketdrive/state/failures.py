"""What goes wrong with the state file, in our words: a full disk is not a damaged file."""

import errno
from pathlib import Path

import apsw

from bucketdrive.errors import DiskFullError, DriveError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def failure(path: Path, error: apsw.Error | OSError) -> DriveError:
    """Our error for what SQLite or the system said about the state at `path`."""
    if isinstance(error, OSError):
        return _no_room(path) if error.errno in _FULL else _unusable(path, (error.strerror or str(error)).lower())
    if isinstance(error, apsw.FullError) or _is_no_room_for_memory(error):
        return _no_room(path)
    if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.IOError):
        return _unusable(path, str(error))
    return DriveError(
        f"The state {path} cannot be read ({error}). Nothing was changed.",
        hint="Move it away and link the folder again: it is rebuilt from the folder and the bucket, and loses nothing.",
        path=str(path),
    )


def _is_no_room_for_memory(error: apsw.Error) -> bool:
    """Whether there was no room for the file that SQLite shares memory by, beside the database."""
    return getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE


def _no_room(path: Path) -> DiskFullError:
    return DiskFullError(
        f"There is no room left on the disk for the state {path}. Nothing is lost: what was done and could not be "
        "written down is found again by the next sync.",
        hint="Free some space there, then sync.",
        path=str(path),
    )


def _unusable(path: Path, why: str) -> DriveError:
    return DriveError(
        f"The state {path} cannot be used ({why}). Nothing is lost: what was done and could not be written down is "
        "found again by the next sync.",
        hint="See that its folder can be written to and that its disk is sound, then sync.",
        path=str(path),
    )
