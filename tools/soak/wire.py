"""As much of HTTP/1.1 as it takes to know where a message ends. Bytes pass unchanged."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and the fields of a message, `raw` as they came; names of fields in lower case."""

    raw: bytes
    start: str
    fields: dict[str, str]

    @property
    def length(self) -> int:
        """How long the body is, where a field says so."""
        return int(self.fields.get("content-length", "0"))

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks that name their lengths."""
        return "chunked" in self.fields.get("transfer-encoding", "").lower()

    @property
    def closes(self) -> bool:
        """Whether the connection ends after this message."""
        return self.fields.get("connection", "").lower() == "close"

    @property
    def status(self) -> int:
        """The status of a reply."""
        return int(self.start.split(" ")[1])


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The head of the next message; None where the connection ended before it.

    Raises:
        ConnectionError: it ended, or was reset, within the head.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ConnectionResetError("the connection ended within a head") from error
        return None
    start, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Head(raw, start, {name.strip().lower(): value.strip() for name, _, value in pairs})


async def read_body(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """The body that belongs to a head, as it comes.

    Raises:
        ConnectionError: it ended, or was reset, before the body did.
    """
    try:
        if head.is_chunked:
            async for piece in _read_chunks(reader):
                yield piece
            return
        left = head.length
        while left:
            piece = await reader.read(min(left, _CHUNK_BYTES))
            if not piece:
                raise ConnectionResetError("the connection ended within a body")
            left -= len(piece)
            yield piece
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the connection ended within a body") from error


async def _read_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            while line != b"\r\n":  # trailers, of which there are none as a rule
                yield line
                line = await reader.readuntil(b"\r\n")
            yield line
            return
        yield line + await reader.readexactly(size + 2)


def has_body(method: str, head: Head) -> bool:
    """Whether a reply has a body."""
    return method != "HEAD" and head.status not in {204, 304} and head.status >= 200


def reset(writer: asyncio.StreamWriter) -> None:
    """Let the other side see its connection reset, as when a machine or a router drops it."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
