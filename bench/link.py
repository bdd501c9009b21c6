"""A link as a user has it, between a client and a store on this machine: so many bits a second each way, and a delay.

    link.py URL DOWN UP DELAY      in Mbit/s, Mbit/s and ms there and back; prints its own URL

All connections share the two rates. Bytes pass unchanged.
"""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

PIECE = 16 * 1024
_ON_THE_WAY = 64
"""So many pieces of a connection are on the way at once: more than a rate and a delay can hold."""


@dataclass
class Way:
    """One direction. `free_s`: when the last byte that was taken has left."""

    bits_per_s: float
    delay_s: float
    free_s: float = 0.0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection's bytes to their end."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_ON_THE_WAY)

        async def arrive() -> None:
            while True:
                at_s, data = await queue.get()
                await asyncio.sleep(at_s - loop.time())
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

        async with asyncio.TaskGroup() as group:
            group.create_task(arrive())
            while data := await reader.read(PIECE):
                self.free_s = max(self.free_s, loop.time()) + len(data) * 8 / self.bits_per_s
                await queue.put((self.free_s + self.delay_s, data))
                await asyncio.sleep(self.free_s - loop.time())
            await queue.put((loop.time() + self.delay_s, b""))


async def serve(url: str, down: Way, up: Way) -> None:
    """Listen, say where, and carry."""
    store = urlsplit(url)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            their_reader, their_writer = await asyncio.open_connection(store.hostname, store.port)
            async with asyncio.TaskGroup() as group:
                group.create_task(up.carry(reader, their_writer))
                group.create_task(down.carry(their_reader, writer))
        except* ConnectionError:
            writer.close()

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def running_link(url: str, link: str) -> Iterator[str]:
    """A link in a process of its own, `link` being "DOWN/UP/DELAY"; the URL under which the store is beyond it."""
    command = [sys.executable, __file__, url, *link.split("/")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    down, up, delay_ms = map(float, sys.argv[2:])
    asyncio.run(serve(sys.argv[1], *(Way(rate * 1e6, delay_ms / 2000) for rate in (down, up))))
