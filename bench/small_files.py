"""What 1,000 small files cost, up and down: CPU of the client, wall time, requests, memory.

    small_files.py [--store ceph|embedded] [--files N] [--rounds N]

Each sync is a process of its own (`bucketdrive sync`), and so is the store, whose CPU does not count. What a sync of an
empty drive takes is taken off as process start. Medians of the rounds; each has a new bucket.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = 40
FILE_BYTES = 4096
SPARE_REQUESTS = 20
CPU_GOAL_MS = 1.0
TOOLS = Path(__file__).parents[1] / "tools"

EMBEDDED = """
import sys
from bucketdrive.testing.sandbox import EmbeddedStore
with EmbeddedStore() as store:
    print(*(f"{name}={text}" for name, text in store.environment().items()), flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Cost:
    """What a process took. `cpu_s`: user and system; `peak_bytes`: resident memory at most."""

    cpu_s: float
    wall_s: float
    peak_bytes: int
    report: dict


@contextlib.contextmanager
def running_store(kind: str, home: Path) -> Iterator[dict[str, str]]:
    """A store in another process; the variables under which it is used."""
    if kind == "embedded":
        command = [sys.executable, "-c", EMBEDDED]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as store:
            yield dict(pair.split("=", 1) for pair in store.stdout.readline().split())
            store.stdin.close()
        return
    variables = os.environ | {"BUCKETDRIVE_RGW_DIR": str(home / "ceph"), "BUCKETDRIVE_RGW_PORT": "0"}  # noqa: TID251
    rgw = [sys.executable, TOOLS / "rgw.py"]
    told = subprocess.run([*rgw, "start"], env=variables, stdout=subprocess.PIPE, text=True, check=True).stdout
    try:
        exports = [line.removeprefix("export ") for line in told.splitlines() if line.startswith("export ")]
        yield dict(pair.split("=", 1) for pair in exports)
    finally:
        subprocess.run([*rgw, "stop"], env=variables, check=True)


def compiled_once(home: Path) -> dict[str, str]:
    """Variables under which Python keeps what it compiled, as an installed command's is kept."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(home / "compiled")}


def run(variables: dict[str, str], *arguments: object) -> Cost:
    """Run a command of ours to its end."""
    command = [sys.executable, "-m", "bucketdrive", *map(str, arguments), "--json"]
    process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)
    started_s = os.times().elapsed
    told = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}: {told}")
    wall_s = os.times().elapsed - started_s
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * 1024, json.loads(told))


def play(variables: dict[str, str], home: Path, files: int) -> tuple[Cost, Cost, Cost]:
    """One round: a sync of nothing, one up, one down."""
    variables = variables | {
        "BUCKETDRIVE_CONFIG_DIR": str(home / "config"),
        "BUCKETDRIVE_STATE_DIR": str(home / "state"),
    }
    url = f"s3://bench-{home.name}/drive"
    for name in ("from", "to"):
        run(variables, "link", url, home / name, "--device", name, "--create-bucket")
    nothing = run(variables, "sync", home / "from")
    for number in range(files):
        path = home / "from" / f"folder-{number % FOLDERS}" / f"file-{number}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%07d\n" % number * (FILE_BYTES // 8))
    up = run(variables, "sync", home / "from")
    down = run(variables, "sync", home / "to")
    return nothing, up, down


def row(name: str, costs: list[Cost], start: list[Cost], files: int) -> str:
    """A line of the table."""
    start_s = statistics.median(cost.cpu_s for cost in start)
    cpu_s = statistics.median(cost.cpu_s for cost in costs)
    wall_s = statistics.median(cost.wall_s for cost in costs)
    requests = max(sum(cost.report["requests"].values()) for cost in costs)
    peak_mib = max(cost.peak_bytes for cost in costs) / (1 << 20)
    per_file_ms = (cpu_s - start_s) / files * 1000
    return f"{name:8} {per_file_ms:8.2f} ms {cpu_s:8.2f} s {wall_s:8.2f} s {requests:9} {peak_mib:10.0f} MiB"


def main() -> None:
    """Play all rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["ceph", "embedded"], default="ceph")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_store(options.store, Path(folder)) as found:
        variables = os.environ | found | compiled_once(Path(folder))  # noqa: TID251
        rounds = []
        for number in range(options.rounds):
            home = Path(folder) / f"{Path(folder).name.replace('_', '-').lower()}-{number}"
            home.mkdir()
            rounds.append(play(variables, home, options.files))
    nothing, up, down = (list(costs) for costs in zip(*rounds, strict=True))
    print(f"{options.files} files of {FILE_BYTES} bytes in {FOLDERS} folders, {options.store}, {options.rounds} rounds")
    print(f"{'':8} {'CPU a file':>11} {'CPU':>10} {'wall':>10} {'requests':>9} {'peak memory':>14}")
    for name, costs in (("nothing", nothing), ("up", up), ("down", down)):
        print(row(name, costs, nothing, options.files))
    for name, costs in (("up", up), ("down", down)):
        print(
            f"{name}: {', '.join(f'{count} {operation}' for operation, count in costs[-1].report['requests'].items())}"
        )
    print(f"to be reached: under {CPU_GOAL_MS} ms a file, at most {options.files + SPARE_REQUESTS} requests")


if __name__ == "__main__":
    main()
