"""What was broken off and cannot be settled now is its path's trouble alone (spec §2.7)."""

import asyncio

import pytest

from bucketdrive.errors import UnknownOutcomeError, UnreadableError
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.windows import bucket_of

FILES = {"d/a": b"a1", "e/b": b"b1"}


def restarted(stage):
    stage.devices["A"].crash()
    return stage


def held(report):
    return {entry.path for entry in report.held}


def test_a_file_in_quarantine_that_cannot_go_back_to_its_folder_waits_and_the_rest_goes_on():
    stage = Stage("A")
    stage.start_with(FILES)
    folder = stage.folder("A")
    folder.write(".bucketdrive/quarantine/op/d/late", b"an edit")
    folder.deny("d")
    folder.write("new", b"n1")
    report = restarted(stage).sync("A")
    assert (report.uploaded, report.deleted_in_bucket) == (1, 0)
    assert held(report) >= {"d", "d/late"}
    assert folder.places() == {"quarantine/op/d/late": b"an edit"}
    folder.allow("d")
    stage.sync("A")
    assert folder.places() == {}
    assert stage.everywhere() == FILES | {"new": b"n1", "d/late": b"an edit"}


def test_a_download_that_cannot_be_cleared_up_waits_and_the_rest_goes_on():
    stage = Stage("A", "B")
    stage.start_with(FILES)
    for path in ("d/new", "e/new"):
        stage.folder("B").write(path, path.encode())
    stage.sync("B")
    folder = stage.folder("A")
    folder.deny("d")
    report = stage.sync("A")
    assert (report.downloaded, held(report)) == (1, {"d", "d/a", "d/new"})
    folder.write("mine", b"m1")
    folder.write(".bucketdrive/tmp/left", b"of a crash")
    folder.deny(".bucketdrive/tmp")
    with pytest.raises(UnreadableError):
        stage.world.run(stage.devices["A"].process.parts.disk.discard("tmp/left"))
    report = restarted(stage).sync("A")
    assert report.uploaded == 1
    folder.allow(".bucketdrive/tmp")
    folder.allow("d")
    stage.settle()
    assert folder.places() == {}
    assert stage.everywhere() == FILES | {"d/new": b"d/new", "e/new": b"e/new", "mine": b"m1"}


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_uploads_that_were_broken_off_are_asked_about_all_at_once(store_class):
    stage = Stage("A", store_class=store_class)
    files = {f"d/{number}": b"%d" % number for number in range(40)}
    for path, data in files.items():
        stage.folder("A").write(path, data)
    bucket = bucket_of(stage, "A")
    put, listed = bucket.put_object, bucket.list_object_versions

    async def unanswered(key, *args, **kwargs):
        await put(key, *args, **kwargs)
        raise UnknownOutcomeError("No reply came.")

    async def slow(*args, **kwargs):
        await asyncio.sleep(1)
        return await listed(*args, **kwargs)

    bucket.__dict__["put_object"] = unanswered
    assert len(stage.sync("A").failed) == len(files)
    bucket.__dict__.update(put_object=put, list_object_versions=slow)
    began_s = stage.wait(0)
    assert stage.sync("A").uploaded == 0
    assert stage.wait(0) - began_s < 10
    assert [len(stage.versions(path)) for path in files] == [1] * len(files)
