"""The real folder keeps to the contract of the disk, on the file system of the temporary folder and on tmpfs."""

import tempfile
from pathlib import Path

import pytest

from bucketdrive.testing.contracts import disk as reads
from bucketdrive.testing.contracts import disk_moves as moves
from bucketdrive.testing.contracts import disk_some as some
from bucketdrive.testing.contracts.folder_harness import FolderHarness

TMPFS = Path("/dev/shm")


@pytest.fixture(params=["tmp_path", "tmpfs"])
def harness(request, tmp_path):
    if request.param == "tmpfs" and not TMPFS.is_dir():
        pytest.skip("there is no /dev/shm")
    with tempfile.TemporaryDirectory(dir=TMPFS if request.param == "tmpfs" else tmp_path) as parent:
        made = FolderHarness(Path(parent))
        yield made
        made.close()


class TestRoot(reads.RootContract): ...


class TestLook(reads.LookContract): ...


class TestScan(reads.ScanContract): ...


class TestScanSome(some.ScanSomeContract): ...


class TestRead(reads.ReadContract): ...


class TestPlaces(reads.PlaceContract): ...


class TestStage(moves.StageContract): ...


class TestInstall(moves.InstallContract): ...


class TestExchange(moves.ExchangeContract): ...


class TestAside(moves.AsideContract): ...


class TestRename(moves.RenameContract): ...


class TestFolders(moves.FolderContract): ...
