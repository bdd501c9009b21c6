"""Two devices, driven through the command line, on the embedded store.

Linking tries out the store, which takes a second; so the tests share two linked devices, and each works in a folder of
its own.
"""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from bucketdrive.cli.main import main
from bucketdrive.drive.settings import SETTINGS
from bucketdrive.testing.sandbox import EmbeddedStore

URL = "s3://drives/home"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store, and an environment for it in which nothing waits."""
    place = tmp_path_factory.mktemp("home")
    own = {
        "BUCKETDRIVE_CONFIG_DIR": str(place / "config"),
        "BUCKETDRIVE_STATE_DIR": str(place / "state"),
        "BUCKETDRIVE_SETTLE_S": "0",
        "BUCKETDRIVE_ABSENCE_S": "0",
    }
    with pytest.MonkeyPatch.context() as patch, EmbeddedStore() as store:
        for row in SETTINGS:
            patch.delenv(row.variable, raising=False)
        patch.delenv("AWS_PROFILE", raising=False)
        for name, value in (store.environment() | own).items():
            patch.setenv(name, value)
        yield place


@pytest.fixture(scope="module")
def linked(home) -> tuple[Path, Path]:
    """The folders of two devices of one drive."""
    for name in ("laptop", "desktop"):
        options = ["--device", name, "--create-bucket", "--enable-versioning", "--json"]
        assert main(["link", URL, str(home / name), *options]) == 0
    return home / "laptop", home / "desktop"


@pytest.fixture
def run(home, capsys):
    """Runs a command that must end with `exit_code`; its JSON document, or that of its error."""

    def run(*arguments, exit_code=0):
        capsys.readouterr()
        assert main([*map(str, arguments), "--json"]) == exit_code, capsys.readouterr()
        told = capsys.readouterr()
        return json.loads(told.out or told.err)

    return run


@pytest.fixture
def devices(linked, run, request):
    """This test's own folder on both devices; at its end all is deleted and both are in sync."""
    name = request.node.name.partition("[")[0]
    folders = [device / name for device in linked]
    for folder in folders:
        folder.mkdir()
    yield folders
    for folder in folders:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        folder.rmdir()
    for folder in linked:
        assert main(["sync", str(folder)]) == 0


