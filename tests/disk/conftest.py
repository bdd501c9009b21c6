"""Real folders for tests of what only a real folder does."""

import tempfile
from pathlib import Path

import pytest

from bucketdrive.testing.contracts.folder_harness import FolderHarness

TMPFS = Path("/dev/shm")


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
def as_nobody(parent, ordinary_user):
    """From here on this process is an ordinary user's, who owns `parent`."""
    with ordinary_user(parent):
        yield
