"""A world for short stories told step by step: what users do, who syncs when, and what is everywhere at the end."""

import asyncio
from functools import partial

from bucketdrive.engine.journal import read_journals
from bucketdrive.engine.parts import Options
from bucketdrive.engine.verify import SAMPLE, verify
from bucketdrive.history.as_of import NOW
from bucketdrive.history.look import list_tree
from bucketdrive.history.restore import make_restore_plan, make_restore_plan_as_of
from bucketdrive.history.sweep import Sweeps
from bucketdrive.history.undo import make_undo_plan
from bucketdrive.model.hints import Hints
from bucketdrive.model.paths import KeySpace, RelPath
from bucketdrive.model.plan import Plan
from bucketdrive.model.reports import SyncReport, VerifyReport
from bucketdrive.testing.memory_bucket import MemoryBucket, StoreClass
from bucketdrive.testing.memory_folder import MemoryFolder
from bucketdrive.testing.world import PREFIX, Device, World

_KEYS = KeySpace(PREFIX)


class Stage:
    """Devices named A, B, C … on one bucket, which sync when they are told to. Files are bytes by path."""

    def __init__(
        self, *names: str, seed: int = 0, store_class: StoreClass = "A", options: Options | None = None
    ) -> None:
        self.world = World(seed, store_class=store_class)
        self.devices = {name: Device(self.world, name, options or Options()) for name in names or ("A", "B")}

    def folder(self, name: str) -> MemoryFolder:
        """The folder of a device, as its user has it."""
        return self.devices[name].folder

    def sync(self, *names: str) -> SyncReport:
        """Sync the devices one after the other (all, where none is named); the report of the last.

        Raises:
            BucketDriveError: what stopped the last one.
        """
        report = SyncReport()
        for name in names or tuple(self.devices):
            report = self.world.run(self.devices[name].process.cycle.sync())
        return report

    def sync_by_hints(self, name: str) -> SyncReport | None:
        """Sync what changed on a device or was told in the bucket; everything at its first time; None: it stopped."""
        return self.world.run(self.devices[name].sync_by_hints())

    def sync_at(self, name: str, hints: Hints) -> SyncReport:
        """Sync what `hints` name on a device."""
        return self.world.run(self.devices[name].process.cycle.sync(hints))

    def settle(self) -> None:
        """Sync everybody until nothing changes any more."""
        for _ in range(4):
            self.sync()

    def wait(self, seconds: float) -> float:
        """Let time pass; the wall time after it."""
        self.world.run(asyncio.sleep(seconds))
        return self.world.now_s()

    @property
    def sweeps(self) -> Sweeps:
        """The sweeps that the first device keeps."""
        return self.sweeps_of(next(iter(self.devices)))

    def sweeps_of(self, name: str) -> Sweeps:
        """The sweeps that a device keeps."""
        parts = self.devices[name].process.parts
        bucket = MemoryBucket(self.world.store)
        return Sweeps(bucket, _KEYS, parts.state, partial(read_journals, parts), self.world)

    def ls(self, path: str = "", at_s: float = NOW) -> dict[str, int]:
        """The sizes of the files in the bucket at or below `path` at a moment, by path.

        Raises:
            NoSuchPathError: a path is named, and there was nothing.
        """
        entries = self.world.run(list_tree(self.sweeps, path, at_s))
        return {entry.path: entry.size for entry in entries}

    def restore(
        self, name: str, path: str, version_id: str = "", at_s: float | None = None, *, exact: bool = False
    ) -> SyncReport:
        """Restore a version on a device, or with `at_s` a path (empty: everything) as it was then.

        As `Session.restore` does between two syncs; the report is of what it does between them.

        Raises:
            NoSuchPathError: there is nothing, or there was nothing then.
        """
        bucket, parts = MemoryBucket(self.world.store), self.devices[name].process.parts
        self.world.run(read_journals(parts))
        plan = self.world.run(
            make_restore_plan(bucket, _KEYS, parts.state, RelPath(path), version_id)
            if at_s is None
            else self.plan_of(path, at_s, name, exact=exact)
        )
        return self.world.run(self.devices[name].process.cycle.carry_out(plan))

    async def plan_of(self, path: str, at_s: float, name: str = "A", *, exact: bool = True) -> Plan:
        """What would make `path` (empty: everything) as it was at a moment, as a device knows it."""
        return await make_restore_plan_as_of(self.sweeps_of(name), path, at_s, is_exact=exact)

    async def restoring(self, name: str, path: str, at_s: float) -> SyncReport:
        """Make `path` exactly as it was, on a device, and bring that here: what `Session.history.restore` does."""
        cycle = self.devices[name].process.cycle
        asked = await cycle.carry_out(await self.plan_of(path, at_s))
        return await cycle.sync(run=asked.run)

    async def undoing(self, name: str, *runs: int) -> SyncReport:
        """Take back runs of a device, and bring that here: what `Session.history.undo` does, after a sync."""
        device = self.devices[name]
        plan = await make_undo_plan(MemoryBucket(self.world.store), _KEYS, device.process.parts.state, runs)
        asked = await device.process.cycle.carry_out(plan)
        last = await device.process.cycle.sync(run=asked.run)
        last.run, last.held, last.failed = asked.run, asked.held + last.held, asked.failed + last.failed
        return last

    def undo(self, name: str, *runs: int) -> SyncReport:
        """As `undoing`, after a sync.

        Raises:
            NoSuchRunError: there was no such run.
        """
        self.sync(name)
        return self.world.run(self.undoing(name, *runs))

    def verify(self, name: str, *, full: bool = False, sample: int = SAMPLE) -> VerifyReport:
        """Compare a device's folder, its state and the bucket."""
        return self.world.run(verify(self.devices[name].process.parts, is_full=full, sample=sample))

    def start_with(self, files: dict[str, bytes]) -> None:
        """Begin with the same files everywhere."""
        first = next(iter(self.devices))
        for path, data in files.items():
            self.folder(first).write(path, data)
        self.settle()

    def everywhere(self) -> dict[str, bytes]:
        """The files that are the same on every device and in the bucket.

        Raises:
            AssertionError: they differ.
        """
        live = {path: data for path, data in self.world.live().items() if not path.endswith("/")}
        for name in self.devices:
            found = self.folder(name).files()
            if found != live:
                raise AssertionError(f"{name} has {found}, the bucket has {live}")
        return live

    def versions(self, path: str) -> list[bytes | None]:
        """What the bucket keeps at `path`, newest first; None for a delete marker."""
        history = self.world.store.history(PREFIX + path)
        return [None if version.is_delete_marker else version.data for version in history]

    def requests(self, operation: str) -> int:
        """How many requests of an operation there were so far."""
        return self.world.store.requests[operation]