def files(folder: Path) -> dict[str, str]:
    """A folder's files with their contents."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_link_tells_what_it_made_and_what_it_joined(run, home):
    first = run("link", "s3://other/x/", home / "one", "--device", "laptop", "--create-bucket")
    second = run("link", "s3://other/x", home / "two", "--device", "laptop")
    told = {key: first[key] for key in ("folder", "drive", "device", "is_new")}
    assert told == {"folder": str(home / "one"), "drive": "s3://other/x", "device": "laptop", "is_new": True}
    assert (second["device"], second["is_new"]) == ("laptop-2", False)


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
    assert run("sync", desktop, exit_code=4)["conflicts"] == [f"{laptop.name}/a.txt"]
    run("sync", laptop)
    [copy] = run("conflicts", desktop)["conflicts"]
    name = Path(copy).name
    assert re.fullmatch(r"a \(conflict desktop [0-9a-f]{8}\)\.txt", name)
    assert files(laptop) == files(desktop) == {"a.txt": "laptop's", name: "desktop's"}
    (laptop / name).unlink()
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
    path = f"{laptop.name}/a.txt"
    [deleted] = [entry for entry in run("trash", desktop)["deleted"] if entry["path"] == path]
    assert deleted["size"] == 3
    assert TIME.fullmatch(deleted["deleted"])
    run("restore", desktop / "a.txt")
    run("sync", laptop)
    assert files(laptop) == files(desktop) == {"a.txt": "one"}
    assert path not in [entry["path"] for entry in run("trash", laptop)["deleted"]]


def test_versions_are_listed_and_an_old_one_restored(run, devices):
    laptop, _ = devices
    for text in ("one", "two!"):
        (laptop / "a.txt").write_text(text)
        run("sync", laptop)
    path = f"{laptop.name}/a.txt"
    answer = run("versions", path, "-C", laptop.parent)
    newest, oldest = answer["versions"]
    assert answer["path"] == path
    assert (newest["size"], newest["is_latest"], newest["device"]) == (4, True, "laptop")
    assert (oldest["size"], oldest["is_latest"], oldest["is_delete_marker"]) == (3, False, False)
    assert TIME.fullmatch(newest["modified"])
    assert re.fullmatch(r"[0-9a-f]{64}", newest["sha256"])
    run("restore", path, "-C", laptop.parent, "--version", oldest["version_id"])
    assert files(laptop) == {"a.txt": "one"}
    assert len(run("versions", laptop / "a.txt")["versions"]) == 3


def test_a_mass_deletion_waits_until_it_is_approved_and_a_denied_one_is_undone(run, linked, home):
    laptop = home / "mass"
    run("link", "s3://drives/mass", laptop, "--create-bucket", "--enable-versioning")
    for number in range(60):
        (laptop / f"{number}.txt").write_text(str(number))
    run("sync", laptop)
    for number in range(59):
        (laptop / f"{number}.txt").unlink()
    assert run("sync", laptop, exit_code=4)["deleted_in_bucket"] == 0
    assert run("deny", laptop) == {"denied": 59}
    assert run("sync", laptop)["downloaded"] == 59
    for number in range(59):
        (laptop / f"{number}.txt").unlink()
    run("sync", laptop, exit_code=4)
    [status] = run("status", laptop)["drives"]
    assert status["approvals"] == 59
    assert run("approve", laptop) == {"approved": 59}
    assert run("sync", laptop)["deleted_in_bucket"] == 59
    assert [path.name for path in laptop.glob("*.txt")] == ["59.txt"]


def test_a_sync_stopped_by_ctrl_c_says_so_in_a_line_and_the_next_one_goes_on(run, home):
    folder = home / "stopped"
    run("link", "s3://drives/stopped", folder, "--create-bucket", "--enable-versioning")
    for number in range(120):
        (folder / f"{number}.txt").write_text(str(number))
    sync = [sys.executable, "-m", "bucketdrive", "sync", str(folder)]
    store = boto3.client("s3")
    with subprocess.Popen(sync, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while store.list_objects_v2(Bucket="drives", Prefix="stopped/", MaxKeys=10)["KeyCount"] < 10:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [text.strip() for text in told] == ["", "Stopped. Nothing is lost: the next sync goes on from here."]
    assert 0 < run("sync", folder)["uploaded"] < 120
    assert run("sync", folder)["uploaded"] == 0


def test_status_tells_how_each_drive_stands(run, devices, linked, home, monkeypatch):
    laptop, _ = devices
    (laptop / "a.txt").write_text("one")
    run("sync", laptop)
    monkeypatch.chdir(home)
    first, second = [status for status in run("status")["drives"] if status["drive"] == URL]
    assert (first["folder"], first["device"], first["held"]) == (str(linked[0]), "laptop", [])
    assert (first["files"], first["size_bytes"]) == (1, 3)
    assert TIME.fullmatch(first["synced_at"])
    assert second["folder"] == str(linked[1])
    monkeypatch.chdir(laptop)
    assert len(run("status")["drives"]) == 1


def test_an_unmounted_folder_stops_with_exit_code_7_and_deletes_nothing(run, devices, linked):
    laptop, desktop = devices
    (laptop / "a.txt").write_text("one")
    run("sync", laptop)
    linked[0].rename(linked[0].with_name("elsewhere"))
    linked[0].mkdir()
    answer = run("sync", linked[0], exit_code=7)
    assert answer["error"] == "guard"
    linked[0].rmdir()
    assert run("sync", linked[0], exit_code=7)["error"] == "guard"
    linked[0].with_name("elsewhere").rename(linked[0])
    run("sync", desktop)
    assert files(desktop) == {"a.txt": "one"}


def test_people_read_sentences_and_tables(devices, capsys, monkeypatch):
    laptop, _ = devices
    monkeypatch.chdir(laptop)
    (laptop / "a.txt").write_text("one")
    assert main(["sync"]) == 0
    assert re.match(r"1 uploaded\. \d+ requests, .+ sent, .*\d+\.\d s\.\n", capsys.readouterr().out)
    assert main(["sync"]) == 0
    assert capsys.readouterr().out.startswith("Up to date. ")
    assert main(["versions", "a.txt"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["WRITTEN", "SIZE", "DEVICE", "VERSION"]
    assert row.split()[-1] == "current"
    (laptop / "a.txt").unlink()
    assert main(["sync", "--dry-run"]) == 0
    assert "Nothing was done: 2 changes planned." in capsys.readouterr().out
    assert main(["sync"]) == 0
    assert main(["trash"]) == 0
    assert f"{laptop.name}/a.txt" in capsys.readouterr().out
    assert main(["conflicts"]) == 0
    assert capsys.readouterr().out == "There are no conflict copies.\n"
    assert main(["approve"]) == 0
    assert capsys.readouterr().out == "No deletion waits for approval.\n"
    assert main(["status"]) == 0
    assert f"leads to   {URL} as laptop" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["versions", "restore"])
def test_a_file_that_never_was_is_not_found(run, linked, command):
    assert run(command, "no/such.txt", "-C", linked[0], exit_code=3)["error"] == "no-such-path"


def test_a_bucket_that_is_not_there_is_not_found(run, home):
    answer = run("link", "s3://nowhere-at-all/x", home / "f", exit_code=3)
    assert answer["error"] == "no-such-bucket"
    assert answer["hint"]
    assert not (home / "f").exists()


@pytest.mark.parametrize("url", ["drives/home", "s3://", "https://drives/home", "s3:///x"])
def test_an_address_that_is_none_is_wrong_usage(run, home, url):
    assert run("link", url, home / "f", exit_code=2)["error"] == "usage"
