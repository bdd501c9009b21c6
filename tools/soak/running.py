"""One soak from its first link to its verdict: a storm of edits, faults and kills, then quiet, then the judge."""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from soak.account import Account
from soak.daemons import DaemonMachine
from soak.edits import edits
from soak.hands import Hands
from soak.judge import Facts, Verdict, judge, set_aside, tree_of_folder, tree_of_keys, unfinished
from soak.log import Log
from soak.machines import DONE, NEEDS_YOU, Machine
from soak.people import Person
from soak.proxy import Proxy
from soak.store import PREFIX, Bucket, Store, Version
from soak.traffic import Request
from soak.watch import Watcher
from soak.weather import Fault, Weather

DEVICES = ("laptop", "desktop", "tablet")
SETTLE_S = 0.5
ABSENCE_S = 0.8
LISTEN_S = 0.3
KINDS: dict[str, type[Machine]] = {"syncs": Machine, "daemons": DaemonMachine}
"""How devices sync during the storm: by one run after the other, or by daemons."""
_PATIENCE = 2.0
"""A storm lasts at most so many times as long as was asked for, where too few programs were killed by then."""
_ROUNDS = 12
_PROGRESS_S = 30.0


@dataclass(frozen=True, slots=True)
class Options:
    """What a soak is asked for. The plan of edits, faults and kills follows from `seed`.

    `kills`: how many at least; `writers`: at how many devices people work; `pace_s`: between two edits, on average;
    `kind`: see `KINDS`.
    """

    seed: int
    minutes: float
    kills: int
    writers: int = len(DEVICES)
    is_kept: bool = False
    pace_s: float = 0.5
    kind: str = "syncs"


