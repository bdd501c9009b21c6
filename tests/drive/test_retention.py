"""Setting what is kept, on buckets in memory: one that counts versions, one that drops the count, and worse ones."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.retention import Asked, propose_retention, read_retention, set_retention
from bucketdrive.errors import AccessDeniedError, DriveError, GuardError, PreconditionError, UnfitStoreError, UsageError
from bucketdrive.model.lifecycle import LifecycleRule, StorageMove
from bucketdrive.model.paths import KeySpace
from bucketdrive.rules.retention_wish import is_own, rule_id, trial_rules
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore

RECORD = DriveRecord("r", Path("/drive"), "bucket", "home/")
KEYS = KeySpace("home/")
THEIRS = [
    LifecycleRule("logs", "logs/", expiration_days=3, raw="<logs/>"),
    LifecycleRule("tagged", "home/", noncurrent_days=400, tags=(("a", "1"),), raw="<tagged/>"),
    LifecycleRule("cold", "", moves=(StorageMove("GLACIER", 9),), unknown=("Odd",), raw="<cold/>"),
    LifecycleRule(rule_id("versions", KeySpace("homes/")), "homes/", noncurrent_days=1, raw="<beside/>"),
]


def ours(kind, **what):
    return LifecycleRule(rule_id(kind, KEYS), "home/", **what)


TIDY = ours("tidy", expires_spent_markers=True, abort_multipart_days=7)


class Rules(MemoryStore):
    """Remembers every set of rules that was in force."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.seen = []

    def put_bucket_lifecycle(self, rules):
        super().put_bucket_lifecycle(rules)
        self.seen.append(list(self.lifecycle))


def run(work):
    return asyncio.run(work)


def proposed(store, *asked, record=RECORD):
    return run(propose_retention(MemoryBucket(store), record, Asked(*asked)))


def set_on(store, *asked):
    return run(set_retention(MemoryBucket(store), RECORD, proposed(store, *asked)))


def with_raws(rules):
    return [(rule, rule.raw) for rule in rules]


def test_two_ages_and_a_number_are_a_rule_pair_beside_those_of_others():
    store = Rules("A")
    store.lifecycle = list(THEIRS)
    proposal = proposed(store, "30d", "180d", 5)
    assert (store.seen, proposal.report.is_set) == ([], False)
    assert [line[:2] for line in proposal.report.changes] == ["+ ", "+ ", "+ ", "  "]
    report = run(set_retention(MemoryBucket(store), RECORD, proposal))
    assert store.lifecycle[4:] == [
        ours("versions", noncurrent_days=30, newer_noncurrent_versions=5),
        ours("deleted", noncurrent_days=180),
        TIDY,
    ]
    assert with_raws(store.lifecycle[:4]) == with_raws(THEIRS)
    assert (report.versions_days, report.deleted_days, report.keep_last, report.is_set) == (30, 180, 5, True)
    assert (report.shortfalls, report.exit_code) == ([], 0)


def test_the_number_is_tried_with_a_rule_that_is_off_before_one_that_counts_on_it():
    store = Rules("A")
    set_on(store, "30d", "180d", 5)
    assert store.seen[0] == trial_rules(KEYS)
    assert [rule for rule in store.seen[1] if rule in trial_rules(KEYS)] == []


def test_a_store_that_drops_the_number_never_has_a_rule_that_lets_go_sooner_than_asked():
    store = Rules("C")
    store.lifecycle = list(THEIRS)
    report = set_on(store, "30d", "180d", 5)
    assert store.lifecycle[4:] == [ours("versions", noncurrent_days=180), TIDY]
    enabled = [rule for rules in store.seen for rule in rules if is_own(rule, KEYS) and rule.is_enabled]
    assert {rule.noncurrent_days for rule in enabled} == {180, 0}
    assert (report.versions_days, report.deleted_days, report.exit_code) == (180, 180, 4)
    assert "cannot keep a number of versions" in report.shortfalls[0]
    assert "180 days" in report.shortfalls[0]


