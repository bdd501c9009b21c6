"""The past of a drive of 2,000 files against the record of it, on Ceph: real folders, whole-second times."""

import asyncio
import os

import pytest

from bucketdrive.drive.settings import SETTINGS
from bucketdrive.testing.past_drives import RealDrive
from bucketdrive.testing.past_judge import Findings, bring_back, look_back, play, some_of
from bucketdrive.testing.seeded_past import SeededPast

FILES, VERSIONS = 2_000, 6_000


@pytest.fixture
def drive(owner_variables, tmp_path, monkeypatch):
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    own = {
        "BUCKETDRIVE_CONFIG_DIR": str(tmp_path / "config"),
        "BUCKETDRIVE_STATE_DIR": str(tmp_path / "state"),
        "BUCKETDRIVE_SETTLE_S": "0.05",
        "BUCKETDRIVE_ABSENCE_S": "0.1",
    }
    for name, value in (owner_variables | own).items():
        monkeypatch.setenv(name, value)
    with asyncio.Runner() as runner:
        made = RealDrive(runner, tmp_path, f"past-{os.getpid()}")
        yield made
        made.close()


@pytest.mark.timeout(900)
def test_a_seeded_past_is_as_it_was_recorded_and_each_restore_is_undone(drive):
    past, findings = SeededPast(1), Findings()
    play(drive, past, files=FILES, versions=VERSIONS, rounds=8)
    moments = past.moments(30)
    assert drive.versions() == past.versions >= VERSIONS
    look_back(drive, past, moments, findings)
    bring_back(drive, past, some_of(past, moments, 6), findings)
    assert findings.differences == []
    assert (len(findings.look_s), len(findings.restores), len(findings.undos)) == (30, 6, 6)
    assert findings.look_requests == 0
