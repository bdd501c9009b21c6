"""What happens to whole machines and to the bucket: no folder, room or network, wrong clocks, careless operators."""

import json
from collections.abc import Callable

from bucketdrive.model.format import DriveInfo, write_drive_info
from bucketdrive.testing.stories import Story
from bucketdrive.testing.users import OtherTool
from bucketdrive.testing.world import DRIVE_ID, PREFIX, Device, World

_YEAR_S = 365 * 86_400.0
_LASTS_S = 3.0
STRANGER = b"a file of another drive"


class Mishaps:
    """Draws a mishap from time to time; each ends by itself, and all of them with `end`."""

    def __init__(self, world: World, devices: list[Device], story: Story, tool: OtherTool) -> None:
        self._world = world
        self._devices = devices
        self._faults = story.faults
        self._tool = tool
        self._epoch = DriveInfo(DRIVE_ID).epoch

    async def run(self, is_over: Callable[[], bool]) -> None:
        """Go on until `is_over`."""
        while not is_over():
            await self._world.sleep(self._world.fraction() * 2)
            self._turn()

    def end(self) -> None:
        """Everything is well again, but for what cannot be taken back."""
        self._world.is_stormy = False
        self._world.store.versioning = "Enabled"
        for device in self._devices:
            device.folder.mount()
            device.folder.room_bytes = 1 << 40

    def _turn(self) -> None:
        faults = self._faults
        device = self._devices[int(self._world.fraction() * len(self._devices))]
        happenings: list[tuple[float, Callable[[], None]]] = [
            (faults.storm, self._storm),
            (faults.unmounted, lambda: self._unmount(device)),
            (faults.swapped, lambda: self._swap(device)),
            (faults.full, lambda: self._fill(device)),
            (faults.clock_step, self._step_clocks),
            (faults.epoch, self._raise_epoch),
            (faults.suspended, self._suspend),
            (faults.foreign, self._tool.act),
        ]
        for rate, happen in happenings:
            if rate and self._world.fraction() < rate:
                happen()

    def _for_some_time(self, end: Callable[[], None]) -> None:
        self._world.loop.call_later(self._world.fraction() * _LASTS_S, end)

    def _storm(self) -> None:
        self._world.is_stormy = True
        self._for_some_time(lambda: setattr(self._world, "is_stormy", False))

    def _unmount(self, device: Device) -> None:
        device.folder.unmount()
        self._for_some_time(device.folder.mount)

    def _swap(self, device: Device) -> None:
        marker = json.dumps({"drive_id": "another", "root_id": "another"}).encode()
        if not device.folder.is_mounted:
            return
        device.folder.swap({".bucketdrive/root.json": marker, self._tool.any_path(): STRANGER})
        root, before = device.folder.tree.root, device.folder.everything()

        def end() -> None:
            is_it_still = device.folder.tree.root is root  # and not what another mishap left there meanwhile
            if is_it_still and device.folder.everything() != before:
                self._world.trespasses.append(device.name)
            device.folder.mount()

        self._for_some_time(end)

    def _fill(self, device: Device) -> None:
        device.folder.room_bytes = 0
        self._for_some_time(lambda: setattr(device.folder, "room_bytes", 1 << 40))

    def _step_clocks(self) -> None:
        self._world.clock_step_s += (self._world.fraction() * 2 - 1) * _YEAR_S

    def _raise_epoch(self) -> None:
        self._epoch += 1
        info = DriveInfo(DRIVE_ID, self._epoch)
        self._world.store.put(f"{PREFIX}.bucketdrive/drive.json", write_drive_info(info))

    def _suspend(self) -> None:
        self._world.store.versioning = "Suspended"
        self._for_some_time(lambda: setattr(self._world.store, "versioning", "Enabled"))
