"""Every row of the decision table (spec §2.5), through the command line.

`p` is the row's path. What is synced, then changed here (on the laptop) and there, is told as literals; so is the end.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

GONE = None
VANISHED = object()


@dataclass(frozen=True)
class Row:
    """`base`: synced before. `here`, `there`: changed on the laptop, and in the bucket. `end`: on all sides.

    `does`: what the laptop's first sync counts. `held`: a part of the reason why it holds. `copies`: the texts that
    become conflict copies, and their authors. `only_here`, `only_there`: what the laptop, the desktop has instead.
    """

    base: dict = field(default_factory=dict)
    here: dict = field(default_factory=dict)
    there: dict = field(default_factory=dict)
    end: dict = field(default_factory=dict)
    does: str = ""
    held: str = ""
    copies: dict = field(default_factory=dict)
    only_here: dict = field(default_factory=dict)
    only_there: dict = field(default_factory=dict)


FILE = {"p": "v1"}
FOLDER = {"p/": ""}
FULL_FOLDER = {"p/x": "x1"}
LINK = Path("/etc/hostname")

TABLE = {
    # never synced
    "none, absent, marker": Row(there={"p": GONE}),
    "none, file, absent": Row(here={"p": "v1"}, end={"p": "v1"}, does="uploaded"),
    "none, file, marker": Row(here={"p": "v1"}, there={"p": GONE}, end={"p": "v1"}, does="uploaded"),
    "none, file, vanished": Row(here={"p": "v1"}, there={"p": VANISHED}, end={"p": "v1"}, does="uploaded"),
    "none, absent, file": Row(there={"p": "v1"}, end={"p": "v1"}, does="downloaded"),
    "none, file, same": Row(here={"p": "v1"}, there={"p": "v1"}, end={"p": "v1"}),
    "none, file, other": Row(
        here={"p": "mine"},
        there={"p": "theirs"},
        end={"p": "theirs"},
        does="uploaded downloaded",
        copies={"mine": "laptop"},
    ),
    "none, file, other of the same size": Row(
        here={"p": "mine"},
        there={"p": "your"},
        end={"p": "your"},
        does="uploaded downloaded",
        copies={"mine": "laptop"},
    ),
    "none, file, children": Row(
        here={"p": "mine"},
        there={"p/x": "x1"},
        end={"p/x": "x1"},
        does="uploaded downloaded",
        copies={"mine": "laptop"},
    ),
    "none, file, folder marker": Row(
        here={"p": "mine"},
        there={"p/": ""},
        end={"p/": ""},
        does="uploaded",
        copies={"mine": "laptop"},
    ),
    "none, folder, file": Row(
        here={"p/x": "x1"},
        there={"p": "theirs"},
        end={"p/x": "x1"},
        does="uploaded downloaded",
        copies={"theirs": "there"},
    ),
    "none, empty folder, file": Row(here={"p/": ""}, there={"p": "theirs"}, end={"p": "theirs"}, does="downloaded"),
    "none, folder of ignored files, file": Row(
        here={"p/x.part": "x1"},
        there={"p": "theirs"},
        end={"p": "theirs"},
        held="a folder with only ignored files",
        only_here={"p/x.part": "x1"},
    ),
    "none, empty folder, absent": Row(here={"p/": ""}, end={"p/": ""}),
    "none, absent, folder marker": Row(there={"p/": ""}, end={"p/": ""}),
    "none, link, absent": Row(here={"p": LINK}, held="symbolic link", only_here={"p": LINK}),
    "none, link, file": Row(
        here={"p": LINK}, there={"p": "theirs"}, end={"p": "theirs"}, held="symbolic link", only_here={"p": LINK}
    ),
    # a synced file
    "file, same, same": Row(base=FILE, end=FILE),
    "file, touched, same": Row(base=FILE, here={"p": "v1"}, end=FILE),
    "file, same, edited": Row(base=FILE, there={"p": "v2"}, end={"p": "v2"}, does="downloaded"),
    "file, same, marker": Row(base=FILE, there={"p": GONE}, does="deleted_here"),
    "file, same, vanished": Row(base=FILE, there={"p": VANISHED}, held="vanished", only_here=FILE, only_there=FILE),
    "file, edited, same": Row(base=FILE, here={"p": "v2"}, end={"p": "v2"}, does="uploaded"),
    "file, edited, edited alike": Row(base=FILE, here={"p": "v2"}, there={"p": "v2"}, end={"p": "v2"}),
    "file, edited, edited": Row(
        base=FILE,
        here={"p": "mine"},
        there={"p": "theirs"},
        end={"p": "theirs"},
        does="uploaded downloaded",
        copies={"mine": "laptop"},
    ),
    "file, edited, marker": Row(base=FILE, here={"p": "v2"}, there={"p": GONE}, end={"p": "v2"}, does="uploaded"),
    "file, edited, vanished": Row(base=FILE, here={"p": "v2"}, there={"p": VANISHED}, end={"p": "v2"}, does="uploaded"),
    "file, deleted, same": Row(base=FILE, here={"p": GONE}, does="deleted_in_bucket"),
    "file, deleted, edited": Row(base=FILE, here={"p": GONE}, there={"p": "v2"}, end={"p": "v2"}, does="downloaded"),
    "file, deleted, marker": Row(base=FILE, here={"p": GONE}, there={"p": GONE}),
    "file, deleted, vanished": Row(base=FILE, here={"p": GONE}, there={"p": VANISHED}, only_there=FILE),
    "file, folder, same": Row(
        base=FILE, here={"p": GONE, "p/x": "x1"}, end={"p/x": "x1"}, does="uploaded deleted_in_bucket"
    ),
    "file, folder, edited": Row(
        base=FILE,
        here={"p": GONE, "p/x": "x1"},
        there={"p": "theirs"},
        end={"p/x": "x1"},
        does="uploaded downloaded",
        copies={"theirs": "there"},
    ),
    "file, folder, marker": Row(
        base=FILE, here={"p": GONE, "p/x": "x1"}, there={"p": GONE}, end={"p/x": "x1"}, does="uploaded"
    ),
    "file, link, same": Row(base=FILE, here={"p": LINK}, end=FILE, held="symbolic link", only_here={"p": LINK}),
    "file, link, edited": Row(
        base=FILE, here={"p": LINK}, there={"p": "v2"}, end={"p": "v2"}, held="symbolic link", only_here={"p": LINK}
    ),
    "file, link, marker": Row(
        base=FILE, here={"p": LINK}, there={"p": GONE}, held="symbolic link", only_here={"p": LINK}
    ),
    # a synced folder
    "folder, same, same": Row(base=FOLDER, end=FOLDER),
    "folder, same, removed": Row(base=FOLDER, there={"p/": GONE}),
    "folder, removed, same": Row(base=FOLDER, here={"p/": GONE}),
    "folder, removed, removed": Row(base=FOLDER, here={"p/": GONE}, there={"p/": GONE}),
    "folder, removed, a file added": Row(
        base=FULL_FOLDER,
        here={"p": GONE},
        there={"p/y": "y1"},
        end={"p/y": "y1"},
        does="downloaded deleted_in_bucket",
    ),
    "folder, file, same": Row(base=FULL_FOLDER, here={"p": "v1"}, end={"p": "v1"}, does="uploaded deleted_in_bucket"),
    "empty folder, file, same": Row(base=FOLDER, here=FILE, end=FILE, does="uploaded"),
    "folder, file, a file added": Row(
        base=FULL_FOLDER,
        here={"p": "mine"},
        there={"p/y": "y1"},
        end={"p/y": "y1"},
        does="uploaded downloaded deleted_in_bucket",
        copies={"mine": "laptop"},
    ),
    "folder, link, same": Row(
        base=FULL_FOLDER, here={"p": Path("/etc")}, end=FULL_FOLDER, held="symbolic link", only_here={"p": Path("/etc")}
    ),
    "folder, its last file deleted, same": Row(
        base=FULL_FOLDER, here={"p/x": GONE}, end={"p/": ""}, does="deleted_in_bucket"
    ),
}


COUNTED = ("uploaded", "downloaded", "deleted_here", "deleted_in_bucket")


def told(name, changes):
    """A row's literal under the row's own name, its texts made its own: equal texts would pair up as moves."""
    return {path.replace("p", name, 1): _own_text(name, what) for path, what in changes.items()}


def _own_text(name, what):
    return f"{what} ({name})" if isinstance(what, str) and what else what


def all_told(part):
    return {path: what for name, row in TABLE.items() for path, what in told(name, getattr(row, part)).items()}


def as_shown(changes):
    return {path: f"-> {what}" if isinstance(what, Path) else what for path, what in changes.items()}


def copies_of(name, row, elsewhere, copy_name):
    texts = {_own_text(name, text): device for text, device in row.copies.items()}
    return {copy_name(name, elsewhere if who == "there" else who, text): text for text, who in texts.items()}


def change_with_another_tool(world):
    for path, what in all_told("there").items():
        if what is GONE:
            world.bucket.delete(path)
        elif what is not VANISHED:
            world.bucket.put(path, what)


def change_on_the_other_device(world):
    world.desktop.change({path: what for path, what in all_told("there").items() if what is not VANISHED})
    world.desktop.sync()


def change_there(world, change):
    """What never was synced here must first be there to be deleted; vanishing takes a tool that destroys versions."""
    for name, row in TABLE.items():
        if not row.base and row.there.get("p", "") in (GONE, VANISHED):
            world.bucket.put(name, "was never synced")
            world.bucket.delete(name)
    change(world)
    for path, what in all_told("there").items():
        if what is VANISHED:
            world.bucket.destroy(path)


def by_row(tree):
    """A tree, sorted into the rows: a difference shows in one of them."""
    rows = {}
    for path, text in tree.items():
        rows.setdefault(row_of(path), {})[path] = text
    return rows


def row_of(path):
    return path.partition(" (conflict ")[0].partition("/")[0]


def not_empty(trees):
    return {name: tree for name, tree in trees.items() if tree}


def check_trees(world, elsewhere, copy_name):
    both = {name: told(name, row.end) | copies_of(name, row, elsewhere, copy_name) for name, row in TABLE.items()}
    here = {name: as_shown(told(name, row.only_here)) or both[name] for name, row in TABLE.items()}
    there = {name: told(name, row.only_there) or both[name] for name, row in TABLE.items()}
    assert by_row(world.laptop.tree()) == not_empty(here)
    assert by_row(world.desktop.tree()) == not_empty(there)
    assert by_row(world.bucket.tree()) == not_empty(both)


def check_report(report):
    counted = {name: report[name] for name in COUNTED}
    assert counted == {name: sum(name in row.does.split() for row in TABLE.values()) for name in COUNTED}
    assert sorted(report["conflicts"]) == sorted(name for name, row in TABLE.items() if row.copies)
    held = {row_of(entry["path"]): entry["reason"] for entry in report["held"]}
    assert sorted(held) == sorted(name for name, row in TABLE.items() if row.held)
    assert [name for name, reason in held.items() if TABLE[name].held not in reason] == []


@pytest.mark.parametrize(
    ("change", "elsewhere"), [(change_on_the_other_device, "desktop"), (change_with_another_tool, "elsewhere")]
)
def test_every_row_ends_as_the_table_says(world, copy_name, change, elsewhere):
    world.start(all_told("base"))
    change_there(world, change)
    world.laptop.change(all_told("here"))
    check_report(world.laptop.sync(exit_code=4))
    world.desktop.sync(exit_code=4)
    check_trees(world, elsewhere, copy_name)
    last = world.laptop.sync(exit_code=4)
    assert {name: last[name] for name in COUNTED} == dict.fromkeys(COUNTED, 0)


def put_in_parts(bucket, path, text):
    """An object whose ETag is not the MD5 of its bytes."""
    where = {"Bucket": bucket.name, "Key": f"home/{path}"}
    upload = where | {"UploadId": bucket.s3.create_multipart_upload(**where)["UploadId"]}
    part = bucket.s3.upload_part(**upload, PartNumber=1, Body=text.encode())
    bucket.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})


def test_contents_are_compared_where_an_etag_tells_nothing(world, copy_name):
    put_in_parts(world.bucket, "alike.txt", "the same")
    put_in_parts(world.bucket, "unlike.txt", "not ours")
    world.laptop.change({"alike.txt": "the same", "unlike.txt": "the mine"})
    report = world.laptop.sync(exit_code=4)
    assert report["conflicts"] == ["unlike.txt"]
    assert (report["uploaded"], report["downloaded"]) == (1, 1)
    assert world.settle() == {
        "alike.txt": "the same",
        "unlike.txt": "not ours",
        copy_name("unlike.txt", "laptop", "the mine"): "the mine",
    }


def test_a_pipe_is_held_and_never_taken_for_a_file_or_a_deletion(world):
    world.start({"a": "v1", "b": "v1"})
    world.laptop.change({"a": GONE, "b": GONE})
    for name in ("a", "b", "c"):
        os.mkfifo(world.laptop.folder / name)
    world.desktop.change({"b": "v2"})
    world.desktop.sync()
    report = world.laptop.sync(exit_code=4)
    assert [entry["path"] for entry in report["held"]] == ["a", "b", "c"]
    assert world.laptop.tree() == {"a": "special", "b": "special", "c": "special"}
    assert world.bucket.tree() == {"a": "v1", "b": "v2"}
