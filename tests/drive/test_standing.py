import threading

import apsw
import pytest

from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import state_dir
from bucketdrive.drive.standing import read_status
from bucketdrive.errors import DriveError
from bucketdrive.model.entries import Fingerprint, SyncedDir, SyncedFile
from bucketdrive.model.format import JournalEntry
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Hold
from bucketdrive.model.reports import DriveStatus, HeldPath, StateWord
from bucketdrive.state.database import State
from bucketdrive.state.runs import add_outbox, approve_holds, begin_run, replace_holds
from bucketdrive.state.trees import put_meta, put_synced

COPY = "d/a (conflict desktop 01234567).txt"


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("BUCKETDRIVE_STATE_DIR", str(tmp_path / "state"))
    marker = tmp_path / "drive" / ".bucketdrive" / "root.json"
    marker.parent.mkdir(parents=True)
    marker.write_text('{"drive_id": "d1", "root_id": "r1"}')
    return DriveRecord("r1", tmp_path / "drive", "bucket", "p/", device="laptop")


def synced_file(size: int) -> SyncedFile:
    return SyncedFile("", size, "", "", Fingerprint(size, 0, 0, 0, 0), is_fp_safe=False)


def test_a_drive_without_a_state_has_never_been_synced(record):
    expected = DriveStatus(str(record.folder), "s3://bucket/p", "laptop", 0.0, 0, 0, [], [], 0, 0)
    assert read_status(record) == expected
    assert expected.state == "needs you"


def test_a_folder_without_its_marker_is_called_stopped_whatever_the_state_says(record):
    (record.folder / ".bucketdrive" / "root.json").unlink()
    status = read_status(record)
    assert (status.state, "lost its marker" in status.last_error) == ("stopped to protect data", True)


def test_a_paused_drive_is_paused_without_a_daemon_too(record):
    state = State.open(state_dir("r1"))
    state.run_now(put_meta, {"is_paused": "1"})
    state.close()
    assert read_status(record).state == "paused"


def test_status_counts_what_the_state_holds_while_another_process_has_it_open(record):
    state = State.open(state_dir("r1"))
    rows = {
        "d": SyncedDir(),
        "d/a.txt": synced_file(3),
        COPY: synced_file(4),
        "x (conflict of laws).txt": synced_file(5),
    }
    state.run_now(put_synced, [(RelPath(path), entry) for path, entry in rows.items()])
    state.run_now(put_meta, {"device": "laptop-2", "synced_s": "100.5"})
    state.run_now(add_outbox, [JournalEntry("put", "d/a.txt", at=50.0), JournalEntry("put", COPY, at=60.0)])
    holds = [Hold(RelPath("b"), "why", "G3"), Hold(RelPath("a"), "because")]
    state.run_now(replace_holds, holds, 1.0)
    status = read_status(record)
    assert status == DriveStatus(
        folder=str(record.folder),
        drive="s3://bucket/p",
        device="laptop-2",
        synced_at=100.5,
        files=3,
        size_bytes=12,
        conflicts=[COPY],
        held=[HeldPath("a", "because"), HeldPath("b", "why")],
        approvals=1,
        pending=2,
        state=StateWord.NEEDS_YOU,
        verified_at=100.5,
        pending_since=50.0,
    )
    state.run_now(approve_holds, "G3")
    assert read_status(record).approvals == 0
    state.close()


def test_a_run_is_seen_beside_it_and_one_that_was_broken_off_is_none(record):
    state = State.open(state_dir("r1"))
    state.run_now(begin_run, 1.0)
    assert read_status(record).state == "syncing"
    state.close()
    assert read_status(record).state == "needs you"


def test_status_waits_for_a_process_that_has_the_state_alone_for_a_moment(record):
    State.open(state_dir("r1")).close()
    db = apsw.Connection(str(state_dir("r1") / "state.db"))
    db.pragma("locking_mode", "exclusive")
    db.execute("INSERT INTO meta VALUES ('synced_s', '5')")
    with pytest.raises(apsw.BusyError):
        apsw.Connection(str(state_dir("r1") / "state.db")).execute("SELECT 1 FROM meta")
    closing = threading.Timer(0.2, db.close)
    closing.start()
    assert read_status(record).synced_at == 5.0
    closing.join()


def test_a_damaged_state_is_an_error_that_says_what_to_do(record):
    folder = state_dir("r1")
    folder.mkdir(parents=True)
    (folder / "state.db").write_bytes(b"not a database" * 100)
    with pytest.raises(DriveError, match="Nothing was changed") as caught:
        read_status(record)
    assert "rebuilt" in caught.value.hint
