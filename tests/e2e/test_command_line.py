"""Two devices, driven through the command line, on the embedded store."""

import json
import re
from pathlib import Path

import pytest

from bucketdrive.cli.main import main
from bucketdrive.drive.settings import SETTINGS
from bucketdrive.testing.sandbox import EmbeddedStore

URL = "s3://drives/home"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store, and settings that do not make a test wait."""
    for row in SETTINGS:
        monkeypatch.delenv(row.variable, raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with EmbeddedStore() as store:
        own = {
            "BUCKETDRIVE_CONFIG_DIR": str(tmp_path / "config"),
            "BUCKETDRIVE_STATE_DIR": str(tmp_path / "state"),
            "BUCKETDRIVE_SETTLE_S": "0",
            "BUCKETDRIVE_ABSENCE_S": "0",
        }
        for name, value in (store.environment() | own).items():
            monkeypatch.setenv(name, value)
        yield store


@pytest.fixture
def run(store, capsys):
    """Runs a command that must end with `exit_code`; its JSON document."""

    def run(*arguments, exit_code=0):
        capsys.readouterr()
        assert main([*map(str, arguments), "--json"]) == exit_code, capsys.readouterr()
        told = capsys.readouterr()
        return json.loads(told.out or told.err)

    return run


@pytest.fixture
def devices(run, tmp_path) -> tuple[Path, Path]:
    """Two folders, linked as two devices of one drive."""
    for name in ("laptop", "desktop"):
        run("link", URL, tmp_path / name, "--device", name, "--create-bucket", "--enable-versioning")
    return tmp_path / "laptop", tmp_path / "desktop"


def files(folder: Path) -> dict[str, str]:
    """A folder's files with their contents, but for our own."""
    found = (path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path.read_text() for path in found}
    return {name: text for name, text in names.items() if not name.startswith(".bucketdrive/")}


def test_link_tells_what_it_made_and_what_it_joined(run, tmp_path):
    first = run("link", URL, tmp_path / "laptop", "--device", "laptop", "--create-bucket", "--enable-versioning")
    second = run("link", URL, tmp_path / "desktop", "--device", "desktop")
    assert {key: first[key] for key in ("folder", "drive", "device", "is_new")} == {
        "folder": str(tmp_path / "laptop"),
        "drive": URL,
        "device": "laptop",
        "is_new": True,
    }
    assert (second["device"], second["is_new"]) == ("desktop", False)


def test_a_file_goes_up_and_comes_down_with_the_documented_report(run, devices):
    laptop, desktop = devices
    (laptop / "d").mkdir()
    (laptop / "d" / "a.txt").write_text("one")
    sent = run("sync", laptop)
    received = run("sync", desktop)
    assert files(desktop) == {"d/a.txt": "one"}
    assert (sent["uploaded"], sent["bytes_sent"] >= 3, received["downloaded"]) == (1, True, 1)
    assert sent["drive"] == URL
    assert sent["requests"]["PutObject"] >= 1
    assert {"deleted_here", "deleted_in_bucket", "moved", "conflicts", "held", "bytes_received", "seconds"} <= set(sent)
    assert run("sync", laptop)["requests"].get("PutObject", 0) == 0


def test_a_dry_run_says_what_would_be_done_and_does_nothing(run, devices):
    laptop, desktop = devices
    (laptop / "a.txt").write_text("one")
    planned = run("sync", laptop, "--dry-run")["planned"]
    assert any("a.txt" in sentence for sentence in planned)
    assert run("sync", desktop)["downloaded"] == 0


def test_two_edits_become_a_file_and_a_conflict_copy_on_both_devices(run, devices):
    laptop, desktop = devices
    (laptop / "a.txt").write_text("base")
    run("sync", laptop)
    run("sync", desktop)
    (laptop / "a.txt").write_text("laptop's")
    (desktop / "a.txt").write_text("desktop's")
    run("sync", laptop)
    [copy] = run("sync", desktop, exit_code=4)["conflicts"]
    run("sync", laptop, exit_code=4)
    assert files(laptop) == files(desktop) == {"a.txt": "laptop's", copy: "desktop's"}
    assert re.fullmatch(r"a \(conflict desktop [0-9a-f]{8}\)\.txt", copy)
    assert run("conflicts", laptop) == {"conflicts": [copy]}
    (laptop / copy).unlink()
    assert run("sync", laptop)["deleted_in_bucket"] == 1
    assert run("conflicts", laptop) == {"conflicts": []}


def test_a_deleted_file_is_in_the_trash_and_comes_back(run, devices):
    laptop, desktop = devices
    (laptop / "a.txt").write_text("one")
    run("sync", laptop)
    run("sync", desktop)
    (laptop / "a.txt").unlink()
    assert run("sync", laptop)["deleted_in_bucket"] == 1
    assert run("sync", desktop)["deleted_here"] == 1
    [deleted] = run("trash", desktop)["deleted"]
    assert (deleted["path"], deleted["size"]) == ("a.txt", 3)
    assert TIME.fullmatch(deleted["deleted"])
    run("restore", desktop / "a.txt")
    run("sync", laptop)
    assert files(laptop) == files(desktop) == {"a.txt": "one"}
    assert run("trash", laptop) == {"deleted": []}


