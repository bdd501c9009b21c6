"""The past of a whole drive against the record of it: looked at, restored folder by folder, and undone.

    python bench/past.py [--store memory|ceph] [--files 100000] [--moments 200] [--restores 20] [--seed 1]

Two devices make so many files and three times as many versions, by edits, moves and deletions from a seed, which also
keeps the record. As of each random moment the whole tree is compared with it; at some of them a random folder is made
exactly what it was, and that is taken back: after each, the bucket and the folders of both devices are compared, file
by file. Whatever differs is told, and the exit code is 1. `memory`: the engine and the history that ship, in a world of
their own time; `ceph`: two linked folders of this machine on a Ceph that is started for it, which takes 26 KB of memory
a version.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from bucketdrive.testing.past_drives import RealDrive, SimulatedDrive
from bucketdrive.testing.past_judge import Brought, Findings, PastDrive, bring_back, look_back, play, some_of
from bucketdrive.testing.seeded_past import SeededPast
from small_files import running_store

VERSIONS_A_FILE = 3


@contextlib.contextmanager
def a_drive(store: str, seed: int) -> Iterator[PastDrive]:
    """A new drive."""
    if store == "memory":
        yield SimulatedDrive(seed)
        return
    with tempfile.TemporaryDirectory(prefix="bench-past-") as folder, running_store("ceph", Path(folder)) as found:
        home = Path(folder)
        places = {"BUCKETDRIVE_CONFIG_DIR": str(home / "config"), "BUCKETDRIVE_STATE_DIR": str(home / "state")}
        os.environ.update(found | places)  # noqa: TID251
        with asyncio.Runner() as runner:
            drive = RealDrive(runner, home, f"past-{os.getpid()}")
            try:
                yield drive
            finally:
                drive.close()


def told_of(what: str, done: Sequence[Brought]) -> str:
    """A line about restores or undos."""
    seconds = sorted(one.seconds for one in done)
    files, requests = sum(one.files for one in done), sum(one.requests for one in done)
    middle = f"{statistics.median(seconds):.2f} s, at most {seconds[-1]:.2f} s" if seconds else "never"
    return f"{len(done):7,} {what:10} {files:9,} files {sum(seconds):9.1f} s   {middle}, {requests:,} requests"


def tell(line: str) -> None:
    """How far it is, on a terminal or in a log."""
    print(f"  {line}", file=sys.stderr, flush=True)


def measure(drive: PastDrive, past: SeededPast, options: argparse.Namespace) -> Findings:
    """Play it, look, restore and undo; prints the table."""
    findings = Findings()
    began_s = perf_counter()
    play(drive, past, options.files, VERSIONS_A_FILE * options.files, options.rounds, tell)
    built_s, versions = perf_counter() - began_s, drive.versions()
    if versions != past.versions:
        findings.differences.append(f"{versions} versions are in the bucket, {past.versions} were made")
    print(
        f"{len(past.tree):,} files, {versions:,} versions, made in {len(past.rounds)} rounds, {built_s:.0f} s",
        flush=True,
    )
    moments = past.moments(options.moments)
    look_back(drive, past, moments, findings)
    looks = findings.look_s
    print(
        f"      1 sweep      {versions:9,} versions {findings.sweep_s:6.1f} s   with the first look,"
        f" {findings.sweep_requests:,} requests\n"
        f"{len(looks):7,} looks      {len(past.tree):9,} files {sum(looks):9.1f} s   {statistics.median(looks):.2f} s,"
        f" at most {max(looks):.2f} s, {findings.look_requests} requests",
        flush=True,
    )
    bring_back(drive, past, some_of(past, moments, options.restores), findings, tell)
    print(told_of("restores", findings.restores))
    print(told_of("undos", findings.undos))
    return findings


def main() -> None:
    """Measure, and say what differed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["memory", "ceph"], default="memory")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40, help="about so many times a device changes something")
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--restores", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    gc.set_threshold(20_000)  # as the command line does
    began_s = perf_counter()
    with a_drive(options.store, options.seed) as drive:
        findings = measure(drive, SeededPast(options.seed), options)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{perf_counter() - began_s:.0f} s in all, seed {options.seed}, peak memory {peak_mib:.0f} MiB, judge included"
    )
    print(f"what differed: {len(findings.differences)}")
    for difference in findings.differences[:20]:
        print(f"  {difference}")
    sys.exit(1 if findings.differences else 0)


if __name__ == "__main__":
    main()
