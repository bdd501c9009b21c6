"""Seeded stories: users edit at any moment, networks fail, processes die; then all comes to rest and is judged."""

import asyncio
import math
from dataclasses import replace

from bucketdrive.engine.parts import Options
from bucketdrive.testing.faults import Faults
from bucketdrive.testing.judge import Judge, Verdict
from bucketdrive.testing.mishaps import Mishaps
from bucketdrive.testing.stories import Story
from bucketdrive.testing.users import Account, OtherTool, User
from bucketdrive.testing.world import Device, World

_CHECK_EVERY = 100
"""Steps of the loop between two looks at whether everything is kept somewhere."""
_QUARANTINE_S = 40.0
"""Longer than a story, so that what lies in quarantine is not in the tree when that comes to rest."""
_SHORT_QUARANTINE_S = 3.0
"""Where programs hold files open, whose late bytes come back when it is over."""
_ROUNDS = 12


class Simulation:
    """One run of a story from a seed."""

    def __init__(self, seed: int, story: Story) -> None:
        self._story = story
        self._world = World(seed, store_class=story.store_class)
        self._quarantine_s = _SHORT_QUARANTINE_S if story.faults.held_open else _QUARANTINE_S
        options = Options(settle_s=0.2, absence_s=0.5, quarantine_s=self._quarantine_s)
        if story.part_bytes:
            options = replace(options, whole_bytes=story.part_bytes, part_bytes=story.part_bytes)
        self._devices = [Device(self._world, name, options, story.tick_ns) for name in "ABCD"[: story.devices]]
        if story.folds:
            self._devices[0].folder.tree.fold_names()
            self._devices[0].make_root()
        self._account = Account()
        self._users = [User(self._world, device, story, self._account) for device in self._devices]
        self._judge = Judge(self._world, self._devices, story, self._account)
        tool = OtherTool(self._world, story, self._account)
        if story.faults.foreign:
            self._world.before_delete = tool.meddle
        self._mishaps = Mishaps(self._world, self._devices, story, tool)
        self._are_users_done = False
        self._is_at_rest = False

    def run(self) -> Verdict:
        """Play the story to its end and judge it."""
        try:
            self._world.run(self._play())
        finally:
            self._world.close()
        return self._judge.verdict

    async def _play(self) -> None:
        world = self._world
        world.faults = self._story.faults
        self._crash_later()
        world.loop.call_at_step(_CHECK_EVERY, self._check)
        async with asyncio.TaskGroup() as group:
            users = [group.create_task(user.work()) for user in self._users]
            machines = [group.create_task(self._machine(device)) for device in self._devices]
            others = [group.create_task(self._late_network())]
            if self._story.faults.has_mishaps:
                others.append(group.create_task(self._mishaps.run(lambda: self._are_users_done)))
            await asyncio.wait(users)
            self._are_users_done = True
            await asyncio.wait([*machines, *others])
        self._is_at_rest = True
        world.faults = Faults()
        world.before_delete = lambda _key: None
        self._mishaps.end()
        while world.late_requests:
            world.run_late_request()
        if not (self._story.faults.held_open or self._story.faults.kept_time):
            await self._come_to_rest()
            self._judge.check_tree()
        await world.sleep(self._quarantine_s)  # what a user wrote where nobody saw it comes back when this is over
        await self._come_to_rest()
        self._judge.conclude()

    def _check(self) -> None:
        if not self._is_at_rest:
            self._judge.check_kept()
            self._world.loop.call_at_step(self._world.loop.steps + _CHECK_EVERY, self._check)

    def _crash_later(self) -> None:
        """After some steps, so that each step is as likely as any other to be the last."""
        rate = self._story.faults.crash
        if rate:
            steps = 1 + int(math.log(1.0 - self._world.fraction()) / math.log(1.0 - rate))
            self._world.loop.call_at_step(self._world.loop.steps + steps, self._crash)

    def _crash(self) -> None:
        world, faults = self._world, self._story.faults
        if self._is_at_rest:
            return
        device = self._devices[int(world.fraction() * len(self._devices))]
        if faults.state_lost and world.fraction() < faults.state_lost:
            device.lose_state()
        elif faults.state_old and world.fraction() < faults.state_old:
            device.restore_state()
        elif faults.power_cut and world.fraction() < faults.power_cut:
            device.cut_power()
        else:
            device.crash()
        self._crash_later()

    async def _machine(self, device: Device) -> None:
        while not self._are_users_done:
            if self._story.faults.state_old and self._world.fraction() < 0.3:
                device.back_up_state()
            await (device.sync_by_hints() if self._story.by_hints else device.sync())
            await self._world.sleep(self._world.fraction() * 3)

    async def _late_network(self) -> None:
        while not self._are_users_done:
            await self._world.sleep(self._world.fraction() * 3)
            self._world.run_late_request()

    async def _come_to_rest(self) -> None:
        for _ in range(_ROUNDS):
            writes, reports = self._count_writes(), []
            for device in self._devices:
                await self._world.sleep(1.0)
                reports.append(await device.sync())
            is_quiet = all(report is not None and not report.has_done_something for report in reports)
            if is_quiet and self._count_writes() == writes and not self._judge.differences():
                return
        self._judge.verdict.diverged += self._judge.differences() or ["equal, but the engines go on writing"]

    def _count_writes(self) -> int:
        requests = self._world.store.requests
        return sum(count for name, count in requests.items() if name.startswith(("Put", "Delete", "Copy")))


def play(story: Story, seed: int) -> Verdict:
    """One run, for a pool of processes."""
    return Simulation(seed, story).run()
