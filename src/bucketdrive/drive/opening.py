"""Opening a drive: its state, its folder and its store, put together for the engine."""

import json
from dataclasses import dataclass
from functools import partial

from bucketdrive.bucket.probe import probe
from bucketdrive.disk.folder import Folder
from bucketdrive.drive.assembly import (
    Store,
    SystemChance,
    boot_id,
    location_of,
    open_store,
    options_of,
)
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import load_settings, state_dir
from bucketdrive.engine.cycle import Cycle
from bucketdrive.engine.journal import read_journals
from bucketdrive.engine.parts import Identity, Parts
from bucketdrive.history.sweep import Sweeps
from bucketdrive.model.paths import KeySpace
from bucketdrive.model.reports import StoreFacts
from bucketdrive.ports.runtime import Listener
from bucketdrive.state.database import State
from bucketdrive.state.trees import load_meta, put_meta


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open while a session works."""

    store: Store
    folder: Folder
    parts: Parts
    cycle: Cycle
    sweeps: Sweeps

    @property
    def state(self) -> State:
        """What this device remembers."""
        return self.parts.state

    async def close(self) -> None:
        """Give everything back; the lock as well."""
        await self.store.close()
        self.folder.close()
        self.state.close()


async def open_to_work(record: DriveRecord, listener: Listener) -> Opened:
    """Open a drive. A state that was lost is begun anew, in rebuild mode, as a new device.

    Raises:
        BusyError: another process has it open. DriveError, TransientError: the state, the folder or the store.
    """
    state = State.open(state_dir(record.root_id))
    return await _open(record, listener, state, may_write=True)


async def open_to_read(record: DriveRecord, listener: Listener) -> Opened:
    """Open a drive for what writes nothing at all: the state is a copy in memory, empty where there is none.

    Raises:
        BusyError, DriveError, TransientError: as `open_to_work`.
    """
    state = State.open_to_read(state_dir(record.root_id)) or State.in_memory()
    return await _open(record, listener, state, may_write=False)


async def _open(record: DriveRecord, listener: Listener, state: State, *, may_write: bool) -> Opened:
    settings = load_settings()
    try:
        store = open_store(location_of(record), settings)
    except BaseException:
        state.close()
        raise
    folder = Folder(record.folder)
    keys = KeySpace(record.prefix)
    try:
        if may_write:
            await _complete_state(record, store, folder, state)
        identity, facts = await _remembered(record, folder, state)
    except BaseException:
        folder.close()
        state.close()
        await store.close()
        raise
    parts = Parts(
        bucket=store.bucket,
        disk=folder,
        state=state,
        clock=SystemClock(),
        chance=SystemChance(),
        listener=listener,
        keys=keys,
        facts=facts,
        identity=identity,
        options=options_of(settings),
        boot_id=boot_id(),
    )
    sweeps = Sweeps(store.bucket, keys, state, partial(read_journals, parts), listener)
    return Opened(store, folder, parts, Cycle(parts), sweeps)


async def _complete_state(record: DriveRecord, store: Store, folder: Folder, state: State) -> None:
    """Who we are, if the state was lost, and what the store does, if that was never tried."""
    meta = await state.run(load_meta)
    if "device_id" not in meta:
        root = await folder.root()
        fresh = {
            "drive_id": root.drive_id,
            "root_id": root.root_id,
            "device_id": SystemChance().uuid(),
            "device": record.device,
            "is_rebuilding": "1",
        }
        await state.run(put_meta, fresh)
    if "facts" not in meta:
        facts = await probe(store.bucket, KeySpace(record.prefix).own_key("probe/"), SystemChance())
        await state.run(put_meta, {"facts": json.dumps(facts.to_json())})


async def _remembered(record: DriveRecord, folder: Folder, state: State) -> tuple[Identity, StoreFacts]:
    """As the state has it; where it was lost and nothing may be written, as the folder's marker has it."""
    meta = await state.run(load_meta)
    if "device_id" not in meta:
        root = await folder.root()
        meta = {"drive_id": root.drive_id, "root_id": root.root_id, "device_id": "", "device": record.device} | meta
    facts = StoreFacts(conditional_put=False, conditional_delete=False, conditional_copy=False)
    if "facts" in meta:
        facts = StoreFacts.from_json(json.loads(meta["facts"]))
    return Identity(meta["drive_id"], meta["root_id"], meta["device_id"], meta["device"]), facts
