"""What commands print and how they end: the documents of docs/reference/json.md, and the sentences that people read."""

import re
import signal
from pathlib import Path

import pytest

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.mark.stores("embedded")
def test_link_tells_what_it_made_and_what_it_joined(place, cli):
    _, first = cli("link", "s3://fresh/x/", place / "one", "--device", "laptop", "--create-bucket")
    _, second = cli("link", "s3://fresh/x", place / "two", "--device", "laptop")
    told = {key: first[key] for key in ("folder", "drive", "device", "is_new")}
    assert told == {"folder": str(place / "one"), "drive": "s3://fresh/x", "device": "laptop", "is_new": True}
    assert (second["device"], second["is_new"]) == ("laptop-2", False)


def test_a_sync_prints_the_documented_report(world):
    world.laptop.change({"d/a.txt": "one"})
    sent = world.laptop.sync()
    counts = ("uploaded", "downloaded", "deleted_here", "deleted_in_bucket", "moved", "conflicts", "held", "failed")
    assert {key: sent[key] for key in counts} == dict.fromkeys(counts, 0) | {
        "uploaded": 1,
        "conflicts": [],
        "held": [],
        "failed": [],
    }
    assert sent["drive"] == world.url
    assert sent["requests"]["PutObject"] >= 1
    assert sent["bytes_sent"] >= 3
    assert sent["seconds"] >= 0
    assert world.desktop.sync()["downloaded"] == 1


def test_a_dry_run_says_what_would_be_done_and_does_nothing(world):
    world.laptop.change({"a.txt": "one"})
    [sentence] = world.laptop.sync("--dry-run")["planned"]
    assert "a.txt" in sentence
    assert world.bucket.tree() == {}


def test_a_conflict_is_exit_code_4_and_its_copy_is_listed(world, copy_name):
    world.start({"a.txt": "base"})
    world.laptop.change({"a.txt": "laptop's"})
    world.desktop.change({"a.txt": "desktop's"})
    world.laptop.sync()
    assert world.desktop.sync(exit_code=4)["conflicts"] == ["a.txt"]
    copy = copy_name("a.txt", "desktop", "desktop's")
    assert world.desktop.run("conflicts", world.desktop.folder)["conflicts"] == [copy]


def test_trash_and_restore_bring_a_deleted_file_back(world):
    world.start({"d/a.txt": "one"})
    world.laptop.change({"d/a.txt": None})
    world.laptop.sync()
    [deleted] = world.laptop.run("trash", world.laptop.folder)["deleted"]
    assert (deleted["path"], deleted["size"]) == ("d/a.txt", 3)
    assert TIME.fullmatch(deleted["deleted"])
    assert deleted["version_id"]
    world.laptop.run("restore", world.laptop.folder / "d" / "a.txt")
    assert world.laptop.tree() == {"d/a.txt": "one"}
    assert world.laptop.run("trash", world.laptop.folder) == {"deleted": [], "next": ""}


def test_versions_are_listed_newest_first_and_an_old_one_restored(world):
    for text in ("one", "two!"):
        world.laptop.change({"a.txt": text})
        world.laptop.sync()
    answer = world.laptop.run("versions", "a.txt", "-C", world.laptop.folder)
    newest, oldest = answer["versions"]
    assert answer["path"] == "a.txt"
    assert (newest["size"], newest["is_latest"], newest["device"]) == (4, True, "laptop")
    assert (oldest["size"], oldest["is_latest"], oldest["is_delete_marker"]) == (3, False, False)
    assert TIME.fullmatch(newest["modified"])
    assert re.fullmatch(r"[0-9a-f]{64}", newest["sha256"])
    world.laptop.run("restore", "a.txt", "-C", world.laptop.folder, "--version", oldest["version_id"])
    assert world.laptop.tree() == {"a.txt": "one"}
    assert world.bucket.history("a.txt") == (["one", "two!", "one"], 0)


