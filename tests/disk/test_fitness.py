"""What a folder is fit for, on real folders."""

import asyncio

import pytest

from bucketdrive.disk.fitness import Fitness
from bucketdrive.disk.folder import FileSystem
from bucketdrive.errors import GuardError
from bucketdrive.testing import mounts
from bucketdrive.testing.contracts.folder_harness import FolderHarness


def fitness(harness):
    return asyncio.run(harness.disk.fitness("token"))


def test_a_good_folder_is_fit_and_nothing_is_left_of_the_trial(harness):
    assert fitness(harness) == Fitness()
    assert sorted(path.name for path in (harness.path / ".bucketdrive").rglob("*")) == ["root.json", "tmp"]


def test_a_file_system_that_cannot_exchange_is_told(parent):
    harness = FolderHarness(parent, FileSystem(may_exchange=False))
    assert fitness(harness) == Fitness(may_exchange=False)
    harness.close()


def test_a_folder_that_may_not_be_written_to_is_told(as_nobody, parent):
    harness = FolderHarness(parent)
    harness.path.chmod(0o555)
    assert fitness(harness).why_not_writable == "permission denied"
    harness.path.chmod(0o755)
    harness.close()


def test_another_file_system_at_our_own_folder_is_told(harness, mounted):
    with mounted(harness.path / ".bucketdrive", "size=1m"):
        assert not fitness(harness).is_one_file_system


def test_a_disk_mounted_for_reading_only_is_told(harness, mounted):
    with mounted(harness.path / ".bucketdrive", "size=1m,ro"):
        assert "read-only" in fitness(harness).why_not_writable


def test_a_folder_on_a_disk_mounted_for_reading_only_is_told(parent, mounted):
    with mounted(parent):
        harness = FolderHarness(parent)
        mounts.remount(parent, "ro")
        assert fitness(harness).why_not_writable == "read-only file system"
        harness.close()


def test_without_our_own_folder_it_is_no_drive(harness):
    (harness.path / ".bucketdrive" / "root.json").unlink()
    (harness.path / ".bucketdrive").rmdir()
    with pytest.raises(GuardError):
        fitness(harness)
