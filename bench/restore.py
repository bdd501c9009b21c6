"""A deleted folder brought back, beside `rclone copy --s3-version-at` down and `rclone copy` up again.

    restore.py [--store ceph|embedded] [--files N] [--bytes N] [--link DOWN/UP/DELAY]

Both begin with N files that were deleted, and end with them live in the bucket and in a folder here. Ours is the whole
command, with the sync before and the one that brings the files here; when the last one was live in the bucket, the log
tells. rclone is run as it comes, and with 64 transfers at once, as many as ours. What it asks is counted in a run of
its own, of _COUNTED files and near the store, as the log of it takes time. With --link, all else that is measured goes
through a link of so many Mbit/s down and up and so many ms there and back; what comes before does not.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bucketdrive.drive.clock import SystemClock
from link import running_link
from small_files import FILE_BYTES, FOLDERS, compiled_once, run, running_store

RCLONE = Path(__file__).parents[1] / ".venv-tools" / "bin" / "rclone"
GOAL = 0.4
_COUNTED = 500
_AT_ONCE = ["--transfers", "64", "--checkers", "64", "--fast-list"]
pause = threading.Event().wait
Variables = dict[str, str]


@dataclass(frozen=True)
class Task:
    """What is brought back, and the variables under which the store is near, and beyond the link."""

    files: int
    file_bytes: int
    near: Variables
    far: Variables


def make_files(folder: Path, task: Task) -> None:
    """So many files in 40 folders."""
    for number in range(task.files):
        path = folder / f"folder-{number % FOLDERS}" / f"file-{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%07d\n" % number * (task.file_bytes // 8))


def a_moment() -> str:
    """Now, with whole seconds around it in which nothing happens: stores tell times no finer."""
    pause(1.5)
    now_s = SystemClock().now_s()
    pause(1.5)
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ours(task: Task, home: Path) -> tuple[float, float, dict]:
    """`bucketdrive restore` of the folder: seconds, of them until all is live in the bucket, report."""
    own = {"BUCKETDRIVE_CONFIG_DIR": str(home / "config"), "BUCKETDRIVE_STATE_DIR": str(home / "state")}
    variables, files = task.near | own, task.files
    drive = home / "drive"
    run(variables, "link", f"s3://{home.name}/ours", drive, "--create-bucket")
    make_files(drive / "lost", task)
    (drive / "kept.txt").write_text("kept")
    run(variables, "sync", drive)
    moment = a_moment()
    shutil.rmtree(drive / "lost")
    command = [sys.executable, "-m", "bucketdrive"]
    subprocess.run([*command, "sync", drive], env=variables, check=False, capture_output=True)  # the guard asks
    subprocess.run([*command, "approve", drive], env=variables, check=True, capture_output=True)
    run(variables, "sync", drive)
    began_s = SystemClock().now_s()
    cost = run(task.far | own, "restore", drive / "lost", "--as-of", moment)
    lines = run(variables, "log", drive, "-n", 3 * files).report["lines"]
    last_s = max(datetime.fromisoformat(line["at"]).timestamp() for line in lines if line["op"] == "restore")
    found = sum(1 for path in (drive / "lost").rglob("*.bin"))
    if (found, cost.report["restored"]) != (files, files):
        sys.exit(f"{found} files came back: {json.dumps(cost.report)}")
    return cost.wall_s, last_s - began_s, cost.report


def theirs(task: Task, home: Path, bucket: str, *flags: str) -> tuple[float, Counter[str]]:
    """Seconds of rclone for the same, and its requests by method where `flags` make it log them."""
    home.mkdir(exist_ok=True)
    make_files(home / "source", task)

    def remote(variables: Variables) -> str:
        endpoint = variables["AWS_ENDPOINT_URL_S3"]
        return f":s3,provider=Ceph,env_auth,no_check_bucket,endpoint='{endpoint}':{bucket}/{home.name}"

    def rclone(*arguments: object) -> tuple[float, str]:
        variables = task.near | {"RCLONE_CONFIG": str(home / "rclone.conf")}
        started_s = os.times().elapsed
        command = [RCLONE, *map(str, arguments)]
        done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
        return os.times().elapsed - started_s, done.stderr

    near, far = remote(task.near), remote(task.far)
    rclone("copy", home / "source", near, *_AT_ONCE)
    moment = a_moment()
    rclone("delete", near, *_AT_ONCE)
    down_s, log = rclone("copy", far, home / "back", "--s3-version-at", moment, *flags)
    up_s, more = rclone("copy", home / "back", far, *flags)
    found = sum(1 for path in (home / "back").rglob("*.bin"))
    if found != task.files:
        sys.exit(f"rclone brought back {found} files: {log[-2000:]}")
    print(f"  rclone, {found:,} files: {down_s:.1f} s down, {up_s:.1f} s up", flush=True)
    return down_s + up_s, Counter(re.findall(r"\b(GET|PUT|HEAD|POST|DELETE) /\S* HTTP/1", log + more))


def measure(task: Task, home: Path) -> tuple[tuple[float, float, dict], list[float], Counter[str]]:
    """Ours; seconds of rclone as it comes and with many transfers; what it asks for _COUNTED files."""
    name = home.name.replace("_", "-").lower()
    (home / name).mkdir()
    mine = ours(task, home / name)
    print(f"  ours, {task.files:,} files: {mine[1]:.1f} s until live in the bucket, {mine[0]:.1f} s in all", flush=True)
    seconds = [theirs(task, home / "rclone", name)[0], theirs(task, home / "rclone-64", name, *_AT_ONCE)[0]]
    few = replace(task, files=_COUNTED, far=task.near)
    return mine, seconds, theirs(few, home / "counted", name, "-vv", "--dump", "headers")[1]


def report(task: Task, mine: tuple[float, float, dict], seconds: list[float], asked: Counter[str]) -> None:
    """Print the table and the ratios."""
    our_s, bucket_s, told = mine
    size = task.files * task.file_bytes
    print(f"{'':28} {'wall':>9} {'requests a file':>16} {'bytes up':>14} {'bytes down':>14}")
    requests = sum(told["requests"].values()) / task.files
    sent, received = told["bytes_sent"], told["bytes_received"]
    print(f"{'ours, live in the bucket':28} {bucket_s:7.1f} s")
    print(f"{'ours, and in the folder':28} {our_s:7.1f} s {requests:16.2f} {sent:14,} {received:14,}")
    for what, their_s in zip(("rclone", "rclone, 64 transfers"), seconds, strict=True):
        print(f"{what:28} {their_s:7.1f} s {asked.total() / _COUNTED:16.2f} {size:14,} {size:14,}")
    print(f"asked by ours: {told['requests']}; by rclone for {_COUNTED} files: {dict(asked)}")
    for what, their_s in zip(("rclone", "rclone with 64 transfers"), seconds, strict=True):
        parts = f"{our_s / their_s:.2f} of the time of {what}, {bucket_s / their_s:.2f} until all is live in the bucket"
        print(f"ours takes {parts} (to be reached: {GOAL})")


def main() -> None:
    """Play both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["ceph", "embedded"], default="ceph")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=FILE_BYTES)
    parser.add_argument("--link", default="", metavar="DOWN/UP/DELAY", help="Mbit/s, Mbit/s, ms; e.g. 100/40/20")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_store(options.store, Path(folder)) as found,
        ExitStack() as ends,
    ):
        near = os.environ | found | compiled_once(Path(folder))  # noqa: TID251
        far = near
        if options.link:
            url = ends.enter_context(running_link(near["AWS_ENDPOINT_URL_S3"], options.link))
            far = near | {"AWS_ENDPOINT_URL_S3": url}
        task = Task(options.files, options.bytes, near, far)
        measured = measure(task, Path(folder))
    where = f"{options.store}{f' beyond a link of {options.link} (Mbit/s, Mbit/s, ms)' if options.link else ''}"
    print(f"{task.files:,} deleted files of {task.file_bytes} bytes in {FOLDERS} folders brought back, {where}")
    report(task, *measured)


if __name__ == "__main__":
    main()
