"""The disk port over a folder in memory: what the real folder promises, with a switch of tasks at every step.

Verified by the same contract suite as the real one. Each method waits before its effect and between a check and the
deed that follows it, so that a user's edit, a crash or another task can slip in where it can in life.
"""

import errno
import json
from collections.abc import AsyncIterator, Collection, Sequence

from bucketdrive.disk.failures import disk_full, folder_gone, missing, occupied, unreadable, unstable, why
from bucketdrive.disk.names import branches_of, draft_parts, own_parts, parts_of
from bucketdrive.errors import BucketDriveError, ItemError, MissingError, UnreadableError
from bucketdrive.model.entries import (
    Content,
    Fingerprint,
    Hashed,
    LocalEntry,
    LocalUnknown,
    NameRules,
)
from bucketdrive.model.paths import RESERVED
from bucketdrive.ports.disk import Exchanged, RootFacts, Scan, Skips, Staging
from bucketdrive.testing.loop import switch
from bucketdrive.testing.memory_entries import (
    DENIED,
    OTHER_DISK,
    chunks_of,
    entry_of,
    hashed_of,
    ids_of,
    is_junk,
    translated,
)
from bucketdrive.testing.memory_folder import MemoryFolder, MemoryWriter
from bucketdrive.testing.memory_scan import scan_below
from bucketdrive.testing.memory_tree import MemoryDir, MemoryFile, MemorySpecial, MemoryTree, make_error

__all__ = ["MemoryDisk", "MemoryFolder", "MemoryWriter"]

_MARKER = [RESERVED, "root.json"]
_STATE_ID = [RESERVED, "state-id"]


