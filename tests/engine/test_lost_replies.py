"""Writes whose outcome was not learnt, and crashes between two of a device's deeds (spec §3.6, 26 to 33)."""

import pytest

from bucketdrive.errors import ConditionFailedError, UnknownOutcomeError
from bucketdrive.testing.faults import Faults
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.windows import at, bucket_of, copies, save_after_the_check
from bucketdrive.testing.world import PREFIX


def lose_reply(stage, name, operation, *, is_late=False):
    """The next write of a file by a device gets no reply; it is executed, or with `is_late` kept for later."""
    bucket, late = bucket_of(stage, name), []
    original = getattr(bucket, operation)

    async def unanswered(key, *args, **kwargs):
        if ".bucketdrive/" in key:
            return await original(key, *args, **kwargs)
        bucket.__dict__[operation] = original
        if is_late:
            late.append(lambda: stage.world.run(original(key, *args, **kwargs)))
        else:
            await original(key, *args, **kwargs)
        raise UnknownOutcomeError("No reply came.")

    bucket.__dict__[operation] = unanswered
    return late


def test_26_a_lost_reply_makes_one_version_and_no_conflict():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    lose_reply(stage, "A", "put_object")
    assert [failed.path for failed in stage.sync("A").failed] == ["p"]
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}
    assert stage.versions("p") == [b"v2", b"v1"]


def test_27_a_lost_reply_and_another_edit_before_the_next_try():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    lose_reply(stage, "A", "put_object")
    stage.sync("A")
    stage.folder("A").write("p", b"v3")
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}
    assert stage.versions("p") == [b"v3", b"v2", b"v1"]


def test_28_a_crash_after_the_put_and_an_edit_on_top():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    lose_reply(stage, "A", "put_object")
    stage.sync("A")
    stage.devices["A"].crash()
    stage.sync("B")
    stage.folder("B").write("p", b"v3")
    stage.sync("B")
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}


def test_29_a_create_that_lands_after_the_local_deletion_is_undone():
    stage = Stage()
    stage.folder("A").write("p", b"v1")
    late = lose_reply(stage, "A", "put_object", is_late=True)
    stage.sync("A")
    stage.folder("A").delete("p")
    stage.sync("A")
    late.pop()()
    assert stage.world.live() == {"p": b"v1"}
    stage.settle()
    assert stage.everywhere() == {}


def test_30_a_put_that_lands_after_a_newer_one_is_refused():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    late = lose_reply(stage, "A", "put_object", is_late=True)
    stage.sync("A")
    stage.folder("A").write("p", b"v3")
    stage.sync("A")
    with pytest.raises(ConditionFailedError):
        late.pop()()
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}
    assert stage.versions("p") == [b"v3", b"v1"]


def test_31_a_lost_reply_of_a_deletion():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").delete("p")
    lose_reply(stage, "A", "delete_object")
    stage.sync("A")
    stage.settle()
    assert stage.everywhere() == {}
    assert stage.versions("p") in ([None, b"v1"], [None, None, b"v1"])


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_32_a_storm_of_409_changes_nothing_and_success_comes_after_it(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1", "q": b"w1"})
    stage.folder("A").write("p", b"v2")
    stage.folder("A").delete("q")
    stage.world.faults = Faults(conflict=1.0)
    for _ in range(3):
        stage.world.run(stage.devices["A"].sync())
    assert (stage.versions("p"), stage.versions("q")) == ([b"v1"], [b"w1"])
    stage.world.faults = Faults()
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}
    assert (stage.versions("p"), stage.versions("q")) == ([b"v2", b"v1"], [None, b"w1"])


def test_32_a_few_409_are_overcome_within_a_sync():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    bucket = bucket_of(stage, "A")
    put, refusals = bucket.put_object, [409] * 3

    async def refusing(key, *args):
        if key == f"{PREFIX}p" and refusals:
            refusals.pop()
            raise ConditionFailedError("Another request for this key is under way (409).")
        return await put(key, *args)

    bucket.__dict__["put_object"] = refusing
    report = stage.sync("A")
    assert (refusals, report.uploaded, report.failed, report.conflicts) == ([], 1, [], [])
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}
    assert stage.versions("p") == [b"v2", b"v1"]


def test_33_a_refused_condition_because_another_device_was_faster():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.folder("B").write("p", b"v3")
    at(stage, "A", "read", lambda: stage.world.store.put(f"{PREFIX}p", b"from elsewhere"), before=False)
    stage.sync("A")
    stage.settle()
    assert stage.everywhere()["p"] == b"from elsewhere"
    assert copies(stage.everywhere()) == [b"v2", b"v3"]


