"""A running daemon, asked over its unix socket. Standard library only: a status has 100 ms."""

import http.client
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bucketdrive.errors import InternalError, NoDaemonError, TransientError, read_error
from bucketdrive.model.documents import read_document
from bucketdrive.model.reports import (
    DriveStatus,
)

_CONNECT_S = 5.0
_MAX_SUN_PATH = 100
_PIECE_BYTES = 1 << 20


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

    def stream(self, path: str, query: Mapping[str, Any]) -> Iterator[bytes]:
        """The bytes that a route answers with, in pieces, read as they are taken.

        Raises:
            NoDaemonError, BucketDriveError: as `ask`. TransientError, while they are taken: they broke off.
        """
        pieces = self._pieces(path, query)
        next(pieces)  # what is wrong shows at once
        return pieces

    def _pieces(self, path: str, query: Mapping[str, Any]) -> Iterator[bytes]:
        with self._connected() as connection:
            reply = self._send(connection, "GET", _with(path, query), None)
            if reply.status >= http.HTTPStatus.BAD_REQUEST:
                raise read_error(json.loads(reply.read()))
            yield b""
            left = int(reply.headers["Content-Length"])
            while piece := reply.read(_PIECE_BYTES):
                left -= len(piece)
                yield piece
            if left:
                raise TransientError(
                    f"It broke off: {left:,} bytes did not come. What came so far is right.",
                    hint="Try it again; `bucketdrive log` may say more.",
                )

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
    return f"{path}?{urlencode(given, doseq=True, errors='surrogateescape')}" if given else path
