"""A simulated world: one bucket, several devices with the engine that ships, users, and faults, all from one seed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from random import Random  # noqa: TID251  the simulator's seed is where all its chance comes from
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from bucketdrive.engine.cycle import Cycle
from bucketdrive.engine.hearing import Hearing
from bucketdrive.engine.parts import Identity, Options, Parts
from bucketdrive.errors import DriveError, TransientError
from bucketdrive.model.attempts import Deed
from bucketdrive.model.format import DeviceInfo, DriveInfo, write_device_info, write_drive_info
from bucketdrive.model.hints import Hints
from bucketdrive.model.paths import KeySpace
from bucketdrive.model.reports import SyncReport
from bucketdrive.state.attempts import load_attempts
from bucketdrive.state.database import State
from bucketdrive.state.trees import put_meta
from bucketdrive.testing.faults import Faults
from bucketdrive.testing.loop import SeededLoop, switch
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore, StoreClass
from bucketdrive.testing.memory_disk import MemoryDisk
from bucketdrive.testing.memory_folder import MemoryFolder
from bucketdrive.testing.stored import StoredVersion
from bucketdrive.testing.wire import Wire

if TYPE_CHECKING:
    from bucketdrive.ports.bucket import Bucket
    from bucketdrive.ports.disk import Disk, RootFacts
    from bucketdrive.ports.runtime import Event

P = ParamSpec("P")
T = TypeVar("T")

EPOCH_S = 1_800_000_000.0
PREFIX = "cloud-drive/John/"
DRIVE_ID = "5d0c8f6e-0000-4000-8000-000000000001"
_MOVES = {"exchange": 1, "set_aside": 0, "install": 1, "rename": 0, "read": 0}
"""Disk methods with a window between check and effect, and which argument names the user's file."""


class World:
    """Everything that outlives a process."""

    def __init__(self, seed: int, *, store_class: StoreClass = "A", faults: Faults | None = None) -> None:
        self.random = Random(seed)
        self.loop = SeededLoop(self.random)
        self.store = MemoryStore(store_class, clock=self.now_s)
        self.faults = faults or Faults()
        self.late_requests: list[Callable[[], object]] = []
        self.before_delete: Callable[[str], None] = lambda _key: None
        self.late_bodies: set[bytes] = set()
        self.half_installed: set[str] = set()
        self.trespasses: list[str] = []
        self.is_stormy = False
        self.clock_step_s = 0.0
        self.devices: list[Device] = []
        self._ticks = 0
        info = DriveInfo(DRIVE_ID)
        self.store.put(f"{PREFIX}.bucketdrive/drive.json", write_drive_info(info))

    def now_s(self) -> float:
        """Wall time: the same for all, and wrong after a step of the clocks."""
        return EPOCH_S + self.clock_step_s + self.loop.time()

    def clock_ns(self) -> int:
        """The disks' time: virtual time, and a microsecond more at each call."""
        self._ticks += 1
        return int(self.now_s() * 1e9) + self._ticks * 1000

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(seconds)

    def uuid(self) -> str:
        """A random UUID from the seed."""
        text = f"{self.random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def fraction(self) -> float:
        """A random number in [0, 1) from the seed."""
        return self.random.random()

    def tell(self, event: "Event") -> None:
        """Listen to nothing."""

    def run(self, work: Awaitable[T]) -> T:
        """Run `work` in this world until it is done."""
        asyncio.set_event_loop(self.loop)
        try:
            return self.loop.run_until_complete(work)
        finally:
            asyncio.set_event_loop(None)

    def close(self) -> None:
        """End the world."""
        self.loop.close()

    def live(self) -> dict[str, bytes]:
        """The files that are live in the bucket, by path; folder markers end with `/`; our own objects left out."""
        own = f"{PREFIX}.bucketdrive/"
        return {key[len(PREFIX) :]: data for key, data in self.store.live().items() if not key.startswith(own)}

    def tops(self) -> dict[str, StoredVersion]:
        """What is on top of each live file's key, by path."""
        return {path: self.store.history(PREFIX + path)[0] for path in self.live() if not path.endswith("/")}

    def run_late_request(self) -> None:
        """Execute one of the requests that had timed out."""
        if self.late_requests:
            late = self.late_requests.pop(int(self.random.random() * len(self.late_requests)))
            before = self.store.live()
            late()
            self.late_bodies.update(data for key, data in self.store.live().items() if before.get(key) != data)


