"""Files that were moved away: their old names look deleted, and hold the older history of what is live elsewhere."""

from collections.abc import Mapping

from bucketdrive.errors import NoSuchObjectError
from bucketdrive.history.devices import device_names
from bucketdrive.model.format import journal_name, read_journal
from bucketdrive.model.paths import KeySpace
from bucketdrive.ports.bucket import Reads
from bucketdrive.state.journals import Moved


async def read_moved(bucket: Reads, keys: KeySpace, known: Moved, cursors: Mapping[str, int]) -> Moved:
    """`known` with what journals tell behind `cursors`, the last batch of each that is known. A request a batch."""
    moved = {path: dict(targets) for path, targets in known.items()}
    for device_id in await device_names(bucket, keys):
        number = cursors.get(device_id, 0)
        while True:
            number += 1
            try:
                body = await bucket.get_object(keys.own_key(journal_name(device_id, number)))
            except NoSuchObjectError:
                break
            for entry in read_journal(body.data) if body is not None else []:
                if entry.op == "copy" and entry.source:
                    moved.setdefault(entry.source, {})[entry.base] = entry.path
    return moved
