"""Seeded stories: users edit at any moment, networks fail, processes die; then all comes to rest and is judged.

A content is *superseded* when its own user overwrites or deletes it where it was shown. Whatever was not superseded
must be in the bucket and on every device at the end, at its path or as a conflict copy (spec §3.1, I1).
"""

import asyncio
import hashlib
import math
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from bucketdrive.engine.parts import Options
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.memory_bucket import StoreClass
from bucketdrive.testing.world import Device, Faults, World

PATHS = ("a", "b", "d", "d/x", "d/y")
FLAT_PATHS = ("a", "b", "c")


@dataclass(frozen=True, slots=True)
class Story:
    """What happens in a run: how many devices, user edits a device, over which paths, with which faults.

    `part_bytes`: what is larger travels in parts of so many bytes; 0: all contents travel whole.
    """

    devices: int = 2
    edits: int = 10
    paths: tuple[str, ...] = PATHS
    store_class: StoreClass = "A"
    part_bytes: int = 0
    faults: Faults = field(default_factory=Faults)


CALM = Story(edits=8, faults=Faults(meddling=0.1))
HOSTILE = Story(edits=8, faults=Faults(refused=0.03, reply_lost=0.03, late=0.02, crash=0.004, meddling=0.1))
CRASHING = Story(edits=8, paths=FLAT_PATHS, faults=Faults(reply_lost=0.02, crash=0.015, meddling=0.1))
FORGETFUL = Story(edits=8, faults=Faults(refused=0.02, reply_lost=0.02, crash=0.004, state_lost=0.05))
CROWDED = Story(devices=3, edits=6, faults=Faults(refused=0.02, reply_lost=0.03, late=0.03, crash=0.003, meddling=0.05))
IN_PARTS = replace(HOSTILE, part_bytes=2)
LAWLESS = replace(HOSTILE, store_class="C")
LAWLESS_FILES = replace(CROWDED, store_class="C", paths=FLAT_PATHS)
LAWLESS_IN_PARTS = replace(LAWLESS, part_bytes=2)
HALF_LAWFUL = replace(CROWDED, store_class="B")


@dataclass(slots=True)
class Verdict:
    """What a run showed.

    `lost` is no longer in the tree, `gone` neither there nor in a version nor in quarantine. All lists but `spurious`
    must be empty, and `lost` nearly always where the store ignores conditions. `trace` is equal for equal seeds.
    """

    lost: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    diverged: list[str] = field(default_factory=list)
    resurrected: list[str] = field(default_factory=list)
    spurious: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    unconditional: list[str] = field(default_factory=list)
    steps: int = 0
    crashes: int = 0
    trace: str = ""

    @property
    def violations(self) -> list[str]:
        """Everything that must not be, as sentences."""
        kinds = ("lost", "gone", "diverged", "resurrected", "partial", "unconditional")
        return [f"{kind}: {what}" for kind in kinds for what in getattr(self, kind)]


