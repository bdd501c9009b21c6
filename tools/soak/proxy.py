"""A TCP proxy on loopback between devices and a store, which does to requests what `weather` says.

Each device has a port of its own, so that it is known whose request it is. A request goes on to the store over a
connection of its own; bytes pass unchanged in both directions.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

from soak.log import Log
from soak.traffic import Request, Traffic
from soak.weather import NO_FAULT, Fault, Kind
from soak.wire import Head, has_body, read_body, read_head, reset

LONGEST_DELAY_S = 1.2
LATE_S = (2.0, 9.0)
"""After how long a late request reaches the store, at least and at most."""

_SLOW_DOWN = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"""

Draw = Callable[[Request], Fault]


class Proxy:
    """Passes on requests. `counts`: how many met which fault; `lost`: version ids of writes whose reply was lost."""

    def __init__(
        self, store_url: str, draw: Draw, log: Log | None = None, late_s: tuple[float, float] = LATE_S
    ) -> None:
        """`draw` says what happens to a request."""
        url = urlsplit(store_url)
        self._host, self._port = url.hostname or "127.0.0.1", url.port or 80
        self._draw = draw
        self._log = log
        self._late_s = late_s
        self._busy = 0
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.lost: list[tuple[Request, str]] = []

    async def open(self, device: str) -> tuple[str, Traffic]:
        """Listen for a device; the URL it is to use, and its traffic."""
        traffic = Traffic(device)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._serve(traffic, reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self._servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", traffic

    async def settled(self) -> None:
        """Wait until no request is under way, late ones included."""
        while self._busy:  # noqa: ASYNC110  late ones have no event, and it is asked once
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Drop all connections."""
        for server in self._servers:
            server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # for what they closed

    async def _serve(self, traffic: Traffic, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await read_head(reader)) is not None:
            method, target, _ = head.start.split(" ")
            request = traffic.begin(method, target)
            self._busy += 1
            try:
                exchange = _Exchange(self, traffic, request, head, reader, writer)
                await exchange.run(self._draw(request))
            finally:
                traffic.end(request)
                self._busy -= 1
            if writer.is_closing() or exchange.must_close:
                return

    def note(self, request: Request, fault: Fault, status: int, version_id: str) -> None:
        """Take down what became of a request. `status` 0: the store did not answer it, or nobody waited."""
        self.counts[fault.kind.value, request.what] += 1
        self.statuses[request.method, status] += 1
        if fault.kind is Kind.LOST_REPLY and request.is_write and 200 <= status < 300:
            self.lost.append((request, version_id))
        if self._log is not None and (fault.kind is not Kind.PASS or request.is_write):
            facts = {"device": request.device, "n": request.number, "method": request.method, "target": request.target}
            self._log.write("request", **facts, fault=fault.kind.value, status=status, version=version_id)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A new connection to the store."""
        return await asyncio.open_connection(self._host, self._port)

    def late_s(self, amount: float) -> float:
        """How late a late request is."""
        least, most = self._late_s
        return least + amount * (most - least)


class _Exchange:
    """One request and its reply."""

    def __init__(
        self,
        proxy: Proxy,
        traffic: Traffic,
        request: Request,
        head: Head,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._traffic = traffic
        self._request = request
        self._head = head
        self._reader = reader
        self._writer = writer
        self._fault = NO_FAULT
        self._status = 0
        self._version_id = ""
        self.must_close = head.closes

    async def run(self, fault: Fault) -> None:
        """Carry it out under a fault."""
        if fault.kind is Kind.CUT_REQUEST and not self._head.length:
            fault = Fault(Kind.RESET, fault.amount)
        self._fault = fault
        try:
            match fault.kind:
                case Kind.PASS | Kind.CUT_REPLY:
                    await self._pass(self._body())
                case Kind.DELAY:
                    body = await self._whole_body()
                    await asyncio.sleep(LONGEST_DELAY_S * fault.amount**2)
                    await self._pass(_once(body))
                case Kind.SLOW_DOWN:
                    await self._whole_body()
                    await self._refuse()
                case Kind.RESET:
                    reset(self._writer)
                case Kind.LOST_REPLY:
                    await self._ask_and_drop(await self._whole_body())
                    reset(self._writer)
                case Kind.CUT_REQUEST:
                    await self._cut_request(fault.amount)
                case Kind.LATE:
                    body = await self._whole_body()
                    reset(self._writer)
                    await asyncio.sleep(self._proxy.late_s(fault.amount))
                    await self._ask_and_drop(body)
        finally:
            self._proxy.note(self._request, self._fault, self._status, self._version_id)

    def _body(self) -> AsyncIterator[bytes]:
        return read_body(self._reader, self._head)

    async def _whole_body(self) -> bytes:
        return b"".join([piece async for piece in self._body()])

    async def _pass(self, body: AsyncIterator[bytes]) -> None:
        reader, writer = await self._proxy.connect()
        try:
            writer.write(self._head.raw)
            async for piece in body:
                writer.write(piece)
                await writer.drain()
            await self._give_reply(reader)
        finally:
            writer.close()

    async def _give_reply(self, reader: asyncio.StreamReader) -> None:
        head = await self._reply_head(reader)
        is_there = has_body(self._request.method, head)
        body = b"".join([piece async for piece in read_body(reader, head)]) if is_there else b""
        self._traffic.answered(self._request)
        if self._fault.kind is Kind.CUT_REPLY:
            if body:
                await self._cut_reply(head, body, self._fault.amount)
                return
            self._fault = NO_FAULT  # there was nothing to cut
        self._writer.write(head.raw + body)
        self.must_close |= head.closes
        await self._writer.drain()

    async def _cut_reply(self, head: Head, body: bytes, amount: float) -> None:
        """The head and so much of the body; then a reset, or an end as if that were all."""
        self._writer.write(head.raw + body[: int(len(body) * amount)])
        await self._writer.drain()
        if int(amount * 1000) % 2:
            reset(self._writer)
        else:
            self._writer.close()

    async def _reply_head(self, reader: asyncio.StreamReader) -> Head:
        head = await read_head(reader)
        while head is not None and head.status == 100:
            self._writer.write(head.raw)
            head = await read_head(reader)
        if head is None:
            raise ConnectionResetError("the store closed the connection")
        self._status, self._version_id = head.status, head.fields.get("x-amz-version-id", "")
        return head

    async def _ask_and_drop(self, body: bytes) -> None:
        """Let the store carry the request out, and tell nobody."""
        reader, writer = await self._proxy.connect()
        try:
            writer.write(self._head.raw + body)
            await writer.drain()
            head = await self._reply_head(reader)
            if has_body(self._request.method, head):
                async for _ in read_body(reader, head):
                    pass
            self._traffic.answered(self._request)
        finally:
            writer.close()

    async def _refuse(self) -> None:
        body = b"" if self._request.method == "HEAD" else _SLOW_DOWN
        head = f"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: {len(_SLOW_DOWN)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        await self._writer.drain()

    async def _cut_request(self, amount: float) -> None:
        """The store sees the head and a part of the body; the device sees its connection reset."""
        body = await self._whole_body()
        _, writer = await self._proxy.connect()
        writer.write(self._head.raw + body[: int(len(body) * amount)])
        await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        reset(self._writer)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
