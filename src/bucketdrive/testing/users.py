"""What simulated users and other tools do, and the account of what they wrote, replaced, deleted and moved.

A content is *superseded* when its own user overwrites or deletes it where it was shown, or when another tool does so in
the bucket. Whatever was not superseded must be in the bucket and on every device at the end (spec §3.1, I1).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.stories import Story
from bucketdrive.testing.world import PREFIX, Device, World

_HELD_S = 1.0
"""How long a program holds a file open: less than any quarantine lasts."""

_GONE_S = 0.3
"""How long a file is gone while an editor saves it: less than an absence lasts (spec §3.6, 19)."""

_STEPS = 40
"""Before each edit, so many steps are made at most."""

_MEDDLING = 0.2
_RESTS_S = 0.6
"""How long a file rests after it was saved in two steps: longer than an absence has to last."""

_HALF_S = 0.15
"""How long a file is half written: less than it takes to settle."""


@dataclass(slots=True)
class Account:
    """All contents of a world, by what became of them.

    `moved`: also made anew under another name, so that nobody's deletion of the old one binds them. `halves`: what
    files hold while they are written.
    """

    edits: int = 0
    written: set[str] = field(default_factory=set)
    superseded: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    halves: set[str] = field(default_factory=set)

    def new_content(self, author: str, path: str) -> str:
        """A content that nobody wrote before, and somebody writes now."""
        content = self.next_content(author, path)
        self.written.add(content)
        return content

    def next_content(self, author: str, path: str) -> str:
        """A content that is still to be written."""
        self.edits += 1
        return f"{author}:{path}:{self.edits}"

    def supersede(self, data: bytes, *, by_deletion: bool = False) -> None:
        """Somebody who saw `data` replaced or deleted it."""
        self.superseded.add(data.decode())
        if by_deletion:
            self.deleted.add(data.decode())

    @property
    def wanted(self) -> set[str]:
        """What must not be lost."""
        return self.written - self.superseded


class User:
    """Somebody at a device."""

    def __init__(self, world: World, device: Device, story: Story, account: Account) -> None:
        self._world = world
        self._device = device
        self._story = story
        self._account = account
        self._in_work: set[str] = set()
        device.on_meddling = self.meddle

    async def work(self) -> None:
        """Make all the edits of the story, at any moment."""
        for _ in range(self._story.edits):
            if self._world.fraction() < 0.6:
                await self._world.sleep(self._world.fraction() * 1.5)
            await self._world.loop.pass_steps(int(self._world.fraction() * _STEPS))  # between any two of an engine's
            self.meddle()

    def meddle(self, path: str = "") -> None:
        """Do something to `path`, or to any path."""
        if self._device.folder.is_mounted:
            with suppress(OSError):
                self._edit(path)

    def _edit(self, path: str) -> None:
        world, folder = self._world, self._device.folder
        files = folder.files()
        copies = [name for name in files if is_conflict_name(name)]
        if not path:
            names = copies if copies and world.fraction() < 0.1 else self._story.paths
            path = names[int(world.fraction() * len(names))]
        path = self._as_spelled(path, files)
        deed = world.fraction()
        if self._story.has_editors:
            self._save_in_two_steps(path, deed)
        elif path in files and deed < 0.3:
            folder.delete(path)
            self._account.supersede(files[path], by_deletion=True)
        elif path in files and deed < 0.4:
            self._move(path, files[path])
        elif path in folder.dirs():
            self._flip_folder(path)
        elif any(above in files for above in folders_above(path)):
            self._flip_file(path, files)
        elif path in files and self._story.faults.held_open and deed < 0.4 + self._story.faults.held_open:
            self._open(path)
        else:
            self._write(path, files.get(path))

    def _as_spelled(self, path: str, files: Mapping[str, bytes]) -> str:
        """The name of the file that the disk takes for `path`, if there is one."""
        if not self._device.folder.tree.folds:
            return path
        return next((name for name in files if name.casefold() == path.casefold()), path)

    def _write(self, path: str, before: bytes | None) -> None:
        world, folder = self._world, self._device.folder
        data = self._account.new_content(self._device.name, path).encode()
        if world.fraction() < 0.5:
            folder.save(path, data)
        elif before is not None and world.fraction() < self._story.faults.kept_time:
            folder.write(path, data, mtime_ns=folder.mtime_ns(path))
        else:
            folder.write(path, data)
        if before is not None:
            self._account.supersede(before)

    def _save_in_two_steps(self, path: str, deed: float) -> None:
        """As editors do: rename over it, write in place, delete it first, or write one half after the other."""
        folder, later = self._device.folder, self._world.loop.call_later
        before = folder.files().get(path)
        if path in self._in_work:
            return
        if before is None or deed < 0.4:
            self._write(path, before)
            return
        self._in_work.add(path)
        content = self._account.next_content(self._device.name, path)

        def write() -> None:
            now = folder.files().get(path)
            folder.write(path, content.encode())
            self._account.written.add(content)
            later(_RESTS_S, self._in_work.remove, path)  # two saves may look like one absence
            if now is not None:
                self._account.supersede(now)

        self._account.supersede(before)
        if deed < 0.7:
            folder.delete(path)
            later(_GONE_S, write)
        else:
            half = f"half of {content}"
            self._account.halves.add(half)
            folder.write(path, half.encode())
            later(_HALF_S, write)

    def _open(self, path: str) -> None:
        """Open a file now and write to it later, whatever its name is by then."""
        writer = self._device.folder.open_writer(path)

        def write() -> None:
            if writer.has_name:
                self._account.supersede(writer.data)
                writer.write(self._account.new_content(self._device.name, path).encode())

        self._world.loop.call_later(self._world.fraction() * _HELD_S, write)

    def _move(self, path: str, data: bytes) -> None:
        folder = self._device.folder
        files = folder.files()
        target = self._as_spelled(self._story.paths[int(self._world.fraction() * len(self._story.paths))], files)
        if target in files or target in folder.dirs() or any(above in files for above in folders_above(target)):
            return
        folder.move(path, target)
        self._account.moved.add(data.decode())

    def _flip_folder(self, path: str) -> None:
        """A folder becomes a file, or an empty one."""
        folder = self._device.folder
        files = folder.files()
        folder.delete(path)
        for name, data in files.items():
            if name.startswith(f"{path}/"):
                self._account.supersede(data, by_deletion=True)
        if self._world.fraction() < 0.5:
            self._write(path, None)
        else:
            folder.mkdir(path)

    def _flip_file(self, path: str, files: dict[str, bytes]) -> None:
        """A file becomes a folder, for something to be in it."""
        for above in folders_above(path):
            if above in files:
                self._device.folder.delete(above)
                self._account.supersede(files[above], by_deletion=True)
        self._device.folder.mkdir(path.rpartition("/")[0])


class OtherTool:
    """Something else that writes to the same bucket, without our metadata and without any condition."""

    def __init__(self, world: World, story: Story, account: Account) -> None:
        self._world = world
        self._story = story
        self._account = account

    def any_path(self) -> str:
        """A path of the story."""
        return self._story.paths[int(self._world.fraction() * len(self._story.paths))]

    def meddle(self, key: str) -> None:
        """A device is about to delete an object: perhaps a new version of it is put at that very moment."""
        if key.removeprefix(PREFIX) in self._story.paths and self._world.fraction() < _MEDDLING:
            self._put(key.removeprefix(PREFIX))

    def act(self) -> None:
        """Put, copy or delete an object."""
        world, store = self._world, self._world.store
        path = self.any_path()
        live, deed = world.live(), world.fraction()
        files = {name: data for name, data in live.items() if not name.endswith("/")}
        if deed < 0.3 and path in files:
            self._account.supersede(files[path], by_deletion=True)
            store.delete(PREFIX + path)
            return
        if any(name.startswith(f"{path}/") for name in live) or any(above in files for above in folders_above(path)):
            return  # a tool that knows folders
        if deed < 0.5 and files:
            source = sorted(files)[int(world.fraction() * len(files))]
            if source != path:
                if path in files:
                    self._account.supersede(files[path])
                metadata = store.history(PREFIX + source)[0].metadata
                store.put(PREFIX + path, files[source], metadata)  # as tools do that keep headers
                self._account.moved.add(files[source].decode())
                return
        self._put(path)

    def _put(self, path: str) -> None:
        before = self._world.store.history(PREFIX + path)[:1]
        if before and not before[0].is_delete_marker:
            self._account.supersede(before[0].data)
        self._world.store.put(PREFIX + path, self._account.new_content("tool", path).encode())


def folders_above(path: str) -> list[str]:
    """All folders above a path, from the top."""
    parts = path.rstrip("/").split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
