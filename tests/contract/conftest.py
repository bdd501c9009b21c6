"""What the modules of this folder share."""

import asyncio

import pytest

from bucketdrive.bucket.s3.connect import S3Location, connect
from bucketdrive.testing.contracts.disk_harness import OUTSIDE
from bucketdrive.testing.memory_disk import MemoryDisk
from bucketdrive.testing.memory_folder import MemoryFolder
from bucketdrive.testing.memory_tree import MemoryDir
from bucketdrive.testing.sandbox import EmbeddedStore


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


@pytest.fixture(scope="module")
def embedded_bucket():
    """A bucket port to a bucket on an embedded store of the module's own."""
    with EmbeddedStore() as store, pytest.MonkeyPatch.context() as patch:
        for name, value in store.environment().items():
            patch.setenv(name, value)
        bucket = connect(S3Location("contract"))
        asyncio.run(bucket.create_bucket())
        asyncio.run(bucket.enable_bucket_versioning())
        yield bucket
        asyncio.run(bucket.aclose())
