"""Looking back through the command line: what was in a file, what differs, when much happened, who did what."""

import contextlib
import io
from datetime import UTC, datetime

import pytest

from bucketdrive.cli.main import main
from bucketdrive.drive.clock import SystemClock

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")


def next_second():
    """Wait for the next whole second, since stores tell times no finer; the one before it, in ISO 8601."""
    clock = SystemClock()
    began = int(clock.now_s())
    while int(clock.now_s()) == began:
        pass
    return datetime.fromtimestamp(began, UTC).isoformat()


def printed(*arguments):
    """The bytes that a command prints to stdout, and its exit code."""
    out = io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        exit_code = main([*map(str, arguments)])
    out.flush()
    return out.buffer.getvalue(), exit_code


def test_cat_prints_what_is_in_the_bucket_now_and_was_then_under_the_name_that_it_had_then(world):
    laptop = world.laptop
    laptop.start({"d/a.txt": "one\r\nline", "d/b.txt": "b"})
    then = next_second()
    (laptop.folder / "d/a.txt").rename(laptop.folder / "moved.txt")
    laptop.sync()
    laptop.start({"moved.txt": "two", "d/b.txt": None})
    at_then = ("--as-of", then, "-C", laptop.folder)
    assert printed("cat", "moved.txt", "-C", laptop.folder) == (b"two", 0)
    assert printed("cat", "d/a.txt", *at_then) == (b"one\r\nline", 0)
    assert printed("cat", "d/b.txt", *at_then) == (b"b", 0)
    assert printed("cat", "moved.txt", *at_then) == (b"", 3)
    assert printed("cat", "d/b.txt", "-C", laptop.folder) == (b"", 3)
    [_, first] = laptop.run("versions", "moved.txt", "-C", laptop.folder)["versions"][:2]
    assert printed("cat", "moved.txt", "--version", first["version_id"], "-C", laptop.folder) == (b"one\r\nline", 0)
