"""Many copies at once: so many on their way, and the versions they made named by the page.

Some stores do not name the version that a copy made (Ceph 16). One page of versions names those of many neighbours,
where each alone would take two requests.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from bucketdrive.engine.multipart import named
from bucketdrive.engine.parts import Parts
from bucketdrive.errors import BucketDriveError
from bucketdrive.ports.bucket import Written
from bucketdrive.rules.budget import ROWS_A_PAGE

WAITING = 4
"""So many times as many copies may wait for their names as may be on their way."""

_PACE_S = 0.2
"""From one page to the next: the copies of that time are named together."""

_PAGES_A_KEY = 0.5
"""A page costs less than asking for two keys; where the keys lie farther apart, each is asked for alone."""

_ROWS_A_KEY = 4
"""So many rows of a page for each key: its versions and markers, and those of keys in between."""

_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that the store made at `key` of the version `source_id`, with `op` in its metadata."""

    key: str
    source_id: str
    op: str
    written: Written


class Copies:
    """The copies of one execution."""

    def __init__(self, parts: Parts) -> None:
        """`parts`: the bucket, and how much may be in flight."""
        self._parts = parts
        self.room = asyncio.Semaphore(parts.options.in_flight)
        """Held while a copy is on its way."""
        self._waiting: list[tuple[Copied, asyncio.Future[Written]]] = []
        self._is_naming = False
        self._next_s = 0.0

    async def named(self, copied: Copied) -> Written:
        """The version that a copy made, with its id and ETag; the first to come asks for all who come meanwhile.

        Raises:
            BucketDriveError: as the bucket's reads.
        """
        if copied.written.version_id or not copied.written.etag:
            return await named(self._parts, copied.key, copied.written, copied.op)
        named_later: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((copied, named_later))
        if not self._is_naming:
            await self._name_all()
        found = await named_later
        return found if found.version_id else await named(self._parts, copied.key, copied.written, copied.op)

    async def _name_all(self) -> None:
        loop = asyncio.get_running_loop()
        self._is_naming = True
        group: list[tuple[Copied, asyncio.Future[Written]]] = []
        try:
            while self._waiting:
                if (pause_s := self._next_s - loop.time()) > 0:
                    await asyncio.sleep(pause_s)
                group, self._waiting = self._waiting, []
                found = await self._versions([copied for copied, _ in group])
                self._next_s = loop.time() + _PACE_S
                for copied, later in group:
                    if not later.done():
                        later.set_result(found.get(copied.key, copied.written))
        except BaseException:
            for _, later in group + self._waiting:
                later.cancel()
            self._waiting = []
            raise
        finally:
            self._is_naming = False

    async def _versions(self, group: list[Copied]) -> dict[str, Written]:
        """What can be told of the copies in few pages, by key; where a page cannot be had, nothing."""
        wanted = {copied.key: copied for copied in group}
        keys = sorted(wanted, key=lambda key: key.encode("utf-8", "surrogatepass"))
        found: dict[str, Written] = {}
        if len(keys) < 1 / _PAGES_A_KEY:
            return found
        marker, version_marker, prefix = _just_before(keys[0]), "", _common_prefix(keys)
        max_keys = min(ROWS_A_PAGE, len(keys) * _ROWS_A_KEY)
        for _ in range(max(1, int(len(keys) * _PAGES_A_KEY))):
            try:
                page = await self._parts.bucket.list_object_versions(
                    prefix, key_marker=marker, version_id_marker=version_marker, max_keys=max_keys
                )
            except BucketDriveError:  # each then asks for itself, and tells what is wrong
                return found
            for row in page.rows:
                copied = wanted.get(row.key)
                is_it = copied is not None and row.etag == copied.written.etag and row.version_id != copied.source_id
                if is_it and not row.is_delete_marker:
                    found.setdefault(row.key, Written(row.version_id, row.etag))
            if len(found) == len(keys) or not page.is_truncated or not page.rows:
                return found
            marker, version_marker = page.rows[-1].key, page.rows[-1].version_id
        return found


def _just_before(key: str) -> str:
    """A key that sorts before `key`, and behind nearly all others that do."""
    last = ord(key[-1]) - 1
    is_plain = 0x20 < last < 0x7F
    return key[:-1] + chr(last) + _LAST if is_plain else key[:-1]


def _common_prefix(keys: Iterable[str]) -> str:
    first, *_, last = min(keys), max(keys)
    length = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:length]
