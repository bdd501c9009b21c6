"""The disk in memory keeps to the contract of the disk."""

import asyncio

import pytest

from bucketdrive.testing.contracts import disk as reads
from bucketdrive.testing.contracts import disk_errors as errors
from bucketdrive.testing.contracts import disk_inodes as inodes
from bucketdrive.testing.contracts import disk_moves as moves
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


@pytest.fixture
def harness():
    return MemoryHarness()


class TestRoot(reads.RootContract): ...


class TestLook(reads.LookContract): ...


class TestScan(reads.ScanContract): ...


class TestRead(reads.ReadContract): ...


class TestPlaces(reads.PlaceContract): ...


class TestDenials(reads.DenialContract): ...


class TestStage(moves.StageContract): ...


class TestInstall(moves.InstallContract): ...


class TestExchange(moves.ExchangeContract): ...


class TestAside(moves.AsideContract): ...


class TestRename(moves.RenameContract): ...


class TestFolders(moves.FolderContract): ...


class TestErrors(errors.ErrorContract): ...


class TestDeniedErrors(errors.DeniedErrorContract): ...


class TestFaults(errors.FaultContract): ...


class TestInodes(inodes.InodeContract): ...


class TestWriters(inodes.WriterContract): ...


class TestDepth(inodes.DepthContract): ...


class TestFolds(inodes.FoldContract):
    @pytest.fixture
    def harness(self):
        return MemoryHarness(folds=True)
