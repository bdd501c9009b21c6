"""Edits that fall into the windows of an action (spec §3.6, 21 to 25), and what quarantine keeps of them."""

import pytest

from bucketdrive.testing.stage import Stage
from bucketdrive.testing.windows import at, copies, save_after_the_check
from bucketdrive.testing.world import PREFIX


def while_it_is_made_durable(stage, name, then):
    """Let a user do `then` once, when a device's disk has moved a file and the move is not yet durable."""
    tree = stage.folder(name).tree
    unsynced = tree.unsynced

    def called(way_back):
        tree.unsynced = unsynced
        then()
        return unsynced(way_back)

    tree.unsynced = called


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


def test_22_a_file_saved_between_check_and_swap_as_it_was_is_no_edit():
    stage = Stage()
    stage.start_with({"p": b"v1"})
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    save_after_the_check(stage, "A", "p", b"v1")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


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


@pytest.mark.parametrize("before", [{}, {"p": b"v1"}])
def test_an_edit_that_keeps_size_and_time_right_after_a_download_is_seen(before):
    stage = Stage()
    stage.start_with(before)
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    folder = stage.folder("A")
    while_it_is_made_durable(stage, "A", lambda: folder.write("p", b"v3", mtime_ns=folder.mtime_ns("p")))
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}


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
