"""Where a user's daemon is found: a folder for that user alone, with its socket, its lock and its token."""

import fcntl
import os
import stat
from pathlib import Path

from bucketdrive.drive.settings import runtime_dir
from bucketdrive.errors import BusyError, DriveError
from bucketdrive.state.locks import is_locked

_LOCK = "daemon.lock"


def socket_path() -> Path:
    """The unix socket. It may not be there, or be left by a daemon that was killed."""
    return runtime_dir() / "api.sock"


def token_path() -> Path:
    """The token of the API over TCP, with its address: `http://127.0.0.1:PORT TOKEN`, where that was asked for."""
    return runtime_dir() / "token"


def make_folder() -> Path:
    """The folder, 0700; made where it is not there.

    Raises:
        DriveError: it cannot be made, or is not this user's alone.
    """
    folder = runtime_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        if is_ours and found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise DriveError(
            f"{folder} cannot be used for the daemon's socket: {error.strerror}. Nothing was started.",
            hint="Make it writable, or set XDG_RUNTIME_DIR.",
            path=str(folder),
        ) from error
    if not is_ours:
        raise DriveError(
            f"{folder} is not a folder of yours, so no socket is put there. Nothing was started.",
            hint="Remove it.",
            path=str(folder),
        )
    return folder


def take_lock(folder: Path) -> int:
    """The lock that one daemon of a user holds as long as it runs; a descriptor to keep open.

    Raises:
        BusyError: another daemon holds it.
    """
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise BusyError(
            "A daemon of yours is running already; this one did nothing.",
            hint="bucketdrive start FOLDER adds a drive to it; bucketdrive stop ends it.",
        ) from error
    return handle


def is_running() -> bool:
    """Whether a daemon of this user holds the lock."""
    return is_locked(runtime_dir() / _LOCK)
