"""A real folder on Linux as the engine's `Disk`.

Every call is one hop to a thread of its own small pool; reads, stagings and installs that come together share one
(`lane`), and the waits for the disk. What is done there is in `scan`, `reading`, `staging` and `moves`.
Here errors of the system become ours.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

from bucketdrive.disk.batches import Shelf, outcome
from bucketdrive.disk.failures import failure, folder_failure
from bucketdrive.disk.fitness import Fitness, try_out
from bucketdrive.disk.lane import Lane
from bucketdrive.disk.moves import Moves
from bucketdrive.disk.names import branches_of, own_parts, parts_of
from bucketdrive.disk.places import STATE_ID, Places
from bucketdrive.disk.reading import hash_file, open_file, read_bytes, read_file
from bucketdrive.disk.root import Root
from bucketdrive.disk.scan import Walk, look_at
from bucketdrive.disk.stager import Order, Stager
from bucketdrive.disk.swap import Renamer
from bucketdrive.disk.two_steps import TwoSteps
from bucketdrive.disk.walk import open_folder
from bucketdrive.errors import BucketDriveError, ItemError, MissingError, UsageError
from bucketdrive.model.entries import Content, Fingerprint, Hashed, LocalEntry, NameRules
from bucketdrive.model.paths import RESERVED
from bucketdrive.ports.disk import Exchanged, RootFacts, Scan, Skips, Staging

T = TypeVar("T")

_THREADS = 4
_BATCH_FILES = 32
_BATCH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What the file system can do; found out by trying. False is for tests: behave as if it could not."""

    may_exchange: bool = True
    may_refuse_replacing: bool = True


