"""`bucketdrive doctor` through the command line: a healthy drive, and each thing that may be wrong with one."""

import json
import re

import pytest


@pytest.fixture
def laptop(world):
    world.start({"a.txt": "one"})
    return world.laptop


def examined(device, exit_code=0):
    """What doctor says, as (about, level) with the sentence."""
    document = device.run("doctor", device.folder, exit_code=exit_code)
    assert set(document) == {"folder", "drive", "device", "findings"}
    assert all(set(finding) == {"about", "level", "says", "to_do"} for finding in document["findings"])
    return [(found["about"], found["level"], found["says"]) for found in document["findings"]]


def said(found, about, level):
    return " ".join(says for topic, kind, says in found if (topic, kind) == (about, level))


def test_a_healthy_drive_has_no_problem_and_doctor_leaves_no_trace(world, laptop):
    def traces():
        paths = [path for path in world.home.rglob("*") if path.is_file() and not path.name.startswith("state.db-")]
        versions, markers = world.bucket.rows("")
        return {path: path.read_bytes() for path in paths}, [row["VersionId"] for row in versions + markers]

    before = traces()
    found = examined(laptop)
    assert traces() == before
    assert {(about, level) for about, level, _ in found} == {
        ("folder", "fine"),
        ("disk", "fine"),
        ("names", "fine"),
        ("bucket", "fine"),
        ("versions", "fine"),
        ("store", "fine"),
        ("credentials", "advice"),
        ("lifecycle", "advice"),
        ("clock", "fine"),
        ("state", "fine"),
    }
    assert "class A" in said(found, "store", "fine")
    assert "can destroy old versions" in said(found, "credentials", "advice")
    assert "stay for ever" in said(found, "lifecycle", "advice")


def test_people_read_what_to_do_below_each_finding(laptop, cli):
    code, printed = cli("doctor", laptop.folder, as_json=False)
    lines = printed.splitlines()
    assert code == 0
    assert lines[0].endswith(" as laptop")
    place = next(number for number, line in enumerate(lines) if line.startswith("advice   credentials: "))
    assert lines[place + 1].startswith("         > Give this device credentials without s3:DeleteObjectVersion")


def test_lifecycle_rules_are_told_for_what_they_do_to_this_drive(world, laptop):
    def rule(name, prefix, **what):
        return {"ID": name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **what}

    def put(*rules):
        world.bucket.s3.put_bucket_lifecycle_configuration(
            Bucket=world.bucket.name, LifecycleConfiguration={"Rules": list(rules)}
        )

    put(
        rule("old", "", NoncurrentVersionExpiration={"NoncurrentDays": 90}),
        rule("parts", "", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}),
        rule("elsewhere", "logs/", Expiration={"Days": 1}),
        rule("probes", "home/.bucketdrive/probe/", Expiration={"Days": 1}),
    )
    found = examined(laptop)
    assert said(found, "lifecycle", "fine").startswith("Old versions can be restored for 90 days")
    assert said(found, "lifecycle", "advice") == said(found, "lifecycle", "problem") == ""
    put(rule("tidy", "home/d/", Expiration={"Days": 30}))
    found = examined(laptop, exit_code=4)
    assert "(tidy) deletes files 30 days after they were written" in said(found, "lifecycle", "problem")


def test_a_bucket_that_keeps_no_versions_any_more(world, laptop):
    world.bucket.s3.put_bucket_versioning(Bucket=world.bucket.name, VersioningConfiguration={"Status": "Suspended"})
    assert "versioning is Suspended" in said(examined(laptop, exit_code=4), "versions", "problem")


def test_a_prefix_that_was_emptied_or_is_another_drives(world, laptop):
    key = "home/.bucketdrive/drive.json"
    text = world.bucket.s3.get_object(Bucket=world.bucket.name, Key=key)["Body"].read()
    other = json.dumps(json.loads(text) | {"drive_id": "another"}).encode()
    world.bucket.s3.put_object(Bucket=world.bucket.name, Key=key, Body=other)
    assert said(examined(laptop, exit_code=4), "bucket", "problem")
    world.bucket.delete(".bucketdrive/drive.json")
    assert "no .bucketdrive/drive.json" in said(examined(laptop, exit_code=4), "bucket", "problem")


def test_a_store_that_cannot_be_reached(laptop, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    found = examined(laptop, exit_code=4)
    assert "cannot be reached" in said(found, "bucket", "problem")
    assert said(found, "folder", "fine")
    assert said(found, "state", "fine")


def test_a_disk_that_is_full(laptop, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_RESERVE_MIB", "999999999")
    assert "nothing is downloaded" in said(examined(laptop, exit_code=4), "disk", "problem")


def test_deletions_that_wait_and_other_things_held(world, laptop):
    names = [f"{number}.txt" for number in range(60)]
    laptop.change(dict.fromkeys(names, "x"))
    laptop.sync()
    laptop.change(dict.fromkeys(names))
    (laptop.folder / "link").symlink_to("nowhere")
    laptop.sync(exit_code=4)
    found = examined(laptop, exit_code=4)
    assert said(found, "guards", "problem").endswith("deleted than usual: 60.")
    assert said(found, "guards", "advice") == "Paths that are held back: 1."


def test_a_state_that_is_lost_or_damaged(world, laptop):
    database = world.state_folder(laptop) / "state.db"
    database.write_bytes(b"not a database" * 1000)
    assert "cannot be read" in said(examined(laptop, exit_code=4), "state", "problem")
    database.unlink()
    assert "lost its state" in said(examined(laptop), "state", "advice")


def test_a_clock_that_goes_wrong(laptop, monkeypatch):
    from bucketdrive.drive import doctor

    class Ahead(doctor.SystemClock):
        def now_s(self):
            return super().now_s() + 100

    monkeypatch.setattr(doctor, "SystemClock", Ahead)
    told = said(examined(laptop), "clock", "advice")
    found = re.match(r"This machine's clock is (\d+) seconds ahead of the store's", told)
    assert 90 < int(found[1]) < 250


@pytest.mark.stores("ceph-safe")
def test_a_device_with_safe_credentials_on_a_store_without_conditions(laptop):
    found = examined(laptop)
    assert "class C" in said(found, "store", "advice")
    assert said(found, "credentials", "fine") == "These credentials cannot destroy old versions."
    assert "may not ask whether the bucket keeps versions" in said(found, "versions", "fine")
    assert "may not read the bucket's lifecycle rules" in said(found, "lifecycle", "advice")
    assert said(found, "clock", "fine")


@pytest.mark.stores("ceph")
def test_the_owner_of_a_bucket_on_a_store_without_conditions(laptop):
    found = examined(laptop)
    assert "can destroy old versions" in said(found, "credentials", "advice")
    assert said(found, "versions", "fine") == "The bucket keeps every version."
