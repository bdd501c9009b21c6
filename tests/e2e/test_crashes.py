"""A sync that is killed while it works: the next one goes on, and nothing is lost, doubled or in conflict."""

import os
import signal
import threading

import pytest

FILES = 40
SOME = 8


def numbered(text, count=FILES):
    return {f"d{number % 4}/{number}.txt": f"{text} {number}" for number in range(count)}


def kill_sync(world, device, is_time):
    """Start a sync as a process, and kill it when `is_time` returns; it must still have been at work."""
    with world.start_process("sync", device.folder) as process:
        came_so_far = is_time()
        process.kill()
        said = process.communicate()
    assert came_so_far, said
    assert process.returncode == -signal.SIGKILL, said


def files_of(tree):
    return {name: text for name, text in tree.items() if not name.endswith("/")}


def check(world, device, files):
    """The next sync ends the work: folder and bucket are as wanted, and nothing is in conflict or left to do."""
    report = device.sync()
    assert (report["conflicts"], report["held"], report["failed"]) == ([], [], [])
    assert files_of(device.tree()) == files_of(world.bucket.tree()) == files
    assert device.run("status", device.folder)["drives"][0]["pending"] == 0


def history_lengths(bucket):
    """How many versions, and how many markers, the files in the bucket have at most."""
    versions, markers = bucket.rows("d")
    keys = [row["Key"] for row in versions if not row["Key"].endswith("/")]
    gone = [row["Key"] for row in markers if not row["Key"].endswith("/")]
    return max(map(keys.count, keys)), max(map(gone.count, gone), default=0)


@pytest.fixture
def slow(monkeypatch):
    """Few requests at a time, so that there is a middle to be killed in."""
    monkeypatch.setenv("BUCKETDRIVE_MAX_REQUESTS_IN_FLIGHT", "4")


def test_35_a_sync_killed_at_any_moment_is_ended_by_the_next(world, slow, nth_request):
    bucket, laptop, desktop = world.bucket, world.laptop, world.desktop
    first, second, left = numbered("first"), numbered("second"), numbered("second", 10)

    def kill_at(device, method):
        with nth_request(SOME, method, "/home/d") as is_reached:
            kill_sync(world, device, lambda: is_reached.wait(30))

    laptop.change(first)
    kill_at(laptop, "PUT")
    check(world, laptop, first)
    kill_at(desktop, "GET")
    check(world, desktop, first)
    assert history_lengths(bucket) == (1, 0)

    laptop.change(second)
    kill_at(laptop, "PUT")
    check(world, laptop, second)
    kill_at(desktop, "GET")
    check(world, desktop, second)
    assert history_lengths(bucket) == (2, 0)

    laptop.change(dict.fromkeys(second.keys() - left.keys()))
    kill_at(laptop, "DELETE")
    check(world, laptop, left)
    kill_sync(world, desktop, lambda: has_fewer(desktop, FILES - SOME))
    check(world, desktop, left)
    assert history_lengths(bucket) == (2, 1)

    for device in (laptop, desktop):
        assert set(device.sync()["requests"]) == {"GetObject", "ListObjectsV2"}
        assert {path.name for path in device.folder.iterdir()} == {".bucketdrive", "d0", "d1", "d2", "d3"}


def has_fewer(device, count):
    """Wait until a folder has fewer files than that; what a sync deletes here, the store does not see."""
    pause = threading.Event()
    return any(count_files(device.folder) < count or pause.wait(0.01) for _ in range(3000))


def count_files(folder):
    """How many names there are in the folders of a folder that somebody is at work in: nothing is opened."""
    return sum(len(names) for parent, _, names in os.walk(folder) if ".bucketdrive" not in parent)


def kill_at(world, nth_request, where, *arguments):
    """Start a command, and kill it when the store is asked something for the nth time."""
    number, method, part = where
    with nth_request(number, method, part) as is_reached, world.start_process(*arguments) as process:
        assert is_reached.wait(30)
        process.kill()
        said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said


def test_an_undelete_killed_in_the_middle_is_ended_by_the_next(world, slow, nth_request):
    laptop, files = world.laptop, numbered("text")
    laptop.start(files | {"kept": "k"})
    laptop.change(dict.fromkeys(files))
    laptop.sync()
    kill_at(world, nth_request, (SOME, "PUT", "/home/d"), "undelete", "--all", "-C", laptop.folder)
    left = len(laptop.run("trash", laptop.folder)["deleted"])
    assert 0 < left < FILES
    report = laptop.run("undelete", "--all", "-C", laptop.folder)
    assert report["notes"][-1] == f"{left} of {left} deleted files came back."
    check(world, laptop, files | {"kept": "k"})
    assert history_lengths(world.bucket) == (2, 1)


def test_a_trash_whose_emptying_was_killed_in_the_middle_is_emptied_by_the_next(world, slow, nth_request):
    laptop, files = world.laptop, numbered("text")
    laptop.start(files | {"kept": "k"})
    laptop.change(numbered("more"))
    laptop.sync()
    laptop.change(dict.fromkeys(files))
    laptop.sync()
    kill_at(world, nth_request, (FILES, "DELETE", "/home/d"), "trash", "empty", laptop.folder, "--yes")
    assert files_of(world.bucket.tree()) == {"kept": "k"}
    document = laptop.run("trash", "empty", laptop.folder, "--yes")
    assert (document["failed"], document["spared"]) == ([], [])
    versions, markers = world.bucket.rows("d")
    assert [row["Key"] for row in versions + markers if not row["Key"].endswith("/")] == []
    assert laptop.run("trash", laptop.folder)["deleted"] == []
    assert files_of(laptop.tree()) == files_of(world.bucket.tree()) == {"kept": "k"}
    assert laptop.sync()["held"] == []
