"""Verify: what it sees of each kind of difference, and that it changes nothing. On a bucket and folders in memory."""

import pytest

from bucketdrive.engine.parts import Options
from bucketdrive.errors import GuardError, UnknownOutcomeError
from bucketdrive.state.snapshot import load_snapshot
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX

FILES = {"a": b"aaa", "d/b": b"bbb", "d/c": b"ccc"}


@pytest.fixture
def stage():
    stage = Stage("A")
    stage.start_with(FILES)
    stage.wait(1)
    stage.folder("A").touch("a")  # so that fingerprints are looked at when the files are no longer young
    stage.wait(1)
    stage.settle()
    return stage


def found(report):
    return [(difference.path, difference.what) for difference in report.differences]


def everything(stage):
    """All that a verification may not change."""
    device = stage.devices["A"]
    folder = {name: (file.fingerprint, file.data) for name, file in _files(device.folder)}
    snapshot = device.state.run_now(load_snapshot, 0.0)
    return folder, snapshot, {key: list(history) for key, history in stage.world.store._history.items()}


def _files(folder):
    return [(name, node) for name, node in folder.tree.walk(folder.tree.root) if hasattr(node, "fingerprint")]


def test_sides_that_agree_are_proved_equal(stage):
    report = stage.verify("A")
    assert found(report) == []
    assert (report.files, report.read_here, report.proved_in_bucket, report.exit_code) == (3, 3, 3, 0)
    assert (report.set_aside, report.unsettled, report.untold, report.unproved_in_bucket) == (0, 0, 0, 0)


def test_a_sample_reads_no_more_than_it_says_and_what_looks_changed(stage):
    assert stage.verify("A", sample=2).read_here == 2
    stage.folder("A").touch("d/b")
    report = stage.verify("A", sample=0)
    assert (report.read_here, found(report)) == (1, [])


def test_nothing_at_all_is_changed_and_nothing_written(stage):
    folder = stage.folder("A")
    folder.write("new", b"n")
    folder.write("a", b"edited")
    folder.rot("d/b", b"xxx")
    folder.delete("d/c")
    before, requests = everything(stage), dict(stage.world.store.requests)
    stage.verify("A", full=True)
    assert everything(stage) == before
    asked = {name for name, number in stage.world.store.requests.items() if number != requests.get(name, 0)}
    assert asked == {"GetObject", "ListObjectsV2"}


def test_rot_is_found_though_nothing_that_a_look_tells_has_changed(stage):
    stage.folder("A").rot("d/b", b"xxx")
    assert stage.sync("A").uploaded == 0
    for full in (False, True):
        report = stage.verify("A", full=full)
        [(path, what)] = found(report)
        assert path == "d/b"
        assert "damaged" in what
        assert report.exit_code == 4
    assert report.proved_in_bucket == 3


def test_an_edit_a_deletion_and_a_creation_that_were_not_synced(stage):
    folder = stage.folder("A")
    folder.write("a", b"edited")
    folder.delete("d/b")
    folder.write("e/new", b"n")
    folder.mkdir("empty")
    assert found(stage.verify("A")) == [
        ("a", "changed here since the last sync"),
        ("d/b", "gone here"),
        ("e/new", "only here, not uploaded yet"),
        ("empty", "an empty folder that is only here"),
    ]


def test_what_others_did_in_the_bucket(stage):
    store = stage.world.store
    store.put(f"{PREFIX}a", b"foreign")
    store.delete(f"{PREFIX}d/b")
    store.forget_history(f"{PREFIX}d/c")
    store.put(f"{PREFIX}new", b"n")
    store.put(f"{PREFIX}dir/", b"")
    assert found(stage.verify("A")) == [
        ("a", "the bucket has another version than the one agreed on"),
        ("d", "the folder is gone in the bucket"),
        ("d/b", "deleted in the bucket"),
        ("d/c", "the bucket has no version of it any more"),
        ("dir", "a folder that is only in the bucket"),
        ("new", "only in the bucket, not downloaded yet"),
    ]


