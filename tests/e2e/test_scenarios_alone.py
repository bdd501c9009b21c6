"""Named scenarios of spec §3.6 that need a drive of their own, through the command line."""

import os
import shutil
import sys
import threading

import pytest

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

GONE = None
COUNTED = ("uploaded", "downloaded", "deleted_here", "deleted_in_bucket")
WRITES = {"PutObject", "DeleteObject", "CopyObject"}


def counts(report):
    return {name: report[name] for name in COUNTED if report[name]}


def numbered(count, text="text"):
    return {f"d{number % 7}/{number}.txt": f"{text} {number}" for number in range(count)}


def test_17_rewrites_of_the_same_size_within_a_tick_end_with_the_last(world, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_SETTLE_S", "0")
    world.laptop.change({"p": "v1"})
    world.laptop.sync()
    for text in ("v2", "v3", "v4"):
        facts = (world.laptop.folder / "p").stat()
        world.laptop.change({"p": text})
        os.utime(world.laptop.folder / "p", ns=(facts.st_atime_ns, facts.st_mtime_ns))
        world.laptop.sync()
        assert world.bucket.tree() == {"p": text}


_scanned = []
"""What to call when a folder is listed: an audit hook cannot be taken away again."""


def _on_audit(event, _):
    if event == "os.scandir":
        for told in _scanned:
            told()


def test_19_a_save_that_unlinks_and_then_writes_makes_no_marker(world, monkeypatch):
    world.start({"p": "v1", "q": "q1"})
    sys.addaudithook(_on_audit)
    monkeypatch.setenv("BUCKETDRIVE_ABSENCE_S", "0.4")
    world.laptop.change({"p": GONE})
    is_scanned = threading.Event()
    editor = threading.Thread(target=lambda: is_scanned.wait(5) and world.laptop.change({"p": "v2"}))
    editor.start()
    _scanned.append(is_scanned.set)
    world.laptop.sync()
    editor.join()
    _scanned.clear()
    world.laptop.sync()
    assert world.bucket.history("p") == (["v2", "v1"], 0)
    world.desktop.sync()
    assert world.laptop.tree() == world.desktop.tree() == world.bucket.tree() == {"p": "v2", "q": "q1"}


def test_37_38_39_a_lost_state_loses_nothing_moves_nothing_in_vain_and_brings_nothing_back(world):
    """37: what is equal is adopted. 38: what is behind is brought forward. 39: what was deleted elsewhere goes."""
    equal = numbered(10, "x" * 5000) | {"empty/": ""}
    world.start(equal | {"behind": "v1", "deleted": "v1"})
    world.desktop.change({"behind": "v2", "deleted": GONE})
    world.desktop.sync()
    shutil.rmtree(world.state_folder(world.laptop))
    report = world.laptop.sync()
    assert counts(report) == {"downloaded": 1, "deleted_here": 1}
    assert report["bytes_received"] < 5000
    assert [world.bucket.history(name) for name in equal] == [([text], 0) for text in equal.values()]
    [kept] = (world.laptop.folder / ".bucketdrive" / "quarantine").rglob("deleted")
    assert kept.read_text() == "v1"
    world.laptop.change({"d0/0.txt": "v2", "d1/1.txt": GONE})
    assert counts(world.laptop.sync()) == {"uploaded": 1, "deleted_in_bucket": 1}
    end = equal | {"behind": "v2", "d0/0.txt": "v2"}
    del end["d1/1.txt"]
    assert world.laptop.tree() == world.bucket.tree() == end


def test_40_a_state_restored_from_an_older_copy_takes_nothing_back_and_no_old_synced_copy_for_an_edit(world, tmp_path):
    world.start({"p": "v1", "behind": "v1"})
    state, copy = world.state_folder(world.laptop), tmp_path / "copy of the state"
    shutil.copytree(state, copy)
    for text in ("v2", "v3"):
        world.laptop.change({"p": text, "behind": "v2"})
        world.laptop.sync()
    world.desktop.sync()
    world.desktop.change({"behind": "v3"})
    world.desktop.sync()
    shutil.rmtree(state)
    shutil.copytree(copy, state)
    report = world.laptop.sync()
    assert (counts(report), report["conflicts"]) == ({"downloaded": 1}, [])
    assert world.bucket.history("p") == world.bucket.history("behind") == (["v3", "v2", "v1"], 0)
    assert world.settle() == {"p": "v3", "behind": "v3"}


def test_41_linking_an_equal_folder_adopts_all_and_moves_no_byte(world, cli):
    world.laptop.change(numbered(20))
    world.laptop.sync()
    phone = world.home / "phone"
    shutil.copytree(world.laptop.folder, phone, ignore=shutil.ignore_patterns(".bucketdrive"))
    assert cli("link", world.url, phone, "--device", "phone")[0] == 0
    code, report = cli("sync", phone)
    assert (code, counts(report), report["conflicts"], report["bytes_sent"]) == (0, {}, [], 0)
    assert set(report["requests"]) - {"ListObjectsV2"} == {"GetObject", "ListObjectVersions"}
    assert report["requests"]["GetObject"] == 1
    assert report["bytes_received"] < 200
    assert cli("status", phone)[1]["drives"][0]["files"] == 20


def test_42_linking_a_folder_keeps_an_edit_and_brings_an_old_synced_copy_forward(world, cli, copy_name, tree_of):
    world.laptop.change({"edited": "v1", "old": "v1", "q": "q1"})
    world.laptop.sync()
    world.laptop.change({"old": "v2"})
    world.laptop.sync()
    phone = world.home / "phone"
    phone.mkdir()
    (phone / "edited").write_text("v0")
    (phone / "old").write_text("v1")
    assert cli("link", world.url, phone, "--device", "phone")[0] == 0
    code, report = cli("sync", phone)
    assert (code, report["conflicts"]) == (4, ["edited"])
    end = {"edited": "v1", copy_name("edited", "phone", "v0"): "v0", "old": "v2", "q": "q1"}
    assert tree_of(phone) == world.bucket.tree() == end


@pytest.mark.parametrize("what", ["the folder", "its marker"])
def test_43_an_unmounted_folder_stops_the_drive_and_deletes_nothing(world, what):
    files = numbered(12)
    world.laptop.change(files)
    world.laptop.sync()
    mounted = world.laptop.folder if what == "the folder" else world.laptop.folder / ".bucketdrive"
    away = world.home / "away"
    mounted.rename(away)
    if what == "the folder":
        world.laptop.folder.mkdir()
    told = world.laptop.sync(exit_code=7)
    assert (told["error"], "lost its marker" in told["message"], "mount it" in told["hint"]) == ("guard", True, True)
    assert world.bucket.tree() == files
    if what == "the folder":
        world.laptop.folder.rmdir()
    away.rename(mounted)
    assert counts(world.laptop.sync()) == {}


def test_45_a_bucket_that_was_emptied_stops_the_drive_and_deletes_nothing_here(world):
    files = numbered(12)
    world.laptop.change(files)
    world.laptop.sync()
    keys = [*files, ".bucketdrive/drive.json"]
    for key in keys:
        world.bucket.destroy(key)
    told = world.laptop.sync(exit_code=7)
    assert (told["error"], "holds no drive any more" in told["message"]) == ("guard", True)
    assert world.laptop.tree() == files
    assert world.bucket.tree() == {}


def test_45_a_bucket_that_lost_all_but_its_marker_stops_the_drive_too(world):
    files = numbered(12)
    world.laptop.change(files)
    world.laptop.sync()
    for key in files:
        world.bucket.destroy(key)
    told = world.laptop.sync(exit_code=7)
    assert (told["error"], "12 files of this drive have no version left" in told["message"]) == ("guard", True)
    assert world.laptop.tree() == files


def test_48_a_mass_deletion_waits_while_all_else_goes_on_until_it_is_denied_or_approved(world):
    files, laptop = numbered(52), world.laptop
    laptop.change(files | {"other": "o1"})
    laptop.sync()
    laptop.change(dict.fromkeys(files, GONE) | {"other": "o2"})
    report = laptop.sync(exit_code=4)
    assert (counts(report), len(report["held"])) == ({"uploaded": 1}, 52)
    assert files_of(world.bucket.tree()) == files | {"other": "o2"}
    assert laptop.run("deny", laptop.folder) == {"denied": 52}
    assert counts(laptop.sync()) == {"downloaded": 52}
    assert laptop.tree() == files_of(world.bucket.tree()) == files | {"other": "o2"}
    laptop.change(dict.fromkeys(files, GONE))
    assert counts(laptop.sync(exit_code=4)) == {}
    assert laptop.run("approve", laptop.folder) == {"approved": 52}
    assert counts(laptop.sync()) == {"deleted_in_bucket": 52}
    assert files_of(world.bucket.tree()) == {"other": "o2"}


def test_48_a_mass_deletion_in_the_bucket_waits_before_it_reaches_the_folder(world):
    files, laptop = numbered(52), world.laptop
    laptop.change(files)
    laptop.sync()
    world.bucket.delete(*files)
    report = laptop.sync(exit_code=4)
    assert (counts(report), len(report["held"])) == ({}, 52)
    assert laptop.tree() == files
    assert laptop.run("deny", laptop.folder) == {"denied": 52}
    assert counts(laptop.sync()) == {"uploaded": 52}
    assert laptop.tree() == files_of(world.bucket.tree()) == files


def files_of(tree):
    return {name: text for name, text in tree.items() if not name.endswith("/")}


def test_50_versioning_suspended_midway_stops_the_drive_with_what_was_written_named(world):
    world.start({"p": "v1", "q": "q1"})
    world.desktop.change({"p": "v2"})
    set_versioning(world.bucket, "Suspended")
    told = world.desktop.sync(exit_code=7)
    assert (told["error"], "no longer keeps versions" in told["message"]) == ("guard", True)
    assert "Turn versioning of the bucket on again" in told["hint"]
    assert (world.desktop.tree(), world.laptop.tree()) == ({"p": "v2", "q": "q1"}, {"p": "v1", "q": "q1"})
    set_versioning(world.bucket, "Enabled")
    world.desktop.sync()
    assert world.settle() == {"p": "v2", "q": "q1"}


def set_versioning(bucket, status):
    bucket.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": status})


def test_51_a_deletion_whose_marker_a_lifecycle_rule_removed_keeps_the_copy_here(world):
    world.start({"p": "v1", "q": "q1"})
    world.desktop.change({"p": GONE})
    world.desktop.sync()
    world.bucket.destroy("p")
    [held] = world.laptop.sync(exit_code=4)["held"]
    assert (held["path"], "vanished from the bucket" in held["reason"]) == ("p", True)
    assert world.laptop.tree() == {"p": "v1", "q": "q1"}
    assert world.bucket.tree() == {"q": "q1"}


def test_52_a_renamed_file_is_told_as_a_move(world):
    world.start({"p": "v1", "other": "o1"})
    (world.laptop.folder / "p").rename(world.laptop.folder / "q")
    report = world.laptop.sync()
    assert (report["moved"], report["conflicts"], report["held"]) == (1, [], [])
    assert world.desktop.sync()["moved"] == 1
    assert world.laptop.tree() == world.desktop.tree() == world.bucket.tree() == {"q": "v1", "other": "o1"}


def test_53_a_renamed_folder_does_not_trip_the_quota(world):
    world.laptop.change({f"d/{number}": f"text {number}" for number in range(52)})
    world.laptop.sync()
    (world.laptop.folder / "d").rename(world.laptop.folder / "e")
    assert world.laptop.sync()["moved"] == 52
    end = {f"e/{number}": f"text {number}" for number in range(52)}
    assert world.laptop.tree() == world.bucket.tree() == end


def test_64_one_name_in_two_forms_of_unicode_is_one_file(world):
    composed, decomposed = "caf\u00e9.txt", "cafe\u0301.txt"
    world.laptop.change({decomposed: "v1"})
    world.laptop.sync()
    world.desktop.sync()
    assert (world.bucket.tree(), world.desktop.tree()) == ({composed: "v1"}, {composed: "v1"})
    world.desktop.change({composed: "v2"})
    world.desktop.sync()
    world.laptop.sync()
    assert world.laptop.tree() == {decomposed: "v2"}
    assert not set(world.laptop.sync()["requests"]) & WRITES
    assert world.bucket.tree() == {composed: "v2"}
