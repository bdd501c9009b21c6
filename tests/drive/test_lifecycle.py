import pytest

from bucketdrive.drive.lifecycle import days_old_versions_stay, days_unfinished_uploads_stay, expiring_rules
from bucketdrive.model.paths import KeySpace
from bucketdrive.ports.bucket import LifecycleRule

KEYS = KeySpace("home/John/")


@pytest.mark.parametrize("prefix", ["", "home/", "home/John/", "home/John/d/", "home/John/.bucketdrive/"])
def test_a_rule_that_touches_the_prefix_deletes_its_files(prefix):
    rule = LifecycleRule("r", prefix, expiration_days=3)
    assert expiring_rules([rule], KEYS) == [rule]


@pytest.mark.parametrize("prefix", ["logs/", "home/Joan/", "home/John/.bucketdrive/probe/"])
def test_a_rule_for_other_keys_or_for_leftovers_of_probes_does_not(prefix):

    assert expiring_rules([LifecycleRule("r", prefix, expiration_days=3)], KEYS) == []


def test_the_soonest_rule_comes_first_and_rules_that_are_off_do_not_count():
    by_day = LifecycleRule("day", "", expiration_date="2030-01-01")
    slow, soon = LifecycleRule("slow", "", expiration_days=30), LifecycleRule("soon", "", expiration_days=3)
    off = LifecycleRule("off", "", is_enabled=False, expiration_days=1)
    assert expiring_rules([slow, off, soon, by_day], KEYS) == [by_day, soon, slow]


def test_old_versions_stay_until_the_first_rule_that_lets_any_of_them_go():
    rules = [
        LifecycleRule("all", "", noncurrent_days=90),
        LifecycleRule("some", "home/John/d/", noncurrent_days=30),
        LifecycleRule("ours", "home/John/.bucketdrive/journal/", noncurrent_days=1),
        LifecycleRule("others", "logs/", noncurrent_days=1),
    ]
    assert days_old_versions_stay(rules, KEYS) == 30
    assert days_old_versions_stay(rules[3:], KEYS) == 0


def test_unfinished_uploads_go_only_by_a_rule_for_all_of_the_drive():
    some, every = (
        LifecycleRule("s", "home/John/d/", abort_multipart_days=1),
        LifecycleRule("e", "home/", abort_multipart_days=7),
    )
    assert days_unfinished_uploads_stay([some], KEYS) == 0
    assert days_unfinished_uploads_stay([some, every], KEYS) == 7
