"""`bucketdrive retention` through the command line."""

import os
import pty

import pytest

from bucketdrive.model.paths import KeySpace
from bucketdrive.rules.retention_wish import rule_id

FOREIGN = [
    {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
    },
    {"ID": "date", "Status": "Disabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Date": "2040-01-01T00:00:00Z"}},
]


def rules_of(world):
    found = world.bucket.s3.get_bucket_lifecycle_configuration(Bucket=world.bucket.name)["Rules"]
    return sorted(found, key=lambda rule: rule["ID"])


def put_rules(world, *rules):
    world.bucket.s3.put_bucket_lifecycle_configuration(
        Bucket=world.bucket.name, LifecycleConfiguration={"Rules": list(rules)}
    )


def retention(world, *options, exit_code=0):
    return world.laptop.run("retention", world.laptop.folder, *options, exit_code=exit_code)


@pytest.mark.stores("embedded", "ceph")
def test_it_is_shown_set_beside_rules_of_others_and_shown_again(world):
    assert (retention(world)["versions_days"], retention(world)["rules"]) == (None, [])
    put_rules(world, *FOREIGN)
    before = rules_of(world)
    planned = retention(world, "--versions", "30d", "--deleted", "30d", "--dry-run")
    assert (len(planned["changes"]), planned["is_set"], rules_of(world)) == (3, False, before)
    document = retention(world, "--versions", "30d", "--deleted", "30d", "--yes")
    assert (document["versions_days"], document["deleted_days"], document["is_set"]) == (30, 30, True)
    after = rules_of(world)
    assert [rule for rule in after if not rule["ID"].startswith("bucketdrive-")] == before
    names = [rule_id(kind, KeySpace("home/")) for kind in ("tidy", "versions")]
    assert [(rule["ID"], rule["Filter"]["Prefix"]) for rule in after[:2]] == [(name, "home/") for name in names]
    shown = retention(world)
    assert (shown["versions_days"], shown["deleted_days"], shown["unfinished_uploads_days"]) == (30, 30, 7)
    assert shown["spent_markers_go"] is True


@pytest.mark.stores("embedded", "ceph")
def test_a_store_that_drops_the_number_keeps_all_for_the_longer_age_and_says_so(world):
    document = retention(world, "--versions", "30d", "--deleted", "180d", "--keep-last", "5", "--yes", exit_code=4)
    assert (document["versions_days"], document["deleted_days"], document["keep_last"]) == (180, 180, 0)
    assert "cannot keep a number of versions" in document["shortfalls"][0]
    [_, versions] = rules_of(world)
    assert versions["NoncurrentVersionExpiration"] == {"NoncurrentDays": 180}


def test_nothing_is_set_unasked(world, cli, monkeypatch):
    error = retention(world, "--versions", "30d", "--deleted", "30d", exit_code=2)
    assert ("no terminal" in error["message"], "--yes" in error["hint"]) == (True, True)
    main, side = pty.openpty()
    with os.fdopen(side) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        os.write(main, b"y\n")
        code, printed = cli("retention", world.laptop.folder, "--versions", "30d", "--deleted", "30d", as_json=False)
        assert (code, "Would change:" in printed) == (1, True)
        assert retention(world)["rules"] == []
        os.write(main, b"yes\n")
        code, printed = cli("retention", world.laptop.folder, "--versions", "30d", "--deleted", "30d", as_json=False)
        assert (code, "Changed:" in printed) == (0, True)
    os.close(main)
    monkeypatch.setenv("BUCKETDRIVE_YES", "1")
    assert retention(world, "--versions", "60d", "--deleted", "60d")["versions_days"] == 60


def test_what_deletes_live_files_is_shown_in_strong_words(world, cli):
    put_rules(world, {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}})
    code, printed = cli("retention", world.laptop.folder, as_json=False)
    assert code == 4
    assert "DANGER: A lifecycle rule of the bucket (tidy) deletes files 30 days after they were written." in printed


@pytest.mark.stores("ceph-safe")
def test_a_device_is_told_that_it_may_not_know_and_what_an_operator_can_run(world, cli):
    shown = retention(world)
    assert (shown["is_known"], "may not read" in shown["says"][0]) == (False, True)
    error = retention(world, "--versions", "30d", "--deleted", "180d", "--yes", exit_code=1)
    assert error["error"] == "access-denied"
    assert "put-bucket-lifecycle-configuration" in error["hint"]