def test_other_kinds_in_the_place_of_a_file(stage):
    folder = stage.folder("A")
    folder.delete("a")
    folder.mkdir("a")
    folder.delete("d")
    folder.write("d", b"a file")
    folder.symlink("link")
    assert found(stage.verify("A")) == [
        ("a", "a folder stands here in its place"),
        ("d", "a file stands here in place of the folder"),
        ("d/b", "gone here"),
        ("d/c", "gone here"),
        ("link", "a symbolic link, which is not synced"),
    ]


def test_names_that_cannot_be_kept_are_listed(stage):
    stage.folder("A").write("tab\there", b"x")
    [(path, what)] = found(stage.verify("A"))
    assert path == "tab\there"
    assert what.startswith("held: ")


def test_ignored_files_are_no_difference(stage):
    stage.folder("A").write(".driveignore", b"*.o\n")
    stage.sync("A")
    stage.folder("A").write("x.o", b"x")
    stage.world.store.put(f"{PREFIX}y.o", b"y")
    assert found(stage.verify("A")) == []


def test_bytes_whose_etag_is_no_proof_are_downloaded_only_in_full():
    stage = Stage("A", options=Options(whole_bytes=4, part_bytes=4))
    stage.start_with({"large": b"0123456789"})
    report = stage.verify("A")
    assert (report.proved_in_bucket, report.unproved_in_bucket) == (0, 1)
    report = stage.verify("A", full=True)
    assert (report.proved_in_bucket, report.unproved_in_bucket) == (1, 0)
    [version] = stage.world.store.history(f"{PREFIX}large")
    object.__setattr__(version, "data", b"012345678X")
    assert found(stage.verify("A", full=True)) == [("large", "the bytes in the bucket are not those agreed on")]


def test_what_an_interrupted_run_left_is_accounted_for(stage):
    device = stage.devices["A"]
    bucket = device.process.parts.bucket
    put = bucket.put_object

    async def unanswered(*args):
        await put(*args)
        raise UnknownOutcomeError("No reply came.")

    device.folder.write("a", b"edited")
    bucket.__dict__["put_object"] = unanswered
    stage.sync("A")
    device.crash()
    device.folder.tree.insert([".bucketdrive", "tmp", "half"], device.folder.tree.new_file(b"h"))
    report = stage.verify("A")
    assert found(report) == [
        (".bucketdrive/tmp/half", "left over by an interrupted run; the next sync puts it where it belongs"),
        ("a", "the bucket has another version than the one agreed on"),
        ("a", "an upload of an earlier run is not settled; the next sync does it"),
        ("a", "changed here since the last sync"),
    ]
    assert report.unsettled == 1
    stage.settle()
    assert found(stage.verify("A")) == []


def test_the_quarantine_is_accounted_for():
    stage = Stage()
    stage.start_with({"p": b"v1", "q": b"w1"})
    stage.folder("B").write("p", b"v2")
    stage.folder("B").delete("q")
    stage.settle()
    report = stage.verify("A", full=True)
    assert (report.set_aside, found(report)) == (2, [])
    [p_place, q_place] = sorted(stage.folder("A").quarantine(), key=lambda place: place[-1])
    stage.folder("A").delete(f".bucketdrive/{p_place}")
    stage.folder("A").write(f".bucketdrive/{q_place}", b"late bytes")
    assert found(stage.verify("A", full=True)) == [
        ("p", "its old content was set aside, but is gone from quarantine"),
        ("q", "its old content, set aside, was written to; it comes back"),
    ]


def test_with_a_lost_state_every_file_is_not_agreed_on_yet(stage):
    stage.devices["A"].lose_state()
    assert found(stage.verify("A")) == [(path, "here and in the bucket, not agreed on yet") for path in FILES]


def test_an_unmounted_folder_is_not_compared(stage):
    stage.folder("A").unmount()
    with pytest.raises(GuardError):
        stage.verify("A")
