"""10,000 files at once: how long until a daemon has them all in the bucket, at what cost, and whether one is missed.

    burst.py [--store ceph|embedded] [--files N] [--runs N]

A daemon at the default settings keeps an empty drive as a process; `tar` unpacks an archive in its folder. In every
other run the daemon is stopped meanwhile (SIGSTOP), and the folders are there before, so that the kernel's queue of
changes overflows; a watcher of our own that does not listen either tells whether it did. Seconds run from the end of
`tar`, or from when the daemon goes on, to the first "up to date" with nothing pending. At that moment the bucket is
listed: what it does not have then is missed. CPU is the daemon's, user and system, from its start.
"""

import argparse
import asyncio
import contextlib
import hashlib
import io
import os
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boto3

from bucketdrive.disk.watch import FolderWatcher
from daemons import Machine
from small_files import compiled_once, running_store

FILE_BYTES = 1000
MTIME = 1_700_000_000
HEARD_S = 1.0
"""After so long a daemon has heard of what the kernel has queued for it, and its word counts."""
LONGEST_S = 900.0
LOOK_EVERY_S = 0.1
pause = threading.Event().wait


@dataclass(frozen=True)
class Run:
    """What came of one run. `missed`: files not in the bucket, or others than were unpacked, when it was up to date."""

    is_stopped: bool
    has_overflowed: bool
    seconds: float
    requests: int
    cpu_s: float
    missed: int

    def row(self, number: int) -> str:
        """A line of the table."""
        kind = "stopped" if self.is_stopped else "listens"
        overflow = "overflow" if self.has_overflowed else "-"
        return (
            f"{number:4} {kind:8} {overflow:9} {self.seconds:8.1f} s {self.requests:9} "
            f"{self.cpu_s:8.1f} s {self.missed:8}"
        )


def make_archive(path: Path, files: int) -> dict[str, str]:
    """An archive of so many files in nested folders; the MD5 of each, by path."""
    made = {}
    with tarfile.open(path, "w") as archive:
        for number in range(files):
            name = f"archive/{number % 10}/{number % 130}/file-{number:06d}.txt"
            data = b"%09d\n" % number * (FILE_BYTES // 10)
            made[name] = hashlib.md5(data).hexdigest()
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), MTIME
            archive.addfile(info, io.BytesIO(data))
    return made


def has_overflowed(folder: Path, act: Callable[[], None]) -> bool:
    """Act; whether that was more than a watcher which does not listen can be told of."""

    async def play() -> bool:
        watcher = FolderWatcher(folder)
        await watcher.begin()
        act()
        lost = ""
        with contextlib.suppress(TimeoutError):
            while not lost:  # the word of it comes last
                lost = (await asyncio.wait_for(watcher.wait(), HEARD_S)).lost
        watcher.close()
        return bool(lost)

    return asyncio.run(play())


def live(variables: dict[str, str], bucket: str) -> dict[str, str]:
    """The ETags of the drive's files in the bucket, by path."""
    s3 = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables.get("AWS_REGION", "us-east-1"),
    )
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="drive/")
    rows = {row["Key"].removeprefix("drive/"): row["ETag"].strip('"') for page in pages for row in page["Contents"]}
    return {key: etag for key, etag in rows.items() if not key.endswith("/") and not key.startswith(".bucketdrive/")}


def play(variables: dict[str, str], home: Path, made: dict[str, str], *, is_stopped: bool) -> Run:
    """One run, with a new bucket and a new daemon."""
    bucket = home.name
    machine = Machine(variables, home, f"s3://{bucket}/drive", "--create-bucket")
    unpack = lambda: subprocess.run(["tar", "xf", home.parent / "archive.tar", "-C", machine.folder], check=True)  # noqa: E731
    if is_stopped:  # only folders that are watched already can tell much
        for name in made:
            (machine.folder / name).parent.mkdir(parents=True, exist_ok=True)
    machine.start()
    try:
        before = machine.requests()
        if is_stopped:
            machine.send(signal.SIGSTOP)
            overflow = has_overflowed(machine.folder, unpack)
            machine.send(signal.SIGCONT)
        else:
            overflow = False
            unpack()
        began_s = time.monotonic()
        pause(HEARD_S)
        while (status := machine.status())["state"] != "up to date" or status["pending"]:
            if time.monotonic() - began_s > LONGEST_S:
                sys.exit(f"not up to date after {LONGEST_S} s: {status}")
            pause(LOOK_EVERY_S)
        seconds = time.monotonic() - began_s
        found = live(variables, bucket)
        missed = sum(found.get(name) != etag for name, etag in made.items())
        return Run(is_stopped, overflow, seconds, machine.requests() - before, machine.cpu_s(), missed)
    finally:
        machine.stop()


def main() -> None:
    """Play all runs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["ceph", "embedded"], default="embedded")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    runs = []
    print(f"{options.files} files in nested folders, {options.store}")
    print(f"{'run':>4} {'daemon':8} {'queue':9} {'until up':>10} {'requests':>9} {'CPU':>10} {'missed':>8}", flush=True)
    for number in range(options.runs):
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            running_store(options.store, Path(folder)) as found,
        ):
            variables = os.environ | found | compiled_once(Path(folder))  # noqa: TID251
            made = make_archive(Path(folder) / "archive.tar", options.files)
            home = Path(folder) / f"burst-{os.getpid()}-{number}"
            runs.append(play(variables, home, made, is_stopped=bool(number % 2)))
        print(runs[-1].row(number + 1), flush=True)
    for name, some in (("listens", runs[::2]), ("stopped", runs[1::2])):
        if some:
            print(
                f"{name}: median {statistics.median(run.seconds for run in some):.1f} s until up to date, "
                f"at most {max(run.requests for run in some)} requests, {sum(run.missed for run in some)} missed"
            )
    if any(run.missed for run in runs) or any(run.is_stopped and not run.has_overflowed for run in runs):
        sys.exit("files were missed, or the queue did not overflow where it had to")


if __name__ == "__main__":
    main()