def test_a_sync_stopped_by_ctrl_c_says_so_in_a_line_and_the_next_one_goes_on(world, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_MAX_REQUESTS_IN_FLIGHT", "4")
    names = [f"{number}.txt" for number in range(120)]
    world.laptop.change(dict.fromkeys(names, "x"))
    with world.start_process("sync", world.laptop.folder) as process:
        while len(world.bucket.keys()) < 10:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [text.strip() for text in told] == ["", "Stopped. Nothing is lost: the next sync goes on from here."]
    again = world.laptop.sync()
    assert (again["conflicts"], again["failed"]) == ([], [])
    assert again["uploaded"] < 120
    assert world.bucket.tree() == dict.fromkeys(names, "x")


def test_status_tells_how_a_drive_stands_or_all_of_them(world, cli, monkeypatch):
    world.laptop.change({"a.txt": "one"})
    world.laptop.sync()
    monkeypatch.chdir(world.home)
    first, second, _ = cli("status")[1]["drives"]
    assert (first["folder"], first["drive"], first["device"]) == (str(world.laptop.folder), world.url, "laptop")
    assert (first["files"], first["size_bytes"], first["held"], first["approvals"]) == (1, 3, [], 0)
    assert TIME.fullmatch(first["synced_at"])
    assert (second["folder"], second["synced_at"]) == (str(world.desktop.folder), None)
    monkeypatch.chdir(world.laptop.folder)
    assert cli("status")[1]["drives"] == [first]


def test_an_unmounted_folder_is_exit_code_7_and_nothing_is_deleted(world):
    world.start({"a.txt": "one"})
    world.laptop.folder.rename(world.home / "elsewhere")
    assert world.laptop.sync(exit_code=7)["error"] == "guard"
    world.laptop.folder.mkdir()
    assert world.laptop.sync(exit_code=7)["error"] == "guard"
    assert world.bucket.tree() == {"a.txt": "one"}


@pytest.mark.parametrize("command", ["versions", "restore"])
def test_a_file_that_never_was_is_not_found(world, command):
    error = world.laptop.run(command, "no/such.txt", "-C", world.laptop.folder, exit_code=3)
    assert error["error"] == "no-such-path"


@pytest.mark.parametrize("url", ["drives/home", "s3://", "https://drives/home", "s3:///x"])
def test_an_address_that_is_none_is_wrong_usage(place, cli, url):
    code, error = cli("link", url, place / "f")
    assert (code, error["error"]) == (2, "usage")


def says(cli, *arguments) -> str:
    """What a command tells people, if it is done."""
    code, printed = cli(*arguments, as_json=False)
    assert code == 0, printed
    return printed


def test_people_read_sentences_and_tables(world, cli, monkeypatch):
    monkeypatch.chdir(world.laptop.folder)
    Path("a.txt").write_text("one")
    assert re.fullmatch(r"1 uploaded\. \d+ requests, .+ sent, .*\d+\.\d s\.\n", says(cli, "sync"))
    assert says(cli, "sync").startswith("Up to date. ")
    heading, row = says(cli, "versions", "a.txt").splitlines()
    assert heading.split() == ["WRITTEN", "SIZE", "DEVICE", "VERSION"]
    assert row.split()[-1] == "current"
    Path("a.txt").unlink()
    assert "Nothing was done: 1 change planned." in says(cli, "sync", "--dry-run")
    assert "1 deleted in the bucket." in says(cli, "sync")
    assert re.search(
        r"^DELETED +BY +SIZE +EXPIRES +PATH\n.* laptop +3 B +(never|unknown) +a\.txt$", says(cli, "trash"), re.MULTILINE
    )
    assert "1 downloaded." in says(cli, "restore", "a.txt")
    assert says(cli, "trash") == "The trash is empty.\n"
    assert says(cli, "conflicts") == "There are no conflict copies.\n"
    assert says(cli, "approve") == "No deletion waits for approval.\n"
    assert f"leads to   {world.url} as laptop" in says(cli, "status")
