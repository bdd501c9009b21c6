"""The verbs of a drive, asked of a running daemon over its unix socket. Standard library only: a status has 100 ms.

`RemoteDrive` has the calls of `drive.drive.Drive`, which raise the same errors.
"""

import http.client
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from bucketdrive.errors import InternalError, NoDaemonError, read_error
from bucketdrive.model.documents import read_document
from bucketdrive.model.explanations import ConflictCopy, Keep, Why
from bucketdrive.model.log import LogLine
from bucketdrive.model.reports import (
    DeletedInfo,
    DriveStatus,
    SyncReport,
    TreeEntry,
    VerifyReport,
    VersionInfo,
)

_CONNECT_S = 5.0
_MAX_SUN_PATH = 100


class Daemon:
    """A running daemon, as its socket knows it. Every call is a connection of its own."""

    def __init__(self, path: Path) -> None:
        """`path`: its unix socket."""
        self._path = path

    def ask(self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        """The document that a route answers with.

        Raises:
            NoDaemonError: nobody answers. BucketDriveError: what the daemon tells, as the class that it is.
        """
        with self._connected() as connection:
            reply = self._send(connection, method, _with(path, query), body)
            text = reply.read()
        try:
            document = json.loads(text)
        except ValueError as error:
            raise InternalError(f"The daemon answered {reply.status} with what is no document.") from error
        if reply.status >= http.HTTPStatus.BAD_REQUEST:
            raise read_error(document)
        return document

    def statuses(self) -> list[DriveStatus]:
        """How the drives that it keeps stand."""
        return [read_document(DriveStatus, status) for status in self.ask("GET", "/drives")["drives"]]

    @contextmanager
    def hearing(self, hear: Callable[[dict[str, Any]], None]) -> Iterator[None]:
        """Tell `hear`, in a thread, what happens as long as the block runs. Where nothing is heard, nothing is told."""
        with self._connected() as connection:
            reply = self._send(connection, "GET", "/events", None)
            thread = threading.Thread(target=_hear, args=(reply, hear), name="events", daemon=True)
            thread.start()
            try:
                yield
            finally:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
                thread.join()

    @contextmanager
    def _connected(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("bucketdrive")
        try:
            connection.sock = connect(self._path)
            yield connection
        except (OSError, http.client.HTTPException) as error:
            raise NoDaemonError(
                f"The daemon does not answer ({error}). Whether it did what was asked is not known.",
                hint="bucketdrive status, or bucketdrive start",
            ) from error
        finally:
            connection.close()

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any
    ) -> http.client.HTTPResponse:
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        return connection.getresponse()


def _hear(reply: http.client.HTTPResponse, hear: Callable[[dict[str, Any]], None]) -> None:
    with suppress(OSError, ValueError, http.client.HTTPException):
        for line in reply:
            if line.startswith(b"data:"):
                hear(json.loads(line[5:]))


def connect(path: Path) -> socket.socket:
    """A connection to the unix socket at `path`, however long that is (the system takes 107 bytes of it).

    Raises:
        OSError: nobody listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_S)
        with short_name(path) as name:
            connection.connect(name)
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name for `path` that the address of a unix socket can hold, good for as long as the block runs."""
    if len(os.fsencode(path)) <= _MAX_SUN_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _with(path: str, query: Mapping[str, Any] | None) -> str:
    given = {name: str(value).lower() if isinstance(value, bool) else value for name, value in (query or {}).items()}
    return f"{path}?{urlencode(given, errors='surrogateescape')}" if given else path


class RemoteDrive:
    """A drive that a daemon keeps."""

    def __init__(
        self,
        daemon: Daemon,
        root_id: str,
        where: tuple[Path, str],
        hear: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """`root_id`: its id, as the daemon knows it; `where`: its folder, and `s3://BUCKET/PREFIX`.

        `hear` is told what happens to the drive while it is synced: an event of the API, in a thread.
        """
        self._daemon = daemon
        self._root_id = root_id
        self.folder, self.url = where
        self._hear = hear

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open between two calls."""

    def sync(self, *, dry_run: bool = False) -> SyncReport:
        """See `Session.sync`."""
        return read_document(SyncReport, self._watched("sync", dry_run=dry_run))

    def status(self) -> DriveStatus:
        """See `Keeper.status`."""
        return read_document(DriveStatus, self._get("status"))

    def pause(self) -> DriveStatus:
        """See `Keeper.pause`; how the drive stands then."""
        return read_document(DriveStatus, self._post("pause"))

    def resume(self) -> DriveStatus:
        """See `Keeper.resume`; how the drive stands then."""
        return read_document(DriveStatus, self._post("resume"))

    def versions(self, path: str) -> list[VersionInfo]:
        """See `Session.versions`."""
        return [read_document(VersionInfo, version) for version in self._get("versions", path=path)["versions"]]

    def trash(self) -> list[DeletedInfo]:
        """See `Session.trash`."""
        return [read_document(DeletedInfo, deleted) for deleted in self._get("trash")["deleted"]]

    def ls(self, path: str = "", as_of: str = "") -> list[TreeEntry]:
        """See `Session.ls`."""
        return [read_document(TreeEntry, entry) for entry in self._get("ls", path=path, as_of=as_of)["entries"]]

    def restore(self, path: str, version_id: str = "", as_of: str = "", *, dry_run: bool = False) -> SyncReport:
        """See `Session.restore`."""
        document = self._watched("restore", path=path, version_id=version_id, as_of=as_of, dry_run=dry_run)
        return read_document(SyncReport, document)

    def verify(self, *, full: bool = False) -> VerifyReport:
        """See `Session.verify`."""
        return read_document(VerifyReport, self._get("verify", full=full))

    def conflicts(self) -> list[ConflictCopy]:
        """See `Session.conflicts`."""
        return [read_document(ConflictCopy, copy) for copy in self._get("conflicts")["copies"]]

    def settle(self, path: str, keep: Keep | str) -> SyncReport:
        """See `Session.settle`."""
        return read_document(SyncReport, self._watched("settle", path=path, keep=keep))

    def approve(self) -> int:
        """See `Keeper.approve`."""
        return int(self._post("approve")["approved"])

    def deny(self) -> int:
        """See `Keeper.deny`."""
        return int(self._post("deny")["denied"])

    def why(self, path: str) -> Why:
        """See `Session.why`."""
        return read_document(Why, self._get("why", path=path))

    def log(self, last: int = 100, after: int = 0) -> list[LogLine]:
        """See `Session.log`."""
        return [read_document(LogLine, line) for line in self._get("log", last=last, after=after)["lines"]]

    def _watched(self, verb: str, **query: Any) -> Any:
        """As `_post`, with its progress told."""
        hear = self._hear
        if hear is None:
            return self._post(verb, **query)
        with self._daemon.hearing(lambda event: hear(event) if event.get("drive") == self._root_id else None):
            return self._post(verb, **query)

    def _get(self, verb: str, **query: Any) -> Any:
        return self._daemon.ask("GET", f"/drives/{self._root_id}/{verb}", query)

    def _post(self, verb: str, **query: Any) -> Any:
        return self._daemon.ask("POST", f"/drives/{self._root_id}/{verb}", query)
