"""The documents that other programs may rely on (docs/reference/json.md): their keys, types, order and times."""

import hashlib
import re
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

GONE = None
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PATH_AND_REASON = {"path": str, "reason": str}
SYNC = {
    "drive": str,
    "run": int,
    "restored": int,
    "uploaded": int,
    "downloaded": int,
    "deleted_here": int,
    "deleted_in_bucket": int,
    "moved": int,
    "conflicts": [str],
    "held": [PATH_AND_REASON],
    "failed": [PATH_AND_REASON],
    "notes": [str],
    "bytes_sent": int,
    "bytes_received": int,
    "requests": dict,
    "seconds": float,
}
VERSION = {
    "path": str,
    "version_id": str,
    "size": int,
    "modified": TIME,
    "is_latest": bool,
    "is_delete_marker": bool,
    "device": (str, None),
    "sha256": (str, None),
}
TRASHED = {
    "path": str,
    "deleted": TIME,
    "size": int,
    "version_id": str,
    "by": (str, None),
    "expiry": str,
    "expires": (TIME, None),
    "may_expire_sooner": bool,
    "moved_to": (str, None),
}
STATUS = {
    "folder": str,
    "drive": str,
    "device": str,
    "synced_at": (TIME, None),
    "files": int,
    "size_bytes": int,
    "conflicts": [str],
    "held": [PATH_AND_REASON],
    "approvals": int,
    "pending": int,
    "state": str,
    "verified_at": (TIME, None),
    "pending_since": (TIME, None),
    "up_bytes_per_s": float,
    "down_bytes_per_s": float,
    "last_error": (str, None),
    "retry_at": (TIME, None),
    "is_kept": bool,
    "requests": dict,
}


def has_shape(found, shape):
    """Whether a document has exactly this shape: keys, types, times; a list's is that of its items."""
    match shape:
        case dict():
            return set(found) == set(shape) and all(has_shape(found[key], shape[key]) for key in shape)
        case [item]:
            return isinstance(found, list) and all(has_shape(one, item) for one in found)
        case (wanted, None):
            return found is None or has_shape(found, wanted)
        case re.Pattern():
            return isinstance(found, str) and shape.fullmatch(found) is not None
    return type(found) is shape


def is_now(text):
    """Whether a time is of this minute, as a file is that is just made."""
    with tempfile.NamedTemporaryFile() as file:
        now_s = Path(file.name).stat().st_mtime
    return abs(datetime.fromisoformat(text).timestamp() - now_s) < 60


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_sync_tells_what_it_did_what_it_holds_and_what_it_cost(world):
    world.start({"a": "a1", "both": "b1", "gone": "g1", "there": "t1"})
    world.desktop.change({"both": "theirs", "there": GONE, "new": "n1"})
    world.desktop.sync()
    world.laptop.change({"a": "a2", "both": "mine", "gone": GONE, "odd\nname": "o1"})
    report = world.laptop.sync(exit_code=4)
    assert has_shape(report, SYNC)
    wrong = "its name has a control character in it"
    assert report | {"requests": {}, "seconds": 0, "bytes_received": 0, "bytes_sent": 0} == {
        "drive": world.url,
        "run": 2,
        "restored": 0,
        "uploaded": 2,
        "downloaded": 2,
        "deleted_here": 1,
        "deleted_in_bucket": 1,
        "moved": 0,
        "conflicts": ["both"],
        "held": [{"path": "odd\nname", "reason": wrong}],
        "failed": [],
        "notes": [],
        "requests": {},
        "seconds": 0,
        "bytes_received": 0,
        "bytes_sent": 0,
    }
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]+", name) and count > 0 for name, count in report["requests"].items())
    assert report["requests"]["DeleteObject"] == 1
    assert 0 < report["seconds"] < 60


def test_a_dry_run_adds_what_is_planned(world):
    world.laptop.change({"a": "a1"})
    report = world.laptop.sync("--dry-run")
    assert has_shape(report, SYNC | {"planned": [str]})
    assert (len(report["planned"]), "a" in report["planned"][0], report["uploaded"]) == (1, True, 0)
    assert world.bucket.tree() == {}


