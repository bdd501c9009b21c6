"""Files that travel in parts (spec §2.6, s3.md §1.7): what is larger than eight bytes here, in parts of four."""

import inspect
from base64 import b64encode
from contextlib import nullcontext
from hashlib import md5

import pytest

from bucketdrive.engine.parts import Options
from bucketdrive.errors import ConditionFailedError, UnavailableError, UnknownOutcomeError
from bucketdrive.model.attempts import Deed
from bucketdrive.state.snapshot import load_snapshot
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.windows import copies
from bucketdrive.testing.world import PREFIX

SMALL_PARTS = Options(whole_bytes=8, part_bytes=4)
V1, V2, V3 = b"one one one one", b"two two two two two", b"three three"


@pytest.fixture
def stage():
    return Stage(options=SMALL_PARTS)


def bucket_of(stage, name):
    return stage.devices[name].process.parts.bucket


def disk_of(stage, name):
    return stage.devices[name].process.parts.disk


def around(port, method, *, before=None, after=None):
    """Do something once right before or after a call of a port that is not about our own objects."""
    original, left = getattr(port, method), [1]

    async def wrapped(*args, **kwargs):
        is_meant = left[0] > 0 and not any(".bucketdrive/" in str(arg) for arg in args[:1])
        left[0] -= is_meant
        if is_meant and before:
            await _awaited(before())
        result = await original(*args, **kwargs)
        if is_meant and after:
            await _awaited(after())
        return result

    port.__dict__[method] = wrapped


async def _awaited(result):
    return await result if inspect.isawaitable(result) else result


def syncing(stage, name):
    return stage.devices[name].process.cycle.sync


def raising(error):
    def act():
        raise error

    return act


def uploads(stage):
    """Multipart uploads that were begun and neither completed nor aborted."""
    return list(stage.world.store._uploads)


def open_attempts(stage, name):
    snapshot = stage.devices[name].state.run_now(load_snapshot, 0.0)
    return [attempt for attempt in snapshot.attempts if attempt.is_open and attempt.deed is Deed.UPLOAD]


def largest_body(stage, name):
    """Watches how much of a file a device has in one request; a list with the largest size."""
    bucket, largest = bucket_of(stage, name), [0]
    for method, place in {"put_object": 1, "upload_part": 3, "get_object": None}.items():
        original = getattr(bucket, method)

        async def watched(*args, _original=original, _place=place, **kwargs):
            result = await _original(*args, **kwargs)
            body = args[_place] if _place else (result.data if result else b"")
            if not any(".bucketdrive/" in str(arg) for arg in args):
                largest[0] = max(largest[0], len(body))
            return result

        bucket.__dict__[method] = watched
    return largest


