"""The devices of a drive: their names, as each has written itself into the bucket, and what their journals tell."""

import asyncio

from bucketdrive.errors import NoSuchObjectError
from bucketdrive.history.sweep import Sweeps
from bucketdrive.model.format import DeviceInfo, read_device_info
from bucketdrive.model.history import Deed
from bucketdrive.model.paths import KeySpace
from bucketdrive.ports.bucket import Reads
from bucketdrive.state.journals import load_deeds


async def device_names(bucket: Reads, keys: KeySpace) -> dict[str, str]:
    """The names of all devices, by id. One request each."""
    folder, after, is_more = keys.own_key("devices/"), "", True
    found: list[str] = []
    while is_more:
        page = await bucket.list_objects(folder, start_after=after)
        found += [row.key for row in page.rows]
        is_more = page.is_truncated and bool(page.rows)
        after = found[-1] if found else ""
    async with asyncio.TaskGroup() as group:
        reads = [group.create_task(_read(bucket, key)) for key in found]
    return {info.device_id: info.name for read in reads if (info := read.result())}


async def list_deeds(sweeps: Sweeps, last: int) -> list[Deed]:
    """The `last` things that the devices of the drive did, as far as journals were read; oldest first."""
    rows = await sweeps.state.run(load_deeds, last)
    names = await device_names(sweeps.bucket, sweeps.keys) if rows else {}
    return [Deed(names.get(row[1], row[1]), row[0], *row[2:]) for row in rows]


async def _read(bucket: Reads, key: str) -> DeviceInfo | None:
    try:
        body = await bucket.get_object(key)
    except NoSuchObjectError:
        return None
    return read_device_info(body.data) if body else None
