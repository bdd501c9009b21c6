"""Looking back through the command line: what was in a file, what differs, when much happened, who did what."""

import contextlib
import io
from collections import Counter
from datetime import UTC, datetime

import pytest

from bucketdrive.cli.main import main
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.drive import Drive

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


def test_a_moment_that_a_kept_sweep_knows_is_looked_at_without_any_request(world):
    world.start({"d/a": "one", "d/b": "two"})
    then = next_second()
    world.laptop.start({"d/a": "three"})
    next_second()
    with Drive.open(world.laptop.folder) as drive:
        drive.moments()
        before = drive._session.requests
        assert [(entry.path, entry.size) for entry in drive.ls("d", then)] == [("d/a", 3), ("d/b", 3)]
        assert drive.diff("", "1h", then).counts["added"] == 2
        assert [moment.new for moment in drive.moments("", 20, 3, then)] == []
        assert drive._session.requests == before
        assert b"".join(drive.cat("d/a", as_of=then)) == b"one"
        assert Counter(drive._session.requests) - Counter(before) == {"GetObject": 1}


def test_diff_tells_what_was_added_removed_changed_and_moved(world):
    laptop = world.laptop
    laptop.start({"same.txt": "same", "edited.txt": "1", "gone.txt": "bye", "photos/one.jpg": "1" * 500, "empty": ""})
    then = next_second()
    (laptop.folder / "photos").rename(laptop.folder / "album")
    laptop.start({"edited.txt": "12", "gone.txt": None, "new.txt": "hello", "empty": None})
    later = next_second()
    laptop.start({"new.txt": None})
    found = laptop.run("diff", laptop.folder, "--from", then, "--to", later)
    sizes = {
        change["path"]: (change["what"], *(side and side["size"] for side in (change["before"], change["after"])))
        for change in found["changes"]
    }
    assert sizes == {
        "album/one.jpg": ("moved", 500, 500),
        "edited.txt": ("changed", 1, 2),
        "empty": ("removed", 0, None),
        "gone.txt": ("removed", 3, None),
        "new.txt": ("added", None, 5),
    }
    assert found["changes"][0]["before"]["path"] == "photos/one.jpg"
    assert {word: found[word] for word in ("added", "removed", "changed", "moved")} == {
        "added": 1,
        "removed": 2,
        "changed": 1,
        "moved": 1,
    }
    same = laptop.run("diff", laptop.folder / "same.txt", "--from", then)
    assert (same["changes"], same["to"]) == ([], None)
    assert (
        "new.txt was deleted" in laptop.run("diff", laptop.folder / "new.txt", "--from", then, exit_code=3)["message"]
    )
    table, code = printed("diff", laptop.folder, "--from", then, "--to", later)
    assert ("photos/one.jpg -> album/one.jpg" in table.decode(), code) == (True, 0)


def test_diff_of_one_text_file_shows_its_lines(world):
    laptop = world.laptop
    laptop.start({"n.txt": "one\ntwo\n", "bin": "\0\1"})
    then = next_second()
    laptop.start({"n.txt": "one\n2\n", "bin": "\0\2"})
    place = ("--from", then, "-C", laptop.folder)
    lines = ["--- n.txt (before)", "+++ n.txt (after)", "@@ -1,2 +1,2 @@", " one", "-two", "+2"]
    assert printed("diff", "n.txt", *place) == ("\n".join([*lines, ""]).encode(), 0)
    assert printed("diff", "bin", *place)[0].split()[-4:] == [b"changed", b"2", b"B", b"2", b"B", b"bin"][-4:]
    laptop.start({"n.txt": None})
    assert b"-one\n-two\n" in printed("diff", "n.txt", *place)[0]
    assert printed("diff", "n.txt", "--from", "1h", "-C", laptop.folder)[1] == 3


def test_moments_offer_the_time_before_files_vanished(world):
    laptop = world.laptop
    laptop.start({f"photos/{number}.jpg": str(number) for number in range(30)} | {"other": "o"})
    [made] = laptop.run("moments", laptop.folder)["moments"]
    assert (made["new"], made["changed"], made["deleted"], made["fleeting"]) == (31, 0, 0, 0)
    assert made["devices"] == [{"device": "laptop", "files": 31}]
    assert laptop.run("ls", laptop.folder, "--as-of", made["as_of"])["entries"] == []
    table, code = printed("moments", laptop.folder / "photos")
    heading, moment = table.decode().splitlines()
    assert (heading.split()[:2], moment.split()[0], code) == (["AS", "OF"], made["as_of"], 0)
    assert moment.endswith("laptop  photos/ (such as photos/0.jpg)")
    assert laptop.run("moments", laptop.folder, "--least", "50") == {"path": "", "moments": []}


def test_log_of_all_tells_what_every_device_did(world):
    world.start({"a": "one", "b": "two"})
    world.desktop.change({"a": "three", "b": None, "empty/": ""})
    world.desktop.sync()
    found = world.laptop.run("log", world.laptop.folder, "--all")["deeds"]
    told = sorted((deed["device"], deed["op"], deed["path"]) for deed in found)
    assert told == [
        ("desktop", "delete", "b"),
        ("desktop", "mark", "empty"),
        ("desktop", "put", "a"),
        ("laptop", "put", "a"),
        ("laptop", "put", "b"),
    ]
    ids = {row["VersionId"] for path in ("a", "b", "empty/") for rows in world.bucket.rows(path) for row in rows}
    assert {deed["version_id"] for deed in found} == ids
    assert [deed["at"] for deed in found] == sorted(deed["at"] for deed in found)
    table, code = printed("log", world.laptop.folder, "--all", "-n", "1")
    assert (table.decode().splitlines()[0].split(), len(table.splitlines()), code) == (
        ["WHEN", "DEVICE", "DID", "VERSION", "PATH"],
        2,
        0,
    )
    assert printed("log", world.laptop.folder, "--all", "--follow")[1] == 2
