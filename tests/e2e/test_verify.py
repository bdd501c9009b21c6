"""`bucketdrive verify` through the command line: what it finds, and that it leaves no trace."""

import os
from dataclasses import replace

import pytest

from bucketdrive.model.entries import Fingerprint
from bucketdrive.model.paths import RelPath
from bucketdrive.state.database import State
from bucketdrive.state.trees import load_synced, put_synced

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")


@pytest.fixture
def laptop(world):
    world.start({"a.txt": "one", "d/b.txt": "two"})
    return world.laptop


def all_files(*folders):
    """Every file below `folders` with its times and bytes, our own as well."""
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.stat().st_ctime_ns, path.read_bytes()) for path in paths}


def differences(document):
    return [(difference["path"], difference["what"]) for difference in document["differences"]]


def test_a_drive_in_sync_agrees_and_verify_leaves_no_trace(world, laptop, cli):
    before = all_files(world.home), world.bucket.history("a.txt"), world.bucket.keys()
    document = laptop.run("verify", laptop.folder)
    counts = ("files", "read_here", "proved_in_bucket", "unproved_in_bucket", "set_aside", "unsettled", "untold")
    assert [document[name] for name in counts] == [2, 2, 2, 0, 0, 0, 0]
    assert (document["drive"], document["is_full"], document["differences"]) == (world.url, False, [])
    assert document["requests"] == {"GetObject": 1, "ListObjectsV2": 1}
    assert laptop.run("verify", laptop.folder, "--full")["is_full"]
    code, printed = cli("verify", laptop.folder, as_json=False)
    assert (code, printed) == (0, "All agrees. 2 files, 2 read here, 2 proved in the bucket. 2 requests.\n")
    assert (all_files(world.home), world.bucket.history("a.txt"), world.bucket.keys()) == before


def test_what_differs_is_listed_with_exit_code_4_and_stays_as_it_is(world, laptop, cli):
    laptop.change({"a.txt": "edited", "new.txt": "new"})
    world.bucket.put("d/b.txt", "another tool's")
    before = all_files(world.home)
    code, printed = cli("verify", laptop.folder, as_json=False)
    assert code == 4
    assert printed.splitlines()[:4] == [
        "a.txt: changed here since the last sync",
        "d/b.txt: the bucket has another version than the one agreed on",
        "new.txt: only here, not uploaded yet",
        "3 differences. 2 files, 2 read here, 0 proved in the bucket. 2 requests.",
    ]
    assert all_files(world.home) == before


def test_rot_is_found_where_neither_size_nor_times_nor_inode_tell(world, laptop):
    path = laptop.folder / "a.txt"
    facts = path.stat()
    path.write_text("0ne")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    _believe_in_the_file_as_it_is(world, laptop, "a.txt")
    assert laptop.sync()["uploaded"] == 0
    [(name, what)] = differences(laptop.run("verify", laptop.folder, exit_code=4))
    assert name == "a.txt"
    assert "damaged" in what
    path.unlink()
    laptop.run("restore", path)
    assert path.read_text() == "one"
    assert differences(laptop.run("verify", laptop.folder)) == []


def _believe_in_the_file_as_it_is(world, device, name):
    """Only ctime told: a disk that rots does not touch it, so the state is made to expect this one."""
    facts = (device.folder / name).stat()
    shown = Fingerprint(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino, facts.st_mode & 0o7777)
    state = State.open(world.state_folder(device))
    row = state.run_now(load_synced)[RelPath(name)]
    state.run_now(put_synced, [(RelPath(name), replace(row, fingerprint=shown, is_fp_safe=True))])
    state.close()


def test_deleted_and_vanished_objects_are_told_apart(world, laptop):
    world.bucket.delete("a.txt")
    world.bucket.destroy("d/b.txt")
    assert differences(laptop.run("verify", laptop.folder, exit_code=4)) == [
        ("a.txt", "deleted in the bucket"),
        ("d", "the folder is gone in the bucket"),
        ("d/b.txt", "the bucket has no version of it any more"),
    ]


def test_a_lost_state_is_told_and_not_made_anew(world, laptop):
    folder = world.state_folder(laptop)
    for path in folder.iterdir():
        path.unlink()
    found = differences(laptop.run("verify", laptop.folder, exit_code=4))
    assert found[0] == ("", "this device has lost its state; the next sync builds it anew")
    assert [path for path, _ in found[1:]] == ["a.txt", "d/b.txt"]
    assert list(folder.iterdir()) == []


def test_a_drive_that_another_process_syncs_is_busy(world, laptop):
    state = State.open(world.state_folder(laptop))
    assert laptop.run("verify", laptop.folder, exit_code=5)["error"] == "busy"
    state.close()
