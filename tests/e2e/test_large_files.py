"""A large file through the command line, in processes of its own whose memory is measured."""

import hashlib
import random  # noqa: TID251  blocks from a seed
import subprocess
import sys

import pytest

SIZE = 300_000_000
MOST_MEMORY = 300_000_000
MEASURED = """
import re, sys
from bucketdrive.cli.main import main
code = main(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
print("peak", peak, file=sys.stderr)
sys.exit(code)
"""


def measured(*arguments):
    """Run a command in a process of its own; the most memory it had, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stderr.split("peak ")[1]) * 1024


def make_large_file(path):
    """Blocks of noise with holes between them."""
    noise = random.Random(1)
    with path.open("wb") as file:
        for start in range(0, SIZE, 16_000_000):
            file.seek(start)
            file.write(noise.randbytes(100_000))
        file.truncate(SIZE)


def sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.long
@pytest.mark.stores("embedded", "ceph", "ceph-safe")
@pytest.mark.timeout(300)
def test_a_large_file_goes_up_and_down_and_is_never_whole_in_memory(world):
    up, down = world.laptop.folder / "large.bin", world.desktop.folder / "large.bin"
    make_large_file(up)
    assert measured("sync", world.laptop.folder) < MOST_MEMORY
    assert measured("sync", world.desktop.folder) < MOST_MEMORY
    assert sha256(up) == sha256(down)
    assert down.stat().st_mtime_ns == up.stat().st_mtime_ns
    [version] = world.bucket.rows("large.bin")[0]
    assert version["ETag"].strip('"').endswith("-36")
    assert world.laptop.run("verify", world.laptop.folder)["unproved_in_bucket"] == 1