def test_versions_come_newest_first_and_the_newest_twenty_with_device_and_hash(world):
    texts = [f"text {number}" for number in range(23)]
    for text in texts[:-1]:
        world.bucket.put("p", text, Metadata={"sha256": sha256(text), "bucketdrive-device": "phone"})
    world.bucket.delete("p")
    world.laptop.change({"p": texts[-1]})
    world.laptop.sync()
    document = world.laptop.run("versions", "p", "-C", world.laptop.folder)
    assert has_shape(document, {"path": str, "versions": [VERSION]})
    versions = document["versions"]
    assert document["path"] == "p"
    kinds = [(row["is_latest"], row["is_delete_marker"]) for row in versions]
    assert kinds == [(True, False), (False, True), *[(False, False)] * 22]
    assert [row["size"] for row in versions] == [7, 0, *[7] * 12, *[6] * 10]
    assert [row["modified"] for row in versions] == sorted((row["modified"] for row in versions), reverse=True)
    assert all(is_now(row["modified"]) for row in versions)
    known = [(row["device"], row["sha256"]) for row in versions if not row["is_delete_marker"]]
    assert known[:19] == [("laptop", sha256(texts[22])), *(("phone", sha256(text)) for text in texts[21:3:-1])]
    assert known[19:] == [(None, None)] * 4
    assert versions[0]["version_id"] == world.bucket.rows("p")[0][0]["VersionId"]


def test_versions_of_another_tool_tell_neither_device_nor_hash(world):
    version_id = world.bucket.put("p", "v1")
    [row] = world.laptop.run("versions", "p", "-C", world.laptop.folder)["versions"]
    assert (row["version_id"], row["device"], row["sha256"]) == (version_id, None, None)


def test_trash_tells_what_can_be_restored_and_restore_what_it_did(world):
    world.start({"d/a": "a1", "b": "b1"})
    world.laptop.change({"d/a": GONE, "b": GONE})
    world.laptop.sync()
    document = world.laptop.run("trash", world.laptop.folder)
    assert has_shape(document, {"deleted": [TRASHED], "next": str})
    assert [(row["path"], row["size"], is_now(row["deleted"])) for row in document["deleted"]] == [
        ("b", 2, True),
        ("d/a", 2, True),
    ]
    last = document["deleted"][1]["version_id"]
    assert last == world.bucket.rows("d/a")[0][0]["VersionId"]
    report = world.laptop.run("restore", world.laptop.folder / "d" / "a")
    assert has_shape(report, SYNC)
    assert report["downloaded"] == 1
    assert world.laptop.tree() == {"d/a": "a1"}


def test_status_and_conflicts_tell_how_a_drive_stands(world, cli, copy_name, monkeypatch):
    monkeypatch.chdir(world.home)
    document = cli("status")[1]
    assert has_shape(document, {"drives": [STATUS]})
    assert [(row["device"], row["synced_at"]) for row in document["drives"]] == [
        ("laptop", None),
        ("desktop", None),
        ("tablet", None),
    ]
    world.start({"p": "v1"})
    world.laptop.change({"p": "v2"})
    world.laptop.sync()
    world.desktop.change({"p": "v3!", "odd\x7fname": "o1"})
    world.desktop.sync(exit_code=4)
    copy = copy_name("p", "desktop", "v3!")
    document = world.desktop.run("status", world.desktop.folder)
    assert has_shape(document, {"drives": [STATUS]})
    [status] = document["drives"]
    assert is_now(status["synced_at"])
    assert status.pop("synced_at") == status.pop("verified_at")
    assert status == {
        "folder": str(world.desktop.folder),
        "drive": world.url,
        "device": "desktop",
        "files": 2,
        "size_bytes": 5,
        "conflicts": [copy],
        "held": [{"path": "odd\x7fname", "reason": "its name has a control character in it"}],
        "approvals": 0,
        "pending": 0,
        "state": "needs you",
        "pending_since": None,
        "up_bytes_per_s": 0.0,
        "down_bytes_per_s": 0.0,
        "last_error": None,
        "retry_at": None,
        "is_kept": False,
        "requests": {},
    }
    assert world.desktop.run("conflicts", world.desktop.folder)["conflicts"] == [copy]
    assert world.desktop.run("approve", world.desktop.folder) == {"approved": 0}
    assert world.desktop.run("deny", world.desktop.folder) == {"denied": 0}


@pytest.mark.parametrize("spelling", ["s3://{}/photos/", "s3://{}/photos"])
def test_link_tells_what_it_paired(place, fresh_bucket, cli, spelling):
    code, document = cli("link", spelling.format(fresh_bucket.name), place / "folder", "--device", "phone")
    assert code == 0
    assert has_shape(document, {"folder": str, "drive": str, "device": str, "is_new": bool, "notes": [str]})
    assert document == {
        "folder": str(place / "folder"),
        "drive": f"s3://{fresh_bucket.name}/photos",
        "device": "phone",
        "is_new": True,
        "notes": [],
    }


def test_an_error_is_a_document_too(world):
    error = world.laptop.run("versions", "nothing", "-C", world.laptop.folder, exit_code=3)
    assert has_shape(error, {"error": str, "message": str, "hint": str, "path": str, "exit_code": int})
    assert (error["error"], error["path"], error["exit_code"]) == ("no-such-path", "nothing", 3)
