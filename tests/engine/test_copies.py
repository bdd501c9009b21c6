"""Many versions made new again at once: few requests a file, and each version named as it is."""

from dataclasses import replace

import pytest

from bucketdrive.engine import multipart
from bucketdrive.engine.parts import Options
from bucketdrive.model.format import read_journal
from bucketdrive.state.log import load_lines_of
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX


def count(stage, act):
    """How many of each request `act` made."""
    before = stage.world.store.requests.copy()
    report = act()
    return report, stage.world.store.requests - before


def versions_told(stage):
    """What the journal said was copied, by path."""
    bodies = [data for key, data in stage.world.store.live().items() if "/journal/" in key]
    return {entry.path: entry.version for body in bodies for entry in read_journal(body) if entry.op == "copy"}


def tops(stage, paths):
    return {path: stage.world.store.history(PREFIX + path)[0].version_id for path in paths}


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_a_file_takes_two_requests_and_few_pages_name_them_all(store_class):
    files = {f"d/{number % 7}/f{number}": b"%d" % number for number in range(300)}
    stage = Stage("A", store_class=store_class)
    stage.start_with({"keep": b"k"} | {f"k/{number}": b"k" for number in range(1300)} | files)
    then = stage.wait(10)
    stage.wait(10)
    for path in files:
        stage.folder("A").delete(path)
    assert stage.sync("A").held == []
    report, asked = count(stage, lambda: stage.restore("A", "d", at_s=then))
    assert (report.restored, report.failed) == (300, [])
    assert asked["CopyObject"] == 300
    assert 300 <= asked["HeadObject"] <= 302  # the first has no neighbour yet, and is asked for alone
    assert asked["GetObject"] - len(stage.devices) <= 20  # roots, journals, the doorbell: no file
    assert asked["ListObjectVersions"] <= 20
    assert versions_told(stage) == tops(stage, files)
    lines = stage.devices["A"].state.run_now(load_lines_of, report.run)
    assert {line.path: line.version_id for line in lines} == tops(stage, files)


def test_neighbours_with_long_histories_are_named_all_the_same():
    files = {f"d/{letter}": b"v0" for letter in "abcdefgh"}
    stage = Stage("A", store_class="C")
    stage.start_with(files)
    for number in range(1, 40):
        stage.world.store.put(f"{PREFIX}d/between", b"%d" % number)
        stage.world.store.put(f"{PREFIX}d/a", b"v%d" % number)
    stage.settle()
    then = stage.wait(10)
    stage.wait(10)
    for path in files:
        stage.folder("A").delete(path)
    stage.settle()
    report = stage.restore("A", "d", at_s=then)
    assert (report.restored, report.failed) == (8, [])
    assert versions_told(stage) == tops(stage, files)


@pytest.mark.parametrize("is_shown", [lambda _: False, lambda row: not row.is_latest], ids=["nothing", "what was"])
def test_where_a_page_does_not_show_the_copies_each_is_asked_for_alone(is_shown):
    files = {f"d/{number}": b"%d" % number for number in range(6)}
    stage = Stage("A", store_class="C")
    stage.start_with(files | {"keep": b"k"})
    then = stage.wait(10)
    stage.wait(10)
    for path in files:
        stage.folder("A").delete(path)
    stage.settle()
    bucket = stage.devices["A"].process.cycle._parts.bucket
    listed = bucket.list_object_versions

    async def only_alone(prefix, **more):
        page = await listed(prefix, **more)
        is_of_one_key = more.get("max_keys") == 50
        return page if is_of_one_key else replace(page, rows=tuple(filter(is_shown, page.rows)))

    bucket.__dict__["list_object_versions"] = only_alone
    plan = stage.world.run(stage.plan_of("d", then))
    report = stage.world.run(stage.devices["A"].process.cycle.carry_out(plan))
    assert report.restored == 6
    assert versions_told(stage) == tops(stage, files)


@pytest.mark.parametrize("store_class", ["A", "C"])
@pytest.mark.parametrize("copied_at_once", [5, 100])
def test_a_large_version_comes_back_by_the_store_alone_in_parts_where_it_is_too_large_for_one(
    monkeypatch, store_class, copied_at_once
):
    monkeypatch.setattr(multipart, "MAX_COPY_BYTES", copied_at_once)
    content = b"0123456789abcdef"
    stage = Stage("A", store_class=store_class, options=Options(whole_bytes=8, part_bytes=4))
    stage.start_with({"big": content, "small": b"s"})
    then = stage.wait(10)
    stage.wait(10)
    stage.folder("A").delete("big")
    stage.settle()
    report, asked = count(stage, lambda: stage.restore("A", "", at_s=then))
    assert (report.restored, report.failed) == (1, [])
    assert (asked["UploadPartCopy"], asked["CopyObject"]) == ((4, 0) if copied_at_once < len(content) else (0, 1))
    assert asked["UploadPart"] == 0
    stage.settle()
    assert stage.everywhere() == {"big": content, "small": b"s"}
    again, _ = count(stage, lambda: stage.restore("A", "", at_s=then))
    assert (again.restored, again.run) == (0, 0), "its ETag is another, but it is known to be the copy"
    assert stage.undo("A", report.run).held == []
    assert stage.everywhere() == {"small": b"s"}
