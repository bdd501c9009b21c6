"""What changes in a folder, as Linux tells it (inotify).

A folder is watched before it is listed, and a new one counts as changed with all that is in it: so nothing that is made
in it meanwhile is missed. Whoever makes more at once than the kernel queues is told of as lost, and looked at whole.
"""

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from asyncinotify import Event, Inotify, Mask, Watch

from bucketdrive.disk.failures import folder_gone, why
from bucketdrive.model.paths import RESERVED
from bucketdrive.ports.watcher import Changes

_MASK = (
    Mask.CREATE
    | Mask.MODIFY
    | Mask.CLOSE_WRITE
    | Mask.ATTRIB
    | Mask.MOVED_FROM
    | Mask.MOVED_TO
    | Mask.DELETE
    | Mask.DELETE_SELF
    | Mask.MOVE_SELF
    | Mask.ONLYDIR
    | Mask.DONT_FOLLOW
    | Mask.EXCL_UNLINK
)
_COMES = Mask.CREATE | Mask.MOVED_TO
_GOES = Mask.DELETE | Mask.MOVED_FROM
_ITSELF = Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.IGNORED | Mask.UNMOUNT
_EVENTS_A_READ = 256
_NO_ROOM = frozenset({errno.ENOSPC, errno.ENOMEM})
_FULL = (
    "The system watches no more folders for this user: changes here are found only when everything is looked at. "
    "Raise the limit, for example with `sysctl fs.inotify.max_user_watches=524288`, then start again."
)
_NO_WATCHER = (
    "The folder cannot be watched: {}. Changes here are found only when everything is looked at. "
    "Raise the limit, for example with `sysctl fs.inotify.max_user_instances=512`, then start again."
)
_OVERFLOW = "More changed at once than the system can tell of."


class FolderWatcher:
    """A `Watcher` of a real folder. Used from one event loop."""

    def __init__(self, path: Path) -> None:
        """`path`: the drive's folder."""
        self._root = path
        self._inotify: Inotify | None = None
        self._watches: dict[str, Watch] = {}
        self._names: dict[int, str] = {}
        self._blind = ""

    @property
    def blind(self) -> str:
        """See `Watcher.blind`."""
        return self._blind

    async def begin(self) -> Changes:
        """See `Watcher.begin`."""
        if not self._root.is_dir():
            raise folder_gone(str(self._root), "is not there")
        try:
            self._inotify = Inotify(cache_size=_EVENTS_A_READ)
        except OSError as error:
            self._blind = _NO_WATCHER.format(why(error))
            return Changes(lost=self._blind)
        await self._watch("")
        return Changes(lost=self._blind)

    async def wait(self) -> Changes:
        """See `Watcher.wait`. Tells at once of what one reading of the queue gives."""
        names: set[str] = set()
        lost = ""
        if self._inotify is None:
            await asyncio.get_running_loop().create_future()  # for ever
            return Changes()
        while True:
            event = await self._inotify.get()
            if Mask.Q_OVERFLOW in event.mask:
                lost = _OVERFLOW
                await self._watch("")  # folders may have come unheard
            else:
                await self._take(event, names)
            if not self._inotify._events and (names or lost):  # noqa: SLF001  it has no other way to tell
                return Changes(frozenset(names), lost or self._blind)

    def close(self) -> None:
        """See `Watcher.close`."""
        if self._inotify is not None:
            self._inotify.close()

    async def _take(self, event: Event, names: set[str]) -> None:
        """Add what is new to `names`."""
        folder = self._names.get(event.watch.wd) if event.watch is not None else None
        if folder is None:
            return
        if event.name is None:
            self._folder_itself(event, folder)
            return
        name = f"{folder}/{event.name}" if folder else str(event.name)
        if name == RESERVED:
            return
        names.add(name)
        if Mask.ISDIR in event.mask:
            if event.mask & _GOES:
                self._forget(name)
            if event.mask & _COMES:
                await self._watch(name)

    def _folder_itself(self, event: Event, folder: str) -> None:
        if Mask.IGNORED in event.mask and event.watch is not None:
            self._names.pop(event.watch.wd, None)
            self._watches.pop(folder, None)
        if folder == "" and event.mask & _ITSELF:
            raise folder_gone(str(self._root), "was moved, deleted or unmounted")

    def _forget(self, folder: str) -> None:
        """Watch a folder that went away, and those below it, no longer."""
        below = folder + "/"
        for name in [name for name in self._watches if name == folder or name.startswith(below)]:
            watch = self._watches.pop(name)
            self._names.pop(watch.wd, None)
            if self._inotify is not None:
                with suppress(OSError):  # it is gone already
                    self._inotify.rm_watch(watch)

    async def _watch(self, folder: str) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._watch_all, folder)

    def _watch_all(self, folder: str) -> None:
        device = os.lstat(self._root).st_dev
        waiting = [folder]
        while waiting:
            name = waiting.pop()
            if self._watch_one(name):
                waiting += [f"{name}/{part}" if name else part for part in self._folders_in(name, device)]

    def _watch_one(self, name: str) -> bool:
        """Whether the folder is watched, or could be but for the lack of room."""
        if self._inotify is None:
            return False
        try:
            watch = self._inotify.add_watch(self._root / name, _MASK)
        except OSError as error:
            if error.errno in _NO_ROOM:
                self._blind = _FULL
                return False
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                self._blind = f"The folder {name!r} cannot be watched: {why(error)}."
            return False
        self._watches[name] = watch
        self._names[watch.wd] = name
        return True

    def _folders_in(self, name: str, device: int) -> Iterator[str]:
        try:
            with os.scandir(self._root / name) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False) or (not name and entry.name == RESERVED):
                        continue
                    if entry.stat(follow_symlinks=False).st_dev == device:
                        yield entry.name
        except OSError:  # it went away, which is told, or cannot be read, which a look at everything tells
            return
