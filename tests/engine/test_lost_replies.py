"""Writes whose outcome was not learnt, and edits that fall into the windows of an action (spec §3.6, 21 to 33)."""

import pytest

from bucketdrive.errors import ConditionFailedError, UnknownOutcomeError
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX


def bucket_of(stage, name):
    return stage.devices[name].process.cycle._parts.bucket


def disk_of(stage, name):
    return stage.devices[name].process.cycle._parts.disk


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


def at(stage, name, method, then, *, before=True):
    """Let a user do `then` once, right before the device's disk does `method`, or after it was done."""
    disk = disk_of(stage, name)
    original = getattr(disk, method)

    async def interrupted(*args, **kwargs):
        if before:
            disk.__dict__[method] = original
            then()
        result = await original(*args, **kwargs)
        if not before:
            disk.__dict__[method] = original
            then()
        return result

    disk.__dict__[method] = interrupted


def save_after_the_check(stage, name, path, data):
    """Let a user save a file once, between the disk's last look at a file and its move."""
    memory_disk, folder = disk_of(stage, name)._inner, stage.folder(name)
    check = memory_disk._check

    def check_then_the_user_saves(*args):
        check(*args)
        memory_disk._check = check
        folder.save(path, data)

    memory_disk._check = check_then_the_user_saves


def copies(files):
    return sorted(data for path, data in files.items() if is_conflict_name(path))


def test_21_an_edit_during_an_upload_never_mixes_versions():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    at(stage, "A", "read", lambda: stage.folder("A").write("p", b"v3"), before=False)
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}
    assert set(stage.versions("p")) <= {b"v1", b"v2", b"v3"}


def test_22_an_edit_between_check_and_swap_becomes_a_conflict_copy():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    save_after_the_check(stage, "A", "p", b"v3")
    stage.settle()
    assert stage.everywhere()["p"] == b"v2"
    assert copies(stage.everywhere()) == [b"v3"]


def test_23_a_late_write_through_an_old_handle_comes_back_within_a_day():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    writer = stage.folder("A").open_writer("p")
    stage.folder("B").write("p", b"v2")
    stage.settle()
    writer.write(b"late bytes")
    stage.world.run(advance(86_401))
    stage.settle()
    assert stage.everywhere()["p"] == b"v2"
    assert copies(stage.everywhere()) == [b"late bytes"]
    assert stage.folder("A").quarantine() == {}


async def advance(seconds):
    import asyncio

    await asyncio.sleep(seconds)


def test_quarantine_is_emptied_after_a_day_when_its_bytes_are_a_listed_version():
    stage = Stage()
    stage.start_with({"p": b"v1", "q": b"w1"})
    stage.folder("B").write("p", b"v2")
    stage.folder("B").delete("q")
    stage.settle()
    assert sorted(stage.folder("A").quarantine().values()) == [b"v1", b"w1"]
    stage.world.run(advance(86_401))
    stage.settle()
    assert stage.folder("A").quarantine() == {}
    assert stage.everywhere() == {"p": b"v2"}


def test_quarantine_whose_version_is_gone_from_the_bucket_is_given_back():
    stage = Stage()
    stage.start_with({"q": b"w1"})
    stage.folder("B").delete("q")
    stage.settle()
    stage.world.store.forget_history(f"{PREFIX}q")
    stage.world.run(advance(86_401))
    stage.settle()
    assert stage.everywhere() == {"q": b"w1"}


def test_24_an_edit_in_the_window_of_a_deletion_survives():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").delete("p")
    stage.sync("B")
    at(stage, "A", "set_aside", lambda: stage.folder("A").write("p", b"v2"))
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


def test_25_a_creation_in_the_window_of_an_install_keeps_both():
    stage = Stage()
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    at(stage, "A", "install", lambda: stage.folder("A").write("p", b"v1"))
    stage.settle()
    assert stage.everywhere()["p"] == b"v2"
    assert copies(stage.everywhere()) == [b"v1"]


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
