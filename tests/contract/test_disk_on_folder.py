"""The real folder keeps to the contract of the disk, on each file system that this machine can mount."""

import tempfile
from os import geteuid
from pathlib import Path

import pytest

from bucketdrive.testing.contracts import disk as reads
from bucketdrive.testing.contracts import disk_errors as errors
from bucketdrive.testing.contracts import disk_inodes as inodes
from bucketdrive.testing.contracts import disk_moves as moves
from bucketdrive.testing.contracts import disk_some as some
from bucketdrive.testing.contracts.folder_harness import FolderHarness, MountedHarness

_IN_MINUTES = [pytest.param(kind, marks=pytest.mark.long) for kind in ("xfs", "btrfs", "overlay")]
_KINDS = ["tmpfs", "ext4", *_IN_MINUTES] if geteuid() == 0 else ["that of temporary files"]


@pytest.fixture(params=_KINDS, scope="module")
def mount(request, tmp_path_factory, mounted):
    """A folder where a file system of this kind is mounted; only root may mount one."""
    folder = tmp_path_factory.mktemp("mount")
    if geteuid() != 0:
        yield folder
        return
    with mounted(folder, kind=request.param):
        yield folder


@pytest.fixture
def harness(mount):
    with tempfile.TemporaryDirectory(dir=mount) as parent:
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


class TestErrors(errors.ErrorContract): ...


@pytest.mark.skipif(geteuid() != 0, reason="only root may mount a file system")
class TestFaults(errors.FaultContract):
    @pytest.fixture
    def harness(self, mount):
        with tempfile.TemporaryDirectory(dir=mount) as parent:
            made = MountedHarness(Path(parent), mount)
            yield made
            made.close()
            made.thaw()
            made.make_room()


class TestInodes(inodes.InodeContract): ...


class TestWriters(inodes.WriterContract): ...


class TestDepth(inodes.DepthContract): ...
