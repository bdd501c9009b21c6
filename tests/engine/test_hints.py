"""Syncs that look at what hints name: they do what a look at everything would, and cost what changed."""

from collections import Counter

import pytest

from bucketdrive.model.hints import Hints
from bucketdrive.model.paths import RelPath
from bucketdrive.ports.runtime import Planned
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.stage import Stage

NOTHING = Hints(
    names=frozenset({"no/such", "../a", "/etc/passwd", ".bucketdrive/root.json"}), paths=frozenset({RelPath("no")})
)
TREE = {"a": b"a", "d/a": b"da", "d/b": b"db", "d/e/a": b"dea", "d/e/b": b"deb", "f/only": b"x"}


@pytest.fixture
def stage():
    stage = Stage()
    stage.start_with(TREE)
    stage.sync_by_hints("A")
    stage.sync_by_hints("B")
    stage.sync_by_hints("A")  # the first of each looks at everything, and the next hears of that
    stage.sync_by_hints("B")
    return stage


def live(stage):
    return {path: data for path, data in stage.world.live().items() if not path.endswith("/")}


def requests_of(stage, act):
    """How many of each request `act` makes."""
    before = Counter(stage.world.store.requests)
    act()
    return dict(Counter(stage.world.store.requests) - before)


def test_an_edit_is_three_requests_here_and_four_there(stage):
    stage.folder("A").write("d/e/a", b"new")
    assert requests_of(stage, lambda: stage.sync_by_hints("A")) == {"GetObject": 1, "PutObject": 3}
    assert requests_of(stage, lambda: stage.sync_by_hints("B")) == {"GetObject": 3, "ListObjectVersions": 1}
    assert stage.folder("B").files() == TREE | {"d/e/a": b"new"}


def test_of_a_folder_of_which_one_file_is_looked_at_nothing_is_decided(stage):
    told = []
    stage.world.tell = told.append
    stage.folder("A").delete("d/a")
    stage.folder("A").write("d/e/new", b"n")
    for name in "AB":
        stage.sync_by_hints(name)
    done = [type(action).__name__ for event in told if isinstance(event, Planned) for action in event.plan.actions]
    assert sorted(done) == ["DeleteLocal", "DeleteRemote", "Download", "Upload"]


def test_where_no_condition_protects_an_edit_one_more_question_does():
    stage = Stage(store_class="C")
    stage.start_with(TREE)
    for name in "ABAB":
        stage.sync_by_hints(name)
    stage.folder("A").write("d/e/a", b"new")
    here = requests_of(stage, lambda: stage.sync_by_hints("A"))
    assert here == {"GetObject": 1, "PutObject": 3, "ListObjectVersions": 1}
    there = requests_of(stage, lambda: stage.sync_by_hints("B"))
    assert there == {"GetObject": 3, "ListObjectVersions": 1}


def test_without_news_one_question_is_asked(stage):
    assert requests_of(stage, lambda: stage.sync_by_hints("A")) == {"GetObject": 1}


def test_a_touched_file_costs_nothing(stage):
    stage.folder("A").touch("d/a")
    assert requests_of(stage, lambda: stage.sync_by_hints("A")) == {"GetObject": 1}


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda f: f.write("d/new", b"n"), TREE | {"d/new": b"n"}),
        (lambda f: f.write("x/y/z", b"n"), TREE | {"x/y/z": b"n"}),
        (lambda f: f.delete("d/a"), {k: v for k, v in TREE.items() if k != "d/a"}),
        (lambda f: f.delete("d"), {"a": b"a", "f/only": b"x"}),
        (lambda f: f.move("d/a", "z"), {k: v for k, v in TREE.items() if k != "d/a"} | {"z": b"da"}),
        (
            lambda f: f.move("d/e", "g"),
            {k: v for k, v in TREE.items() if not k.startswith("d/e")} | {"g/a": b"dea", "g/b": b"deb"},
        ),
        (lambda f: f.delete("d") or f.write("d", b"file"), {"a": b"a", "f/only": b"x", "d": b"file"}),
        (
            lambda f: f.delete("a") or f.write("a/b", b"in"),
            {k: v for k, v in TREE.items() if k != "a"} | {"a/b": b"in"},
        ),
    ],
    ids=["new", "new folder", "delete", "delete folder", "move", "move folder", "folder to file", "file to folder"],
)
@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_what_is_done_by_hints_is_the_same_everywhere(act, expected, store_class):
    stage = Stage(store_class=store_class)
    stage.start_with(TREE)
    for name in "ABAB":
        stage.sync_by_hints(name)
    act(stage.folder("A"))
    lists = stage.requests("ListObjectsV2")
    for name in "AABB":
        stage.sync_by_hints(name)
    assert stage.folder("B").files() == expected
    assert live(stage) == expected
    assert stage.folder("B").dirs() == stage.folder("A").dirs()
    assert stage.requests("ListObjectsV2") - lists <= 8  # single folders, never the whole drive
    before = Counter(stage.world.store.requests)
    stage.settle()
    assert stage.everywhere() == expected
    assert all(not name.startswith(("Put", "Delete", "Copy")) for name in Counter(stage.world.store.requests) - before)


