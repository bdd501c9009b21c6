"""What the modules of this folder share."""

import asyncio

import pytest

from bucketdrive.testing.contracts.disk_harness import OUTSIDE
from bucketdrive.testing.memory_disk import MemoryDisk
from bucketdrive.testing.memory_folder import MemoryFolder
from bucketdrive.testing.memory_tree import MemoryDir


class MemoryHarness(MemoryFolder):
    """A folder in memory and a disk over it."""

    def __init__(self, *, folds=False):
        super().__init__()
        if folds:
            self.tree.fold_names()
        self.disk = MemoryDisk(self)
        asyncio.run(self.disk.write_root("drive", "root"))

    def place_dirs(self):
        own = self.tree.root.children[".bucketdrive"]
        folders = {name for name, node in self.tree.walk(own) if isinstance(node, MemoryDir)}
        return folders - {"tmp", "quarantine"}

    def outside(self):
        return OUTSIDE


@pytest.fixture(scope="session")
def make_memory_harness():
    """Makes harnesses over folders in memory; with `folds=True`, over one whose names fold."""
    return MemoryHarness