def test_a_store_that_refuses_two_rules_for_one_prefix_keeps_all_for_the_longer_age():
    class OneAPrefix(Rules):
        def put_bucket_lifecycle(self, rules):
            going = [rule.prefix for rule in rules if rule.lets_old_versions_go]
            if len(going) != len(set(going)):
                raise DriveError("two rules for one prefix. Nothing was done.")
            super().put_bucket_lifecycle(rules)

    store = OneAPrefix("A")
    report = set_on(store, "30d", "180d", 5)
    assert store.lifecycle == [ours("versions", noncurrent_days=180), TIDY]
    assert (report.versions_days, report.exit_code) == (180, 4)


def test_rules_that_a_store_refuses_leave_those_there_were():
    class Refusing(Rules):
        def put_bucket_lifecycle(self, rules):
            if any(rule.is_enabled and is_own(rule, KEYS) for rule in rules):
                raise DriveError("400. Nothing was done.")
            super().put_bucket_lifecycle(rules)

    store = Refusing("A")
    store.lifecycle = [THEIRS[0]]
    with pytest.raises(DriveError, match="400"):
        set_on(store, "30d", "180d", 5)
    assert store.lifecycle == [THEIRS[0]]


def test_deleted_files_that_were_to_go_before_old_versions_stay_as_long_and_that_is_told():
    store = Rules("A")
    proposal = proposed(store, "180d", "30d")
    report = run(set_retention(MemoryBucket(store), RECORD, proposal))
    for told in (proposal.report, report):
        assert (told.deleted_days, told.exit_code) == (180, 4)
        assert "180 days and not 30 days" in told.shortfalls[0]


def test_where_deleted_files_stay_for_ever_such_a_store_lets_nothing_go():
    store = Rules("C")
    report = set_on(store, "30d", "forever", 5)
    assert (store.lifecycle, report.versions_days, report.exit_code) == ([TIDY], None, 4)


@pytest.mark.parametrize("store_class", ["A", "C"])
def test_set_again_the_rules_are_the_same_and_what_is_not_named_stays(store_class):
    store = Rules(store_class)
    set_on(store, "30d", "180d", 5)
    once = list(store.lifecycle)
    set_on(store, "30d", "180d", 5)
    assert store.lifecycle == once
    report = set_on(store, "90d")
    assert (report.versions_days, report.deleted_days) == ((90, 180) if store_class == "A" else (180, 180))
    set_on(store, "forever", "forever", 0)
    assert store.lifecycle == [TIDY]


def test_what_is_so_already_changes_nothing():
    store = Rules("A")
    set_on(store, "30d", "180d", 5)
    store.seen.clear()
    proposal = proposed(store, "30d", "180d", 5)
    assert proposal.report.changes == []
    run(set_retention(MemoryBucket(store), RECORD, proposal))
    assert store.seen == []


def test_rules_that_somebody_changed_since_they_were_shown_are_not_overwritten():
    store = Rules("A")
    proposal = proposed(store, "30d", "30d")
    store.lifecycle = [replace(THEIRS[0], raw="<changed/>")]
    with pytest.raises(PreconditionError, match="Nothing was changed"):
        run(set_retention(MemoryBucket(store), RECORD, proposal))
    assert store.seen == []


def test_a_store_that_makes_rules_shorter_is_given_back_what_it_had():
    class Shortening(Rules):
        def put_bucket_lifecycle(self, rules):
            super().put_bucket_lifecycle(
                [replace(rule, noncurrent_days=min(rule.noncurrent_days, 7)) for rule in rules]
            )

    store = Shortening("A")
    store.lifecycle = [THEIRS[0]]
    with pytest.raises(UnfitStoreError, match="again what they were"):
        set_on(store, "30d", "30d")
    assert store.lifecycle == [THEIRS[0]]


