"""The tree as of a moment and restores to it, on a bucket and folders in memory."""

import pytest

from bucketdrive.errors import NoSuchPathError
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.plan import CopyForward
from bucketdrive.rules.restore import plan_restore_as_of
from bucketdrive.rules.timeline import Past
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX


def played():
    """A stage on which much happened, and the moments before and after: (stage, then, later)."""
    stage = Stage("A")
    folder = stage.folder("A")
    stage.start_with({"d/edited": b"v1", "d/gone": b"g", "d/same": b"s", "d-old/x": b"x", "top": b"t"})
    then = stage.wait(10)
    stage.wait(10)
    folder.write("d/edited", b"v2!")
    folder.delete("d/gone")
    folder.write("d/new", b"new")
    folder.write("top", b"t2")
    stage.settle()
    return stage, then, stage.wait(10)


def test_the_tree_as_of_a_moment_is_what_was_live_then():
    stage, then, later = played()
    before = {"d-old/x": 1, "d/edited": 2, "d/gone": 1, "d/same": 1, "top": 1}
    assert stage.ls(at_s=then) == before
    assert list(stage.ls(at_s=then)) == sorted(before)
    assert stage.ls(at_s=later) == stage.ls() == {"d-old/x": 1, "d/edited": 3, "d/new": 3, "d/same": 1, "top": 2}
    assert stage.ls(at_s=0) == {}


def test_a_folder_or_a_file_alone_is_listed_without_its_neighbours():
    stage, then, _ = played()
    assert stage.ls("d", then) == {"d/edited": 2, "d/gone": 1, "d/same": 1}
    assert stage.ls("d/gone", then) == {"d/gone": 1}


def test_a_listing_of_many_pages_is_read_to_its_end_and_passes_over_our_own_objects():
    stage = Stage("A")
    for number in range(1200):
        stage.world.store.put(f"{PREFIX}f/{number:04}", b"1")
        stage.world.store.put(f"{PREFIX}.bucketdrive/journal/x/{number:012}", b"1")
    assert len(stage.ls("f")) == len(stage.ls()) == 1200


@pytest.mark.parametrize(
    ("path", "moment", "why"),
    [
        ("d/new", "then", "did not exist at .*: its oldest version is of"),
        ("d/gone", "later", "was deleted at"),
        ("never", "then", "neither a file at .* nor a folder"),
        ("d", "before", "neither a file at .* nor a folder"),
        ("", "before", "had no files"),
    ],
)
def test_what_was_not_there_then_is_not_restored_and_the_reason_told(path, moment, why):
    stage, then, later = played()
    at_s = {"then": then, "later": later, "before": 0}[moment]
    with pytest.raises(NoSuchPathError, match=f"{why}.* Nothing was restored"):
        stage.restore("A", path, at_s=at_s)


def test_a_file_comes_back_as_it_was():
    stage, then, _ = played()
    stage.restore("A", "d/edited", at_s=then)
    stage.settle()
    assert stage.everywhere()["d/edited"] == b"v1"
    assert stage.versions("d/edited") == [b"v1", b"v2!", b"v1"]


def test_a_folder_comes_back_as_it_was_and_files_made_since_stay():
    stage, then, _ = played()
    stage.restore("A", "d", at_s=then)
    stage.settle()
    assert stage.everywhere() == {
        "d/edited": b"v1",
        "d/gone": b"g",
        "d/same": b"s",
        "d/new": b"new",
        "d-old/x": b"x",
        "top": b"t2",
    }
    assert stage.versions("d/gone") == [b"g", None, b"g"]
    assert stage.versions("d/same") == [b"s"]
    assert stage.requests("CopyObject") == 2


def test_the_whole_drive_comes_back_and_a_second_time_there_is_nothing_to_do():
    stage, then, _ = played()
    stage.restore("A", "", at_s=then)
    stage.settle()
    copies = stage.requests("CopyObject")
    stage.restore("A", "", at_s=then)
    assert copies == stage.requests("CopyObject") == 3


def test_a_past_restored_on_another_device_of_a_store_without_conditions():
    stage = Stage("A", "B", store_class="C")
    stage.start_with({"d/p": b"v1"})
    then = stage.wait(10)
    stage.wait(10)
    stage.folder("A").write("d/p", b"v2")
    stage.settle()
    stage.restore("B", "d", at_s=then)
    stage.settle()
    assert stage.everywhere() == {"d/p": b"v1"}


def test_a_file_that_somebody_writes_meanwhile_is_not_restored_over_and_that_is_told():
    stage, then, _ = played()
    bucket = stage.devices["A"].process.cycle._parts.bucket
    copy = bucket.copy_object

    async def raced(*args):
        stage.world.store.put(f"{PREFIX}d/edited", b"another's")
        return await copy(*args)

    bucket.__dict__["copy_object"] = raced
    report = stage.restore("A", "d/edited", at_s=then)
    assert [failed.path for failed in report.failed] == ["d/edited"]
    stage.settle()
    assert stage.everywhere()["d/edited"] == b"another's"


def row(path, version_id, etag, *, is_marker=False):
    return VersionRow(f"p/{path}", version_id, True, is_marker, etag, 1, 10.0)


def test_the_plan_restores_what_has_other_content_now_and_only_what_a_drive_can_keep():
    then = row("a", "v1", "e1")
    tree = {
        "same version": Past(then, then),
        "same content": Past(then, row("a", "v2", "e1")),
        "edited": Past(then, row("a", "v2", "e2")),
        "deleted": Past(then, row("a", "m1", "", is_marker=True)),
        "a//b": Past(then, row("a", "v2", "e2")),
    }
    plan = plan_restore_as_of(tree, {}, "T")
    assert plan.actions == (
        CopyForward("edited", "as it was at T", "v1", "e1", 1, "e2", "v2"),
        CopyForward("deleted", "as it was at T", "v1", "e1", 1, "", ""),
    )
    assert [hold.path for hold in plan.holds] == ["a//b"]
