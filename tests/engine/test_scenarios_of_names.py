"""Scenarios of spec §3.6 on fakes, by number: disks that cannot hold every name of the bucket (63, 65)."""

import pytest

from bucketdrive.testing.stage import Stage


def stage_with_folding_disk():
    stage = Stage()
    stage.folder("B").tree.fold_names()
    stage.devices["B"].make_root()
    return stage


@pytest.mark.parametrize("removed", ["A", "a"])
def test_63_two_names_that_differ_in_case(removed):
    stage = stage_with_folding_disk()
    stage.folder("A").write("A", b"v1")
    stage.folder("A").write("a", b"v2")
    stage.sync("A")
    report = stage.sync("B")
    assert stage.folder("B").files() == {"A": b"v1"}
    assert [held.path for held in report.held] == ["a"]
    stage.sync("B", "A", "B")
    assert stage.world.live() == {"A": b"v1", "a": b"v2"}
    stage.folder("A").delete(removed)
    stage.settle()
    left = {"A": b"v1", "a": b"v2"}
    del left[removed]
    assert stage.world.live() == left
    assert list(stage.folder("B").files().values()) == list(left.values())
    assert stage.folder("A").files() == left


def test_63_the_one_that_is_there_already_stays():
    stage = stage_with_folding_disk()
    stage.folder("A").write("a", b"v2")
    stage.settle()
    stage.folder("A").write("A", b"v1")
    report = stage.sync("A", "B")
    assert stage.folder("B").files() == {"a": b"v2"}
    assert [held.path for held in report.held] == ["A"]
    stage.folder("B").write("a", b"v3")
    stage.settle()
    assert stage.world.live() == {"A": b"v1", "a": b"v3"}


def test_a_change_of_case_on_a_folding_disk_is_a_rename():
    stage = stage_with_folding_disk()
    stage.folder("B").write("Notes", b"v1")
    stage.settle()
    stage.folder("B").move("Notes", "aside")
    stage.folder("B").move("aside", "notes")
    stage.settle()
    assert stage.everywhere() == {"notes": b"v1"}


def test_65_names_that_windows_cannot_have():
    stage = Stage()
    stage.folder("B").is_windows = True
    names = ["con.txt", "x:y", "t.", "d/aux", "fine.txt"]
    for name in names:
        stage.folder("A").write(name, b"x")
    stage.sync("A")
    report = stage.sync("B")
    assert stage.folder("B").files() == {"fine.txt": b"x"}
    assert sorted(held.path for held in report.held) == ["con.txt", "d/aux", "t.", "x:y"]
    stage.settle()
    assert set(stage.world.live()) == set(names)
    assert stage.requests("DeleteObject") == 0
