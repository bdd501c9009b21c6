"""Stores that ignore conditional writes (class C; class B on deletes): nothing stays buried unseen."""

import pytest

from bucketdrive.testing.stage import Stage
from bucketdrive.testing.windows import copies
from bucketdrive.testing.world import PREFIX


def before(stage, name, operation, then):
    """Do `then` once, right before a device's next request of this kind for a file."""
    bucket = stage.devices[name].process.cycle._parts.bucket
    original = getattr(bucket, operation)

    async def interrupted(key, *args, **kwargs):
        if ".bucketdrive/" not in key:
            bucket.__dict__[operation] = original
            then()
        return await original(key, *args, **kwargs)

    bucket.__dict__[operation] = interrupted


def crash_after(stage, name, operation):
    """Let a device crash right after its next request of this kind for a file was executed."""
    device = stage.devices[name]
    bucket = device.process.cycle._parts.bucket
    original = getattr(bucket, operation)

    async def last(key, *args, **kwargs):
        result = await original(key, *args, **kwargs)
        if ".bucketdrive/" not in key:
            device.crash()
        return result

    bucket.__dict__[operation] = last


def test_no_condition_is_ever_sent_to_a_store_that_ignores_them():
    stage = Stage(store_class="C")
    stage.start_with({"p": b"v1", "q": b"w"})
    stage.folder("A").write("p", b"v2")
    stage.folder("A").delete("q")
    stage.folder("A").mkdir("d")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}
    assert stage.world.store.conditional_writes == []


def test_an_edit_that_was_overwritten_unseen_comes_back_as_a_conflict_copy():
    stage = Stage(store_class="C")
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"from A")
    stage.folder("B").write("p", b"from B")
    before(stage, "A", "put_object", lambda: put_as(stage, "B"))
    stage.sync("A")
    stage.settle()
    assert stage.everywhere()["p"] == b"from A"
    assert copies(stage.everywhere()) == [b"from B"]


def put_as(stage, name):
    """What a device's put of its edit does, at once."""
    store, folder = stage.world.store, stage.folder(name)
    top = store.history(f"{PREFIX}p")[0]
    meta = {"bucketdrive-op": f"op-{name}", "bucketdrive-base": top.version_id, "bucketdrive-device": name}
    store.put(f"{PREFIX}p", folder.files()["p"], meta)


def test_two_creations_of_one_name_keep_both():
    stage = Stage(store_class="C")
    stage.folder("A").write("p", b"from A")
    meta = {"bucketdrive-op": "op-B", "bucketdrive-base": "0", "bucketdrive-device": "B"}
    before(stage, "A", "put_object", lambda: stage.world.store.put(f"{PREFIX}p", b"from B", meta))
    stage.sync("A")
    stage.settle()
    assert stage.everywhere()["p"] == b"from A"
    assert copies(stage.everywhere()) == [b"from B"]


def test_a_tool_that_overwrites_without_our_metadata_means_it():
    stage = Stage(store_class="C")
    stage.start_with({"p": b"v1"})
    stage.world.store.put(f"{PREFIX}p", b"v2")
    stage.world.store.put(f"{PREFIX}p", b"v3")
    stage.settle()
    assert stage.everywhere() == {"p": b"v3"}


@pytest.mark.parametrize("store_class", ["B", "C"])
def test_a_deletion_is_announced_before_it_is_made(store_class):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1"})
    version_id = stage.world.store.history(f"{PREFIX}p")[0].version_id
    stage.folder("A").delete("p")
    crash_after(stage, "A", "list_object_versions")
    stage.world.run(stage.devices["A"].sync())
    told = b"".join(data for key, data in stage.world.store.live().items() if "/journal/id-A/" in key)
    assert version_id.encode() in told
    stage.settle()
    assert stage.everywhere() == {}


@pytest.mark.parametrize("store_class", ["B", "C"])
@pytest.mark.parametrize("crashes", [False, True])
def test_an_edit_that_a_deletion_buried_is_put_back(store_class, crashes):
    stage = Stage(store_class=store_class)
    stage.start_with({"p": b"v1"})
    top = stage.world.store.history(f"{PREFIX}p")[0].version_id
    meta = {"bucketdrive-op": "op-B", "bucketdrive-base": top, "bucketdrive-device": "B"}
    stage.folder("A").delete("p")
    before(stage, "A", "delete_object", lambda: stage.world.store.put(f"{PREFIX}p", b"edit", meta))
    if crashes:
        crash_after(stage, "A", "delete_object")
        stage.world.run(stage.devices["A"].sync())
    stage.settle()
    assert stage.everywhere() == {"p": b"edit"}