class Soak:
    """A soak and what it has to tell."""

    def __init__(self, options: Options, folder: Path, store: Store) -> None:
        """`folder` is empty, and will hold all that is made."""
        self.options = options
        self.folder = folder
        self.store = store
        self.log = Log(folder / "events.jsonl")
        self.bucket = Bucket(store, f"soak-{os.getpid()}")
        self.weather = Weather(f"{options.seed}:weather")
        self.proxy = Proxy(store.url, self._draw, self.log)
        self.account = Account()
        self.everybody: list[Hands] = []
        self.machines: list[Machine] = []
        self.watcher = Watcher(self.everybody, self.account, self.log, folder / "partial")
        self.verdict = Verdict()
        self.facts: Facts | None = None
        self.wrong: list[str] = []
        self.verified: dict[str, str] = {}
        self.rounds = 0
        self.storm_s = 0.0
        self.open_uploads = 0

    def _draw(self, request: Request) -> Fault:
        return self.weather.next(is_write=request.is_write)

    async def run(self) -> None:
        """All of it. Afterwards `wrong` is empty, or says what was wrong."""
        try:
            self.bucket.create()
            for device in DEVICES:
                await self._link(device)
            await self._storm()
            await self._quiet()
            await self._conclude()
        finally:
            await self.proxy.close()
            self.log.close()

    async def _link(self, device: str) -> None:
        url, traffic = await self.proxy.open(device)
        aside = self.folder / "aside" / device
        hands = Hands(device, self.folder / device, aside, self.account, self.log)
        variables = self.store.variables | {
            "AWS_ENDPOINT_URL_S3": url,
            "BUCKETDRIVE_CONFIG_DIR": str(self.folder / "config" / device),
            "BUCKETDRIVE_STATE_DIR": str(self.folder / "state" / device),
            "BUCKETDRIVE_SETTLE_S": str(SETTLE_S),
            "BUCKETDRIVE_ABSENCE_S": str(ABSENCE_S),
            "BUCKETDRIVE_RESERVE_MIB": "64",
            "BUCKETDRIVE_LISTEN_S": str(LISTEN_S),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
        }
        kind = KINDS[self.options.kind]
        machine = kind(hands, variables, traffic, self.account, self.log, SETTLE_S)
        run = await machine.run("link", f"s3://{self.bucket.name}/{PREFIX}", str(hands.folder), "--device", device)
        if run.code != DONE:
            raise RuntimeError(f"{device} could not be linked: {run.stderr}")
        self.everybody.append(hands)
        self.machines.append(machine)

    # --- the storm ----------------------------------------------------------------------------------------------------

    @property
    def kills(self) -> int:
        """How many programs were killed that were at work."""
        return sum(machine.tally.kills for machine in self.machines)

    async def _storm(self) -> None:
        seed, loop = self.options.seed, asyncio.get_running_loop()
        is_over, is_calm = asyncio.Event(), threading.Event()
        people = ThreadPoolExecutor(len(DEVICES) + 1, thread_name_prefix="people")
        began_s = time.monotonic()
        self.weather.is_quiet = False
        try:
            async with asyncio.TaskGroup() as group:
                for hands in self.everybody[: self.options.writers]:
                    plan = edits(f"{seed}:edits:{hands.device}", self.options.pace_s)
                    person = Person(hands, self.account)
                    group.create_task(_in_thread(loop, people, partial(person.work, plan, is_calm)))
                for machine in self.machines:
                    group.create_task(machine.work(f"{seed}:fates:{machine.device}", is_over))
                group.create_task(_in_thread(loop, people, partial(self.watcher.work, is_calm)))
                try:
                    await self._until_enough(began_s)
                finally:
                    is_calm.set()
                    is_over.set()
        finally:
            is_calm.set()
            people.shutdown()
            self.weather.is_quiet = True
            self.storm_s = time.monotonic() - began_s

    async def _until_enough(self, began_s: float) -> None:
        asked_s = self.options.minutes * 60
        told_s = began_s
        while (past_s := time.monotonic() - began_s) < asked_s or (
            self.kills < self.options.kills and past_s < asked_s * _PATIENCE
        ):
            await asyncio.sleep(0.2)
            if time.monotonic() - told_s >= _PROGRESS_S:
                told_s = time.monotonic()
                self._tell_progress(past_s)

    def _tell_progress(self, past_s: float) -> None:
        syncs = sum(sum(machine.tally.codes.values()) for machine in self.machines)
        faults = sum(count for (kind, _), count in self.proxy.counts.items() if kind != "passed")
        print(
            f"{past_s / 60:5.1f} min: {sum(self.account.edits.values()):,} edits, {syncs:,} {self.options.kind}, "
            f"{self.kills} killed, {sum(self.proxy.counts.values()):,} requests, {faults:,} with a fault, "
            f"{self.watcher.seen:,} looks at files",
            file=sys.stderr,
            flush=True,
        )

    # --- quiet --------------------------------------------------------------------------------------------------------

    async def _quiet(self) -> None:
        """Nobody edits, nothing fails, late requests have come: sync in turn until nobody has anything to do."""
        await self.proxy.settled()
        for hands in self.everybody:
            hands.look_through_trash()
        for self.rounds in range(1, _ROUNDS + 1):
            rests = [await self._sync_in_quiet(machine) for machine in self.machines]
            self.watcher.look()
            if all(rests):
                return
        self.wrong.append(f"the devices did not come to rest in {_ROUNDS} rounds")

    async def _sync_in_quiet(self, machine: Machine) -> bool:
        """One sync where nothing fails; whether there was nothing to do."""
        run = await machine.sync()
        if run.held_for_approval:
            await machine.approve()
        failed = run.document.get("failed")
        if run.code not in {DONE, NEEDS_YOU} or failed:
            self.wrong.append(f"{machine.device}: in quiet, a sync ended with {run.code}: {failed} {run.stderr[-500:]}")
        has_done = any(run.document.get(name) for name in ("downloaded", "deleted_here", "conflicts", "held"))
        return run.code == DONE and not run.writes and not has_done

    # --- the end ------------------------------------------------------------------------------------------------------

    async def _conclude(self) -> None:
        for machine in self.machines:
            await self._verify(machine)
        self.watcher.look()
        folders = {hands.device: hands.folder for hands in self.everybody}
        versions = self.bucket.versions(self.account)
        self.facts = Facts(
            tree_of_keys(self.bucket.live()),
            versions,
            {name: tree_of_folder(folder) for name, folder in folders.items()},
            {name: set_aside(folder) for name, folder in folders.items()},
            {name: unfinished(folder) for name, folder in folders.items()},
        )
        self.verdict = judge(self.account, self.facts)
        self.open_uploads = self.bucket.open_uploads()
        ids = {version.version_id for version in versions}
        unproved = [
            f"{request.method} {request.target} of {request.device} made {version_id}"
            for request, version_id in self.proxy.lost
            if version_id and request.what == "upload" and not request.key.endswith("/") and version_id not in ids
        ]
        self.wrong += [wrong for machine in self.machines for wrong in machine.wrong]
        self.wrong += [f"partial: {what}" for what in self.watcher.partial]
        self.wrong += self.verdict.wrong
        self.wrong += [f"not a lost reply, its version is not there: {what}" for what in unproved]
        if self.kills < self.options.kills:
            self.wrong.append(f"only {self.kills} programs were killed at work, {self.options.kills} were asked for")
        if self.wrong or self.options.is_kept:
            self._keep_evidence(versions)

    async def _verify(self, machine: Machine) -> None:
        run = await machine.run("verify", str(machine.folder), "--full")
        late = {path for device, path, _ in self.account.late if device == machine.device}
        found = run.document.get("differences", [])
        explained = [one for one in found if one["path"] in late and "it comes back" in one["what"]]
        self.verified[machine.device] = (
            f"{run.document.get('files', 0)} files, {run.document.get('proved_in_bucket', 0)} proved in the bucket, "
            f"{run.document.get('set_aside', 0)} set aside, {len(found)} differences"
        )
        if (run.code != DONE and len(explained) < len(found)) or (run.code not in {DONE, NEEDS_YOU}):
            self.wrong.append(f"{machine.device}: verify ended with {run.code}: {found} {run.stderr[-500:]}")

    def _keep_evidence(self, versions: list[Version]) -> None:
        """For whoever looks into what was wrong: the bucket is gone with its store."""
        rows = []
        for version in versions:
            row = {name: getattr(version, name) for name in version.__slots__}
            with suppress(Exception):
                row["metadata"] = self.bucket.metadata(version) if version.digest else {}
            rows.append(row)
        (self.folder / "versions.json").write_text(json.dumps(rows, indent=1))
        notes = {digest: asdict(note) for digest, note in self.account.notes.items()}
        (self.folder / "account.json").write_text(json.dumps(notes, indent=1))
        (self.folder / "wrong.txt").write_text("\n".join(self.wrong))


async def _in_thread(loop: asyncio.AbstractEventLoop, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    await loop.run_in_executor(pool, work)


def without_ours(environment: dict[str, str]) -> dict[str, str]:
    """An environment that names no settings of the program and no store."""
    return {name: text for name, text in environment.items() if not name.startswith(("BUCKETDRIVE_", "AWS_"))}


def clear_environment() -> None:
    """Let no setting of whoever starts a soak reach its devices."""
    for name in os.environ.keys() - without_ours(dict(os.environ)).keys():
        del os.environ[name]