class Folder:
    """The folder at `path`. Close it at the end.

    Nothing is opened before the first call, and between two calls no descriptor is: the disk can be unmounted.

    Raises:
        UsageError: this is not Linux.
    """

    def __init__(self, path: Path, file_system: FileSystem | None = None) -> None:
        if not sys.platform.startswith("linux"):
            raise UsageError(
                f"BucketDrive does not run on {sys.platform} yet: it is proved on Linux only. Nothing was done.",
                hint="Run it on Linux, or in a virtual machine or container with Linux.",
            )
        able = file_system or FileSystem()
        renamer = self._renamer = Renamer(
            may_exchange=able.may_exchange, may_refuse_replacing=able.may_refuse_replacing
        )
        self._root = Root(path)
        self._places = Places(path)
        self._two_steps = TwoSteps(self._places, renamer)
        self._moves = Moves(self._root, self._places, renamer, self._two_steps)
        self._stager = Stager(self._root, self._places, self._moves)
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="bucketdrive-disk")
        self._reads = Lane(self._executor, self._read_batch)
        self._stagings = Lane(self._executor, self._stage_batch)
        self._installs = Lane(self._executor, self._install_batch)
        self._closed = Event()
        self._healing = Lock()
        self._is_healed = False
        self._name_rules: NameRules | None = None

    def close(self) -> None:
        """Let running calls end, and stop the threads. A hash of a large file is broken off."""
        self._closed.set()
        self._executor.shutdown(cancel_futures=True)

    async def root(self) -> RootFacts:
        """See `Disk.root`."""
        return await self._run("", self._read_root)

    def stay_at(self, facts: RootFacts) -> None:
        """See `Disk.stay_at`."""
        self._root.stay_at(facts)

    async def write_root(self, drive_id: str, root_id: str) -> None:
        """See `Disk.write_root`."""

        def write() -> None:
            with self._root.open() as root:
                self._places.write_marker(root, drive_id, root_id)

        await self._run("", write)

    async def state_id(self) -> str:
        """See `Disk.state_id`."""

        def read() -> str:
            with self._root.open() as root:
                return self._places.read_state_id(root)

        return await self._run_at(STATE_ID, read)

    async def set_state_id(self, state_id: str) -> None:
        """See `Disk.set_state_id`."""

        def write() -> None:
            with self._root.open() as root:
                self._places.write_state_id(root, state_id)

        await self._run_at(STATE_ID, write)

    async def clock_ns(self) -> int:
        """See `Disk.clock_ns`."""

        def touch() -> int:
            with self._root.open() as root:
                return self._places.touch_clock(root)

        return await self._run("", touch)

    async def name_rules(self) -> NameRules:
        """See `Disk.name_rules`: whether the marker is found under its name in capitals, asked once."""
        if self._name_rules is None:
            shouted = self._root.path / RESERVED.upper() / "ROOT.JSON"
            self._name_rules = NameRules(folds=await self._run("", shouted.exists))
        return self._name_rules

    async def fitness(self, token: str) -> Fitness:
        """What the folder is fit for, tried out in `tmp/` under `token`; not part of `Disk`.

        Raises:
            GuardError: the folder or its `.bucketdrive` is not there.
        """
        return await self._run("", partial(try_out, self._root, self._places, self._renamer, token))

    async def free_bytes(self) -> int:
        """See `Disk.free_bytes`."""

        def ask() -> int:
            with self._root.open() as root:
                facts = os.fstatvfs(root)
                return facts.f_bavail * facts.f_frsize

        return await self._run("", ask)

    async def scan(self, skips: Skips, names: Collection[str] | None = None) -> Scan:
        """See `Disk.scan`."""

        def scan() -> Scan:
            with self._root.open() as root:
                walk = Walk(root, skips)
                if names is None:
                    walk.scan(root)
                else:
                    walk.scan_some(root, branches_of(names))
                return Scan(walk.entries)

        return await self._run("", scan)

    async def look(self, names: Sequence[str]) -> list[LocalEntry | None]:
        """See `Disk.look`."""
        folds = (await self.name_rules()).folds

        def look() -> list[LocalEntry | None]:
            with self._root.open() as root:
                return look_at(root, names, folds=folds)

        return await self._run("", look)

    async def hash_files(self, names: Sequence[str]) -> list[Hashed | ItemError | None]:
        """See `Disk.hash_files`. A hop takes up to 32 files or 8 MiB."""
        found: list[Hashed | ItemError | None] = []
        while len(found) < len(names):
            batch = names[len(found) : len(found) + _BATCH_FILES]
            found += await self._run("", partial(self._hash_batch, batch))
        return found

    async def read(self, name: str) -> Content:
        """See `Disk.read`."""
        return await self._reads.order(name)

    async def read_range(self, name: str, first: int, end: int) -> bytes:
        """See `Disk.read_range`."""

        def read() -> bytes:
            parts = parts_of(name)
            with self._root.open() as root, open_folder(root, parts[:-1], name) as folder:
                opened, _ = open_file(folder, parts[-1], name)
                with opened as number:
                    os.lseek(number, first, os.SEEK_SET)
                    return read_bytes(number, max(0, end - first))

        return await self._run(name, read)

    async def stage(self, place: str, body: AsyncIterator[bytes] | bytes, how: Staging) -> Hashed:
        """See `Disk.stage`. Bytes go with others, an iterator is one hop a chunk."""
        if isinstance(body, bytes):
            return await self._stagings.order((place, body, how))
        draft = await self._run_at(place, partial(self._stager.open, place, how))
        try:
            async for chunk in body:
                await self._run_at(place, partial(draft.write, chunk))
            return await self._run_at(place, partial(self._stager.finish, place, draft))
        except BaseException:
            await asyncio.shield(self._run_at(place, partial(self._stager.abandon, place, draft)))
            raise

    async def install(self, place: str, name: str) -> Fingerprint:
        """See `Disk.install`."""
        return await self._installs.order((place, name))

    async def exchange(self, place: str, name: str, expected: Fingerprint) -> Exchanged:
        """See `Disk.exchange`."""
        return await self._run(name, partial(self._moves.exchange, place, name, expected))

    async def set_aside(self, name: str, place: str, expected: Fingerprint) -> Fingerprint:
        """See `Disk.set_aside`."""
        return await self._run(name, partial(self._moves.set_aside, name, place, expected))

    async def put_back(self, place: str, name: str) -> Fingerprint:
        """See `Disk.put_back`."""
        return await self._installs.order((place, name))

    async def rename(self, name: str, new_name: str, expected: Fingerprint) -> Fingerprint:
        """See `Disk.rename`."""
        return await self._run(name, partial(self._moves.rename, name, new_name, expected))

    async def make_dir(self, name: str) -> None:
        """See `Disk.make_dir`."""
        await self._run(name, partial(self._moves.make_dir, name))

    async def remove_dir(self, name: str, junk_place: str) -> None:
        """See `Disk.remove_dir`."""
        await self._run(name, partial(self._moves.remove_dir, name, junk_place))

    async def places(self) -> list[str]:
        """See `Disk.places`."""

        def ask() -> list[str]:
            with self._root.open() as root:
                return self._places.files(root)

        return await self._run("", ask)

    async def hash_place(self, place: str) -> Hashed | None:
        """See `Disk.hash_place`."""

        def ask() -> Hashed | None:
            parts = own_parts(place)
            try:
                with self._root.open() as root, open_folder(root, parts[:-1], place) as folder:
                    return hash_file(folder, parts[-1], place, self._closed)
            except MissingError:
                return None

        return await self._run_at(place, ask)

    async def discard(self, place: str) -> None:
        """See `Disk.discard`."""

        def discard() -> None:
            with self._root.open() as root:
                self._places.check(root)
            self._stager.discard(own_parts(place))

        await self._run_at(place, discard)

    # --- in a thread ---

    def _read_root(self) -> RootFacts:
        with self._root.open_any() as root:
            facts = os.fstat(root)
            drive_id, root_id = self._places.read_marker(root)
        return RootFacts(drive_id, root_id, facts.st_dev, facts.st_ino)

    def _hash_batch(self, names: Sequence[str]) -> list[Hashed | ItemError | None]:
        """Hash the first of `names`, until enough bytes were read."""
        found: list[Hashed | ItemError | None] = []
        left = _BATCH_BYTES
        with self._root.open() as root:
            for name in names:
                hashed = self._hash(root, name)
                found.append(hashed)
                left -= hashed.fingerprint.size if isinstance(hashed, Hashed) else 0
                if left <= 0:
                    break
        return found

    def _hash(self, root: int, name: str) -> Hashed | ItemError | None:
        try:
            parts = parts_of(name)
            with open_folder(root, parts[:-1], name) as folder:
                return hash_file(folder, parts[-1], name, self._closed)
        except MissingError:
            return None
        except ItemError as error:
            return error
        except OSError as error:
            ours = failure(error, name)
            if isinstance(ours, ItemError):
                return ours
            raise ours from error

    def _read_batch(self, names: Sequence[str]) -> list[Content | BucketDriveError]:
        """Read the first of `names`, until enough bytes were read."""
        self._heal()
        found: list[Content | BucketDriveError] = []
        left = _BATCH_BYTES
        with self._root.open() as root, Shelf() as folders:

            def read(name: str) -> Content:
                parts = parts_of(name)
                return read_file(folders.take(parts[:-1], lambda: open_folder(root, parts[:-1], name)), parts[-1], name)

            for name in names:
                content = outcome(name, partial(read, name))
                found.append(content)
                left -= len(content.data) if isinstance(content, Content) else 0
                if left <= 0:
                    break
        return found

    def _install_batch(self, orders: Sequence[tuple[str, str]]) -> list[Fingerprint | BucketDriveError]:
        self._heal()
        return self._moves.install(orders)

    def _stage_batch(self, orders: Sequence[Order]) -> list[Hashed | BucketDriveError]:
        self._heal()
        return self._stager.stage(orders)

    def _heal(self) -> None:
        """Before the first call of all: finish an exchange in two steps that a crash interrupted."""
        if self._is_healed:
            return
        with self._healing:
            if not self._is_healed:
                with self._root.open() as root:
                    self._two_steps.heal(root)
                self._is_healed = True

    async def _run(self, name: str, function: Callable[[], T]) -> T:
        """One hop; the system's errors are about `name`, or where that is empty about the folder as a whole."""
        try:
            return await self._hop(function)
        except OSError as error:
            raise (failure(error, name) if name else folder_failure(error, str(self._root.path))) from error

    async def _run_at(self, place: str, function: Callable[[], T]) -> T:
        """As `_run`, about a place."""
        try:
            return await self._hop(function)
        except OSError as error:
            raise failure(error, place, is_place=True) from error

    async def _hop(self, function: Callable[[], T]) -> T:
        def call() -> T:
            self._heal()
            return function()

        return await asyncio.get_running_loop().run_in_executor(self._executor, call)
