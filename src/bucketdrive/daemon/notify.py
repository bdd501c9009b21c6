"""Telling the service manager how this process is, by systemd's protocol (man sd_notify): a datagram to a socket."""

import asyncio
import os
import socket
from contextlib import suppress

from bucketdrive.drive.settings import service_manager

READY, STOPPING, WATCHDOG = "READY=1", "STOPPING=1", "WATCHDOG=1"


def notify(message: str) -> None:
    """Tell it; nothing where no manager listens. Never raises: a daemon works without."""
    address = service_manager().socket
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(message.encode())


async def feed_watchdog() -> None:
    """Say again and again that the event loop runs, where the manager asks for it; until cancelled."""
    manager = service_manager()
    if manager.watchdog_s and manager.watchdog_pid in (0, os.getpid()):
        while True:
            notify(WATCHDOG)
            await asyncio.sleep(manager.watchdog_s / 3)
