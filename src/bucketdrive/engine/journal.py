"""Telling other devices: our batches of the journal, and the doorbell (design.md, how a device learns of changes)."""

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
_JSON = "application/json"


async def announce(parts: Parts) -> None:
    """Put what is in the outbox as one batch, then ring the doorbell.

    Repeated after a crash, it tells twice at most.
    """
    last_id, entries = await parts.state.run(load_outbox)
    if not entries:
        return
    number = await _put_batch(parts, entries)
    await parts.state.run(finish_batch, parts.identity.device_id, number, entries, last_id)
    await _ring(parts, number)


async def announce_deletions(parts: Parts, entries: Sequence[JournalEntry]) -> None:
    """Tell of deletions before they are made, for stores that ignore conditions: `base` is the version that is meant.

    One that then hits another version is known to be late, by everybody (spec §2.6).
    """
    number = await _put_batch(parts, entries)
    await parts.state.run(finish_batch, parts.identity.device_id, number, entries, 0)
    await _ring(parts, number)


async def _put_batch(parts: Parts, entries: Sequence[JournalEntry]) -> int:
    number = int((await parts.state.run(load_meta)).get(_NEXT, "1"))
    body = write_journal(entries)
    if not parts.facts.conditional_put:
        number = await _first_free(parts, number)
    while True:  # until the number is free: our state may be an older copy, or the reply to this very put was lost
        key = parts.keys.own_key(journal_name(parts.identity.device_id, number))
        try:
            await parts.bucket.put_object(key, body, NewObject({}, _JSON, parts.on_put(IfAbsent())))
        except ConditionFailedError:
            number = await _first_free(parts, number)  # not simply the next: a 409 is no sign of an object (no gaps)
        else:
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
            body = await get_body(parts, parts.keys.own_key(journal_name(device_id, number)))
        except NoSuchObjectError:
            return
        await parts.state.run(put_batch, device_id, number, read_journal(body.data))


async def _ring(parts: Parts, number: int) -> None:
    key = parts.keys.own_key("doorbell")
    try:
        known = read_doorbell((await get_body(parts, key)).data)
    except NoSuchObjectError:
        known = {}
    known[parts.identity.device_id] = number
    await parts.bucket.put_object(key, write_doorbell(known), NewObject({}, _JSON))
