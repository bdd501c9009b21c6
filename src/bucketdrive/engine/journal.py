"""Telling other devices: our batches of the journal, and the doorbell (design.md, how a device learns of changes)."""

import asyncio
from collections.abc import Sequence

from bucketdrive.engine.bodies import get_body
from bucketdrive.engine.parts import Parts
from bucketdrive.errors import ConditionFailedError, NoSuchObjectError
from bucketdrive.model.format import (
    JournalEntry,
    journal_name,
    read_doorbell,
    read_journal,
    write_doorbell,
    write_journal,
)
from bucketdrive.ports.bucket import IfAbsent, NewObject
from bucketdrive.state.journals import finish_batch, load_cursors, put_batch
from bucketdrive.state.runs import load_outbox
from bucketdrive.state.trees import load_meta

_NEXT = "journal_next"
_FRESH_S = 5.0
"""So long after the doorbell was heard or written, it is taken to say still what it said."""

_JSON = "application/json"


async def announce(parts: Parts) -> None:
    """Put what is in the outbox as one batch, then ring the doorbell.

    Repeated after a crash, or where the doorbell could not be rung, it tells twice.
    """
    last_id, entries = await parts.state.run(load_outbox)
    if not entries:
        return
    number = await _put_batch(parts, entries)
    await ring(parts, number)
    await parts.state.run(finish_batch, parts.identity.device_id, number, entries, last_id)


async def announce_deletions(parts: Parts, entries: Sequence[JournalEntry]) -> None:
    """Tell of deletions before they are made, for stores that ignore conditions: `base` is the version that is meant.

    One that then hits another version is known to be late, by everybody (spec §2.6). The doorbell is not rung: who
    must know reads the journals, and what the deletions leave to tell rings.
    """
    number = await _put_batch(parts, entries)
    await parts.state.run(finish_batch, parts.identity.device_id, number, entries, 0)


async def _put_batch(parts: Parts, entries: Sequence[JournalEntry]) -> int:
    number = int((await parts.state.run(load_meta)).get(_NEXT, "1"))
    body = write_journal(entries)
    if not parts.facts.conditional_put and parts.bell.own != number - 1:
        number = await _first_free(parts, number)
    while True:  # until the number is free: our state may be an older copy, or the reply to this very put was lost
        key = parts.keys.own_key(journal_name(parts.identity.device_id, number))
        try:
            await parts.bucket.put_object(key, body, NewObject({}, _JSON, parts.on_put(IfAbsent())))
        except ConditionFailedError:
            number = await _first_free(parts, number)  # not simply the next: a 409 is no sign of an object (no gaps)
        else:
            parts.bell.own = number
            return number


async def _first_free(parts: Parts, number: int) -> int:
    """The first number from `number` on that is not taken."""
    own = parts.keys.own_key(journal_name(parts.identity.device_id, 0)).removesuffix("0" * 12)
    after, is_more = f"{own}{number - 1:012d}", True
    while is_more:
        page = await parts.bucket.list_objects(own, start_after=after)
        if page.rows:
            after = page.rows[-1].key
            number = int(after.removeprefix(own)) + 1
        is_more = page.is_truncated and bool(page.rows)
    return number


async def read_journals(parts: Parts) -> None:
    """Read what the journals of all devices told since the last time."""
    cursors = await parts.state.run(load_cursors)
    folder = parts.keys.own_key("devices/")
    after, is_more = "", True
    while is_more:
        page = await parts.bucket.list_objects(folder, start_after=after)
        for row in page.rows:
            device_id = row.key.removeprefix(folder).removesuffix(".json")
            await _read_journal(parts, device_id, cursors.get(device_id, 0))
        is_more = page.is_truncated and bool(page.rows)
        after = page.rows[-1].key if page.rows else ""


async def _read_journal(parts: Parts, device_id: str, number: int) -> None:
    while True:
        number += 1
        try:
            await read_batch(parts, device_id, number)
        except NoSuchObjectError:
            return


async def listen(parts: Parts) -> bool:
    """Ask for the doorbell; whether it is another than the one known. `parts.bell` then has what it says."""
    key, bell = parts.keys.own_key("doorbell"), parts.bell
    now_s = asyncio.get_running_loop().time()
    try:
        body = await parts.bucket.get_object(key, if_none_match=bell.etag)
    except NoSuchObjectError:
        return False
    if body is None:
        bell.known_s = now_s
        return False
    bell.learn(read_doorbell(body.data), body.head.etag, now_s)
    return True


async def ring(parts: Parts, number: int) -> None:
    """Write the doorbell anew, with `number` as our last. What another ringer writes at the same time may be lost."""
    bell, now_s = parts.bell, asyncio.get_running_loop().time()
    if now_s - bell.known_s > _FRESH_S:
        await listen(parts)
    numbers = bell.numbers | {parts.identity.device_id: number}
    bell.known_s = float("-inf")  # whether the store did it is not known until it says so
    key = parts.keys.own_key("doorbell")
    written = await parts.bucket.put_object(key, write_doorbell(numbers), NewObject({}, _JSON))
    bell.learn(numbers, written.etag, now_s)


async def read_batch(parts: Parts, device_id: str, number: int) -> list[JournalEntry]:
    """A batch of another device's journal, which is then remembered.

    Raises:
        NoSuchObjectError: there is none of that number.
    """
    body = await get_body(parts, parts.keys.own_key(journal_name(device_id, number)))
    entries = read_journal(body.data)
    await parts.state.run(put_batch, device_id, number, entries)
    return entries
