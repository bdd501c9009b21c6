"""Named scenarios of spec §3.6 that two folders and a bucket can play side by side, through the command line.

Each has a folder of its own in one drive. All are synced, then changed on each device while it is offline, then the
devices sync in turn: the laptop (A) first, the desktop (B), the tablet (C), and again. So a few syncs play them all.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytestmark = pytest.mark.stores("embedded", "ceph", "ceph-safe")

GONE = None
OUTSIDE = Path("/etc/hostname")
Changes = dict | Callable[[Path], None]


@dataclass(frozen=True)
class Scenario:
    """`base`: synced before. `a`, `b`, `c`: what each device changes. `end`: on all sides, or else `end_a`, `end_b`.

    `copies`: texts that become conflict copies of `p` (or `of`), by author. `history`: of `p`, its texts in the bucket,
    newest first, and how many delete markers it has.
    """

    base: dict = field(default_factory=dict)
    a: Changes = field(default_factory=dict)
    b: Changes = field(default_factory=dict)
    c: Changes = field(default_factory=dict)
    end: dict = field(default_factory=dict)
    end_a: dict | None = None
    end_b: dict | None = None
    copies: dict = field(default_factory=dict)
    of: str = "p"
    history: tuple = ()


def touch(folder):
    os.utime(folder / "p", ns=(1, 1))


def edit_and_restore_mtime(folder):
    facts = (folder / "p").stat()
    (folder / "p").write_text("v2")
    os.utime(folder / "p", ns=(facts.st_atime_ns, facts.st_mtime_ns))


def move_an_older_file_over(folder):
    (folder / "old.part").write_text("v0")
    os.utime(folder / "old.part", ns=(1, 1))
    (folder / "old.part").rename(folder / "p")


def save_atomically(folder):
    (folder / "p.new").write_text("v2")
    (folder / "p.new").replace(folder / "p")


def save_by_unlinking(folder):
    (folder / "p").unlink()
    (folder / "p").write_text("v2")


def rename_to(name):
    return lambda folder: (folder / "p").rename(folder / name)


ONE = {"p": "v1"}
COPY = "c (conflict phone 0123abcd).txt"
SCENARIOS = {
    "01 create": Scenario(a=ONE, end=ONE),
    "02 edit": Scenario(ONE, a={"p": "v2"}, end={"p": "v2"}, history=(["v2", "v1"], 0)),
    "03 delete": Scenario(ONE, a={"p": GONE}, history=(["v1"], 1)),
    "04 create and create the same": Scenario(a=ONE, b=ONE, end=ONE, history=(["v1"], 0)),
    "05 create and create another": Scenario(a=ONE, b={"p": "v2"}, end=ONE, copies={"v2": "desktop"}),
    "06 edit and edit alike": Scenario(ONE, a={"p": "v2"}, b={"p": "v2"}, end={"p": "v2"}, history=(["v2", "v1"], 0)),
    "07 edit and edit": Scenario(ONE, a={"p": "v2"}, b={"p": "v3"}, end={"p": "v2"}, copies={"v3": "desktop"}),
    "08 edit and delete": Scenario(ONE, a={"p": "v2"}, b={"p": GONE}, end={"p": "v2"}, history=(["v2", "v1"], 0)),
    "09 delete and edit": Scenario(ONE, a={"p": GONE}, b={"p": "v2"}, end={"p": "v2"}, history=(["v2", "v1"], 1)),
    "10 delete and delete": Scenario(ONE, a={"p": GONE}, b={"p": GONE}, history=(["v1"], 1)),
    "11 three edits": Scenario(
        ONE,
        a={"p": "v2"},
        b={"p": "v3"},
        c={"p": "v4"},
        end={"p": "v2"},
        copies={"v3": "desktop", "v4": "tablet"},
    ),
    "12 edit a conflict copy on two devices": Scenario(
        {COPY: "c"}, a={COPY: "x"}, b={COPY: "y"}, end={COPY: "x"}, of="c.txt", copies={"y": "desktop"}
    ),
    "13 delete and edit a conflict copy": Scenario({COPY: "c"}, a={COPY: GONE}, b={COPY: "x"}, end={COPY: "x"}),
    "14 touch": Scenario(ONE, a=touch, end=ONE, history=(["v1"], 0)),
    "15 edit that keeps the mtime": Scenario(ONE, a=edit_and_restore_mtime, end={"p": "v2"}),
    "16 older file moved over": Scenario(ONE, a=move_an_older_file_over, end={"p": "v0"}, history=(["v0", "v1"], 0)),
    "18 atomic save": Scenario(ONE, a=save_atomically, end={"p": "v2"}, history=(["v2", "v1"], 0)),
    "19 save by unlinking": Scenario(ONE, a=save_by_unlinking, end={"p": "v2"}, history=(["v2", "v1"], 0)),
    "54 rename and edit": Scenario(ONE, a=rename_to("q"), b={"p": "v2"}, end={"q": "v1", "p": "v2"}),
    "55 rename and rename": Scenario(ONE, a=rename_to("q"), b=rename_to("r"), end={"q": "v1", "r": "v1"}),
    "56 file to folder, and edit": Scenario(
        ONE, a={"p": GONE, "p/x": "x1"}, b={"p": "v2"}, end={"p/x": "x1"}, copies={"v2": "desktop"}
    ),
    "57 folder to file, and add in it": Scenario(
        {"p/x": "x1"}, a={"p": "v1"}, b={"p/y": "y1"}, end={"p/y": "y1"}, copies={"v1": "laptop"}
    ),
    "58 empty folder": Scenario(a={"d/": ""}, end={"d/": ""}),
    "59 last file deleted, folder kept": Scenario({"d/x": "x1"}, a={"d/x": GONE}, end={"d/": ""}),
    "60 remove a tree": Scenario({"d/x": "x1", "d/e/": ""}, a={"d": GONE}),
    "61 remove a folder, and add in it": Scenario({"d/x": "x1"}, a={"d": GONE}, b={"d/y": "y1"}, end={"d/y": "y1"}),
    "62 remove a folder with ignored files": Scenario(
        {"d/x": "x1"}, a={"d": GONE}, b={"d/i.part": "i1"}, end_b={"d/i.part": "i1"}
    ),
    "63 two names that differ in case, on a disk that tells them apart": Scenario(
        a={"A": "v1"}, b={"a": "v2"}, end={"A": "v1", "a": "v2"}
    ),
    "65 names that Windows cannot have": Scenario(
        a={"con.txt": "1", "x:y": "2", "t.": "3"}, end={"con.txt": "1", "x:y": "2", "t.": "3"}
    ),
    "66 link replaces file": Scenario(
        ONE, a={"p": OUTSIDE}, b={"p": "v2"}, end={"p": "v2"}, end_a={"p": f"-> {OUTSIDE}"}
    ),
    "67 ignore rule added": Scenario(
        {"d/x": "x1", "y": "y1"},
        a={".driveignore": "d/\n", "d/x": "x2", "d/z": "z1"},
        b={"y": "y2"},
        end={".driveignore": "d/\n", "d/x": "x1", "y": "y2"},
        end_a={".driveignore": "d/\n", "d/x": "x2", "d/z": "z1", "y": "y2"},
    ),
}


@dataclass(frozen=True)
class Played:
    """All trees at the end, and the histories of each scenario's `p`; the reports of the last round."""

    laptop: dict
    desktop: dict
    tablet: dict
    bucket: dict
    histories: dict
    rows: tuple
    last: list


