"""What the log keeps of each run, in the transaction of the deed itself: what was done, and what was before."""

import pytest

from bucketdrive.model.log import Had
from bucketdrive.state import log as state_log
from bucketdrive.state.change import StateChange, apply_changes
from bucketdrive.state.database import State
from bucketdrive.state.log import TRIMMED, load_lines_of, trim_log
from bucketdrive.state.runs import begin_run
from bucketdrive.state.trees import load_meta
from bucketdrive.testing.crash_points import CrashPoint
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX


def lines_of(stage, name, run):
    """The lines of a run as (op, path, what was before, its version's text, where it was moved from), by path."""
    store = stage.world.store
    texts = {version.version_id: version.data for key in store._history for version in store.history(key)}
    lines = stage.devices[name].state.run_now(load_lines_of, run)
    return sorted((line.path, line.op, str(line.before), texts.get(line.before_id, b""), line.source) for line in lines)


def versions_of(stage, name, run):
    store = stage.world.store
    texts = {version.version_id: version.data for key in store._history for version in store.history(key)}
    return {line.path: texts.get(line.version_id) for line in stage.devices[name].state.run_now(load_lines_of, run)}


@pytest.fixture
def stage():
    stage = Stage()
    stage.start_with({"a": b"a1", "b": b"b1", "d/c": b"c1", "m": b"moved along"})
    return stage


def test_uploads_deletions_moves_and_folders_tell_what_was_before(stage):
    folder = stage.folder("A")
    folder.write("a", b"a2")
    folder.write("new", b"n1")
    folder.delete("b")
    folder.move("m", "m2")
    folder.delete("d/c")
    folder.mkdir("e")
    run = stage.sync("A").run
    assert lines_of(stage, "A", run) == [
        ("a", "upload", "file", b"a1", ""),
        ("b", "delete-in-bucket", "file", b"b1", ""),
        ("d", "make-folder-in-bucket", "folder", b"", ""),
        ("d/c", "delete-in-bucket", "file", b"c1", ""),
        ("e", "make-folder-in-bucket", "nothing", b"", ""),
        ("m", "delete-in-bucket", "file", b"moved along", ""),
        ("m2", "move-in-bucket", "nothing", b"", "m"),
        ("new", "upload", "nothing", b"", ""),
    ]


def test_what_others_did_tells_what_was_before_here(stage):
    folder = stage.folder("A")
    folder.write("a", b"a2")
    folder.delete("b")
    folder.move("m", "m2")
    folder.mkdir("e")
    stage.sync("A")
    run = stage.sync("B").run
    assert lines_of(stage, "B", run) == [
        ("a", "download", "file", b"a1", ""),
        ("b", "delete-here", "file", b"b1", ""),
        ("e", "make-folder-here", "nothing", b"", ""),
        ("m", "delete-here", "file", b"moved along", ""),
        ("m2", "move-here", "nothing", b"", "m"),
    ]
    assert versions_of(stage, "B", run)["a"] == b"a2"


def test_a_conflict_tells_what_both_sides_had_agreed_on(stage):
    stage.folder("A").write("a", b"mine")
    stage.folder("B").write("a", b"theirs")
    stage.sync("B")
    run = stage.sync("A").run
    found = lines_of(stage, "A", run)
    assert [line[1:4] for line in found] == [
        ("conflict", "file", b"a1"),
        ("download", "nothing", b""),
        ("upload", "nothing", b""),
    ]


def test_a_restore_tells_the_version_it_made_and_the_one_it_took_the_place_of(stage):
    then = stage.wait(10)
    stage.wait(10)
    stage.folder("A").write("a", b"a2")
    stage.folder("A").write("x", b"x1")
    stage.settle()
    report = stage.restore("A", "", at_s=then, exact=True)
    assert stage.world.run(stage.devices["A"].process.cycle.sync(run=report.run)).run == report.run
    lines = stage.devices["A"].state.run_now(load_lines_of, report.run)
    assert [(line.op, line.path, line.is_asked) for line in lines] == [
        ("restore", "a", True),
        ("delete-in-bucket", "x", True),
        ("download", "a", False),
        ("delete-here", "x", False),
    ]
    top = stage.world.store.history(f"{PREFIX}a")
    assert (lines[0].version_id, lines[0].before_id) == (top[0].version_id, top[1].version_id)
    assert lines[1].before is Had.FILE


@pytest.mark.parametrize("ops", [("upload", "A"), ("download", "B"), ("delete-here", "B"), ("move-here", "B")])
def test_what_a_crash_left_and_the_next_sync_settles_counts_to_the_run_that_began_it(ops):
    op, name = ops
    settled = 0
    for effects in range(1, 30):
        stage = Stage()
        stage.start_with({"p": b"one", "q": b"keep"})
        folder = stage.folder("A")
        match op:
            case "upload" | "download":
                folder.write("p", b"two two")
            case "delete-here":
                folder.delete("p")
            case "move-here":
                folder.move("p", "p2")
        if name == "B":
            stage.sync("A")
        device = stage.devices[name]
        point = CrashPoint(device, effects)
        point.run(device.process.cycle.sync)
        stage.sync(name)
        runs = [
            (run, line.op, line.path, str(line.before))
            for run in range(1, 5)
            for line in device.state.run_now(load_lines_of, run)
            if line.path in ("p", "p2")
        ]
        deeds = [(line_op, path, before) for _, line_op, path, before in runs[1:]]
        wanted = {
            "upload": [("upload", "p", "file")],
            "download": [("download", "p", "file")],
            "delete-here": [("delete-here", "p", "file")],
            "move-here": [("move-here", "p2", "nothing"), ("delete-here", "p", "file")],
        }[op]
        assert deeds == wanted, effects
        settled += runs[1][0] == 2 and point.is_reached
        if not point.is_reached:
            break
    assert settled


def test_the_log_is_trimmed_but_never_the_last_runs_and_what_is_gone_is_known(monkeypatch):
    monkeypatch.setattr(state_log, "KEPT_LINES", 5)
    monkeypatch.setattr(state_log, "KEPT_RUNS", 2)
    state = State.in_memory()
    for run in range(1, 6):
        assert state.run_now(begin_run, 1.0) == run
        lines = tuple(state_log.LogLine("upload", f"{run}/{number}", 1.0, run) for number in range(4))
        state.run_now(apply_changes, [StateChange(logged=lines)])
        state.run_now(trim_log)
    assert [len(state.run_now(load_lines_of, run)) for run in range(1, 6)] == [0, 0, 0, 4, 4]
    assert state.run_now(load_meta)[TRIMMED] == "3"


def test_a_deletion_that_was_asked_for_is_approved_before_a_guard_asks(stage):
    stage.devices["A"].state.run_now(apply_changes, [StateChange(approved=("a",))])
    assert stage.devices["A"].state.run_now(lambda db: list(db.execute("SELECT path, is_approved FROM hold"))) == [
        ("a", 1)
    ]
    stage.sync("A")
    assert stage.devices["A"].state.run_now(lambda db: list(db.execute("SELECT path FROM hold"))) == []
