"""A drive on a real store that ignores conditions on writes, and runs lifecycle rules: Ceph."""

import json
import subprocess
import sys
import threading

import pytest

pytestmark = pytest.mark.stores("ceph", "ceph-safe")

FILES = 200
SPARE = 20
DAY_S = 5
"""How long a day of lifecycle rules lasts on the store under test."""


def test_linking_says_what_the_store_does(place, cli, fresh_bucket):
    code, told = cli("link", f"s3://{fresh_bucket.name}/home", place / "one", "--device", "laptop")
    assert (code, told["is_new"]) == (0, True)
    assert [note for note in told["notes"] if "ignores conditions on writes (class C)" in note] != []


@pytest.mark.stores("ceph")
def test_devices_that_create_a_drive_at_the_same_time_share_it(place, fresh_bucket):
    names = [f"device-{number}" for number in range(4)]
    command = [sys.executable, "-m", "bucketdrive", "link", f"s3://{fresh_bucket.name}/home"]
    processes = [subprocess.Popen([*command, place / name, "--device", name]) for name in names]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    ids = {json.loads((place / name / ".bucketdrive" / "root.json").read_text())["drive_id"] for name in names}
    drive = fresh_bucket.s3.get_object(Bucket=fresh_bucket.name, Key="home/.bucketdrive/drive.json")["Body"]
    assert ids == {json.loads(drive.read())["drive_id"]}


def test_files_take_a_request_each_and_at_rest_one_sweep(world):
    names = [f"folder {number % 8}/{number}.bin" for number in range(FILES)]
    world.laptop.change({name: f"{name} " * 300 for name in names})
    up = world.laptop.sync()
    assert (up["uploaded"], sum(up["requests"].values()) <= FILES + SPARE) == (FILES, True), up
    down = world.desktop.sync()
    assert (down["downloaded"], sum(down["requests"].values()) <= FILES + SPARE) == (FILES, True), down
    for device in (world.laptop, world.desktop):
        assert device.sync()["requests"] == {"GetObject": 1, "ListObjectVersions": 1}


@pytest.mark.stores("ceph")
def test_devices_that_sync_at_the_same_moment_lose_nothing(world):
    names = [f"{number}.txt" for number in range(12)]
    world.start(dict.fromkeys(names, "base"))
    devices = (world.laptop, world.desktop, world.tablet)
    world.tablet.sync()
    written = {"base"}
    for turn in range(3):
        for device in devices:
            texts = {name: f"{device.name} {turn} {name}" for name in names}
            device.change(texts)
            written |= set(texts.values())
        processes = [world.start_process("sync", device.folder) for device in devices]
        for process in processes:
            told = process.communicate(timeout=120)
            assert process.returncode in (0, 4), told
    for device in (*devices, *devices, *devices):
        device.run("sync", device.folder, exit_code=ANY)
    end = world.settle()
    assert world.tablet.tree() == end
    latest = {f"{device.name} 2 {name}" for device in devices for name in names}
    assert latest - set(end.values()) == set()
    kept = {text for path in end for text in world.bucket.history(path)[0]}
    assert written - kept == set()


class _AnyCode(int):
    def __eq__(self, other):
        return other in (0, 4)

    def __hash__(self):
        return 0


ANY = _AnyCode()


@pytest.mark.stores("ceph")
def test_51_a_deletion_that_a_lifecycle_rule_has_forgotten_keeps_the_copy_here(world):
    world.start({"p": "v1", "q": "q1"})
    world.desktop.change({"p": None})
    world.desktop.sync()
    rule = {
        "ID": "forget",
        "Status": "Enabled",
        "Filter": {"Prefix": "home/p"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    }
    where = {"Bucket": world.bucket.name}
    world.bucket.s3.put_bucket_lifecycle_configuration(**where, LifecycleConfiguration={"Rules": [rule]})
    waited = threading.Event()
    while any(world.bucket.rows("p")):
        waited.wait(DAY_S / 10)
    [held] = world.laptop.sync(exit_code=4)["held"]
    assert (held["path"], "vanished from the bucket" in held["reason"]) == ("p", True)
    assert world.laptop.tree() == {"p": "v1", "q": "q1"}
    assert world.bucket.tree() == {"q": "q1"}
