"""A device: one run of `bucketdrive sync` after the other as a process, killed or paused at any moment.

`Machine.work` is how a device syncs during the storm; one that syncs in another way is a class with another `work`.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soak.account import Account
from soak.fates import QUIET, Fate, fates
from soak.hands import Hands
from soak.log import Log
from soak.remains import remains
from soak.traffic import Moment, Request, Traffic

DONE, NEEDS_YOU, TRY_AGAIN, KILLED = 0, 4, 5, -signal.SIGKILL
APPROVAL = "until you approve it"
"""In the reason of each deletion that the guard against mass deletion holds."""

NOT_AT_WORK = frozenset({"starting", "listening"})
"""A program that is killed then has nothing begun."""

_LONGEST_RUN_S = 240.0


@dataclass(slots=True)
class Run:
    """How a program ended, and the JSON it printed where it ended by itself."""

    code: int
    document: dict[str, Any] = field(default_factory=dict)
    stderr: str = ""

    @property
    def held_for_approval(self) -> int:
        """How many deletions wait for a word."""
        return sum(APPROVAL in entry["reason"] for entry in self.document.get("held", []))

    @property
    def is_all_done(self) -> bool:
        """Whether a sync left nothing undone, but for deletions that wait for a word."""
        held = len(self.document.get("held", []))
        return self.code in {DONE, NEEDS_YOU} and not self.document["failed"] and held == self.held_for_approval

    @property
    def writes(self) -> dict[str, int]:
        """The requests with which it changed the bucket."""
        asked = self.document.get("requests", {})
        return {name: count for name, count in asked.items() if not name.startswith(("Get", "List", "Head"))}


@dataclass(slots=True)
class Tally:
    """What the runs of a device came to. `killed`: what each was doing when it was killed; `left`: see `remains`.

    `up_to_date`: how often a daemon said so; `pauses`: how often its user paused it.
    """

    codes: Counter[int] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    stops: int = 0
    pauses: int = 0
    up_to_date: int = 0
    approved: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        """How many runs were killed that were still at work and had asked the store something."""
        return sum(count for what, count in self.killed.items() if what not in NOT_AT_WORK)


class Machine:
    """Runs the program for one device. `wrong` gets a sentence for each run that ended as none should."""

    def __init__(
        self, hands: Hands, variables: dict[str, str], traffic: Traffic, account: Account, log: Log, settle_s: float
    ) -> None:
        self.device = hands.device
        self.folder = hands.folder
        self.tally = Tally()
        self.wrong: list[str] = []
        self._hands = hands
        self._variables = variables
        self._traffic = traffic
        self._account = account
        self._log = log
        self._settle_s = settle_s

    async def work(self, seed: str, is_over: asyncio.Event) -> None:
        """Sync again and again until it is over; what becomes of each run follows from the seed."""
        for fate in fates(seed):
            if is_over.is_set():
                return
            run = await self.sync(fate)
            if run.held_for_approval:
                await self.approve()

    async def sync(self, fate: Fate = QUIET) -> Run:
        """One sync, with its fate."""
        began_s = time.monotonic()
        run = await self.run("sync", str(self.folder), fate=fate)
        if run.code == KILLED and not fate.is_quiet:
            return run
        if run.code not in {DONE, NEEDS_YOU, TRY_AGAIN}:
            self.wrong.append(f"{self.device}: a sync ended with {run.code}: {run.stderr[-2000:]}")
        if run.document:
            for name in ("uploaded", "downloaded", "deleted_here", "deleted_in_bucket", "moved"):
                self.tally.done[name.replace("_", " ")] += run.document[name]
            self.tally.done["conflicts"] += len(run.document["conflicts"])
            self.tally.failures.update(entry["reason"].partition(" (")[0][:90] for entry in run.document["failed"])
            self.tally.failures.update(f"held: {entry['reason'][:80]}" for entry in run.document["held"])
        if run.is_all_done:
            held = [entry["path"] for entry in run.document["held"]]
            with self._hands.lock:
                self._account.witness(self.device, began_s - self._settle_s, held)
        return run

    async def approve(self) -> None:
        """Say that the held deletions are meant."""
        run = await self.run("approve", str(self.folder))
        if run.code != DONE:
            self.wrong.append(f"{self.device}: approve ended with {run.code}: {run.stderr[-2000:]}")
            return
        self.tally.approved += run.document["approved"]

    async def run(self, *arguments: str, fate: Fate = QUIET) -> Run:
        """Run a command of the program until it ends by itself or by its fate."""
        asked_before = self._traffic.count
        process = await self._start(*arguments, fate=fate)
        doom = asyncio.create_task(self._carry_out(fate, process, asked_before))
        try:
            out, err = await asyncio.wait_for(process.communicate(), _LONGEST_RUN_S)
        except TimeoutError:
            self.wrong.append(f"{self.device}: {arguments[0]} had not ended after {_LONGEST_RUN_S:.0f} s")
            process.kill()
            out, err = await process.communicate()
        finally:
            killed_at = end_of(doom)
            if process.returncode is None:
                process.kill()
        return self._ended(arguments[0], process, (out, err), killed_at)

    async def _start(self, *arguments: str, fate: Fate) -> asyncio.subprocess.Process:
        """The one place where a process of the program is started."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bucketdrive", *arguments, "--json"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | self._variables,
        )
        self._log.write("run", device=self.device, command=arguments[0], pid=process.pid, fate=fate)
        return process

    def _ended(
        self, command: str, process: asyncio.subprocess.Process, printed: tuple[bytes, bytes], killed_at: str
    ) -> Run:
        """Take down how a process ended, and what one that was killed left; `killed_at`: what it was doing."""
        code = process.returncode or 0
        out, err = printed
        if command in {"sync", "start"}:
            self.tally.codes[code] += 1
        if code == KILLED and killed_at:
            self.tally.killed[killed_at] += 1
            self.tally.left.update(remains(self.folder, Path(self._variables["BUCKETDRIVE_STATE_DIR"])))
        run = Run(code, json.loads(out) if out and code in {DONE, NEEDS_YOU} else {}, err.decode(errors="replace"))
        self._log.write(
            "end",
            device=self.device,
            pid=process.pid,
            code=code,
            killed_at=killed_at,
            document=run.document,
            said=run.stderr,
        )
        return run

    async def _carry_out(self, fate: Fate, process: asyncio.subprocess.Process, asked_before: int) -> str:
        """What the process was doing when it was killed; empty where it was not."""
        if fate.is_quiet:
            return ""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moment(fate), fate.latest_s)
            await asyncio.sleep(fate.after_s)
        if process.returncode is not None:
            return ""
        if fate.stops_s:
            process.send_signal(signal.SIGSTOP)
            self.tally.stops += 1
            self._log.write("stop", device=self.device, doing=self._doing(asked_before), for_s=fate.stops_s)
            await asyncio.sleep(fate.stops_s)
        if not fate.is_killed:
            process.send_signal(signal.SIGCONT)
            return ""
        killed_at = self._doing(asked_before)
        process.kill()
        return killed_at

    async def _moment(self, fate: Fate) -> None:
        """Wait for the request that a fate names."""
        is_time, left = asyncio.Event(), fate.nth

        def listen(moment: Moment, request: Request) -> None:
            nonlocal left
            if moment is fate.moment and fate.of in {"", request.what}:
                left -= 1
                if not left:
                    is_time.set()

        self._traffic.listener = listen
        try:
            await is_time.wait()
        finally:
            self._traffic.listener = None

    def _doing(self, asked_before: int) -> str:
        """What a program is doing: what it waits for, or that it works here."""
        if self._traffic.count == asked_before:
            return "starting"
        mine = [request for request in self._traffic.under_way.values() if request.number > asked_before]
        under_way = Counter(request.what for request in mine)
        for what in ("upload in parts", "upload", "download", "deletion", "own object", "head", "listing"):
            if under_way[what]:
                return what
        return f"at work after {self._traffic.last.what}" if self._traffic.last else "at work"


def end_of(doom: asyncio.Task[str]) -> str:
    """What a process was doing when its fate killed it; a fate that has not come by now does not come any more."""
    if doom.done():
        return doom.result()
    doom.cancel()
    return ""
