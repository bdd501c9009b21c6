"""The disk in memory keeps to the contract of the disk."""

import pytest

from bucketdrive.testing.contracts import disk as reads
from bucketdrive.testing.contracts import disk_errors as errors
from bucketdrive.testing.contracts import disk_inodes as inodes
from bucketdrive.testing.contracts import disk_moves as moves
from bucketdrive.testing.contracts import disk_some as some


@pytest.fixture
def harness(make_memory_harness):
    return make_memory_harness()


class TestRoot(reads.RootContract): ...


class TestLook(reads.LookContract): ...


class TestScan(reads.ScanContract): ...


class TestScanSome(some.ScanSomeContract): ...


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
    def harness(self, make_memory_harness):
        return make_memory_harness(folds=True)