class Simulation:
    """One run of a story from a seed."""

    def __init__(self, seed: int, story: Story) -> None:
        self._story = story
        self._world = World(seed, store_class=story.store_class)
        options = Options(settle_s=0.2, absence_s=0.5)
        if story.part_bytes:
            options = replace(options, whole_bytes=story.part_bytes, part_bytes=story.part_bytes)
        self._devices = [Device(self._world, name, options) for name in "ABCD"[: story.devices]]
        for device in self._devices:
            device.on_meddling = partial(self._meddle, device)
        self._edits = 0
        self._next_crash = self._steps_to_crash()
        self._written: set[str] = set()
        self._superseded: set[str] = set()
        self._deleted: set[str] = set()
        self._moved: set[str] = set()  # made anew under another name, so nobody's deletion of the old one binds them
        self._are_users_done = False

    def run(self) -> Verdict:
        """Play the story to its end and judge it."""
        verdict = Verdict()
        try:
            self._world.run(self._play(verdict))
        finally:
            self._world.close()
        return verdict

    async def _play(self, verdict: Verdict) -> None:
        world = self._world
        world.faults = self._story.faults
        world.loop.on_step = self._maybe_crash
        async with asyncio.TaskGroup() as group:
            users = [group.create_task(self._user(device)) for device in self._devices]
            machines = [group.create_task(self._machine(device)) for device in self._devices]
            late = group.create_task(self._late_network())
            await asyncio.wait(users)
            self._are_users_done = True
            await asyncio.wait([*machines, late])
        world.loop.on_step = lambda: None
        world.faults = Faults()
        while world.late_requests:
            world.run_late_request()
        await self._come_to_rest(verdict)
        self._judge(verdict)

    def _maybe_crash(self) -> None:
        if self._world.loop.steps < self._next_crash:
            return
        faults, random = self._story.faults, self._world.random
        self._next_crash += self._steps_to_crash()
        device = self._devices[int(random.random() * len(self._devices))]
        if random.random() < faults.state_lost:
            device.lose_state()
        else:
            device.crash()

    def _steps_to_crash(self) -> int:
        """Steps until the next crash, so that each step is as likely as any other to be the last."""
        rate = self._story.faults.crash
        return 1 + int(math.log(1.0 - self._world.random.random()) / math.log(1.0 - rate)) if rate else 1 << 60

    async def _machine(self, device: Device) -> None:
        while not self._are_users_done:
            await device.sync()
            await asyncio.sleep(self._world.random.random() * 2)

    async def _late_network(self) -> None:
        while not self._are_users_done:
            await asyncio.sleep(self._world.random.random() * 3)
            self._world.run_late_request()

    # --- users --------------------------------------------------------------------------------------------------------

    async def _user(self, device: Device) -> None:
        for _ in range(self._story.edits):
            for _ in range(int(self._world.random.random() * 40)):
                await asyncio.sleep(0)  # so that edits fall between any two steps of an engine
            if self._world.random.random() < 0.6:
                await asyncio.sleep(self._world.random.random() * 3)
            with suppress(OSError):
                self._edit(device)

    def _meddle(self, device: Device, path: str) -> None:
        with suppress(OSError):
            self._edit(device, path)

    def _edit(self, device: Device, path: str = "") -> None:
        """Something a user does to `path`, or to any path."""
        random, folder = self._world.random, device.folder
        self._edits += 1
        files = folder.files()
        copies = [name for name in files if is_conflict_name(name)]
        if not path:
            names = copies if copies and random.random() < 0.1 else self._story.paths
            path = names[int(random.random() * len(names))]
        content = f"{device.name}:{path}:{self._edits}"
        deed = random.random()
        if path in files and deed < 0.3:
            folder.delete(path)
            self._supersede(files[path])
            self._deleted.add(files[path].decode())
        elif path in files and deed < 0.4:
            self._move(device, path, files[path])
        elif path in folder.dirs():
            self._flip_folder(device, path, content)
        elif any(above in files for above in _above(path)):
            self._flip_file(device, path, files)
        else:
            self._write(device, path, content, files.get(path))

    def _write(self, device: Device, path: str, content: str, before: bytes | None) -> None:
        random, folder = self._world.random, device.folder
        data = content.encode()
        if random.random() < 0.5:
            folder.save(path, data)
        else:
            folder.write(path, data)
        self._written.add(content)
        if before is not None:
            self._supersede(before)

    def _move(self, device: Device, path: str, data: bytes) -> None:
        target = self._story.paths[int(self._world.random.random() * len(self._story.paths))]
        files = device.folder.files()
        if target in files or target in device.folder.dirs() or any(above in files for above in _above(target)):
            return
        device.folder.move(path, target)
        self._moved.add(data.decode())

    def _flip_folder(self, device: Device, path: str, content: str) -> None:
        """A folder becomes a file, or an empty one."""
        files = device.folder.files()
        device.folder.delete(path)
        for name, data in files.items():
            if name.startswith(f"{path}/"):
                self._supersede(data)
                self._deleted.add(data.decode())
        if self._world.random.random() < 0.5:
            self._write(device, path, content, None)
        else:
            device.folder.mkdir(path)

    def _flip_file(self, device: Device, path: str, files: dict[str, bytes]) -> None:
        """A file becomes a folder, for something to be in it."""
        for above in _above(path):
            if above in files:
                device.folder.delete(above)
                self._supersede(files[above])
                self._deleted.add(files[above].decode())
        device.folder.mkdir(path.rpartition("/")[0])

    def _supersede(self, data: bytes) -> None:
        self._superseded.add(data.decode())

    # --- the end ------------------------------------------------------------------------------------------------------

    async def _come_to_rest(self, verdict: Verdict) -> None:
        for _ in range(12):
            writes, reports = self._count_writes(), []
            for device in self._devices:
                await asyncio.sleep(1.0)
                reports.append(await device.sync())
            is_quiet = all(report is not None and not report.has_done_something for report in reports)
            if is_quiet and self._count_writes() == writes and not self._differences():
                return
        verdict.diverged += self._differences() or ["equal, but the engines go on writing"]

    def _count_writes(self) -> int:
        requests = self._world.store.requests
        return sum(count for name, count in requests.items() if name.startswith(("Put", "Delete", "Copy")))

    def _differences(self) -> list[str]:
        live = self._world.live()
        files = {path: data for path, data in live.items() if not path.endswith("/")}
        folders = {above for path in live for above in _above(path)} | {p[:-1] for p in live if p.endswith("/")}
        wrong = []
        for device in self._devices:
            if device.folder.files() != files:
                wrong.append(f"{device.name} has {device.folder.files()}, the bucket has {files}")
            elif device.folder.dirs() != folders:
                wrong.append(f"{device.name} has folders {device.folder.dirs()}, the bucket has {folders}")
        return wrong

    def _judge(self, verdict: Verdict) -> None:
        live = {path: data.decode() for path, data in self._world.live().items() if not path.endswith("/")}
        final = set(live.values())
        verdict.lost = sorted(self._written - self._superseded - final)
        verdict.gone = sorted(set(verdict.lost) - self._kept_somewhere())
        back = {path: text for path, text in live.items() if text in self._superseded}
        # A deletion not yet told when the state was lost cannot be known of; a store that ignores conditions cannot
        # refuse a request that comes late; and no store a creation that comes after the file was deleted elsewhere: the
        # one resurrection that we do not promise to prevent (spec §2.13).
        if not self._story.faults.state_lost and self._story.store_class == "A":
            verdict.resurrected = sorted(
                f"{path}={text}"
                for path, text in back.items()
                if text in self._deleted - self._moved
                and not is_conflict_name(path)
                and text.encode() not in self._world.late_bodies
            )
        verdict.spurious = sorted(f"{path}={text}" for path, text in back.items())
        shown = {data.decode() for device in self._devices for _, data in device.shown}
        verdict.partial = sorted(shown - self._written)
        if self._story.store_class == "A":
            verdict.unconditional = sorted(self._world.store.unconditional_writes)
        verdict.steps = self._world.loop.steps
        verdict.crashes = sum(device.crashes for device in self._devices)
        digest = hashlib.sha256(repr((self._world.loop.trace, sorted(live.items()))).encode())
        verdict.trace = digest.hexdigest()

    def _kept_somewhere(self) -> set[str]:
        """Every content that is in a version or in a quarantine."""
        aside = {data for device in self._devices for data in device.folder.quarantine().values()}
        return {data.decode("utf-8", "replace") for data in self._world.store.contents() | aside}


def _above(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def play(story: Story, seed: int) -> Verdict:
    """One run, for a pool of processes."""
    return Simulation(seed, story).run()
