"""Names on a real file system that folds case: exFAT, by a program (Debian: exfat-fuse, exfatprogs).

It cannot move a file to where nothing is, so of the contract only this part holds on it.
"""

import pytest

from bucketdrive.testing.contracts import disk_inodes as inodes
from bucketdrive.testing.contracts.folder_harness import FolderHarness


class TestFolds(inodes.FoldContract):
    @pytest.fixture
    def harness(self, tmp_path, mounted):
        with mounted(tmp_path, kind="exfat"):
            made = FolderHarness(tmp_path)
            yield made
            made.close()
