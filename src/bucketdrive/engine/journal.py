"""Telling other devices: our batches of the journal, and the doorbell (design.md, how a device learns of changes)."""

from bucketdrive.engine.parts import Parts
from bucketdrive.errors import ConditionFailedError, NoSuchObjectError
from bucketdrive.model.format import journal_name, read_doorbell, write_doorbell, write_journal
from bucketdrive.ports.bucket import IfAbsent, NewObject
from bucketdrive.state.runs import clear_outbox, load_outbox
from bucketdrive.state.trees import load_meta, put_meta

_NEXT = "journal_next"
_JSON = "application/json"


async def announce(parts: Parts) -> None:
    """Put what is in the outbox as one batch, then ring the doorbell.

    Repeated after a crash, it tells twice at most.
    """
    last_id, entries = await parts.state.run(load_outbox)
    if not entries:
        return
    number = int((await parts.state.run(load_meta)).get(_NEXT, "1"))
    body = write_journal(entries)
    while True:
        key = parts.keys.own_key(journal_name(parts.identity.device_id, number))
        try:
            await parts.bucket.put_object(key, body, NewObject({}, _JSON, parts.on_put(IfAbsent())))
        except ConditionFailedError:
            number += 1  # taken: our state was restored from an older copy, or the reply to this very put was lost
        else:
            break
    await parts.state.run(put_meta, {_NEXT: str(number + 1)})
    await parts.state.run(clear_outbox, last_id)
    await _ring(parts, number)


async def _ring(parts: Parts, number: int) -> None:
    key = parts.keys.own_key("doorbell")
    try:
        body = await parts.bucket.get_object(key)
        known = read_doorbell(body.data) if body is not None else {}
    except NoSuchObjectError:
        known = {}
    known[parts.identity.device_id] = number
    await parts.bucket.put_object(key, write_doorbell(known), NewObject({}, _JSON))
