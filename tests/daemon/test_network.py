import asyncio
import errno
import os
import socket
import struct

import pytest

from bucketdrive.daemon.network import watch_network

_NEW, _GONE = 20, 21
_ASKED = {_NEW: 0x405, _GONE: 0x5}  # request and reply; a new one is made


def change_address(kind):
    """Give the loopback interface another address, or take it away, as `ip addr` does (man 7 rtnetlink)."""
    address = socket.inet_aton("127.0.0.77")
    body = struct.pack("BBBBI", socket.AF_INET, 32, 0, 0, socket.if_nametoindex("lo"))
    body += b"".join(struct.pack("HH4s", 8, attribute, address) for attribute in (1, 2))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        channel.send(struct.pack("IHHII", 16 + len(body), kind, _ASKED[kind], 1, 0) + body)
        (error,) = struct.unpack("i", channel.recv(200)[16:20])
    if -error == errno.EPERM:
        assert os.environ.get("CI") != "true"  # noqa: TID251  the tests' own switch
        pytest.skip("the network may not be changed here")
    assert error == 0


def test_a_change_of_the_network_is_heard_and_a_volley_is_one():
    heard = []

    async def play():
        changed = asyncio.Event()

        def hear():
            heard.append("changed")
            changed.set()

        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch_network(hear))
            await asyncio.sleep(0)
            change_address(_NEW)
            change_address(_GONE)
            await changed.wait()
            watching.cancel()

    asyncio.run(play())
    assert heard == ["changed"]
