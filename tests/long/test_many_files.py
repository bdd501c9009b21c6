"""100,000 files in one folder: real folders and states, a bucket in memory."""

import asyncio
import dataclasses

import pytest

from bucketdrive.disk.folder import Folder
from bucketdrive.engine.cycle import Cycle
from bucketdrive.state.database import State
from bucketdrive.testing.memory_bucket import MemoryBucket
from bucketdrive.testing.world import DRIVE_ID, Device, World

FILES = 100_000


class RealDevice:
    """The engine over a folder and a state of this machine, in a simulated world for all else."""

    def __init__(self, world, name, home, runner):
        self.world = world
        self.run = runner.run
        self.path = home / name
        self.path.mkdir()
        self.disk = Folder(self.path)
        self.state = State.open(home / f"{name} state")
        simulated = Device(world, name)
        self.run(self.disk.write_root(DRIVE_ID, simulated.root_id))
        parts = simulated.process.parts
        self.cycle = Cycle(
            dataclasses.replace(parts, disk=self.disk, state=self.state, bucket=MemoryBucket(world.store))
        )

    def sync(self):
        """One sync; what it did, and the requests it made."""
        before = self.world.store.requests.copy()
        report = self.run(self.cycle.sync())
        assert (report.held, report.failed, report.conflicts) == ([], [], [])
        return report, self.world.store.requests - before

    def close(self):
        self.disk.close()
        self.state.close()


@pytest.fixture
def devices(tmp_path):
    world = World(1)
    with asyncio.Runner() as runner:
        made = [RealDevice(world, name, tmp_path, runner) for name in ("one", "other")]
        yield made
        for device in made:
            device.close()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_100_000_files_in_one_folder_go_up_and_come_down_and_cost_no_request_then(devices):
    one, other = devices
    folder = one.path / "all"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:06}").write_bytes(b"%d" % number)
    report, requests = one.sync()
    assert (report.uploaded, requests["GetObject"] < 100) == (FILES, True)
    report, requests = other.sync()
    assert (report.downloaded, requests["PutObject"] < 100) == (FILES, True)
    arrived = {path.name: path.read_bytes() for path in (other.path / "all").iterdir()}
    assert arrived == {f"{number:06}": b"%d" % number for number in range(FILES)}
    (other.path / "all" / "000007").write_bytes(b"edited")
    (other.path / "all" / "000008").unlink()
    report, requests = other.sync()
    assert (report.uploaded, report.deleted_in_bucket, requests["PutObject"] < 5) == (1, 1, True)
    report, requests = one.sync()
    assert (report.downloaded, report.deleted_here, requests["GetObject"] < 5) == (1, 1, True)
    assert (folder / "000007").read_bytes() == b"edited"
    assert len(list(folder.iterdir())) == FILES - 1
