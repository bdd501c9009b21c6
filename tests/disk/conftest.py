"""Real folders for tests of what only a real folder does."""

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from bucketdrive.testing.contracts.folder_harness import FolderHarness

TMPFS = Path("/dev/shm")
NOBODY = 65534


@pytest.fixture
def parent(tmp_path):
    """An empty folder, on tmpfs where there is one: nothing waits for a disk there."""
    with tempfile.TemporaryDirectory(dir=TMPFS if TMPFS.is_dir() else tmp_path) as path:
        yield Path(path)


@pytest.fixture
def harness(parent):
    made = FolderHarness(parent)
    yield made
    made.close()


@pytest.fixture
def as_nobody(parent):
    """From here on this process is an ordinary user's, who owns `parent`."""
    if os.geteuid() != 0:
        yield
        return
    os.chown(parent, NOBODY, NOBODY)
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@contextmanager
def _mounted(path, options):
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        if os.geteuid() == 0 and os.getenv("CI") == "true":
            pytest.fail(f"a tmpfs cannot be mounted: {done.stderr}")
        pytest.skip(f"a tmpfs cannot be mounted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=False, capture_output=True)


@pytest.fixture
def mounted():
    """`with mounted(path, options):` a tmpfs is mounted there."""
    return _mounted
