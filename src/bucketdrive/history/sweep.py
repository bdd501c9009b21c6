"""Sweeps: one pass over the versions the bucket keeps, kept in the state, so that looking back again asks nobody.

A sweep began at a moment of the store's clock, and all that happened in an earlier second is in it: of those moments it
stays true, whatever is written later. What lifecycle rules took since, it still shows. Neither writing nor reading
holds more than a few pages.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from bucketdrive.errors import NoSuchObjectError
from bucketdrive.history.as_of import NOW
from bucketdrive.history.versions import behind_own
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import KeySpace
from bucketdrive.ports.bucket import Reads
from bucketdrive.ports.runtime import Listed, Listener
from bucketdrive.rules.timeline import is_file, is_marker
from bucketdrive.state.database import State
from bucketdrive.state.sweeps import (
    Sweep,
    SweptRow,
    add_swept,
    begin_sweep,
    complete_sweep,
    drop_swept,
    find_open_sweep,
    find_row,
    find_sweep,
    read_swept,
)

_PAGES = 8
"""So many pages are kept in one transaction, and listed again after an interruption."""

_ROWS = 5000
"""So many rows are read from the state at once."""


class SweptBucket(Reads, Protocol):
    """A bucket that can be swept."""

    async def store_time_s(self, key: str) -> float | None:
        """See `ports.bucket.Administers`."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """A version or marker, and when a device's journal told of it, for `rules.timeline`; 0 where none did.

    `device_id`: which device that was, where it was asked for.
    """

    row: VersionRow
    told_s: float
    device_id: str = ""


class Sweeps:
    """The sweeps of one drive. There is one of these a state: it knows which sweeps are being read."""

    def __init__(
        self,
        bucket: SweptBucket,
        keys: KeySpace,
        state: State,
        read_journals: Callable[[], Awaitable[None]],
        listener: Listener,
    ) -> None:
        """`read_journals`: brings what devices told into the state, which each sweep is followed by."""
        self.bucket = bucket
        self.keys = keys
        self.state = state
        self.read_journals = read_journals
        self._listener = listener
        self._sweeping = asyncio.Lock()
        self._choosing = asyncio.Lock()
        self._readers: Counter[int] = Counter()

    @asynccontextmanager
    async def of(self, path: str, at_s: float = NOW) -> AsyncIterator[Sweep]:
        """A complete sweep that knows `path` and all below it (empty: the drive) at `at_s`; kept as long as it is used.

        One that is kept already, where there is one; else the versions are listed, from where an earlier sweep of this
        path was broken off, if what it has is new enough.
        """
        sweep = await self._find(path, at_s)
        if sweep is None:
            async with self._sweeping:
                sweep = await self._find(path, at_s) or await self._sweep(path, at_s)
        try:
            yield sweep
        finally:
            self._readers[sweep.id] -= 1

    async def rows(
        self, sweep: Sweep, path: str, *, of_devices: bool = False, with_markers: bool = False
    ) -> AsyncIterator[Told]:
        """The versions of the files at or below `path`, in the order of the listing; the sweep must know them.

        `with_markers`: those of the markers of folders as well.
        """
        if not path:
            ranges = [(sweep.first_id, sweep.end_id)]
        else:  # not in one go: between `p` and `p/` may lie any number of paths such as `p-old/x`
            ends = (path, f"{path}\0", f"{path}/", f"{path}0")
            found = [await self.state.run(find_row, sweep, end) for end in ends]
            ranges = [(found[0], found[1]), (found[2], found[3])]
        prefix, last = self.keys.prefix, ""
        for first_id, end_id in ranges:
            for piece_id in range(first_id, end_id, _ROWS):
                ids = (piece_id, min(piece_id + _ROWS, end_id))
                for row in await self.state.run(read_swept, *ids, of_devices=of_devices):
                    at, version_id, is_deleted, etag, size, modified_s, told_s, device_id = row
                    is_latest, last = at != last, at
                    key = prefix + at
                    if with_markers or at[-1] != "/":
                        version = VersionRow(key, version_id, is_latest, bool(is_deleted), etag, size, modified_s)
                        yield Told(version, told_s, device_id)

    async def _find(self, path: str, at_s: float) -> Sweep | None:
        async with self._choosing:  # it must not be let go of between being found and being used
            sweep = await self.state.run(find_sweep, path, at_s)
            if sweep is not None:
                self._readers[sweep.id] += 1
        return sweep

    async def _sweep(self, path: str, at_s: float) -> Sweep:
        sweep = await self.state.run(find_open_sweep, path)
        if sweep is None or not sweep.knows(at_s):
            sweep = await self.state.run(begin_sweep, path, await self._store_time_s())
        sweep = await self._list(sweep)
        await self.read_journals()
        async with self._choosing:
            await self.state.run(complete_sweep, sweep)
            self._readers[sweep.id] += 1
            while await self.state.run(drop_swept, [number for number, readers in self._readers.items() if readers]):
                pass
        return sweep

    async def _store_time_s(self) -> float:
        """The store's clock; 0 where it is not told: then no moment is known to lie before."""
        try:
            told_s = await self.bucket.store_time_s(self.keys.own_key("drive.json"))
        except NoSuchObjectError:
            return 0.0
        return told_s or 0.0

    async def _list(self, sweep: Sweep) -> Sweep:
        """List what a sweep has not listed yet, and keep it."""
        waiting: list[SweptRow] = []
        pages = 0
        async for rows, markers in self._pages(sweep):
            waiting += self._kept(rows)
            pages += 1
            if pages % _PAGES == 0:
                sweep = await self.state.run(add_swept, sweep, waiting, markers)
                waiting = []
                self._listener.tell(Listed(sweep.versions))
        return await self.state.run(add_swept, sweep, waiting, ("", ""))

    def _kept(self, rows: tuple[VersionRow, ...]) -> list[SweptRow]:
        cut = len(self.keys.prefix)
        return [
            (path, row.version_id, row.is_delete_marker, row.etag, row.size, row.modified_s)
            for row in rows
            if (is_file(path := row.key[cut:]) or is_marker(path)) and row.is_sound
        ]

    async def _pages(self, sweep: Sweep) -> AsyncIterator[tuple[tuple[VersionRow, ...], tuple[str, str]]]:
        """What is left of a sweep: the rows of each page, and the markers from which to go on behind it."""
        keys, markers = self.keys, (sweep.key_marker, sweep.version_marker)
        own, below = keys.own_prefix, keys.folder_key(sweep.path) if sweep.path else keys.prefix
        if sweep.path and not markers[0].startswith(below):
            file, is_more = keys.key(sweep.path), True
            while is_more:
                page = await self.bucket.list_object_versions(file, key_marker=markers[0], version_id_marker=markers[1])
                rows = tuple(row for row in page.rows if row.key == file)
                is_more = page.is_truncated and len(rows) == len(page.rows) > 0
                markers = (page.rows[-1].key, page.rows[-1].version_id) if is_more else (below, "")
                yield rows, markers
        if markers == (below, ""):  # a beginning: moto passes over markers of deletion where it is told one
            markers = ("", "")
        is_more = True
        while is_more:
            page = await self.bucket.list_object_versions(below, key_marker=markers[0], version_id_marker=markers[1])
            is_more = page.is_truncated and bool(page.rows)
            if is_more:
                last = page.rows[-1]
                markers = (behind_own(keys), "") if last.key.startswith(own) else (last.key, last.version_id)
            yield page.rows, markers
