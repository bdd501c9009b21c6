"""`log` tells what was done, `why` what is and will be."""

import json

import pytest

GONE = None


def told(device, *options):
    """The lines of a device's log, without times and versions."""
    lines = device.run("log", device.folder, *options)["lines"]
    return [(line["run"], line["op"], line["path"]) for line in lines]


def test_the_log_has_every_deed_with_its_run_and_version_newest_last(world):
    world.start({"d/a": "one", "b": "two"})
    world.laptop.change({"d/a": "three", "b": GONE})
    world.laptop.sync()
    world.desktop.sync()
    first = sorted(told(world.laptop)[:2])
    assert (first, told(world.laptop)[2:]) == (
        [(1, "upload", "b"), (1, "upload", "d/a")],
        [(2, "upload", "d/a"), (2, "delete-in-bucket", "b")],
    )
    assert told(world.desktop)[2:] == [(2, "download", "d/a"), (2, "delete-here", "b")]
    lines = world.laptop.run("log", world.laptop.folder, "-n", "2")["lines"]
    assert [line["version_id"] for line in lines] == [
        world.bucket.rows("d/a")[0][0]["VersionId"],
        world.bucket.rows("b")[0][0]["VersionId"],
    ]
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)


def test_a_sync_with_nothing_to_do_leaves_no_line_and_no_run(world):
    world.start({"a": "one"})
    before = told(world.desktop)
    world.desktop.sync()
    world.desktop.change({"c": "three"})
    world.desktop.sync()
    assert told(world.desktop) == [*before, (before[-1][0] + 1, "upload", "c")]


def test_the_journal_names_the_run_that_wrote(world):
    world.laptop.change({"a": "one"})
    world.laptop.sync()
    world.laptop.change({"a": "two"})
    world.laptop.sync()
    keys = [row["Key"] for row in world.bucket.rows(".bucketdrive/journal/")[0]]
    bodies = [world.bucket.s3.get_object(Bucket=world.bucket.name, Key=key)["Body"].read() for key in sorted(keys)]
    lines = [json.loads(line) for body in bodies for line in body.splitlines()]
    assert [(line["path"], line["run"]) for line in lines] == [("a", 1), ("a", 2)]


def test_deletions_that_wait_are_in_the_log_once(world):
    files = {f"{number}": "x" for number in range(60)}
    world.start(files)
    world.laptop.change(dict.fromkeys(files))
    for _ in range(2):
        world.laptop.sync(exit_code=4)
    waits = [line for line in world.laptop.run("log", world.laptop.folder)["lines"] if line["op"] == "wait"]
    assert len(waits) == 1
    assert waits[0]["note"].startswith("60 deletions wait for `bucketdrive approve` or `deny`: ")
    assert world.laptop.run("status", world.laptop.folder)["drives"][0]["state"] == "needs you"


def test_people_read_a_line_a_deed(world, cli):
    assert cli("log", world.laptop.folder, as_json=False) == (0, "Nothing was done yet.\n")
    world.laptop.change({"a": "one"})
    world.laptop.sync()
    code, printed = cli("log", world.laptop.folder, as_json=False)
    assert code == 0
    assert printed.split()[2:] == ["upload", "a"]


def why(device, path, exit_code=0):
    return device.run("why", path, "-C", device.folder, exit_code=exit_code)


def whats(document):
    return tuple(document[side]["what"] for side in ("agreed", "here", "bucket"))


def test_why_explains_each_change_by_its_rule(world):
    world.start({"same": "s", "mine": "m", "theirs": "t", "gone": "g", "d/x": "x"})
    world.desktop.change({"theirs": "t2", "new": "n"})
    world.desktop.sync()
    world.laptop.change({"mine": "m2", "gone": GONE})
    found = {path: why(world.laptop, path) for path in ("same", "mine", "theirs", "gone", "new", "d")}
    assert {path: whats(document) for path, document in found.items()} == {
        "same": ("file", "file", "file"),
        "mine": ("file", "file", "file"),
        "theirs": ("file", "file", "file"),
        "gone": ("file", "nothing", "file"),
        "new": ("nothing", "nothing", "file"),
        "d": ("folder", "folder", "folder"),
    }
    assert found["same"]["will"] == found["d"]["will"] == []
    assert "nothing is to be done" in found["same"]["rule"]
    for path, verb in {
        "mine": "upload",
        "theirs": "download",
        "gone": "delete in the bucket",
        "new": "download",
    }.items():
        [sentence] = found[path]["will"]
        assert sentence.startswith(f"{verb}: {path} ("), sentence
        assert found[path]["rule"] in sentence
    assert found["theirs"]["bucket"]["device"] == "desktop"
    assert found["mine"]["here"]["sha256"] != found["mine"]["bucket"]["sha256"] == found["mine"]["agreed"]["sha256"]


def test_why_names_the_ignore_rule_and_the_hold(world):
    world.start({"sub/.driveignore": "*.log\n", "sub/keep.txt": "k"})
    world.laptop.change({"sub/x.log": "l", "down.part": "p", "odd\x7fname": "o", "sub/deep/y.log": "l"})
    assert why(world.laptop, "sub/x.log")["rule"] == "ignored: `*.log` in sub/.driveignore excludes sub/x.log"
    assert why(world.laptop, "sub/deep/y.log")["rule"] == "ignored: `*.log` in sub/.driveignore excludes sub/deep/y.log"
    assert why(world.laptop, "down.part")["rule"] == "ignored: `*.part`, a default rule, excludes down.part"


def test_why_of_a_deleted_file_and_of_one_that_never_was(world):
    world.start({"a": "one"})
    world.laptop.change({"a": GONE})
    world.laptop.sync()
    assert whats(why(world.laptop, "a")) == ("nothing", "nothing", "deleted")
    assert why(world.laptop, "never", exit_code=3)["error"] == "no-such-path"


@pytest.mark.parametrize("as_json", [True, False])
def test_why_changes_nothing(world, cli, as_json):
    world.laptop.change({"a": "one"})
    code, printed = cli("why", "a", "-C", world.laptop.folder, as_json=as_json)
    assert code == 0
    assert "upload" in str(printed)
    assert (world.bucket.tree(), world.laptop.run("log", world.laptop.folder)) == ({}, {"lines": []})