def test_the_last_file_of_a_folder_goes_and_the_folder_stays(stage):
    stage.folder("A").delete("f/only")
    for name in "AB":
        stage.sync_by_hints(name)
    assert "f" in stage.folder("A").dirs()
    assert "f" in stage.folder("B").dirs()
    assert "f/only" not in stage.folder("B").files()


def test_an_empty_folder_comes_and_goes(stage):
    stage.folder("A").mkdir("d/empty")
    for name in "AB":
        stage.sync_by_hints(name)
    assert "d/empty" in stage.folder("B").dirs()
    stage.folder("B").delete("d/empty")
    for name in "BA":
        stage.sync_by_hints(name)
    assert "d/empty" not in stage.folder("A").dirs()


def test_what_no_hint_is_about_is_left_for_a_look_at_everything(stage):
    stage.folder("A").write("a", b"changed")
    stage.sync_at("A", Hints(names=frozenset({"d/a"})))
    assert live(stage) == TREE
    stage.settle()
    assert stage.everywhere() == TREE | {"a": b"changed"}


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_an_edit_over_a_version_nobody_told_of_makes_a_conflict_copy_at_once(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1"})
    stage.folder("B").write("p", b"theirs")
    stage.sync("B")
    stage.folder("A").write("p", b"mine")
    stage.sync_at("A", Hints(names=frozenset({"p"})))
    assert stage.versions("p") == [b"theirs", b"v1"]
    files = stage.folder("A").files()
    assert files.pop("p") == b"theirs"
    ((name, data),) = files.items()
    assert is_conflict_name(name)
    assert data == b"mine"


def test_a_hint_about_nothing_and_one_that_leads_out_do_nothing(stage):
    stage.sync_at(
        "A", Hints(frozenset({"no/such", "../a", "/etc/passwd", ".bucketdrive/root.json"}), frozenset({RelPath("no")}))
    )
    assert stage.everywhere() == TREE


@pytest.mark.parametrize("name", [".driveignore", "d/.driveignore"])
def test_new_ignore_rules_are_for_a_look_at_everything(stage, name):
    stage.folder("A").write(name, b"b\n")
    stage.folder("A").write("d/b", b"changed")
    stage.sync_at("A", Hints(names=frozenset({name})))
    assert live(stage) == TREE | {name: b"b\n"}


def test_ignored_files_stay_ignored(stage):
    stage.folder("A").write(".driveignore", b"*.log\n")
    stage.settle()
    stage.folder("A").write("d/x.log", b"log")
    for name in "AB":
        stage.sync_by_hints(name)
    assert "d/x.log" not in live(stage)


def test_files_named_in_another_form_of_unicode_are_found(stage):
    nfd = "d/Cafe\u0301"
    stage.folder("A").write(nfd, b"1")
    for name in "AB":
        stage.sync_by_hints(name)
    assert stage.folder("B").files()["d/Caf\u00e9"] == b"1"
    stage.folder("A").write(nfd, b"2")
    for name in "AB":
        stage.sync_by_hints(name)
    assert stage.folder("B").files()["d/Caf\u00e9"] == b"2"


def test_deletions_of_many_files_are_held_by_hints_as_well():
    stage = Stage()
    stage.start_with({f"d/f{n}": b"x" for n in range(400)} | {"keep": b"k"})
    for name in "ABAB":
        stage.sync_by_hints(name)
    stage.folder("A").delete("d")
    report = stage.sync_by_hints("A")
    assert len(report.held) == 400
    assert len(live(stage)) == 401


def test_another_drive_in_the_bucket_is_noticed_before_anything_is_deleted_here(stage):
    stage.folder("B").delete("d/a")
    stage.sync_by_hints("B")
    stage.world.store.delete("cloud-drive/John/.bucketdrive/drive.json")
    assert stage.sync_by_hints("A") is None
    assert stage.folder("A").files() == TREE
