"""A deleted folder brought back, beside `rclone copy --s3-version-at` down and `rclone copy` up again.

    restore.py [--store ceph|embedded] [--files N]

Both begin with N files that were deleted, and end with them live in the bucket and in a folder here. Ours is the whole
command, with the sync before and the one that brings the files here; when the last one was live in the bucket, the log
tells. rclone is run as it comes, and with 64 transfers at once, as many as ours. What it asks is counted in a run of
its own, of at most _COUNTED files, as the log of it takes time.
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
from datetime import UTC, datetime
from pathlib import Path

from bucketdrive.drive.clock import SystemClock
from small_files import FILE_BYTES, FOLDERS, compiled_once, run, running_store

RCLONE = Path(__file__).parents[1] / ".venv-tools" / "bin" / "rclone"
GOAL = 0.4
_COUNTED = 500
_AT_ONCE = ["--transfers", "64", "--checkers", "64", "--fast-list"]
pause = threading.Event().wait


def make_files(folder: Path, files: int) -> None:
    """So many files of 4 KiB in 40 folders."""
    for number in range(files):
        path = folder / f"folder-{number % FOLDERS}" / f"file-{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%07d\n" % number * (FILE_BYTES // 8))


def a_moment() -> str:
    """Now, with whole seconds around it in which nothing happens: stores tell times no finer."""
    pause(1.5)
    now_s = SystemClock().now_s()
    pause(1.5)
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ours(variables: dict[str, str], home: Path, files: int) -> tuple[float, float, dict]:
    """`bucketdrive restore` of a folder of so many files: seconds, of them until all is live in the bucket, report."""
    variables = variables | {
        "BUCKETDRIVE_CONFIG_DIR": str(home / "config"),
        "BUCKETDRIVE_STATE_DIR": str(home / "state"),
    }
    drive = home / "drive"
    run(variables, "link", f"s3://{home.name}/ours", drive, "--create-bucket")
    make_files(drive / "lost", files)
    (drive / "kept.txt").write_text("kept")
    run(variables, "sync", drive)
    moment = a_moment()
    shutil.rmtree(drive / "lost")
    command = [sys.executable, "-m", "bucketdrive"]
    subprocess.run([*command, "sync", drive], env=variables, check=False, capture_output=True)  # the guard asks
    subprocess.run([*command, "approve", drive], env=variables, check=True, capture_output=True)
    run(variables, "sync", drive)
    began_s = SystemClock().now_s()
    cost = run(variables, "restore", drive / "lost", "--as-of", moment)
    lines = run(variables, "log", drive, "-n", 3 * files).report["lines"]
    last_s = max(datetime.fromisoformat(line["at"]).timestamp() for line in lines if line["op"] == "restore")
    found = sum(1 for path in (drive / "lost").rglob("*.bin"))
    if (found, cost.report["restored"]) != (files, files):
        sys.exit(f"{found} files came back: {json.dumps(cost.report)}")
    return cost.wall_s, last_s - began_s, cost.report


def theirs(variables: dict[str, str], home: Path, bucket: str, files: int, *flags: str) -> tuple[float, Counter[str]]:
    """Seconds of rclone for the same, and its requests by method where `flags` make it log them."""
    home.mkdir(exist_ok=True)
    endpoint = variables["AWS_ENDPOINT_URL_S3"]
    remote = f":s3,provider=Ceph,env_auth,no_check_bucket,endpoint='{endpoint}':{bucket}/{home.name}"
    variables = variables | {"RCLONE_CONFIG": str(home / "rclone.conf")}
    make_files(home / "source", files)

    def rclone(*arguments: object) -> tuple[float, str]:
        started_s = os.times().elapsed
        command = [RCLONE, *map(str, arguments)]
        done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
        return os.times().elapsed - started_s, done.stderr

    rclone("copy", home / "source", remote, *_AT_ONCE)
    moment = a_moment()
    rclone("delete", remote, *_AT_ONCE)
    down_s, log = rclone("copy", remote, home / "back", "--s3-version-at", moment, *flags)
    up_s, more = rclone("copy", home / "back", remote, *flags)
    found = sum(1 for path in (home / "back").rglob("*.bin"))
    if found != files:
        sys.exit(f"rclone brought back {found} files: {log[-2000:]}")
    print(f"  rclone, {files:,} files: {down_s:.1f} s down, {up_s:.1f} s up", flush=True)
    return down_s + up_s, Counter(re.findall(r"\b(GET|PUT|HEAD|POST|DELETE) /\S* HTTP/1", log + more))


def main() -> None:
    """Play both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=["ceph", "embedded"], default="ceph")
    parser.add_argument("--files", type=int, default=10_000)
    options = parser.parse_args()
    files = options.files
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_store(options.store, Path(folder)) as found:
        home = Path(folder)
        name = home.name.replace("_", "-").lower()
        variables = os.environ | found | compiled_once(home)  # noqa: TID251
        bucket = home / name
        bucket.mkdir()
        our_s, bucket_s, report = ours(variables, bucket, files)
        plain_s, _ = theirs(variables, home / "rclone", name, files)
        wide_s, _ = theirs(variables, home / "rclone-64", name, files, *_AT_ONCE)
        counted = min(files, _COUNTED)
        _, asked = theirs(variables, home / "counted", name, counted, "-vv", "--dump", "headers")
    size = files * FILE_BYTES
    a_file = asked.total() / counted
    print(f"{files:,} deleted files of {FILE_BYTES} bytes in {FOLDERS} folders brought back, {options.store}")
    print(f"{'':28} {'wall':>9} {'requests a file':>16} {'bytes up':>12} {'bytes down':>12}")
    requests = sum(report["requests"].values()) / files
    sent, received = report["bytes_sent"], report["bytes_received"]
    print(f"{'ours, live in the bucket':28} {bucket_s:7.1f} s")
    print(f"{'ours, and in the folder':28} {our_s:7.1f} s {requests:16.2f} {sent:12,} {received:12,}")
    print(f"{'rclone':28} {plain_s:7.1f} s {a_file:16.2f} {size:12,} {size:12,}")
    print(f"{'rclone, 64 transfers':28} {wide_s:7.1f} s {a_file:16.2f} {size:12,} {size:12,}")
    print(f"asked by ours: {report['requests']}; by rclone for {counted} files: {dict(asked)}")
    for what, their_s in (("rclone", plain_s), ("rclone with 64 transfers", wide_s)):
        parts = f"{our_s / their_s:.2f} of the time of {what}, {bucket_s / their_s:.2f} until all is live in the bucket"
        print(f"ours takes {parts} (to be reached: {GOAL})")


if __name__ == "__main__":
    main()
