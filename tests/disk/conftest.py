"""Real folders for tests of what only a real folder does."""

import os
import tempfile
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
