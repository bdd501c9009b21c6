"""Stopping a device at each of its effects in turn: what it did until then is done, and nothing of it comes after.

An effect is whatever outlives the process: a write that the store carried out, a change on disk, a transaction. Between
two of them all moments are one, so stopping after each of them is stopping everywhere.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from bucketdrive.testing.faults import Faults
from bucketdrive.testing.memory_tree import MemoryFile
from bucketdrive.testing.world import Device

Work = Callable[[], Coroutine[Any, Any, object]]

_READS = ("Get", "Head", "List")


class CrashPoint:
    """Where a device stops: after `effects` effects, before its next step.

    `stop` ends it: its process dies, or with `Device.cut_power` the whole machine.
    """

    def __init__(self, device: Device, effects: int, stop: Callable[[Device], None] = Device.crash) -> None:
        self._device = device
        self._left = effects
        self._stop = stop
        self._before = _outside(device)
        self.is_reached = False

    def run(self, work: Work) -> None:
        """Run `work` on the device up to the point, or to its end where that comes first.

        Raises:
            BucketDriveError: what ended `work` before.
        """
        loop = self._device.world.loop
        loop.on_step = self._on_step
        try:
            self._device.world.run(work())
        except asyncio.CancelledError:
            if not self.is_reached:
                raise
        finally:
            loop.on_step = None

    def _on_step(self) -> None:
        if not self.is_reached and self._is_here():
            self.is_reached = True
            self._stop(self._device)
            tasks = asyncio.all_tasks(self._device.world.loop)
            for task in sorted(tasks, key=lambda task: (len(task.get_name()), task.get_name())):
                task.cancel()  # where it stands: it takes no other step

    def _is_here(self) -> bool:
        now = _outside(self._device)
        if now != self._before:
            self._before = now
            self._left -= 1
        return self._left <= 0


class RequestUnderWay(CrashPoint):
    """Where a device stops while the store has not yet carried out its next write: after `writes` others.

    That one is in `late_requests` of the world then, to be executed whenever it comes.
    """

    def __init__(self, device: Device, writes: int) -> None:
        super().__init__(device, 0)
        self._world = device.world
        self._sent = _writes(device) + writes

    def run(self, work: Work) -> None:  # type: ignore[explicit-override]
        """See `CrashPoint.run`."""
        try:
            super().run(work)
        finally:
            self._world.faults = Faults()

    def _is_here(self) -> bool:  # type: ignore[explicit-override]
        if _writes(self._device) >= self._sent:
            self._world.faults = Faults(late=1.0)
        return bool(self._world.late_requests)


def _outside(device: Device) -> tuple[object, ...]:
    """All that a device has done to the world, as a value that changes with each effect."""
    changes = device.state.run_now(lambda db: db.total_changes())
    return _writes(device), changes, tuple(_disk(device))


def _writes(device: Device) -> int:
    return sum(count for name, count in device.world.store.requests.items() if not name.startswith(_READS))


def _disk(device: Device) -> Iterator[tuple[object, ...]]:
    tree = device.folder.tree
    for name, node in tree.walk(tree.root):
        yield (name, *((node.fingerprint, node.data) if isinstance(node, MemoryFile) else (node.number,)))
