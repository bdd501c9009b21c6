"""What two daemons on one drive take: how soon a change is on the other device, what it costs, and what idling costs.

    daemons.py [--store ceph|embedded] [--files N] [--changes N] [--idle SECONDS]

Two devices, each with a daemon of its own at the default settings, on one machine; the store is a process of its own.
The drive is filled and both daemons come to rest before anything is measured. A change is one file: written, saved
over, moved or deleted. Seconds run from the moment of the change to the moment when the other folder has it.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bucketdrive.drive.assembly import SystemChance
from small_files import compiled_once, running_store

FOLDERS = 400
FILE_BYTES = 1000
MEDIAN_GOAL_S, P95_GOAL_S, REQUESTS_GOAL = 1.5, 3.0, 8
CPU_GOAL, MEMORY_GOAL_MIB = 0.5, 120
LONGEST_S = 60.0
QUIET_LOOKS, LOOK_S = 3, 5.0
TICK = os.sysconf("SC_CLK_TCK")
CHANCE = SystemChance()
pause = threading.Event().wait


class Machine:
    """One device: a folder, a state of its own, a daemon."""

    def __init__(self, variables: dict[str, str], home: Path, url: str, *flags: str) -> None:
        self.folder = home / "drive"
        home.mkdir()
        self._variables = variables | {
            "BUCKETDRIVE_CONFIG_DIR": str(home / "config"),
            "BUCKETDRIVE_STATE_DIR": str(home / "state"),
        }
        self.run("link", url, self.folder, "--device", home.name, *flags)
        self._daemon: subprocess.Popen | None = None

    def run(self, *arguments: object) -> dict:
        """A command of ours; its answer."""
        command = [sys.executable, "-m", "bucketdrive", *map(str, arguments), "--json"]
        done = subprocess.run(command, env=self._variables, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode not in (0, 4):
            sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}")
        return json.loads(done.stdout)

    def start(self) -> None:
        """Start the daemon and wait until the drive is up to date."""
        command = [sys.executable, "-m", "bucketdrive", "start", "--foreground", self.folder]
        self._daemon = subprocess.Popen(
            command, env=self._variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not self._is_kept():
            pause(0.5)

    def _is_kept(self) -> bool:
        try:
            return self.status()["is_kept"]
        except (SystemExit, KeyError):
            return False

    def come_to_rest(self) -> None:
        """Wait until everything was looked at, and nothing but questions for news is asked any more."""
        quiet = 0
        while quiet < QUIET_LOOKS:
            before = self.status()["requests"]
            pause(LOOK_S)
            after = self.status()
            asked = {name for name, count in after["requests"].items() if count != before.get(name)}
            is_quiet = asked <= {"GetObject"} and "PutObject" not in asked and after["state"] == "up to date"
            quiet = quiet + 1 if is_quiet and sum(after["requests"].values()) > LOOK_S else 0

    def status(self) -> dict:
        """What `status` says of the drive."""
        return self.run("status", self.folder)["drives"][0]

    def send(self, number: int) -> None:
        """Send the daemon a signal."""
        self._daemon.send_signal(number)

    def stop(self) -> None:
        """End the daemon."""
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait()

    def requests(self) -> int:
        """Requests so far, but for questions for news that were answered with none."""
        return sum(self.status()["requests"].values())

    def cpu_s(self) -> float:
        """CPU of the daemon so far, user and system."""
        fields = Path(f"/proc/{self._daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory_mib(self) -> float:
        """Resident memory of the daemon."""
        for line in Path(f"/proc/{self._daemon.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0


def fill(folder: Path, files: int) -> None:
    """Make the drive's files."""
    for number in range(files):
        path = folder / f"folder-{number % FOLDERS:03d}" / f"file-{number:06d}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%09d\n" % number * (FILE_BYTES // 10))


def change(kind: str, here: Machine, there: Machine, number: int) -> float:
    """Make a change here; seconds until it is there."""
    at = f"folder-{number % FOLDERS:03d}"
    path, other = here.folder / at / f"{kind}-{number}", there.folder / at / f"{kind}-{number}"
    if kind != "new":
        path, other = here.folder / at / f"new-{number}", there.folder / at / f"new-{number}"
    text = f"{kind} {number}"
    started_s = time.monotonic()
    match kind:
        case "new":
            path.write_text(text)
            is_there = lambda: other.exists() and other.read_text() == text  # noqa: E731
        case "saved":
            draft = path.with_suffix(".draft~")
            draft.write_text(text)
            started_s = time.monotonic()
            draft.rename(path)
            is_there = lambda: other.read_text() == text  # noqa: E731
        case "moved":
            path.rename(path.with_name(f"moved-{number}"))
            target = other.with_name(f"moved-{number}")
            is_there = lambda: target.exists() and not other.exists()  # noqa: E731
        case _:
            path = path.with_name(f"moved-{number}")
            other = other.with_name(f"moved-{number}")
            path.unlink()
            is_there = lambda: not other.exists()  # noqa: E731
    while not is_there():
        if time.monotonic() - started_s > LONGEST_S:
            sys.exit(f"{kind} {number} is not there after {LONGEST_S} s: {here.status()} {there.status()}")
        pause(0.005)
    return time.monotonic() - started_s


def measure(kind: str, machines: tuple[Machine, Machine], numbers: range, idle_a_s: float) -> str:
    """A line of the table. `idle_a_s`: requests that both make in a second of idleness."""
    times, requests = [], []
    for number in numbers:
        here, there = machines if number % 2 else machines[::-1]
        pause(1.0 + CHANCE.fraction())
        before, began_s = sum(machine.requests() for machine in machines), time.monotonic()
        times.append(change(kind, here, there, number))
        pause(1.5)  # what is told afterwards
        spent = sum(machine.requests() for machine in machines) - before
        requests.append(spent - idle_a_s * (time.monotonic() - began_s))
    times.sort()
    p95 = times[int(len(times) * 0.95)]
    return (
        f"{kind:8} {statistics.median(times):8.2f} s {p95:8.2f} s {times[-1]:8.2f} s "
        f"{statistics.mean(requests):8.1f} {max(requests):8.1f}"
    )


def main() -> None:
    """Play it, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["ceph", "embedded"], default="ceph")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--idle", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_store(options.store, Path(folder)) as found:
        variables = os.environ | found | compiled_once(Path(folder))  # noqa: TID251
        url = f"s3://{Path(folder).name.replace('_', '-').lower()}/drive"
        one = Machine(variables, Path(folder) / "one", url, "--create-bucket")
        fill(one.folder, options.files)
        began_s = time.monotonic()
        one.run("sync", one.folder)
        two = Machine(variables, Path(folder) / "two", url)
        two.run("sync", two.folder)
        print(f"{options.files} files up and down in {time.monotonic() - began_s:.0f} s", flush=True)
        machines = (one, two)
        try:
            for machine in machines:
                machine.start()
            for machine in machines:
                machine.come_to_rest()
            before = [(machine.requests(), machine.cpu_s()) for machine in machines]
            pause(options.idle)
            print(f"idle for {options.idle:.0f} s, {options.files} files:")
            idle_a_s = 0.0
            for machine, (requests, cpu_s) in zip(machines, before, strict=True):
                asked = (machine.requests() - requests) / options.idle
                cpu = (machine.cpu_s() - cpu_s) / options.idle * 100
                idle_a_s += asked
                print(
                    f"  {asked * 86_400:8.0f} requests a day, {cpu:5.2f} % of a core, {machine.memory_mib():6.0f} MiB"
                    f"   (to be reached: under {CPU_GOAL} %, {MEMORY_GOAL_MIB} MiB)"
                )
            print(
                f"{'change':8} {'median':>10} {'95 %':>10} {'longest':>10} {'requests':>8} {'at most':>8}", flush=True
            )
            for kind in ("new", "saved", "moved", "deleted"):
                print(measure(kind, machines, range(options.changes), idle_a_s), flush=True)
            print(
                f"to be reached: median {MEDIAN_GOAL_S} s, 95 % {P95_GOAL_S} s, {REQUESTS_GOAL} requests both together"
            )
        finally:
            for machine in machines:
                machine.stop()
            shutil.rmtree(one.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
