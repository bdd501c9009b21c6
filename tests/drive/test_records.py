import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bucketdrive.drive.records import DriveRecord, find_drive, forget_drive, load_drives, save_drive
from bucketdrive.errors import DriveError, GuardError, NoSuchDriveError, UsageError


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


def linked(folder, root_id="r1"):
    """A drive's folder with its marker, recorded."""
    (folder / ".bucketdrive").mkdir(parents=True)
    (folder / ".bucketdrive" / "root.json").write_text(json.dumps({"drive_id": "d", "root_id": root_id}))
    record = DriveRecord(root_id, folder, "bucket", "p/", device="laptop")
    save_drive(record)
    return record


def test_a_record_comes_back_as_it_was_whatever_is_in_it(tmp_path, config):
    record = DriveRecord(
        "r1", tmp_path / 'a "b"\\\n\x7f é😀', "bucket", "p/ö/", "http://[::1]:9", "eu-1", "me", "Ann's"
    )
    save_drive(record)
    assert load_drives() == [record]
    assert stat.S_IMODE((config / "drives.toml").stat().st_mode) == 0o600
    assert [path.name for path in config.iterdir()] == ["drives.toml"]


def test_without_a_file_there_are_no_drives():
    assert load_drives() == []


def test_saving_replaces_what_is_known_of_the_root_and_of_the_folder(tmp_path):
    one = DriveRecord("r1", tmp_path / "a", "bucket")
    two = DriveRecord("r2", tmp_path / "b", "bucket")
    save_drive(one)
    save_drive(two)
    save_drive(replace(one, folder=tmp_path / "b", root_id="r3"))
    save_drive(replace(one, device="new"))
    assert [(record.root_id, record.device) for record in load_drives()] == [("r3", ""), ("r1", "new")]


def test_a_forgotten_drive_is_gone_and_forgetting_twice_is_no_error(tmp_path):
    save_drive(DriveRecord("r1", tmp_path, "bucket"))
    forget_drive("r1")
    forget_drive("r1")
    assert load_drives() == []


def test_two_links_at_once_are_both_recorded(tmp_path):
    records = [DriveRecord(f"r{number}", tmp_path / str(number), "bucket") for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save_drive, records))
    assert sorted(record.root_id for record in load_drives()) == sorted(record.root_id for record in records)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[drive]]\nroot_id = 'r'\nfolder = '/a'\nbucket = 'b'\nsecret = 'x'\n", "'secret'"),
        ("[[drive]]\nroot_id = 'r'\nfolder = '/a'\n", "no bucket"),
        ("[[drive]]\nroot_id = 1\n", "texts"),
        ("drives = []\n", "'drives'"),
        ("[[drive\n", "drives.toml"),
    ],
)
def test_a_damaged_file_is_an_error_that_says_where(config, text, why):
    config.mkdir()
    (config / "drives.toml").write_text(text)
    with pytest.raises(UsageError, match=why):
        load_drives()


def test_a_folder_whose_name_cannot_be_written_down_is_refused(tmp_path):
    with pytest.raises(UsageError, match="UTF-8"):
        save_drive(DriveRecord("r1", tmp_path / "caf\udce9", "bucket"))


def test_a_configuration_folder_that_is_a_file_is_an_error(config, tmp_path):
    config.write_text("")
    with pytest.raises(DriveError, match="was not recorded"):
        save_drive(DriveRecord("r1", tmp_path, "bucket"))


def test_a_drive_is_found_from_any_folder_below_it(tmp_path):
    record = linked(tmp_path / "drive")
    deep = tmp_path / "drive" / "a" / "b"
    deep.mkdir(parents=True)
    assert find_drive(tmp_path / "drive") == record
    assert find_drive(deep) == record
    assert find_drive(deep / "not there") == record


def test_a_drive_is_found_through_a_link_to_its_folder(tmp_path):
    record = linked(tmp_path / "drive")
    (tmp_path / "short").symlink_to(tmp_path / "drive")
    assert find_drive(tmp_path / "short") == record


def test_outside_there_is_no_drive_and_the_hint_says_how_to_make_one(tmp_path):
    linked(tmp_path / "drive")
    with pytest.raises(NoSuchDriveError) as caught:
        find_drive(tmp_path)
    assert "bucketdrive link" in caught.value.hint


def test_a_marker_that_this_machine_did_not_write_chooses_no_drive(tmp_path):
    linked(tmp_path / "drive")
    forget_drive("r1")
    with pytest.raises(NoSuchDriveError, match="has not linked it"):
        find_drive(tmp_path / "drive")


def test_an_unpacked_marker_inside_a_drive_is_passed_over(tmp_path):
    record = linked(tmp_path / "drive")
    (tmp_path / "drive" / "unpacked" / ".bucketdrive").mkdir(parents=True)
    (tmp_path / "drive" / "unpacked" / ".bucketdrive" / "root.json").write_text('{"root_id": "r9"}')
    assert find_drive(tmp_path / "drive" / "unpacked") == record


def test_a_drive_that_is_not_mounted_stops_instead_of_looking_empty(tmp_path):
    linked(tmp_path / "drive")
    (tmp_path / "drive" / ".bucketdrive" / "root.json").unlink()
    with pytest.raises(GuardError, match="lost its marker") as caught:
        find_drive(tmp_path / "drive" / "a")
    assert caught.value.exit_code == 7


def test_a_folder_with_another_drives_marker_stops(tmp_path):
    linked(tmp_path / "drive")
    (tmp_path / "drive" / ".bucketdrive" / "root.json").write_text('{"root_id": "r2"}')
    with pytest.raises(GuardError, match="another drive"):
        find_drive(tmp_path / "drive")
