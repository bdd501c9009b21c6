"""Drives on which a seeded past is played: in a simulated world, and as two linked folders of this machine."""

import asyncio
import os
import shutil
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from bucketdrive.bucket.s3.connect import S3Location, connect
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.link import LinkOptions, link_drive
from bucketdrive.drive.records import load_drives
from bucketdrive.drive.session import Session
from bucketdrive.drive.telling import carried_out
from bucketdrive.history.look import each_file
from bucketdrive.model.paths import RESERVED, KeySpace
from bucketdrive.model.reports import SyncReport, iso_time
from bucketdrive.rules.timeline import is_file
from bucketdrive.state.runs import approve_holds
from bucketdrive.testing.seeded_past import Listing, Machine, Tree, etags
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYS = KeySpace(PREFIX)


class SimulatedMachine:
    """A device in a world of its own time, which syncs what it hears of."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage, self._name = stage, name
        folder = stage.folder(name)
        self.write, self.delete, self.move, self.files = folder.save, folder.delete, folder.move, folder.files

    def sync(self) -> None:
        """See `Machine.sync`."""
        is_more = True
        while is_more:
            report = self._stage.sync_by_hints(self._name)
            if report is None or report.failed:
                raise AssertionError(f"{self._name} could not sync: {report}")
            if report.held:
                device = self._stage.devices[self._name]
                device.state.run_now(approve_holds, "G3")
                device.process.hints = None  # everything is looked at, as a daemon does that is told to approve
            is_more = report.has_done_something or bool(report.held)


class SimulatedDrive:
    """A drive in a simulated world; see `PastDrive`."""

    def __init__(self, seed: int) -> None:
        self.stage = Stage("A", "B", seed=seed)
        self.stage.world.loop.max_steps = 1 << 60
        self.machines: Sequence[Machine] = [SimulatedMachine(self.stage, name) for name in "AB"]

    def now_s(self) -> float:
        """See `PastDrive`."""
        return self.stage.world.now_s()

    def rest(self) -> None:
        """See `PastDrive`."""
        self.stage.wait(2.0)

    def versions(self) -> int:
        """See `PastDrive`."""
        store = self.stage.world.store
        return sum(len(store.history(key)) for key in store.keys_below(PREFIX) if is_file(_KEYS.tail(key)))

    def look(self, at_s: float) -> Listing:
        """See `PastDrive`."""

        async def gather() -> Listing:
            files = each_file(self.stage.sweeps, "", at_s)
            return {_KEYS.tail(one.then.key): (one.then.etag, one.then.size) async for one in files}

        return self.stage.world.run(gather())

    def live(self) -> Listing:
        """See `PastDrive`."""
        return etags({path: data for path, data in self.stage.world.live().items() if not path.endswith("/")})

    def restore(self, folder: str, at_s: float) -> SyncReport:
        """See `PastDrive`."""
        first = self.stage.sync("A")
        asked = self.stage.restore("A", folder, at_s=at_s, exact=True)
        last = self.stage.world.run(self.stage.devices["A"].process.cycle.sync(run=asked.run))
        return carried_out(first, asked, last)

    def undo(self, run: int) -> SyncReport:
        """See `PastDrive`."""
        return self.stage.undo("A", run)

    def requests(self) -> int:
        """See `PastDrive`; here of all devices."""
        return self.stage.world.store.requests.total()


class RealMachine:
    """A linked folder, with its session."""

    def __init__(self, runner: asyncio.Runner, folder: Path, session: Session) -> None:
        self.session = session
        self._run = runner.run
        self._folder = folder

    def write(self, path: str, data: bytes) -> None:
        """See `Machine`."""
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def delete(self, path: str) -> None:
        """See `Machine`."""
        place = self._folder / path
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()

    def move(self, path: str, target: str) -> None:
        """See `Machine`."""
        place = self._folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        (self._folder / path).rename(place)

    def sync(self) -> None:
        """See `Machine`."""
        is_more = True
        while is_more:
            report = self._run(self.session.sync())
            if report.failed:
                raise AssertionError(f"{self._folder} could not sync: {report.failed[:3]}")
            if report.held:
                self._run(self.session.approve())
            is_more = bool(report.held)

    def files(self) -> Tree:
        """See `Machine`."""
        found: Tree = {}
        for above, folders, names in os.walk(self._folder):
            if RESERVED in folders:
                folders.remove(RESERVED)
            place = Path(above).relative_to(self._folder).as_posix()
            below = "" if place == "." else f"{place}/"
            for name in names:
                found[below + name] = Path(above, name).read_bytes()
        return found


class RealDrive:
    """Two linked folders of this machine on a bucket that the environment leads to; see `PastDrive`.

    What is compared with is asked of the bucket beside the sessions, and not counted with their requests.
    """

    def __init__(self, runner: asyncio.Runner, home: Path, bucket: str) -> None:
        """`home`: an empty folder; the bucket is made."""
        self._run = runner.run
        for name in ("one", "other"):
            options = LinkOptions(f"s3://{bucket}/home", home / name, device=name, create_bucket=True)
            self._run(link_drive(options))
        records = [record for record in load_drives() if record.bucket == bucket]
        self._sessions = [Session(record) for record in records]
        self.machines: Sequence[Machine] = [
            RealMachine(runner, session.record.folder, session) for session in self._sessions
        ]
        self._keys = KeySpace(records[0].prefix)
        self._bucket = connect(S3Location(bucket))
        self._told: dict[str, tuple[str, int]] = {}

    def close(self) -> None:
        """Give everything back."""
        for session in self._sessions:
            self._run(session.close())
        self._run(self._bucket.aclose())

    def now_s(self) -> float:
        """See `PastDrive`."""
        return SystemClock().now_s()

    def rest(self) -> None:
        """See `PastDrive`. Stores tell times in whole seconds, and are asked in this machine's time."""
        Event().wait(2.0)

    def versions(self) -> int:
        """See `PastDrive`."""
        return self._run(self._count())

    async def _count(self) -> int:
        count, markers, is_more = 0, ("", ""), True
        while is_more:
            page = await self._bucket.list_object_versions(
                self._keys.prefix, key_marker=markers[0], version_id_marker=markers[1]
            )
            for row in page.rows:
                if is_file(self._keys.tail(row.key)):
                    count += 1
                    self._told[row.version_id] = (row.etag, row.size)
            is_more = page.is_truncated
            markers = (page.rows[-1].key, page.rows[-1].version_id) if is_more else ("", "")
        return count

    def look(self, at_s: float) -> Listing:
        """See `PastDrive`. Only what `versions` has counted is known by ETag."""
        found = self._run(self._sessions[0].history.ls("", iso_time(at_s)))
        return {entry.path: self._told[entry.version_id] for entry in found}

    def live(self) -> Listing:
        """See `PastDrive`."""
        return self._run(self._live())

    async def _live(self) -> Listing:
        found: Listing = {}
        last, is_more = "", True
        while is_more:
            page = await self._bucket.list_objects(self._keys.prefix, start_after=last)
            rows = [row for row in page.rows if is_file(self._keys.tail(row.key))]
            found.update((self._keys.tail(row.key), (row.etag, row.size)) for row in rows)
            is_more = page.is_truncated
            last = page.rows[-1].key if is_more else ""
        return found

    def restore(self, folder: str, at_s: float) -> SyncReport:
        """See `PastDrive`."""
        return self._run(self._sessions[0].history.restore(folder, as_of=iso_time(at_s), exact=True))

    def undo(self, run: int) -> SyncReport:
        """See `PastDrive`."""
        return self._run(self._sessions[0].history.undo([run]))

    def requests(self) -> int:
        """See `PastDrive`."""
        return sum(self._sessions[0].requests.values())
