"""The folder in memory and a real one play the same random scripts: every outcome and every end is the same."""

import os
import tempfile
from pathlib import Path

import pytest

from bucketdrive.disk.folder import FileSystem
from bucketdrive.testing.contracts.disk_script import Side, play
from bucketdrive.testing.contracts.folder_harness import MountedHarness

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount file systems and become another user")

STEPS = 200
POOR = {
    "no exchange": FileSystem(may_exchange=False),
    "no renameat2": FileSystem(may_exchange=False, may_refuse_replacing=False),
}
KINDS = ("tmpfs", "ext4", "xfs", "btrfs", "overlay")
SEEDS, MANY_SEEDS = range(4), range(4, 50)


@pytest.fixture(scope="module")
def mount(request, mounted):
    """Where a file system is mounted; anybody gets there, and may write there."""
    with tempfile.TemporaryDirectory() as name, mounted(Path(name), kind=request.param):
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def make_sides(mount, make_memory_harness):
    before, made = os.umask(0o022), []

    def make(able=None):
        real = MountedHarness(Path(tempfile.mkdtemp(dir=mount)), mount, able)
        made.append(real)
        return Side(make_memory_harness()), Side(real)

    yield make
    for real in made:
        real.close()
    os.umask(before)


def seeds_of(kinds, few, many):
    """Few seeds on the first kinds; in minutes, many on all of them."""
    quick = [pytest.param(kind, few) for kind in kinds[:2]]
    return quick + [pytest.param(kind, many, marks=pytest.mark.long) for kind in kinds]


@pytest.mark.parametrize(("mount", "seeds"), seeds_of(KINDS, SEEDS, MANY_SEEDS), indirect=["mount"])
def test_an_ordinary_user_sees_no_difference(make_sides, ordinary_user, seeds):
    with ordinary_user():
        for seed in seeds:
            play(seed, STEPS, make_sides, is_ordinary_user=True)


@pytest.mark.parametrize(("mount", "seeds"), seeds_of(KINDS, SEEDS, MANY_SEEDS), indirect=["mount"])
def test_a_disk_that_is_read_only_for_moments_makes_no_difference(make_sides, seeds):
    for seed in seeds:
        play(seed, STEPS, make_sides, is_ordinary_user=False)


@pytest.mark.parametrize("able", POOR)
@pytest.mark.parametrize(("mount", "seeds"), seeds_of(("tmpfs",), SEEDS, MANY_SEEDS), indirect=["mount"])
def test_a_poorer_file_system_makes_no_difference(make_sides, ordinary_user, seeds, able):
    with ordinary_user():
        for seed in seeds:
            play(seed, STEPS, lambda: make_sides(POOR[able]), is_ordinary_user=True)