def delete_late(stage, name, path):
    """Let a device delete a file and crash as it sends that; the keys whose deletion is then on the way."""
    device, late = stage.devices[name], []

    async def delayed(key, **_):
        late.append(key)
        device.crash()

    device.process.cycle._parts.bucket.__dict__["delete_object"] = delayed
    stage.folder(name).delete(path)
    stage.world.run(device.sync())
    return late


def test_a_deletion_that_comes_late_is_undone_by_whoever_sees_it():
    stage = Stage("A", "B", "C", store_class="C")
    stage.start_with({"p": b"v1"})
    late = delete_late(stage, "A", "p")
    stage.folder("B").write("p", b"v2")
    stage.sync("B", "C")
    stage.world.store.delete(late.pop())
    stage.sync("C")
    stage.settle()
    assert stage.everywhere() == {"p": b"v2"}


@pytest.mark.parametrize("by_hints", [False, True])
def test_what_a_late_deletion_buried_comes_back_though_another_file_is_on_top_by_then(by_hints):
    stage = Stage("A", "B", store_class="C")
    stage.folder("B").write("p", b"v1")
    stage.sync_by_hints("B")
    delete_late(stage, "B", "p")
    stage.folder("B").write("p", b"v2")
    stage.sync("B")
    stage.sync_by_hints("B")
    stage.world.store.delete(f"{PREFIX}p")
    stage.folder("A").write("p", b"of one who knew nothing")
    stage.sync("A")
    if by_hints:
        stage.sync_by_hints("B")
    stage.settle()
    assert stage.everywhere()["p"] == b"of one who knew nothing"
    assert copies(stage.everywhere()) == [b"v2"]


def test_what_our_own_late_upload_buried_comes_back_though_nothing_had_been_agreed_on_there():
    stage = Stage("A", "B", store_class="C")
    stage.settle()
    one, late = stage.devices["A"], []

    async def delayed(key, data, new):
        late.append((key, data, dict(new.metadata)))
        one.crash()

    one.process.cycle._parts.bucket.__dict__["put_object"] = delayed
    stage.folder("A").write("p", b"from A")
    stage.world.run(one.sync())
    stage.world.store.put(f"{PREFIX}p", b"another tool's")
    stage.world.run(one.process.cycle.plan())  # a look that ends there
    one.crash()
    stage.world.store.put(*late.pop())
    stage.folder("A").write("p", b"later, from A")
    stage.world.run(one.sync())
    stage.settle()
    assert stage.everywhere()["p"] == b"later, from A"
    assert copies(stage.everywhere()) == [b"another tool's"]


def test_another_tools_deletion_is_meant():
    stage = Stage(store_class="C")
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.settle()
    stage.world.store.delete(f"{PREFIX}p")
    stage.settle()
    assert stage.everywhere() == {}


def test_the_lineage_is_asked_about_once():
    stage = Stage(store_class="C")
    stage.start_with({"p": b"v1"})
    for data in (b"v2", b"v3"):
        stage.folder("A").write("p", data)
        stage.settle()
    heads = stage.requests("HeadObject")
    stage.settle()
    assert stage.requests("HeadObject") == heads


def test_what_journals_tell_of_many_edits_is_not_asked_of_each():
    stage = Stage(store_class="C")
    files = {f"d/{number}": b"one" for number in range(50)}
    stage.start_with(files)
    for path in files:
        stage.folder("A").write(path, b"two")
    stage.settle()
    assert stage.everywhere() == dict.fromkeys(files, b"two")
    assert stage.requests("HeadObject") == 0


def test_only_other_tools_edits_in_the_midst_of_many_are_asked_about():
    stage = Stage(store_class="C")
    files = {f"d/{number}": b"one" for number in range(50)}
    stage.start_with(files)
    for path in files:
        stage.folder("A").write(path, b"two")
    stage.sync("A")
    foreign = dict.fromkeys(("d/1", "d/2"), b"another tool's")
    for path, data in foreign.items():
        stage.world.store.put(f"{PREFIX}{path}", data)
    stage.sync("B")
    assert 0 < stage.requests("HeadObject") <= 4
    stage.settle()
    assert stage.everywhere() == dict.fromkeys(files, b"two") | foreign


def test_a_restored_version_makes_no_conflict_copy():
    stage = Stage(store_class="C")
    stage.start_with({"p": b"v1"})
    stage.folder("A").write("p", b"v2")
    stage.settle()
    stage.restore("A", "p")
    stage.settle()
    assert stage.everywhere() == {"p": b"v1"}
    assert stage.versions("p") == [b"v1", b"v2", b"v1"]