def test_a_crash_while_a_download_is_given_up_is_no_deletion():
    """Hostile seed 1021: the staged file was discarded, and the attempt then taken for an installed one."""
    stage = Stage()
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    device = stage.devices["A"]
    at(stage, "A", "install", device.crash)
    stage.world.run(device.sync())
    at(stage, "A", "discard", device.crash, before=False)
    stage.world.run(device.sync())
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


def test_a_crash_after_an_edit_of_the_last_moment_was_given_back_brings_nothing_back_that_is_deleted_then():
    """Hostile seed 116: the place in quarantine was empty again, so the installed version was not agreed on."""
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    device, folder = stage.devices["A"], stage.folder("A")
    save_after_the_check(stage, "A", "p", b"v3")
    at(stage, "A", "put_back", device.crash, before=False)
    stage.world.run(device.sync())
    assert folder.files()["p"] == b"v2"
    folder.delete("p")
    stage.settle()
    assert copies(stage.everywhere()) == [b"v3"]
    assert "p" not in stage.everywhere()


def test_a_state_restored_from_an_older_copy_does_not_settle_what_was_settled_long_ago():
    """Backed up, seed 3128: a download that had been given up counted as installed, and the user's file as its edit."""
    stage = Stage()
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    device = stage.devices["A"]
    at(stage, "A", "install", device.crash)
    stage.world.run(device.sync())
    device.back_up_state()
    at(stage, "A", "discard", device.crash, before=False)
    stage.world.run(device.sync())
    device.restore_state()
    stage.folder("A").write("p", b"v3")
    stage.settle()
    files = stage.everywhere()
    assert (files["p"], copies(files)) == (b"v2", [b"v3"])


def test_a_file_that_yielded_its_name_is_no_deletion_even_if_the_bucket_has_what_was_agreed_again():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.folder("B").write("p", b"v3")
    stage.sync("B")
    at(stage, "A", "rename", lambda: stage.world.store.put(f"{PREFIX}p", b"v1"))
    stage.settle()
    files = stage.everywhere()
    assert (files["p"], copies(files)) == (b"v1", [b"v2"])


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_file_whose_deletion_got_no_reply_stays_alone_until_it_is_gone(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1"})
    stage.folder("A").delete("p")
    stage.folder("A").write("p/x", b"v2")
    lose_reply(stage, "A", "delete_object", is_late=True)
    stage.sync("A", "B")
    stage.settle()
    assert stage.everywhere() == {"p/x": b"v2"}


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_file_in_place_of_a_folder_waits_until_the_deletion_of_what_lay_in_it_has_arrived(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p/x": b"v1", "p/y": b"w"})
    stage.folder("A").delete("p")
    stage.folder("A").write("p", b"v2")
    lose_reply(stage, "A", "delete_object", is_late=True)
    stage.sync("A", "B")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


def lose_doorbells(stage, name):
    """No ring of a device's doorbell is answered, until what this returns is called."""
    bucket = bucket_of(stage, name)
    original = bucket.put_object

    async def unanswered(key, *args, **kwargs):
        if key.endswith("/doorbell"):
            raise UnknownOutcomeError("No reply came.")
        return await original(key, *args, **kwargs)

    bucket.__dict__["put_object"] = unanswered
    return lambda: bucket.__dict__.pop("put_object")


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_doorbell_that_is_not_answered_stops_nothing_and_is_rung_by_the_next_sync(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1", "q": b"w"})
    stage.folder("A").delete("p")
    answer = lose_doorbells(stage, "A")
    report = stage.sync("A")
    assert (report.deleted_in_bucket, report.failed, len(report.notes)) == (1, [], 1)
    rung = stage.world.store.live()[f"{PREFIX}.bucketdrive/doorbell"]
    answer()
    stage.sync("A")
    assert stage.world.store.live()[f"{PREFIX}.bucketdrive/doorbell"] != rung
    assert stage.sync("A").notes == []


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_file_that_comes_back_after_its_deletion_got_no_reply_was_made_anew(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1"})
    stage.folder("A").move("p", "q")
    lose_reply(stage, "A", "delete_object")
    stage.sync("A")
    stage.folder("A").move("q", "p")
    stage.settle()
    assert stage.everywhere() == {"p": b"v1"}
