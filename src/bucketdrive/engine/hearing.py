"""Hearing of changes in the bucket: the doorbell says who wrote, the journals say what. All of it is hints."""

import asyncio

from bucketdrive.engine.journal import listen, read_batch, ring
from bucketdrive.engine.parts import Parts
from bucketdrive.errors import NoSuchObjectError
from bucketdrive.model.hints import Hints
from bucketdrive.model.paths import RelPath

_MANY = 20
"""So many batches are read one by one; beyond, a look at everything is cheaper."""

_SECOND_LOOK_S = 60.0
"""So long after a ring, journals are asked for a batch whose ring another one hid."""


class Hearing:
    """Listens for one drive. `begin` first, then look at everything; from there on `hear` tells what came since."""

    def __init__(self, parts: Parts) -> None:
        """`parts`: what it works with."""
        self._parts = parts
        self._heard: dict[str, int] = {}
        self._second_look_s = float("inf")

    async def begin(self) -> None:
        """From now on, everything that is told is news.

        Raises:
            TransientError: the store is not to be reached.
        """
        self._parts.bell.etag = ""
        await listen(self._parts)
        self._heard = dict(self._parts.bell.numbers)

    async def hear(self) -> Hints | None:
        """What was told since the last time; None where it is too much, or was lost.

        Raises:
            TransientError: the store is not to be reached; nothing was missed, the next call tells it.
        """
        now_s, bell = asyncio.get_running_loop().time(), self._parts.bell
        own = self._parts.identity.device_id
        if await listen(self._parts):
            self._second_look_s = min(self._second_look_s, now_s + _SECOND_LOOK_S)
            if bell.numbers.get(own, 0) < bell.own:  # somebody rang at the same time, and hid our ring
                await ring(self._parts, bell.own)
            return await self._read(own)
        if now_s >= self._second_look_s:
            self._second_look_s = float("inf")
            return await self._read_hidden(own)
        return Hints()

    async def _read(self, own: str) -> Hints | None:
        hints, is_too_much = Hints(), False
        for device, number in self._parts.bell.numbers.items():
            if device == own:
                continue
            if number - self._heard.get(device, 0) > _MANY:
                self._heard[device], is_too_much = number, True
            while self._heard.get(device, 0) < number:
                told = await self._read_next(device)
                if told is None:  # it was trimmed, or the doorbell is another's
                    self._heard[device], is_too_much = number, True
                else:
                    hints |= told
        return None if is_too_much else hints

    async def _read_hidden(self, own: str) -> Hints:
        hints = Hints()
        for device in [device for device in self._heard if device != own]:
            while (told := await self._read_next(device)) is not None:
                hints |= told
        return hints

    async def _read_next(self, device: str) -> Hints | None:
        """The next batch of a device; None where there is none."""
        number = self._heard.get(device, 0) + 1
        try:
            entries = await read_batch(self._parts, device, number)
        except NoSuchObjectError:
            return None
        self._heard[device] = number
        marks = frozenset(RelPath(entry.path) for entry in entries if entry.op == "mark")
        return Hints(paths=frozenset(RelPath(entry.path) for entry in entries) - marks, folders=marks)
