import json

import pytest

from bucketdrive.cli.open import find_path, find_place, find_record
from bucketdrive.drive.records import DriveRecord, save_drive
from bucketdrive.errors import NoSuchDriveError, NoSuchPathError


@pytest.fixture
def drive(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_CONFIG_DIR", str(tmp_path / "config"))
    folder = tmp_path / "drive"
    (folder / ".bucketdrive").mkdir(parents=True)
    (folder / "sub").mkdir()
    (folder / ".bucketdrive" / "root.json").write_text(json.dumps({"drive_id": "d", "root_id": "r"}))
    save_drive(DriveRecord("r", folder, "bucket"))
    monkeypatch.chdir(tmp_path)
    return folder


def test_without_a_folder_it_is_the_drive_of_the_working_directory(drive, monkeypatch):
    monkeypatch.chdir(drive / "sub")
    assert find_record(None).folder == drive
    assert find_record(drive / "sub").folder == drive


def test_a_path_is_relative_to_the_working_directory_inside_the_drive(drive, monkeypatch):
    monkeypatch.chdir(drive / "sub")
    assert find_path("a.txt", None) == (drive, "sub/a.txt")
    assert find_path("../a.txt", drive) == (drive, "a.txt")
    assert find_path("not/there/a.txt", None) == (drive, "sub/not/there/a.txt")


def test_a_path_is_relative_to_the_drive_elsewhere(drive):
    assert find_path("sub/a.txt", drive) == (drive, "sub/a.txt")


def test_a_path_that_lies_in_a_drive_chooses_it(drive):
    assert find_path(str(drive / "sub" / "a.txt"), None) == (drive, "sub/a.txt")
    assert find_path("drive/a.txt", None) == (drive, "a.txt")


def test_a_path_through_a_link_to_the_drive_is_the_same_file(drive, tmp_path):
    (tmp_path / "short").symlink_to(drive)
    assert find_path("short/a.txt", None) == (drive, "a.txt")


def test_the_last_part_may_be_a_link_and_is_not_followed(drive, tmp_path):
    (drive / "link").symlink_to(tmp_path)
    assert find_path("drive/link", None) == (drive, "link")


@pytest.mark.parametrize("text", ["../a.txt", "/etc/passwd", "."])
def test_a_path_out_of_the_drive_is_refused(drive, text):
    with pytest.raises(NoSuchPathError, match="Nothing was done"):
        find_path(text, drive)


def test_a_path_in_no_drive_finds_none(drive):
    with pytest.raises(NoSuchDriveError):
        find_path("a.txt", None)


def test_a_place_may_be_the_folder_of_the_drive_itself(drive, tmp_path, monkeypatch):
    (tmp_path / "short").symlink_to(drive)
    assert find_place("drive", None) == find_place("short", None) == find_place(".", drive) == (drive, "")
    assert find_place("drive/sub", None) == (drive, "sub")
    monkeypatch.chdir(drive / "sub")
    assert find_place(".", None) == (drive, "sub")
    assert find_place("..", None) == (drive, "")


def test_a_name_may_begin_with_dots(drive):
    assert find_path("drive/..a", None) == (drive, "..a")