def test_versions_are_listed_and_an_old_one_restored(run, devices):
    laptop, _ = devices
    for text in ("one", "two!"):
        (laptop / "a.txt").write_text(text)
        run("sync", laptop)
    answer = run("versions", "a.txt", "-C", laptop)
    newest, oldest = answer["versions"]
    assert answer["path"] == "a.txt"
    assert (newest["size"], newest["is_latest"], newest["device"]) == (4, True, "laptop")
    assert (oldest["size"], oldest["is_latest"], oldest["is_delete_marker"]) == (3, False, False)
    assert TIME.fullmatch(newest["modified"])
    assert re.fullmatch(r"[0-9a-f]{64}", newest["sha256"])
    run("restore", "a.txt", "-C", laptop, "--version", oldest["version_id"])
    assert files(laptop) == {"a.txt": "one"}
    assert len(run("versions", laptop / "a.txt")["versions"]) == 3


def test_a_mass_deletion_waits_until_it_is_approved(run, devices):
    laptop, desktop = devices
    for number in range(60):
        (laptop / f"{number}.txt").write_text(str(number))
    run("sync", laptop)
    for number in range(59):
        (laptop / f"{number}.txt").unlink()
    assert run("sync", laptop, exit_code=4)["deleted_in_bucket"] == 0
    [status] = run("status", laptop)["drives"]
    assert status["approvals"] == 59
    assert run("approve", laptop) == {"approved": 59}
    assert run("sync", laptop)["deleted_in_bucket"] == 59
    run("sync", desktop)
    assert files(desktop) == {"59.txt": "59"}


def test_a_denied_mass_deletion_is_undone(run, devices):
    laptop, _ = devices
    for number in range(60):
        (laptop / f"{number}.txt").write_text(str(number))
    run("sync", laptop)
    for number in range(60):
        (laptop / f"{number}.txt").unlink()
    run("sync", laptop, exit_code=4)
    assert run("deny", laptop) == {"denied": 60}
    assert run("sync", laptop)["downloaded"] == 60
    assert len(files(laptop)) == 60


def test_status_tells_how_each_drive_stands(run, devices, tmp_path, monkeypatch):
    laptop, desktop = devices
    (laptop / "a.txt").write_text("one")
    run("sync", laptop)
    monkeypatch.chdir(tmp_path)
    first, second = run("status")["drives"]
    assert (first["folder"], first["drive"], first["device"]) == (str(laptop), URL, "laptop")
    assert (first["files"], first["size_bytes"], first["held"]) == (1, 3, [])
    assert TIME.fullmatch(first["synced_at"])
    assert (second["folder"], second["synced_at"]) == (str(desktop), None)
    monkeypatch.chdir(laptop)
    assert len(run("status")["drives"]) == 1


def test_an_unmounted_folder_stops_with_exit_code_7_and_deletes_nothing(run, devices):
    laptop, desktop = devices
    (laptop / "a.txt").write_text("one")
    run("sync", laptop)
    laptop.rename(laptop.with_name("elsewhere"))
    laptop.mkdir()
    answer = run("sync", laptop, exit_code=7)
    assert answer["error"] == "guard"
    run("sync", desktop)
    assert files(desktop) == {"a.txt": "one"}


def test_people_read_sentences_and_tables(devices, capsys, monkeypatch):
    laptop, _ = devices
    monkeypatch.chdir(laptop)
    (laptop / "a.txt").write_text("one")
    assert main(["sync"]) == 0
    assert re.match(r"1 uploaded \(3 B\)\. \d+ requests, \d+\.\d s\.\n", capsys.readouterr().out)
    assert main(["sync"]) == 0
    assert capsys.readouterr().out.startswith("Up to date. ")
    assert main(["versions", "a.txt"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["WRITTEN", "SIZE", "DEVICE", "VERSION"]
    assert row.split()[-1] == "current"
    assert main(["trash"]) == 0
    assert capsys.readouterr().out == "The trash is empty.\n"
    assert main(["conflicts"]) == 0
    assert capsys.readouterr().out == "There are no conflict copies.\n"
    assert main(["approve"]) == 0
    assert capsys.readouterr().out == "No deletion waits for approval.\n"
    assert main(["status"]) == 0
    assert "leads to   s3://drives/home as laptop" in capsys.readouterr().out


@pytest.mark.parametrize("command", [("versions",), ("restore",)])
def test_a_file_that_never_was_is_not_found(run, devices, command):
    laptop, _ = devices
    assert run(*command, "no/such.txt", "-C", laptop, exit_code=3)["error"] == "no-such-path"


def test_a_bucket_that_is_not_there_is_not_found(run, tmp_path):
    answer = run("link", "s3://nowhere-at-all/x", tmp_path / "f", exit_code=3)
    assert answer["error"] == "no-such-bucket"
    assert "--create-bucket" in answer["hint"]


@pytest.mark.parametrize("url", ["drives/home", "s3://", "https://drives/home", "s3:///x"])
def test_an_address_that_is_none_is_wrong_usage(run, tmp_path, url):
    assert run("link", url, tmp_path / "f", exit_code=2)["error"] == "usage"
