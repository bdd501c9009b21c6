"""Named scenarios of spec §3.6 that need something of the machine: a program that writes all the time, a mount."""

import contextlib
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

LOGGER = """
import sys, itertools
with open(sys.argv[1], "ab", buffering=0) as log:
    for number in itertools.count(1):
        log.write(b"line %06d\\n" % number)
        if sys.stdin.read(1) == "":
            break
"""
"""Writes a line whenever it is given a character, until there are no more."""


@contextlib.contextmanager
def growing(path):
    """A program that appends to `path`; yields what makes it write another line, which it does in its own time."""
    with subprocess.Popen([sys.executable, "-c", LOGGER, path], stdin=subprocess.PIPE, text=True) as process:

        def grow():
            process.stdin.write("x")
            process.stdin.flush()

        yield grow
        process.stdin.close()


def test_20_a_growing_log_has_whole_versions_on_the_way_and_its_last_content_at_the_end(world, cli):
    log = world.laptop.folder / "log"
    with growing(log) as grow:
        for _ in range(5):
            for _ in range(50):
                grow()
            assert cli("sync", log.parent)[0] in (0, 4), "done, or done but for a file that changes too often"
    world.laptop.sync()
    end = log.read_text()
    versions, markers = world.bucket.history("log")
    assert end.count("\n") == 251
    assert (versions[0], markers) == (end, 0)
    assert 1 < len(versions) <= 6
    assert [text for text in versions if not (end.startswith(text) and text.endswith("\n"))] == []
    assert world.settle() == {"log": end}


@contextlib.contextmanager
def mounted(folder):
    """A disk of its own at `folder`."""
    command = ["mount", "-t", "tmpfs", "bucketdrive-test", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing may be mounted here: {done.stderr.strip() or 'not root'}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_44_a_disk_inside_the_folder_is_held_and_its_coming_and_going_deletes_nothing(world):
    files = {"d/a": "a1", "d/e/b": "b1", "c": "c1"}
    world.start(files)
    with mounted(world.laptop.folder / "d"):
        report = world.laptop.sync(exit_code=4)
        assert [held["path"] for held in report["held"]] == ["d", "d/a", "d/e", "d/e/b"]
        assert "another file system" in report["held"][0]["reason"]
        world.laptop.change({"d/a": "on the other disk", "c": "c2"})
        world.laptop.sync(exit_code=4)
        assert world.bucket.tree() == files | {"c": "c2"}
    assert world.settle() == files | {"c": "c2"}
    assert world.bucket.rows("d/")[1] == []
