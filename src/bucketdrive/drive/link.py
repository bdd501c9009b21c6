"""Creating a drive, or joining one: every check comes first, and nothing is written before all have passed."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from bucketdrive.bucket.probe import probe
from bucketdrive.bucket.s3.connect import S3Location
from bucketdrive.disk.folder import Folder
from bucketdrive.drive.assembly import Store, SystemChance, open_store
from bucketdrive.drive.checks import (
    check_folder,
    check_lifecycle,
    check_prefix_is_free,
    check_versioning,
    describe_class,
    parse_url,
    unusable,
)
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.records import DriveRecord, load_drives, save_drive
from bucketdrive.drive.settings import host_name, load_settings, state_dir
from bucketdrive.errors import (
    AccessDeniedError,
    ConditionFailedError,
    GuardError,
    NoSuchBucketError,
    NoSuchObjectError,
    UsageError,
)
from bucketdrive.model.format import (
    DeviceInfo,
    DriveInfo,
    read_device_info,
    read_drive_info,
    write_device_info,
    write_drive_info,
)
from bucketdrive.model.paths import KeySpace
from bucketdrive.model.reports import StoreFacts, iso_time
from bucketdrive.ports.bucket import IfAbsent, NewObject
from bucketdrive.state.database import State
from bucketdrive.state.trees import load_meta, put_meta

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """What to link. `device`: the name other devices see, by default this machine's.

    `accept_expiration`: link although a lifecycle rule deletes live files.
    """

    url: str
    folder: Path
    device: str = ""
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""
    create_bucket: bool = False
    enable_versioning: bool = False
    accept_expiration: bool = False


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What linking did. `is_new`: the drive was created, not joined."""

    folder: str
    drive: str
    device: str
    is_new: bool
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The document of `link --json`."""
        return asdict(self)


async def link_drive(options: LinkOptions) -> LinkReport:
    """Pair a folder with a bucket's prefix; no file is moved until the first sync.

    The folder is made if it is missing, the bucket only with `create_bucket`. Linking the same pair again is no error:
    it mends a lost marker.

    Raises:
        UsageError, GuardError: the folder or the prefix is not free.
        NoSuchBucketError, AccessDeniedError, CredentialsError, UnfitStoreError: the bucket cannot be used.
    """
    bucket_name, prefix = parse_url(options.url)
    local_path = options.folder.expanduser().resolve()
    record = DriveRecord(
        root_id="",
        folder=local_path,
        bucket=bucket_name,
        prefix=prefix,
        endpoint_url=options.endpoint_url,
        region=options.region,
        profile=options.profile,
        device=options.device or host_name(),
    )
    check_folder(record, load_drives())
    location = S3Location(bucket_name, options.endpoint_url, options.region, options.profile)
    store = open_store(location, load_settings())
    try:
        return await _link(options, record, store)
    finally:
        await store.close()


async def _link(options: LinkOptions, record: DriveRecord, store: Store) -> LinkReport:
    keys = KeySpace(record.prefix)
    notes = await _check_bucket(options, store, keys)
    await check_prefix_is_free(store.bucket, keys)
    facts = await probe(store.bucket, keys.own_key("probe/"), SystemChance())
    notes += describe_class(facts)
    try:
        record.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(record.folder, error) from error
    folder = Folder(record.folder)
    try:
        root = await folder.root()
        info, is_new = await _join_or_create(store, keys, facts)
        if root.root_id and root.drive_id != info.drive_id:
            raise GuardError(
                f"{record.folder} holds the marker of another drive. Nothing was linked.",
                hint="If that drive is gone, delete the folder's .bucketdrive and link again.",
                path=str(record.folder),
            )
        known = next((old for old in load_drives() if old.folder == record.folder), None)
        is_ours = known is not None and root.root_id in ("", known.root_id)
        root_id = known.root_id if known is not None and is_ours else SystemChance().uuid()
        record = replace(record, root_id=root_id)
        device = await _register(store, keys, record, info, facts)
        await folder.write_root(info.drive_id, root_id)
    finally:
        folder.close()
    record = replace(record, device=device)
    save_drive(record)
    return LinkReport(str(record.folder), record.url, device, is_new, notes)


async def _check_bucket(options: LinkOptions, store: Store, keys: KeySpace) -> list[str]:
    try:
        await store.bucket.head_bucket()
    except AccessDeniedError:  # credentials for one prefix alone may not ask: the probe of that prefix will tell
        pass
    except NoSuchBucketError as error:
        if not options.create_bucket:
            raise NoSuchBucketError(
                f"There is no bucket named {parse_url(options.url)[0]} there. Nothing was linked.",
                hint="Check its name and the endpoint, or add --create-bucket.",
            ) from error
        await store.bucket.create_bucket()
        await store.bucket.enable_bucket_versioning()
    notes = await check_versioning(store.bucket, may_enable=options.enable_versioning)
    return notes + await check_lifecycle(store.bucket, keys, is_accepted=options.accept_expiration)


async def _join_or_create(store: Store, keys: KeySpace, facts: StoreFacts) -> tuple[DriveInfo, bool]:
    key = keys.own_key("drive.json")
    found = await _read(store, key)
    if found is not None:
        return read_drive_info(found), False
    now = datetime.fromtimestamp(SystemClock().now_s(), UTC)
    info = DriveInfo(SystemChance().uuid(), created=iso_time(now.timestamp()))
    condition = IfAbsent() if facts.conditional_put else None
    try:
        await store.bucket.put_object(key, write_drive_info(info), NewObject({}, _JSON, condition))
    except ConditionFailedError:  # another device created it at this moment
        found = await _read(store, key)
        if found is None:
            raise
        return read_drive_info(found), False
    if condition is None:
        found = await _first_of_several(store, key)
    return (info, True) if found is None else (read_drive_info(found), False)


async def _first_of_several(store: Store, key: str) -> bytes | None:
    """Where several devices created a drive at once, unhindered, the first of them counts: it is put on top again.

    Its bytes; None where there was but one. Who comes later always sees who came before.
    """
    page = await store.bucket.list_object_versions(key)
    rows = list(takewhile(lambda row: row.key == key and not row.is_delete_marker, page.rows))
    if len(rows) < 2:
        return None
    first = await _read(store, key, rows[-1].version_id)
    if first is not None:
        await store.bucket.put_object(key, first, NewObject({}, _JSON))
    return first


async def _read(store: Store, key: str, version_id: str = "") -> bytes | None:
    try:
        body = await store.bucket.get_object(key, version_id=version_id)
    except NoSuchObjectError:
        return None
    return body.data if body is not None else None


async def _register(store: Store, keys: KeySpace, record: DriveRecord, info: DriveInfo, facts: StoreFacts) -> str:
    """Make the state ready and the device known in the drive, under a name no other device has; that name."""
    state = State.open(state_dir(record.root_id))
    try:
        meta = await state.run(load_meta)
        device_id = meta.get("device_id") or SystemChance().uuid()
        device = meta.get("device") or _free_name(record.device, await _device_names(store, keys, device_id))
        facts_text = json.dumps(facts.to_json())
        fresh = {"drive_id": info.drive_id, "root_id": record.root_id, "device_id": device_id, "device": device}
        if meta.get("drive_id", info.drive_id) != info.drive_id:
            raise UsageError(
                "This folder's state belongs to another drive. Nothing was linked.",
                hint=f"Move {state_dir(record.root_id)} away and link again.",
            )
        first = {} if meta else {"is_rebuilding": "1", "epoch": str(info.epoch)}
        await state.run(put_meta, fresh | first | {"facts": facts_text})
        body = write_device_info(DeviceInfo(device_id, device))
        await store.bucket.put_object(keys.own_key(f"devices/{device_id}.json"), body, NewObject({}, _JSON))
    finally:
        state.close()
    return device


async def _device_names(store: Store, keys: KeySpace, own_id: str) -> set[str]:
    names = set()
    after, is_more = "", True
    while is_more:
        page = await store.bucket.list_objects(keys.own_key("devices/"), start_after=after)
        for row in page.rows:
            found = await _read(store, row.key)
            info = read_device_info(found) if found is not None else None
            if info is not None and info.device_id != own_id:
                names.add(info.name)
        is_more = page.is_truncated and bool(page.rows)
        after = page.rows[-1].key if page.rows else ""
    return names


def _free_name(wanted: str, taken: set[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def link(options: LinkOptions) -> LinkReport:
    """As `link_drive`, for callers without an event loop."""
    import asyncio  # noqa: PLC0415  only here

    return asyncio.run(link_drive(options))
