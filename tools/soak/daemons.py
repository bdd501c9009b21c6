"""A device that a daemon keeps in sync: killed or stopped at any moment and started again, paused now and then.

Nobody sees what a daemon's syncs report, so its own word is the witness: what had rested for a while when it said that
the drive is up to date must be kept from then on.
"""

import asyncio
import json
import re
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from soak.fates import Life, lives
from soak.machines import DONE, KILLED, Machine, end_of

NO_DAEMON, TERMINATED = 75, -signal.SIGTERM
REST_S = 1.0
"""A word counts for what had rested so long when it was asked for: the kernel's word of a change takes a moment."""

_LOOK_EVERY_S = 0.25
_BEGIN_EVERY_S = 0.05
_LONGEST_END_S = 60.0
_LONGEST_ANSWER_S = 20.0
_UNEXPECTED = re.compile(r"^.* (?:ERROR|CRITICAL) .*$|^Traceback.*$", re.MULTILINE)
_SYNCED = re.compile(r" INFO synced .*uploaded=(\d+) downloaded=(\d+) moved=(\d+)")
_NOT_SYNCED = re.compile(r" WARNING not synced .*why=(?:[A-Z]+ .*?: )?(.{,80})")


class DaemonMachine(Machine):
    """Runs one daemon after the other during the storm; in quiet, commands as any machine."""

    _is_paused = False
    _began_at = ""

    async def work(self, seed: str, is_over: asyncio.Event) -> None:
        """Have a daemon until it is over; what becomes of each follows from the seed."""
        for life in lives(seed):
            if is_over.is_set():
                return
            await self._live(life, is_over)

    async def _live(self, life: Life, is_over: asyncio.Event) -> None:
        """One daemon from its start to its end."""
        self._began_at = datetime.now(UTC).isoformat()
        process = await self._start("start", "--foreground", str(self.folder), fate=life.fate)
        printed = asyncio.create_task(process.communicate())
        began = asyncio.create_task(self._begin(life))
        doom = asyncio.create_task(self._meet(life, process, began))
        user = asyncio.create_task(self._use(life, began))
        over = asyncio.create_task(is_over.wait())
        killed_at = ""
        try:
            await asyncio.wait({printed, over, began}, return_when=asyncio.FIRST_COMPLETED)
            lasts_s = None if life.fate.is_killed else life.lasts_s
            await asyncio.wait({printed, over}, timeout=lasts_s, return_when=asyncio.FIRST_COMPLETED)
            killed_at = end_of(doom)
            user.cancel()
            await asyncio.wait({user})
            if not user.cancelled() and (error := user.exception()):
                raise error
            if not printed.done() and not killed_at:
                await self._end(process, printed, is_asked=life.is_asked_to_stop)
        finally:
            for task in (began, doom, user, over):
                task.cancel()
            if process.returncode is None:
                process.kill()
        self._judge_end(process, await printed, killed_at)

    async def _begin(self, life: Life) -> None:
        """Wait until its life has begun: see `Life`."""
        asked_before = self._traffic.count
        while True:
            if self._traffic.count > asked_before or life.is_young:
                return
            await asyncio.sleep(_BEGIN_EVERY_S)

    async def _meet(self, life: Life, process: asyncio.subprocess.Process, began: asyncio.Task[None]) -> str:
        """Its fate; see `_carry_out`."""
        asked_before = self._traffic.count
        await asyncio.wait({began})
        await asyncio.sleep(life.age_s)
        return await self._carry_out(life.fate, process, asked_before)

    def _doing(self, asked_before: int) -> str:
        """As any machine's, but for a daemon that only asks for news."""
        mine = [request for request in self._traffic.under_way.values() if request.number > asked_before]
        recent = mine or ([self._traffic.last] if self._traffic.last else [])
        is_listening = all(request.method == "GET" and request.what == "own object" for request in recent)
        doing = super()._doing(asked_before)
        return "listening" if is_listening and doing != "starting" else doing

    # --- what its user does -------------------------------------------------------------------------------------------

    async def _use(self, life: Life, began: asyncio.Task[None]) -> None:
        """Look at how the drive stands, again and again; pause once if that is planned, and say what is asked for."""
        began_s: float | None = None
        has_paused = False
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            status = await self._look()
            if status is None or not began.done():
                continue
            began_s = began_s or time.monotonic()
            if self._is_paused:
                self._is_paused = not await self._tell("resume")
            elif life.pause_at_s and not has_paused and time.monotonic() - began_s >= life.pause_at_s:
                self._is_paused = has_paused = True  # it may be, if no answer comes
                if await self._tell("pause"):
                    self.tally.pauses += 1
                    await asyncio.sleep(life.pause_s)
            elif status["approvals"] and (document := await self._tell("approve")):
                self.tally.approved += document["approved"]

    async def _look(self) -> dict[str, Any] | None:
        """How the drive stands; None where no daemon answers. What it calls done is taken at its word.

        A drive with conflict copies, as there are many, needs its user for ever: that word says nothing of the rest, so
        that it must have seen both sides equal since this daemon began.
        """
        asked_s = time.monotonic()
        try:
            async with asyncio.timeout(_LONGEST_ANSWER_S):
                status = await self._ask()
        except (OSError, TimeoutError, ValueError):  # it starts, is killed or stopped
            return None
        has_looked = (status["synced_at"] or "") >= self._began_at and not status["last_error"]
        is_done = status["state"] == "up to date" or (status["state"] == "needs you" and has_looked)
        if is_done and not status["pending"]:
            self.tally.up_to_date += 1
            with self._hands.lock:
                self._account.witness(self.device, asked_s - REST_S, [held["path"] for held in status["held"]])
        return status

    async def _ask(self) -> dict[str, Any]:
        """The status of its one drive, as any program asks for it."""
        socket = Path(self._variables["BUCKETDRIVE_STATE_DIR"]) / "daemon" / "api.sock"
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            writer.write(b"GET /drives HTTP/1.1\r\nHost: bucketdrive\r\nConnection: close\r\n\r\n")
            reply = await reader.read(-1)
        finally:
            writer.close()
        (status,) = json.loads(reply.partition(b"\r\n\r\n")[2])["drives"]
        found: dict[str, Any] = status
        return found

    async def _tell(self, command: str) -> dict[str, Any]:
        """A command to the daemon; what it says of it, or nothing where the daemon was killed meanwhile."""
        run = await self.run(command, *([] if command == "stop" else [str(self.folder)]))
        if run.code not in {DONE, NO_DAEMON}:
            self.wrong.append(f"{self.device}: {command} ended with {run.code}: {run.stderr[-2000:]}")
        return run.document

    # --- its end ------------------------------------------------------------------------------------------------------

    async def _end(
        self, process: asyncio.subprocess.Process, printed: asyncio.Task[tuple[bytes, bytes]], *, is_asked: bool
    ) -> None:
        """Tell it to end, and see it do so."""
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        if not is_asked or not await self._tell("stop"):
            with suppress(ProcessLookupError):
                process.terminate()
        await asyncio.wait({printed}, timeout=_LONGEST_END_S)
        if not printed.done():
            self.wrong.append(f"{self.device}: a daemon had not ended {_LONGEST_END_S:.0f} s after it was told to")

    def _judge_end(self, process: asyncio.subprocess.Process, printed: tuple[bytes, bytes], killed_at: str) -> None:
        run = self._ended("start", process, printed, killed_at)
        for uploaded, downloaded, moved in _SYNCED.findall(run.stderr):
            self.tally.done.update(uploaded=int(uploaded), downloaded=int(downloaded), moved=int(moved))
        self.tally.failures.update(why.partition(" (")[0] for why in _NOT_SYNCED.findall(run.stderr))
        is_young = " INFO started " not in run.stderr
        allowed = {KILLED} if killed_at else {DONE, TERMINATED} if is_young else {DONE}
        unexpected = _UNEXPECTED.findall(run.stderr)
        if run.code not in allowed or unexpected:
            self.wrong.append(f"{self.device}: a daemon ended with {run.code}: {unexpected[:5]} {run.stderr[-1000:]}")
