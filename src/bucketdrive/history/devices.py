"""The names of a drive's devices."""

from bucketdrive.errors import NoSuchObjectError
from bucketdrive.model.format import read_device_info
from bucketdrive.model.paths import KeySpace
from bucketdrive.ports.bucket import Reads


async def read_device_names(bucket: Reads, keys: KeySpace) -> dict[str, str]:
    """The names of all devices that were ever linked, by id. A request a device, and one for the list."""
    names: dict[str, str] = {}
    after, is_more = "", True
    while is_more:
        page = await bucket.list_objects(keys.own_key("devices/"), start_after=after)
        for row in page.rows:
            try:
                body = await bucket.get_object(row.key)
            except NoSuchObjectError:
                continue
            info = read_device_info(body.data) if body is not None else None
            if info is not None:
                names[info.device_id] = info.name
        is_more = page.is_truncated and bool(page.rows)
        after = page.rows[-1].key if page.rows else ""
    return names