class Device:
    """A machine with a folder and a state, on which the engine runs, crashes and starts again."""

    def __init__(
        self,
        world: World,
        name: str,
        options: Options = Options(),  # noqa: B008  frozen
        tick_ns: int = 1,
    ) -> None:
        self.world = world
        self.name = name
        self.options = options
        self.shown: list[tuple[str, bytes]] = []
        self.folder = MemoryFolder(
            world.clock_ns, tick_ns=tick_ns, record=lambda path, data: self.shown.append((path, data))
        )
        self.changed: set[str] = set()
        self.folder.tree.on_change = self._on_change
        self.root_id = f"root-{name}"
        self.state = State.in_memory()
        self.boots = 0
        self.crashes = 0
        self.on_meddling: Callable[[str], None] = lambda _: None
        self.on_set_aside: Callable[[str, bytes], None] = lambda _path, _data: None
        self.on_delete: Callable[[str, bytes], None] = lambda _key, _data: None
        self._backup: State | None = None
        self._process: Process | None = None
        world.devices.append(self)
        info = DeviceInfo(f"id-{name}", name)
        world.store.put(f"{PREFIX}.bucketdrive/devices/id-{name}.json", write_device_info(info))
        self.make_root()

    def make_root(self) -> None:
        """Put the drive's marker into the folder."""
        self.world.run(MemoryDisk(self.folder).write_root(DRIVE_ID, self.root_id))

    def lose_state(self) -> None:
        """Start over with an empty state, in rebuild mode."""
        self.crash()
        self.state = State.in_memory()
        self.state.run_now(put_meta, {"is_rebuilding": "1"})

    def back_up_state(self) -> None:
        """Keep a copy of the state, as backup programs do."""
        self._backup = self.state.copy()

    def restore_state(self) -> None:
        """Start over with the state as it was backed up, if it was."""
        self.crash()
        if self._backup is not None:
            self.state = self._backup.copy()

    def cut_power(self) -> None:
        """Stop the whole machine: of what the disk was not told to keep, any part is lost."""
        self.crash()
        self.boots += 1
        self.folder.tree.lose_unsynced(self.world.fraction)
        places = self.folder.places()
        for attempt in self.state.run_now(load_attempts):
            if attempt.deed is Deed.INSTALL and attempt.place not in places:
                self.world.half_installed.add(attempt.sha256)

    def crash(self) -> None:
        """Stop the process where it stands: none of its code has any effect from here on."""
        if self._process is not None:
            self.crashes += 1
            self._process.kill()
            self._process = None

    def meddle(self, path: str) -> None:
        """The engine is about to move a file: its user may edit it at this moment, or the next, or the one after."""
        meddling = self.world.faults.meddling
        if meddling and self.world.random.random() < meddling:
            self.world.loop.call_soon(self.on_meddling, path)

    @property
    def process(self) -> "Process":
        """The running process, started if there is none."""
        if self._process is None:
            self._process = Process(self)
        return self._process

    async def sync(self) -> SyncReport | None:
        """One sync; None where it crashed, stopped or could not be finished."""
        return await self._run(self.process.cycle.sync())

    async def sync_by_hints(self) -> SyncReport | None:
        """One sync of what changed here or was told of since the last one; of everything in a process's first."""
        process = self.process
        names, self.changed = self.changed, set()
        report = await self._run(process.sync_by_hints(frozenset(names)))
        if report is None or report.failed:
            process.hints = None
        return report

    async def _run(self, work: Coroutine[Any, Any, SyncReport]) -> SyncReport | None:
        process = self.process
        process.task = asyncio.get_running_loop().create_task(work)
        try:
            return await process.task
        except (asyncio.CancelledError, TransientError, DriveError):
            return None

    def _on_change(self, name: str) -> None:
        unheard = self.world.faults.unheard
        if not (unheard and self.world.fraction() < unheard):
            self.changed.add(name)


class Process:
    """One life of an engine on a device."""

    def __init__(self, device: Device) -> None:
        self.is_dead = False
        self.task: asyncio.Task[SyncReport] | None = None
        world = device.world
        self.parts = Parts(
            bucket=cast("Bucket", Wire(MemoryBucket(world.store), world, self.check, device.on_delete)),
            disk=cast("Disk", MortalDisk(MemoryDisk(device.folder), device, self)),
            state=MortalState(device.state, self),
            clock=world,
            chance=world,
            listener=world,
            keys=KeySpace(PREFIX),
            facts=world.store.facts,
            identity=Identity(DRIVE_ID, device.root_id, f"id-{device.name}", device.name),
            options=device.options,
            boot_id=f"boot {device.boots}",
        )
        self.cycle = Cycle(self.parts)
        self.hearing = Hearing(self.parts)
        self.hints: Hints | None = None

    async def sync_by_hints(self, names: frozenset[str]) -> SyncReport:
        """Sync what is at `names`, and what others told; everything where `hints` is None."""
        if self.hints is None:
            await self.hearing.begin()
            self.hints = Hints()
            return await self.cycle.sync()
        heard = await self.hearing.hear()
        return await self.cycle.sync(None if heard is None else Hints(names) | heard)

    def kill(self) -> None:
        """End it; whatever it still tries fails."""
        self.is_dead = True
        if self.task is not None:
            self.task.cancel()

    def check(self) -> None:
        """Called by everything it does to the world."""
        if self.is_dead:
            raise asyncio.CancelledError


class MortalDisk:
    """A disk whose calls end with their process, and on which a user may meddle with the very file it moves."""

    def __init__(self, inner: MemoryDisk, device: Device, process: Process) -> None:
        self._inner = inner
        self._device = device
        self._process = process

    def stay_at(self, facts: "RootFacts") -> None:
        """See `Disk.stay_at`."""
        self._inner.stay_at(facts)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._inner, name)
        moved = _MOVES.get(name)

        async def guarded(*args: Any, **kwargs: Any) -> Any:
            self._process.check()
            if moved is not None:
                self._device.meddle(str(args[moved]))
            result = await call(*args, **kwargs)
            if name == "set_aside":
                self._device.on_set_aside(str(args[0]), self._device.folder.data_at(str(args[1])))
            self._process.check()
            return result

        self.__dict__[name] = guarded
        return guarded


class MortalState(State):
    """A state on which transactions end with their process; a transaction itself is atomic."""

    def __init__(self, inner: State, process: Process) -> None:
        self._inner = inner
        self._process = process

    async def run(self, transaction: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs) -> T:  # type: ignore[explicit-override]
        """See `State.run`."""
        await switch()
        self._process.check()
        return self._inner.run_now(transaction, *args, **kwargs)
