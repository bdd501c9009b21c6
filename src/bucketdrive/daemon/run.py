"""The process: a keeper for each drive, the API beside them, signals. It may as well be killed: that loses nothing."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from bucketdrive.daemon.network import watch_network
from bucketdrive.daemon.notify import READY, STOPPING, feed_watchdog, notify
from bucketdrive.daemon.place import make_folder, socket_path, take_lock, token_path
from bucketdrive.drive.assembly import SystemChance
from bucketdrive.drive.keeper import Keeper
from bucketdrive.drive.records import DriveRecord, find_drive, load_drives
from bucketdrive.drive.settings import load_settings
from bucketdrive.errors import NoSuchDriveError, UsageError
from bucketdrive.httpapi.app import make_app
from bucketdrive.httpapi.client import short_name
from bucketdrive.httpapi.events import Ear, Events
from bucketdrive.httpapi.guard import Guard

STOPPED_AT_ONCE = 130

_SERVER_GRACE_S = 2
_log = logging.getLogger(__name__)


def run_daemon(folders: Sequence[str], ready: Callable[[], None] | None = None) -> None:
    """Keep the drives of `folders`, or all of this machine where none is named, until a signal or the API says stop.

    `ready` is called when the API answers.

    Raises:
        BusyError: a daemon of this user runs already. UsageError: a folder is in no drive, or there are no drives.
        DriveError: there is no place for the socket.
    """
    folder = make_folder()
    lock = take_lock(folder)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(Daemon().run(folders, ready))
    finally:
        os.close(lock)


class Daemon:
    """What runs in the process; a `House` for the API. Make it on its event loop."""

    def __init__(self) -> None:
        self.events = Events()
        self._keepers: dict[str, Keeper] = {}
        self._group: asyncio.TaskGroup | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._interrupts = 0

    @property
    def keepers(self) -> Mapping[str, Keeper]:
        """See `House`."""
        return self._keepers

    def keep(self, folders: Sequence[str]) -> list[str]:
        """See `House`."""
        records = _find_records(folders)
        new = {record.root_id: record for record in records if record.root_id not in self._keepers}
        for record in new.values():
            self._start(record)
        return list(new)

    def stop(self) -> None:
        """See `House`."""
        self._ended.set()

    async def run(self, folders: Sequence[str], ready: Callable[[], None] | None = None) -> None:
        """Until `stop`, SIGTERM or SIGINT."""
        records = _find_records(folders)
        with self._signals(), _unix_socket(socket_path()) as unix, _tcp_socket() as tcp:
            app = make_app(self)
            servers = [_Server(app, unix)]
            if tcp is not None:
                servers.append(_Server(_guarded(app, tcp), tcp))
            try:
                async with asyncio.TaskGroup() as group:
                    self._group = group
                    for record in records:
                        self._start(record)
                    serving = [group.create_task(server.serve()) for server in servers]
                    self._tasks += [group.create_task(feed_watchdog()), group.create_task(watch_network(self._changed))]
                    notify(READY)
                    _log.info("started", extra={"drives": len(self._keepers), "pid": os.getpid()})
                    if ready:
                        ready()
                    await self._ended.wait()
                    notify(STOPPING)
                    _log.info("stopping")
                    await self._wind_up(servers, serving)
            finally:
                for keeper in self._keepers.values():
                    await keeper.close()
        _log.info("stopped")

    def _start(self, record: DriveRecord) -> None:
        if self._group is None:
            raise UsageError("The daemon does not run yet. Nothing was started.")
        keeper = Keeper(record, Ear(record.root_id, self.events))
        self._keepers[record.root_id] = keeper
        self._tasks.append(self._group.create_task(keeper.run()))
        _log.info("keeps", extra={"folder": str(record.folder), "drive": record.url})

    async def _wind_up(self, servers: "list[_Server]", serving: list[asyncio.Task[None]]) -> None:
        """Break off what the keepers do, which is safe at any moment, and let the API answer what it was asked."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self.events.end()
        for server in servers:
            server.end()
        await asyncio.wait(serving)
        answering = {task for server in servers for task in server.server_state.tasks}
        if answering:  # cancelled by now: they took too long
            await asyncio.wait(answering)

    def _changed(self) -> None:
        for keeper in self._keepers.values():
            if keeper.is_offline:
                keeper.poke()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end it cleanly; the second SIGINT at once."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGTERM, self.stop)
            loop.add_signal_handler(signal.SIGINT, self._interrupt)
        except (ValueError, RuntimeError):  # not the main thread: whoever embeds it has the signals
            yield
            return
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            loop.remove_signal_handler(signal.SIGINT)

    def _interrupt(self) -> None:
        self._interrupts += 1
        if self._interrupts > 1:
            os._exit(STOPPED_AT_ONCE)  # as a kill: nothing is lost
        self.stop()


def _find_records(folders: Sequence[str]) -> list[DriveRecord]:
    records = [find_drive(Path(folder)) for folder in folders] if folders else load_drives()
    if not records:
        raise NoSuchDriveError(
            "This machine has no drives. Nothing was started.", hint="bucketdrive link s3://BUCKET/PREFIX FOLDER"
        )
    return list({record.root_id: record for record in records}.values())


class _Server(uvicorn.Server):
    """A server on a socket of ours, in the daemon's loop, that neither takes signals nor wakes up when idle.

    (`override`, which would mark its methods, is not in Python 3.11.)
    """

    def __init__(self, app: Any, bound: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=_SERVER_GRACE_S,
            )
        )
        self._bound = bound
        self._must_end = asyncio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:  # type: ignore[explicit-override]
        """Until `end`."""
        await super().serve(sockets or [self._bound])

    async def main_loop(self) -> None:  # type: ignore[explicit-override]
        """Uvicorn's own looks ten times a second whether it must end."""
        await self._must_end.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # type: ignore[explicit-override]
        """They are the daemon's."""
        yield

    def end(self) -> None:
        """Take no more requests, and end when those are answered that were taken."""
        self.should_exit = True
        self._must_end.set()


@contextlib.contextmanager
def _unix_socket(path: Path) -> Iterator[socket.socket]:
    """A socket that this user alone can reach. One that is left there is a dead daemon's: we hold the lock."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with short_name(path) as name:
            bound.bind(name)
        path.chmod(0o600)
        bound.listen(128)
        yield bound
    finally:
        bound.close()
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _tcp_socket() -> Iterator[socket.socket | None]:
    """A socket on 127.0.0.1, where a setting asks for it; its token goes with it."""
    port = load_settings().api_port
    if not port:
        yield None
        return
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise UsageError(
            f"Port {port} of 127.0.0.1 cannot be listened at: {error.strerror}. Nothing was started.",
            hint="Choose another api_port.",
        ) from error
    try:
        yield bound
    finally:
        bound.close()
        token_path().unlink(missing_ok=True)


def _guarded(app: Any, bound: socket.socket) -> Guard:
    """The app for a TCP socket; its new token is written beside the unix socket, for this user alone."""
    port, token = bound.getsockname()[1], SystemChance().uuid()
    path = token_path()
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"http://127.0.0.1:{port} {token}\n")
    return Guard(app, port, token)