def test_a_store_that_forgets_a_part_or_changes_rules_of_others_is_told_of():
    class Forgetful(Rules):
        def put_bucket_lifecycle(self, rules):
            super().put_bucket_lifecycle([replace(rule, abort_multipart_days=0, raw="<new/>") for rule in rules])

    store = Forgetful("A")
    store.lifecycle = [THEIRS[0]]
    report = set_on(store, "30d", "30d")
    assert [text[:35] for text in report.shortfalls] == [
        "The store did not keep a rule as it",
        "The store changed a rule of somebod",
    ]
    assert report.exit_code == 4


def test_a_rule_of_others_that_lets_go_sooner_is_told_before_and_after():
    store = Rules("A")
    store.lifecycle = [LifecycleRule("short", "home/d/", noncurrent_days=7, larger_than_bytes=1)]
    proposal = proposed(store, "30d", "30d")
    report = run(set_retention(MemoryBucket(store), RECORD, proposal))
    for told in (proposal.report, report):
        assert len(told.shortfalls) == 1
        assert "somebody else lets versions go sooner" in told.shortfalls[0]
        assert told.versions_days == 7


def test_a_rule_that_deletes_live_files_is_a_danger():
    store = Rules("A")
    store.lifecycle = [LifecycleRule("tidy", "", expiration_days=30)]
    report = run(read_retention(MemoryBucket(store), RECORD))
    assert (report.deletes_live_files, report.exit_code) == (True, 4)
    assert report.warnings[0].startswith("DANGER")


def test_a_prefix_with_another_drive_inside_or_around_it_is_left_alone():
    for other in ("home/d/.bucketdrive/drive.json", ".bucketdrive/drive.json"):
        store = Rules("A")
        store.put(other, b"{}")
        with pytest.raises(GuardError, match="Nothing was changed"):
            proposed(store, "30d", "30d")
    store = Rules("A")
    store.put("home/.bucketdrive/drive.json", b"{}")
    with pytest.raises(GuardError):
        proposed(store, "30d", "30d", record=replace(RECORD, prefix=""))
    assert proposed(store, "30d", "30d").report.changes


def test_who_may_not_is_told_what_an_operator_can_run():
    store = Rules("A")
    store.lifecycle = list(THEIRS[:2])
    proposal = proposed(store, "30d", "180d", 5)
    store.may_administer = False
    known = run(read_retention(MemoryBucket(store), RECORD))
    assert (known.is_known, known.exit_code, known.versions_days) == (False, 0, None)
    with pytest.raises(AccessDeniedError) as denied:
        proposed(store, "30d", "180d", 5)
    assert "aws s3api put-bucket-lifecycle-configuration --bucket bucket" in denied.value.hint
    assert "get-bucket-lifecycle-configuration" in denied.value.hint
    rules = json.loads(re.search(r"'(.*)'", denied.value.hint)[1])["Rules"]
    assert [rule["ID"] for rule in rules] == [rule_id(kind, KEYS) for kind in ("versions", "deleted", "tidy")]

    class ReadOnly(Rules):
        def put_bucket_lifecycle(self, rules):
            raise AccessDeniedError("no")

    store = ReadOnly("A")
    store.lifecycle = list(THEIRS[:2])
    with pytest.raises(AccessDeniedError) as denied:
        run(set_retention(MemoryBucket(store), RECORD, proposal))
    rules = json.loads(re.search(r"'(.*)'", denied.value.hint)[1])["Rules"]
    assert rules[:3] == [
        {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}},
        {
            "ID": "tagged",
            "Status": "Enabled",
            "Filter": {"And": {"Prefix": "home/", "Tags": [{"Key": "a", "Value": "1"}]}},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 400},
        },
        {
            "ID": rule_id("versions", KEYS),
            "Status": "Enabled",
            "Filter": {"Prefix": "home/"},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5},
        },
    ]


def test_what_makes_no_sense_is_refused_before_the_store_is_asked():
    store = Rules("A")
    for asked in (("soon", "", None), ("", "30d", None), ("30d", "30d", 5)):
        with pytest.raises(UsageError):
            proposed(store, *asked)
    assert store.seen == []
