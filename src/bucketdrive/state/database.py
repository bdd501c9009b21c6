"""The state file: its one thread, its lock, its migrations. A transaction is a function that takes the connection."""

import asyncio
import errno
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import apsw

from bucketdrive.errors import BusyError, DriveError
from bucketdrive.state.failures import failure

P = ParamSpec("P")
T = TypeVar("T")

APPLICATION_ID = 0x42444456
"""Marks the file as ours (`BDDV`)."""

FIRST_SOUND_SQLITE = "3.51.3"
"""Older ones can lose commits in WAL mode (sqlite.org/wal.html#walresetbug)."""


class State:
    """An open state: every access is one transaction on one thread."""

    def __init__(self, connection: apsw.Connection, lock_fd: int = -1) -> None:
        """Use `State.open`; a test or the simulator may hand over a prepared connection."""
        self._connection = connection
        self._lock_fd = lock_fd
        self._executor = ThreadPoolExecutor(1, "bucketdrive-state")

    @classmethod
    def open(cls, folder: Path) -> "State":
        """Open `state.db` in `folder`, making both where they are missing, and take its lock.

        Raises:
            BusyError: another process has it open.
            DiskFullError: no room for it.
            DriveError: the file is damaged, or another program's, or cannot be written, or the library is unsafe.
        """
        if _version(apsw.sqlite_lib_version()) < _version(FIRST_SOUND_SQLITE):
            raise DriveError(
                f"SQLite {apsw.sqlite_lib_version()} can lose data; nothing was opened.",
                hint="Update the apsw package.",
            )
        path = folder / "state.db"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock_fd = _lock(folder / "lock")
        except OSError as error:
            raise failure(path, error) from error
        try:
            return cls(prepare(_connect(path)), lock_fd)
        except apsw.Error as error:
            os.close(lock_fd)
            raise failure(path, error) from error
        except BaseException:
            os.close(lock_fd)
            raise

    @classmethod
    def open_to_read(cls, folder: Path) -> "State | None":
        """A copy in memory of the state in `folder`, whose lock is held meanwhile; None where there is none.

        Nothing on disk changes, whatever is done to the copy.

        Raises:
            BusyError, DriveError: as `open`.
        """
        path = folder / "state.db"
        if not path.exists():
            return None
        try:
            lock_fd = _lock_to_read(folder / "lock")
        except OSError as error:
            raise failure(path, error) from error
        try:
            return cls(prepare(_copy(path)), lock_fd)
        except apsw.Error as error:
            _unlock(lock_fd)
            raise failure(path, error) from error
        except BaseException:
            _unlock(lock_fd)
            raise

    @classmethod
    def in_memory(cls) -> "State":
        """A state that lasts as long as the object."""
        connection = apsw.Connection(":memory:")
        with connection.backup("main", _empty(), "main") as backup:
            backup.step()
        return cls(connection)

    def copy(self) -> "State":
        """A state in memory with the same data, as a backup of this moment holds it."""
        connection = apsw.Connection(":memory:")
        with connection.backup("main", self._connection, "main") as backup:
            backup.step()
        return State(connection)

    async def run(
        self, transaction: Callable[Concatenate[apsw.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `transaction(connection, *args)` as one transaction: all of it happens, or nothing."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: self.run_now(transaction, *args, **kwargs))

    def run_now(
        self, transaction: Callable[Concatenate[apsw.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, on the calling thread, for those who are alone with the state."""
        try:
            with self._connection:
                result = transaction(self._connection, *args, **kwargs)
        except apsw.Error as error:
            first = error.__context__  # what failed, where SQLite had rolled back by itself
            cause = first if isinstance(first, apsw.Error) else error
            if isinstance(cause, apsw.FullError | apsw.IOError | apsw.ReadOnlyError):
                raise failure(Path(self._connection.filename), cause) from error
            raise
        return result

    def close(self) -> None:
        """Close the file and give up the lock."""
        self._executor.shutdown()
        self._connection.close()
        _unlock(self._lock_fd)


def prepare(connection: apsw.Connection) -> apsw.Connection:
    """Bring a connection's schema up to date."""
    scripts = sorted(
        entry.name for entry in files("bucketdrive.state").joinpath("migrations").iterdir() if entry.name[-4:] == ".sql"
    )
    current = connection.pragma("user_version")
    if not isinstance(current, int) or current > len(scripts):
        raise DriveError(
            "The state was written by a newer BucketDrive; nothing was opened.", hint="Install the newer version."
        )
    for number, name in enumerate(scripts[current:], current + 1):
        script = files("bucketdrive.state").joinpath("migrations", name).read_text()
        with connection:
            connection.execute(script)
            connection.pragma("user_version", number)
            connection.pragma("application_id", APPLICATION_ID)
    return connection


@cache
def _empty() -> apsw.Connection:
    """A prepared database with nothing in it: copying it is faster than making the tables anew."""
    return prepare(apsw.Connection(":memory:"))


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5000)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    if connection.pragma("application_id") not in (0, APPLICATION_ID):
        connection.close()
        raise DriveError(f"{path} is another program's database; it was left alone.", path=str(path))
    return connection


def _copy(path: Path) -> apsw.Connection:
    """The database in memory. Without a log beside it, it is read as a file nobody writes: that leaves no trace."""
    log = path.with_name(f"{path.name}-wal")
    has_log = log.exists() and log.stat().st_size > 0
    connection = apsw.Connection(":memory:")
    name = f"{path.resolve().as_uri()}?mode=ro{'' if has_log else '&immutable=1'}"
    source = apsw.Connection(name, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    try:
        with connection.backup("main", source, "main") as backup:
            backup.step()
    finally:
        source.close()
    return connection


def _lock_to_read(path: Path) -> int:
    """As `_lock`; where nothing can be written, a lock that is there serves as well, and none is needed."""
    try:
        return _lock(path)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise
    try:
        return _lock(path, os.O_RDONLY)
    except FileNotFoundError:
        return -1


def _lock(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    lock_fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock_fd)
        raise BusyError(
            "Another BucketDrive process is working on this drive; this one did nothing.",
            hint="Wait until it is done.",
        ) from error
    return lock_fd


def _unlock(lock_fd: int) -> None:
    if lock_fd >= 0:
        os.close(lock_fd)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