def test_a_large_file_goes_up_in_parts_and_down_in_ranges(stage):
    up, down = largest_body(stage, "A"), largest_body(stage, "B")
    stage.start_with({"p": V1})
    assert stage.everywhere() == {"p": V1}
    assert (up, down) == ([4], [4])
    counts = [stage.requests(name) for name in ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")]
    assert counts == [1, 4, 1]
    [version] = stage.world.store.history(f"{PREFIX}p")
    assert version.etag.endswith("-4")
    assert version.metadata["md5chksum"] == b64encode(md5(V1).digest()).decode()
    assert len(version.metadata["sha256"]) == 64
    assert stage.sync("A").has_done_something is stage.sync("B").has_done_something is False


def test_what_is_not_large_goes_up_in_one_put_without_a_second_hash(stage):
    stage.start_with({"p": b"12345678"})
    assert stage.requests("CreateMultipartUpload") == 0
    [version] = stage.world.store.history(f"{PREFIX}p")
    assert "md5chksum" not in version.metadata


@pytest.mark.parametrize(("memory_bytes", "least", "most"), [(1 << 20, 4, 8), (8, 2, 2), (1, 1, 1)])
def test_as_many_parts_of_two_files_are_in_memory_as_the_budget_has_room_for(memory_bytes, least, most):
    stage = Stage("A", options=Options(whole_bytes=8, part_bytes=4, memory_bytes=memory_bytes))
    bucket = bucket_of(stage, "A")
    original, now, seen = bucket.upload_part, [0], [0]

    async def counted(*args):
        now[0] += 1
        seen[0] = max(seen[0], now[0])
        result = await original(*args)
        now[0] -= 1
        return result

    bucket.__dict__["upload_part"] = counted
    stage.folder("A").write("p", bytes(200))
    stage.folder("A").write("q", bytes(100))
    stage.sync("A")
    assert stage.world.live() == {"p": bytes(200), "q": bytes(100)}
    assert least <= seen[0] <= most


@pytest.mark.parametrize("method", ["read_range", "hash_files"])
def test_an_edit_while_it_is_sent_never_makes_a_mixed_version(stage, method):
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    around(disk_of(stage, "A"), method, after=lambda: stage.folder("A").write("p", V3))
    stage.settle()
    assert stage.everywhere() == {"p": V3}
    assert stage.versions("p") == [V3, V1]
    assert uploads(stage) == []


@pytest.mark.parametrize("number", [1, 2, 5])
def test_bytes_that_change_without_a_trace_while_they_are_sent_never_make_a_mixed_version(stage, number):
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    disk, folder, left = disk_of(stage, "A"), stage.folder("A"), [number]
    read = disk.read_range

    async def read_then_rot(*args):
        data = await read(*args)
        left[0] -= 1
        if left[0] == 0:
            folder.rot("p", V2[::-1])
        return data

    disk.__dict__["read_range"] = read_then_rot
    stage.settle()
    assert set(stage.versions("p")) <= {V1, V2, V2[::-1]}
    assert uploads(stage) == []


def test_a_file_that_becomes_shorter_while_it_is_sent(stage):
    stage.folder("A").write("p", V1)
    around(disk_of(stage, "A"), "read_range", before=lambda: stage.folder("A").write("p", b"1"))
    stage.settle()
    assert stage.everywhere() == {"p": b"1"}
    assert stage.versions("p") == [b"1"]


@pytest.mark.parametrize("method", ["create_multipart_upload", "upload_part"])
@pytest.mark.parametrize("error", [UnavailableError, UnknownOutcomeError])
def test_a_part_that_cannot_be_sent_leaves_nothing_in_the_bucket_and_nothing_to_settle(stage, method, error):
    stage.folder("A").write("p", V1)
    around(bucket_of(stage, "A"), method, before=raising(error("No.")))
    assert [failed.path for failed in stage.sync("A").failed] == ["p"]
    assert (uploads(stage), open_attempts(stage, "A"), stage.versions("p")) == ([], [], [])
    stage.settle()
    assert stage.everywhere() == {"p": V1}
    assert stage.versions("p") == [V1]


def test_a_completion_that_was_surely_refused_is_given_up(stage):
    stage.folder("A").write("p", V1)
    around(bucket_of(stage, "A"), "complete_multipart_upload", before=raising(UnavailableError("503")))
    assert [failed.path for failed in stage.sync("A").failed] == ["p"]
    assert (uploads(stage), open_attempts(stage, "A")) == ([], [])
    stage.settle()
    assert stage.versions("p") == [V1]


def test_a_lost_reply_to_the_completion_makes_one_version_and_no_conflict(stage):
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    around(bucket_of(stage, "A"), "complete_multipart_upload", after=raising(UnknownOutcomeError("No reply.")))
    assert [failed.path for failed in stage.sync("A").failed] == ["p"]
    assert len(open_attempts(stage, "A")) == 1
    assert stage.requests("AbortMultipartUpload") == 0
    stage.settle()
    assert stage.everywhere() == {"p": V2}
    assert stage.versions("p") == [V2, V1]
    assert stage.verify("A").differences == []


def test_a_lost_reply_and_another_edit_before_the_next_try(stage):
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    around(bucket_of(stage, "A"), "complete_multipart_upload", after=raising(UnknownOutcomeError("No reply.")))
    stage.sync("A")
    stage.folder("A").write("p", V3)
    stage.settle()
    assert stage.everywhere() == {"p": V3}
    assert stage.versions("p") == [V3, V2, V1]


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_a_completion_that_comes_late_buries_nobody(store_class):
    stage = Stage(options=SMALL_PARTS, store_class=store_class)
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    bucket, late = bucket_of(stage, "A"), []
    complete = bucket.complete_multipart_upload

    async def lost(*args, **kwargs):
        bucket.__dict__["complete_multipart_upload"] = complete
        late.append(lambda: stage.world.run(complete(*args, **kwargs)))
        raise UnknownOutcomeError("No reply.")

    bucket.__dict__["complete_multipart_upload"] = lost
    stage.sync("A")
    stage.folder("A").write("p", V3)
    stage.sync("A")
    with pytest.raises(ConditionFailedError) if store_class == "A" else nullcontext():
        late[0]()
    stage.settle()
    found = stage.everywhere()
    assert V3 in found.values()
    assert found["p"] == (V3 if store_class == "A" else found["p"])


@pytest.mark.parametrize(
    ("method", "versions"),
    [("upload_part", [V2, V1]), ("complete_multipart_upload", [V2, V1]), ("head_object", [V2, V1])],
)
@pytest.mark.parametrize("is_before", [True, False])
def test_a_crash_at_any_step_is_mended_by_the_next_sync(stage, method, versions, is_before):
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    device = stage.devices["A"]
    around(bucket_of(stage, "A"), method, **{"before" if is_before else "after": device.crash})
    stage.world.run(device.sync())
    assert device.crashes == 1
    stage.settle()
    assert stage.everywhere() == {"p": V2}
    assert stage.versions("p") == versions
    assert stage.verify("A").differences == []


def test_34_who_is_second_to_complete_makes_a_conflict_copy_and_aborts(stage):
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    stage.folder("B").write("p", V3)
    around(bucket_of(stage, "A"), "complete_multipart_upload", before=syncing(stage, "B"))
    stage.settle()
    assert stage.everywhere()["p"] == V3
    assert copies(stage.everywhere()) == [V2]
    assert uploads(stage) == []


def test_a_version_put_on_top_right_after_the_completion_is_no_conflict(stage):
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    put = stage.world.store.put
    around(bucket_of(stage, "A"), "complete_multipart_upload", after=lambda: put(f"{PREFIX}p", V3))
    stage.settle()
    assert stage.everywhere() == {"p": V3}
    assert stage.versions("p") == [V3, V2, V1]


def test_where_uploads_are_ordered_by_their_beginning_and_no_condition_helps_both_edits_stay():
    stage = Stage(options=SMALL_PARTS, store_class="C")
    stage.world.store.orders_by_beginning = True
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    stage.folder("B").write("p", b"B's")
    around(bucket_of(stage, "A"), "complete_multipart_upload", before=syncing(stage, "B"))
    stage.settle()
    assert stage.versions("p")[:2] == [b"B's", V2]
    assert stage.everywhere()["p"] == b"B's"
    assert copies(stage.everywhere()) == [V2]


def test_an_overwrite_between_two_ranges_never_mixes_versions(stage):
    shown = stage.devices["B"].shown
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    stage.sync("A")
    put = stage.world.store.put
    around(bucket_of(stage, "B"), "get_object", after=lambda: put(f"{PREFIX}p", V3 + V3))
    stage.settle()
    assert stage.everywhere() == {"p": V3 + V3}
    assert {data for path, data in shown if path == "p"} <= {V1, V2, V3 + V3}


def test_a_version_destroyed_between_two_ranges_is_looked_for_again(stage):
    stage.folder("A").write("p", V1)
    stage.sync("A")
    store = stage.world.store

    def replace():
        store.forget_history(f"{PREFIX}p")
        store.put(f"{PREFIX}p", V2)

    around(bucket_of(stage, "B"), "get_object", after=replace)
    stage.sync("B")
    assert stage.folder("B").files() == {"p": V2}
    assert stage.folder("B").places() == {}


def test_a_crash_between_two_ranges_leaves_no_partial_file(stage):
    stage.folder("A").write("p", V1)
    stage.sync("A")
    device = stage.devices["B"]
    around(bucket_of(stage, "B"), "get_object", after=device.crash)
    stage.world.run(device.sync())
    assert stage.folder("B").files() == {}
    stage.settle()
    assert stage.everywhere() == {"p": V1}
    assert stage.folder("B").places() == {}


@pytest.mark.parametrize("claims", [{"md5chksum": "wxCH2sAR92KjGJ2iSL2qIg=="}, {"sha256": "0" * 64}])
def test_stale_claims_of_other_tools_are_found_out_by_a_second_download(stage, claims):
    stage.world.store.put(f"{PREFIX}p", V2, claims)
    [version] = stage.world.store.history(f"{PREFIX}p")
    object.__setattr__(version, "etag", "0" * 32 + "-3")
    stage.sync("B")
    assert stage.folder("B").files() == {"p": V2}
    assert stage.requests("GetObject") >= 10


@pytest.mark.parametrize(("store_class", "copies", "parts"), [("A", 1, 0), ("B", 0, 4), ("C", 1, 0)])
def test_a_large_old_version_is_restored_by_the_store_whole_or_in_parts(store_class, copies, parts):
    stage = Stage("A", options=SMALL_PARTS, store_class=store_class)
    stage.start_with({"p": V1})
    then = stage.wait(5)
    stage.wait(5)
    stage.folder("A").write("p", V2)
    stage.settle()
    largest = largest_body(stage, "A")
    stage.restore("A", "p", at_s=then)
    assert stage.versions("p") == [V1, V2, V1]
    assert (stage.requests("CopyObject"), stage.requests("UploadPartCopy"), largest) == (copies, parts, [0])
    stage.settle()
    assert stage.everywhere() == {"p": V1}


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_large_file_that_clashes_with_a_folder_yields_its_name_and_is_never_whole_in_memory(store_class):
    stage = Stage("A", options=SMALL_PARTS, store_class=store_class)
    stage.world.store.put(f"{PREFIX}p", V1)
    stage.world.store.put(f"{PREFIX}p/x", b"x")
    largest = largest_body(stage, "A")
    stage.settle()
    files = stage.everywhere()
    assert files["p/x"] == b"x"
    assert copies(files) == [V1]
    assert largest == [4]
    assert stage.sync("A").has_done_something is False


@pytest.mark.parametrize("store_class", ["A", "B", "C"])
def test_a_large_file_that_clashes_is_not_copied_twice(store_class):
    stage = Stage("A", "B", options=SMALL_PARTS, store_class=store_class)
    stage.world.store.put(f"{PREFIX}p", V1)
    stage.world.store.put(f"{PREFIX}p/x", b"x")
    around(bucket_of(stage, "A"), "delete_object", before=raising(UnavailableError("503")))
    stage.sync("A")
    stage.settle()
    assert copies(stage.everywhere()) == [V1]


def test_a_large_version_that_was_buried_comes_back_as_one_conflict_copy():
    stage = Stage("A", "B", "C", options=SMALL_PARTS, store_class="C")
    stage.start_with({"p": V1})
    stage.folder("A").write("p", V2)
    stage.folder("B").write("p", V3)
    around(bucket_of(stage, "A"), "complete_multipart_upload", before=syncing(stage, "B"))
    stage.settle()
    found = stage.everywhere()
    assert sorted([found["p"], *copies(found)]) == sorted([V2, V3])
