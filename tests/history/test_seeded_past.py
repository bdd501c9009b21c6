"""A history of many versions, made by two devices, against the record of it: as of any moment, restored, and undone."""

from bucketdrive.testing.past_drives import SimulatedDrive
from bucketdrive.testing.past_judge import Findings, bring_back, look_back, play, some_of
from bucketdrive.testing.seeded_past import SeededPast


def test_a_seeded_past_is_as_it_was_recorded_and_each_restore_is_undone():
    drive, past, findings = SimulatedDrive(7), SeededPast(7), Findings()
    play(drive, past, files=200, versions=600, rounds=12)
    moments = past.moments(20)
    assert drive.versions() == past.versions >= 600
    look_back(drive, past, moments, findings)
    bring_back(drive, past, some_of(past, moments, 5), findings)
    assert findings.differences == []
    assert (len(findings.look_s), len(findings.restores), len(findings.undos)) == (20, 5, 5)
    assert findings.look_requests == 0
