"""What `retention` sets, carried out by a real store: Ceph, where a day of lifecycle rules lasts five seconds here."""

import threading
from email.utils import parsedate_to_datetime
from itertools import pairwise

import pytest

pytestmark = pytest.mark.stores("ceph")

DAY_S = 5
GONE = None


def keep(world, age):
    """Old versions and deleted files stay for `age` from now on."""
    world.laptop.run("retention", world.laptop.folder, "--versions", age, "--deleted", age, "--yes")


def listed(world, path=""):
    """Versions and markers, newest first, by id, with when they were put; and the store's time of the answer."""
    reply = world.bucket.s3.list_object_versions(Bucket=world.bucket.name, Prefix=f"home/{path}")
    rows = [*reply.get("Versions", []), *reply.get("DeleteMarkers", [])]
    rows.sort(key=lambda row: row["LastModified"], reverse=True)
    now_s = parsedate_to_datetime(reply["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
    return {
        row["VersionId"]: row["LastModified"].timestamp() for row in rows if ".bucketdrive" not in row["Key"]
    }, now_s


def wait_until(is_so, tries=1200):
    """Wait, by the store's days."""
    pause = threading.Event()
    for _ in range(tries):
        if is_so():
            return
        pause.wait(DAY_S / 50)
    pytest.fail("the store did not carry out its rules")


@pytest.mark.timeout(240)
def test_old_versions_and_deleted_files_go_on_time_then_spent_markers_and_live_files_never(world):
    world.start({"edited": "v1", "gone": "g1", "live": "l1", "d/live": "d1"})
    for text in ("v2", "v3"):
        world.laptop.change({"edited": text})
        world.laptop.sync()
    world.laptop.change({"gone": GONE})
    world.laptop.sync()
    keep(world, "4d")
    edited, gone = (list(listed(world, path)[0].items()) for path in ("edited", "gone"))
    ends_s = {row[0]: above[1] + 4 * DAY_S for history in (edited, gone) for above, row in pairwise(history)}
    last_seen_s = {}

    def all_went():
        found, now_s = listed(world)
        last_seen_s.update(dict.fromkeys(found, now_s))
        return not ends_s.keys() & found.keys()

    wait_until(all_went)
    early_s = {version_id: end_s - last_seen_s[version_id] for version_id, end_s in ends_s.items()}
    assert [second < 1.5 for second in early_s.values()] == [True] * 3, early_s  # times are told in whole seconds
    wait_until(lambda: listed(world, "gone")[0] == {})
    assert world.bucket.tree() == {"edited": "v3", "live": "l1", "d/live": "d1"}
    assert list(listed(world, "edited")[0]) == [edited[0][0]]
    assert world.laptop.sync()["requests"].keys() == {"GetObject", "ListObjectVersions"}
    assert world.laptop.tree() == {"edited": "v3", "live": "l1", "d/live": "d1"}


@pytest.mark.timeout(240)
def test_a_device_that_was_away_longer_than_deleted_files_are_kept_holds_and_deletes_nothing(world):
    world.start({"gone": "g1", "edited": "v1", "kept": "k1"})
    world.desktop.change({"gone": GONE, "edited": "v2"})
    world.desktop.sync()
    keep(world, "1d")
    wait_until(lambda: listed(world, "gone")[0] == {} and len(listed(world, "edited")[0]) == 1)
    [held] = world.laptop.sync(exit_code=4)["held"]
    assert (held["path"], "vanished from the bucket" in held["reason"]) == ("gone", True)
    assert world.laptop.tree() == {"gone": "g1", "edited": "v2", "kept": "k1"}
    assert world.bucket.tree() == {"edited": "v2", "kept": "k1"}


@pytest.mark.timeout(240)
def test_live_files_outlive_a_rule_of_others_for_old_versions_of_the_whole_bucket(world):
    rule = {"Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    world.bucket.s3.put_bucket_lifecycle_configuration(
        Bucket=world.bucket.name, LifecycleConfiguration={"Rules": [{"ID": "theirs", **rule}]}
    )
    world.start({"edited": "v1", "live": "l1", "back": "b1"})
    document = world.laptop.run(
        *("retention", world.laptop.folder, "--versions", "900d", "--deleted", "900d", "--yes"), exit_code=4
    )
    assert (document["versions_days"], "somebody else" in document["shortfalls"][0]) == (1, True)
    world.laptop.change({"back": GONE, "edited": "v2"})
    world.laptop.sync()
    world.laptop.change({"back": "b1"})  # the same content again: what was deleted goes, what is there stays
    world.laptop.sync()
    wait_until(lambda: len(listed(world)[0]) == 3)
    rounds = [listed(world)[1]]
    wait_until(lambda: listed(world)[1] > rounds[0] + 2 * DAY_S)
    assert world.bucket.tree() == {"edited": "v2", "live": "l1", "back": "b1"}
    assert world.settle() == {"edited": "v2", "live": "l1", "back": "b1"}


@pytest.mark.timeout(240)
def test_parts_of_an_upload_that_was_broken_off_go_by_a_rule_for_this_prefix_alone(world):
    s3, where = world.bucket.s3, {"Bucket": world.bucket.name}
    for key in ("home/large", "other/large"):
        s3.create_multipart_upload(**where, Key=key)
    keep(world, "1d")

    def uploads():
        return [upload["Key"] for upload in s3.list_multipart_uploads(**where).get("Uploads", [])]

    assert uploads() == ["home/large", "other/large"]
    wait_until(lambda: uploads() == ["other/large"])