@pytest.fixture(scope="module")
def played(shared_world, change_folder):
    with shared_world() as world:
        devices = (world.laptop, world.desktop, world.tablet)
        for name, scenario in SCENARIOS.items():
            change_folder(world.laptop.folder / name, {"keep": "k"} | scenario.base)
        for device in devices:
            device.sync()
        for name, scenario in SCENARIOS.items():
            for device, what in zip(devices, (scenario.a, scenario.b, scenario.c), strict=True):
                folder = device.folder / name
                change_folder(folder, what) if isinstance(what, dict) else what(folder)
        for device in (*devices, *devices):
            device.run("sync", device.folder, exit_code=4 if device is world.laptop else ANY)
        last = [device.run("sync", device.folder, exit_code=ANY) for device in devices]
        trees = [side.tree() for side in (*devices, world.bucket)]
        histories = {name: world.bucket.history(f"{name}/p") for name, row in SCENARIOS.items() if row.history}
        return Played(*trees, histories, world.bucket.rows(""), last)


class _AnyCode(int):
    """Done, with or without something for the user: the scenarios share their syncs."""

    def __eq__(self, other):
        return other in (0, 4)

    def __hash__(self):
        return 0


ANY = _AnyCode()


def part(tree, name):
    """What a tree has in a scenario's folder."""
    found = {path.removeprefix(f"{name}/"): text for path, text in tree.items() if path.startswith(f"{name}/")}
    assert found.pop("keep") == "k"
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(played, copy_name, name):
    scenario = SCENARIOS[name]
    copies = {copy_name(scenario.of, device, text): text for text, device in scenario.copies.items()}
    end = scenario.end | copies
    assert part(played.laptop, name) == (end if scenario.end_a is None else scenario.end_a)
    assert part(played.desktop, name) == (end if scenario.end_b is None else scenario.end_b)
    assert part(played.bucket, name) == part(played.tablet, name) == end
    assert played.histories.get(name, ()) == scenario.history


def test_59_the_folder_is_marked_before_its_last_file_goes(played):
    versions, markers = played.rows
    name = "59 last file deleted, folder kept"
    marked = [row["LastModified"] for row in versions if row["Key"].endswith(f"{name}/d/")]
    deleted = [row["LastModified"] for row in markers if row["Key"].endswith(f"{name}/d/x")]
    assert len(marked) == len(deleted) == 1
    assert marked < deleted


def test_18_and_19_leave_no_other_key_behind(played):
    versions, markers = played.rows
    keys = {row["Key"].partition("/")[2] for row in (*versions, *markers)}
    assert {key for key in keys if key.startswith(("18", "19"))} == {
        "18 atomic save/keep",
        "18 atomic save/p",
        "19 save by unlinking/keep",
        "19 save by unlinking/p",
    }


def test_all_are_at_rest_in_the_end(played):
    for report in played.last:
        assert set(report["requests"]) <= {"GetObject", "ListObjectsV2", "ListObjectVersions", "HeadObject"}
        assert [report[name] for name in ("uploaded", "downloaded", "deleted_here", "deleted_in_bucket")] == [0] * 4