class MemoryDisk:
    """A `Disk` over `folder`, as one process sees it; any number may be made over the same folder, one at a time."""

    def __init__(self, folder: MemoryFolder) -> None:
        self._folder = folder
        self._inode = 0

    @property
    def _tree(self) -> MemoryTree:
        """The folder's inodes, as long as it is the one to stay at."""
        if self._inode and self._folder.tree.root.number != self._inode:
            raise folder_gone("in memory", "is another folder than it was")
        return self._folder.tree

    async def root(self) -> RootFacts:
        """See `Disk.root`."""
        await switch()
        tree = self._folder.tree
        device = 1 if self._folder.is_mounted else 2
        marker = tree.find(_MARKER)
        if not isinstance(marker, MemoryFile):
            return RootFacts("", "", device, tree.root.number)
        return RootFacts(*ids_of(marker.data), device, tree.root.number)

    def stay_at(self, facts: RootFacts) -> None:
        """See `Disk.stay_at`."""
        self._inode = facts.inode

    async def write_root(self, drive_id: str, root_id: str) -> None:
        """See `Disk.write_root`."""
        await switch()
        data = json.dumps({"drive_id": drive_id, "root_id": root_id}).encode()
        with translated(""):
            self._tree.insert(_MARKER, self._tree.new_file(data, mode=0o600), may_replace=True)

    async def state_id(self) -> str:
        """See `Disk.state_id`."""
        await switch()
        self._check_own()
        left = self._tree.find(_STATE_ID)
        return left.data.decode() if isinstance(left, MemoryFile) else ""

    async def set_state_id(self, state_id: str) -> None:
        """See `Disk.set_state_id`."""
        await switch()
        self._check_own()
        with translated("state-id"):
            self._tree.insert(_STATE_ID, self._tree.new_file(state_id.encode(), mode=0o600), may_replace=True)

    async def clock_ns(self) -> int:
        """See `Disk.clock_ns`."""
        await switch()
        self._check_own()
        with translated(""):
            self._tree.check_thawed([])
        return self._tree.now_ns()

    async def name_rules(self) -> NameRules:
        """See `Disk.name_rules`."""
        return NameRules(folds=self._tree.folds, is_windows=self._folder.is_windows)

    async def free_bytes(self) -> int:
        """See `Disk.free_bytes`."""
        await switch()
        return self._folder.room_bytes

    async def scan(self, skips: Skips, names: Collection[str] | None = None) -> Scan:
        """See `Disk.scan`. Other tasks run between two folders."""
        await switch()
        found = Scan()
        if self._tree.root.is_denied:
            raise folder_gone("in memory", "cannot be read")
        branches = None if names is None else branches_of(names)
        await scan_below(self._tree.root, "", skips, found.entries, branches)
        return found

    async def look(self, names: Sequence[str]) -> list[LocalEntry | None]:
        """See `Disk.look`."""
        found: list[LocalEntry | None] = []
        for name in names:
            await switch()
            try:
                parts = parts_of(name)
                if self._tree.is_on_other_disk(parts):
                    found.append(OTHER_DISK)
                    continue
                node = self._tree.find(parts)
                is_there = node is not None and self._tree.is_spelled(parts)
                found.append(entry_of(node) if node is not None and is_there else None)
            except OSError as error:
                found.append(LocalUnknown(why(error)))
            except UnreadableError as error:
                found.append(LocalUnknown(error.message))
        return found

    async def hash_files(self, names: Sequence[str]) -> list[Hashed | ItemError | None]:
        """See `Disk.hash_files`."""
        found: list[Hashed | ItemError | None] = []
        for name in names:
            try:
                found.append((await self.read(name)).hashed)
            except MissingError:
                found.append(None)
            except ItemError as error:
                found.append(error)
        return found

    async def read(self, name: str) -> Content:
        """See `Disk.read`."""
        return await self._read(parts_of(name), name)

    async def read_range(self, name: str, first: int, end: int) -> bytes:
        """See `Disk.read_range`."""
        parts = parts_of(name)
        await switch()
        with translated(name):
            return self._readable(parts, name).data[first:end]

    async def stage(self, place: str, body: AsyncIterator[bytes] | bytes, how: Staging) -> Hashed:
        """See `Disk.stage`. The file grows chunk by chunk: a crash leaves a part of it, but only ever in `tmp/`."""
        parts = own_parts(place)
        draft = draft_parts(parts)
        await switch()
        self._check_own()
        mode = 0o755 if how.is_executable else 0o644
        if how.like:
            with translated(how.like):
                mode = self._readable(parts_of(how.like), how.like).mode
        file = self._tree.new_file(b"", mode=mode)
        with translated(place):
            self._tree.insert(draft, file)
        try:
            async for chunk in chunks_of(body):
                await switch()
                self._append(file, chunk, place)
        except Exception:
            self._tree.remove_place(draft)
            raise
        self._tree.write(file, file.data, mtime_ns=how.mtime_ns)
        if draft != parts:
            await switch()
            try:
                with translated(place):
                    self._tree.rename(draft, parts)
            except BucketDriveError:
                self._tree.remove_place(draft)
                raise
            self._tree.prune(draft)
        return hashed_of(file.data, file.fingerprint)

    async def install(self, place: str, name: str) -> Fingerprint:
        """See `Disk.install`."""
        source, parts = own_parts(place), parts_of(name)
        await switch()
        self._check_own()
        staged = self._file(source, place).fingerprint
        await switch()
        with translated(name):
            self._tree.rename(source, parts)
        landed = self._landed(parts, staged)
        self._tree.prune(source)
        with self._tree.unsynced(self._tree.way_back(parts, source)):
            await switch()
        return landed

    async def put_back(self, place: str, name: str) -> Fingerprint:
        """See `Disk.put_back`."""
        return await self.install(place, name)

    async def exchange(self, place: str, name: str, expected: Fingerprint) -> Exchanged:
        """See `Disk.exchange`."""
        source, parts = own_parts(place), parts_of(name)
        await switch()
        self._check_own()
        staged = self._file(source, place).fingerprint
        self._check(parts, name, expected)
        await switch()
        with translated(name):
            self._tree.exchange(source, parts)
        came_out = self._tree.lookup(source)
        if not isinstance(came_out, MemoryFile):
            self._tree.exchange(source, parts)
            raise occupied(name)
        installed = self._landed(parts, staged)
        with self._tree.unsynced(self._tree.way_back(parts, source)):
            await switch()
        return Exchanged(installed, came_out.fingerprint)

    async def set_aside(self, name: str, place: str, expected: Fingerprint) -> Fingerprint:
        """See `Disk.set_aside`."""
        return await self._move(parts_of(name), own_parts(place), (name, name, place), expected)

    async def rename(self, name: str, new_name: str, expected: Fingerprint) -> Fingerprint:
        """See `Disk.rename`."""
        return await self._move(parts_of(name), parts_of(new_name), (name, new_name, new_name), expected)

    async def _move(
        self, source: list[str], target: list[str], names: tuple[str, str, str], expected: Fingerprint
    ) -> Fingerprint:
        """`names`: what an error is about that has to do with the source, with the way there, or with what is there."""
        await switch()
        self._check_own()
        self._check(source, names[0], expected)
        await switch()
        with translated(names[0]):
            self._tree.lookup(source)
        with translated(names[1]):
            is_taken = target[-1] in self._tree.parent(target, make=True).children
        with translated(names[2] if is_taken and not self._tree.is_frozen else names[0]):
            self._tree.rename(source, target)
        moved = self._tree.lookup(target)
        if not isinstance(moved, MemoryFile):
            self._tree.rename(target, source)
            raise occupied(names[0])
        with self._tree.unsynced(self._tree.way_back(target, source)):
            await switch()
        return moved.fingerprint

    async def make_dir(self, name: str) -> None:
        """See `Disk.make_dir`."""
        parts = parts_of(name)
        await switch()
        self._check_own()
        with translated(name):
            children = self._tree.parent(parts, make=True).children
            if parts[-1] not in children:
                self._tree.insert(parts, self._tree.new_dir())
            elif not isinstance(folder := children[parts[-1]], MemoryDir):
                raise occupied(name)
            elif folder.is_denied:
                raise make_error(errno.EACCES, parts)

    async def remove_dir(self, name: str, junk_place: str) -> None:
        """See `Disk.remove_dir`."""
        parts, junk_parts = parts_of(name), own_parts(junk_place)
        await switch()
        self._check_own()
        with translated(name):
            folder = self._tree.find(parts)
            if folder is None:
                return
            if isinstance(folder, MemoryDir) and folder.is_denied:
                raise unreadable(name, f"cannot be used: {DENIED}")
            if not isinstance(folder, MemoryDir) or not all(map(is_junk, folder.children.items())):
                raise occupied(name)
            for junk in sorted(folder.children):
                self._tree.rename([*parts, junk], [*junk_parts, junk])
            await switch()
            if self._tree.find(parts) is not folder or folder.children:
                raise occupied(name)
            self._tree.remove(parts)

    async def places(self) -> list[str]:
        """See `Disk.places`."""
        await switch()
        return sorted(self._folder.places())

    async def hash_place(self, place: str) -> Hashed | None:
        """See `Disk.hash_place`."""
        try:
            return (await self._read(own_parts(place), place)).hashed
        except MissingError:
            return None

    async def discard(self, place: str) -> None:
        """See `Disk.discard`."""
        parts = own_parts(place)
        await switch()
        self._check_own()
        with translated(place):
            if isinstance(self._tree.find(parts[:-1]), MemoryDir):
                self._tree.check_thawed(parts)
            if isinstance(self._tree.find(parts), MemoryDir):
                raise make_error(errno.EISDIR, parts)
            self._tree.remove_place(parts)

    # --- below, nothing waits but `_read` ---

    async def _read(self, parts: list[str], name: str) -> Content:
        await switch()
        with translated(name):
            file = self._readable(parts, name)
            before = file.fingerprint
            await switch()
            data = file.data
            await switch()
            if file.fingerprint != before or self._tree.find(parts) is not file:
                raise unstable(name)
        return Content(data, hashed_of(data, before))

    def _readable(self, parts: list[str], name: str) -> MemoryFile:
        node = self._tree.find(parts)
        if node is None:
            raise missing(name)
        if not isinstance(node, MemorySpecial) and node.is_denied:
            raise make_error(errno.EACCES, parts)
        if not isinstance(node, MemoryFile):
            raise unstable(name)
        return node

    def _file(self, parts: list[str], name: str) -> MemoryFile:
        """The file that is to be moved or taken as a pattern."""
        with translated(name):
            node = self._tree.find(parts)
        if node is None:
            raise missing(name)
        if not isinstance(node, MemoryFile):
            raise occupied(name)
        return node

    def _check(self, parts: list[str], name: str, expected: Fingerprint) -> None:
        if self._file(parts, name).fingerprint != expected:
            raise occupied(name)

    def _landed(self, parts: list[str], staged: Fingerprint) -> Fingerprint:
        """The installed file as it is now; if a user wrote to it already, as it was, so that the edit is seen."""
        node = self._tree.find(parts)
        if isinstance(node, MemoryFile) and node.fingerprint.is_same_file_as(staged):
            return node.fingerprint
        return staged

    def _append(self, file: MemoryFile, chunk: bytes, place: str) -> None:
        if len(file.data) + len(chunk) > self._folder.room_bytes:
            raise disk_full(place)
        file.data += chunk

    def _check_own(self) -> None:
        if not isinstance(self._tree.root.children.get(RESERVED), MemoryDir):
            raise folder_gone("in memory", "has no .bucketdrive any more")
