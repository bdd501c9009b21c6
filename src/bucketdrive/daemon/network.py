"""Hears from the kernel that the network changed (man 7 rtnetlink): a drive that is offline is then tried at once."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress

_LINK, _ADDRESS_4, _ROUTE_4, _ADDRESS_6, _ROUTE_6 = 0x1, 0x10, 0x40, 0x100, 0x400
_SETTLE_S = 0.5
"""One change of a network comes as a volley of messages."""


async def watch_network(changed: Callable[[], None]) -> None:
    """Call `changed` after each change, until cancelled; never where the kernel does not tell."""
    try:
        channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    except OSError:
        return
    with channel:
        try:
            channel.bind((0, _LINK | _ADDRESS_4 | _ROUTE_4 | _ADDRESS_6 | _ROUTE_6))
        except OSError:
            return
        heard = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(channel.fileno(), lambda: _drain(channel, heard))
        try:
            while True:
                await heard.wait()
                await asyncio.sleep(_SETTLE_S)
                heard.clear()
                changed()
        finally:
            loop.remove_reader(channel.fileno())


def _drain(channel: socket.socket, heard: asyncio.Event) -> None:
    heard.set()
    with suppress(OSError):  # empty, or so much came that some was dropped: both mean that all was heard
        while os.read(channel.fileno(), 65536):
            pass
