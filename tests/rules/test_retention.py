"""What lifecycle rules mean for a drive, against a store that carries them out by the book."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdrive.model.lifecycle import LifecycleRule, StorageMove
from bucketdrive.model.paths import KeySpace
from bucketdrive.rules.retention import (
    NEVER_S,
    Part,
    Step,
    days_old_versions_stay,
    days_unfinished_uploads_stay,
    expires,
    expiring_rules,
    retention_of,
)
from bucketdrive.rules.retention_words import describe_difference, describe_warnings, meaning_of

KEYS = KeySpace("home/John/")
DAY_S = 86_400


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def rule(days, newer=0, prefix="home/", name="r", **more):
    return LifecycleRule(name, prefix, noncurrent_days=days, newer_noncurrent_versions=newer, **more)


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


STEPS = [
    ([], [(0, None)]),
    ([rule(30)], [(0, 30)]),
    ([rule(30), rule(7)], [(0, 7)]),
    ([rule(30, 5)], [(0, None), (5, 30)]),
    ([rule(30, 5), rule(180)], [(0, 180), (5, 30)]),
    ([rule(180, 5), rule(30)], [(0, 30)]),
    ([rule(30, 5), rule(7, 20), rule(180)], [(0, 180), (5, 30), (20, 7)]),
    ([rule(30, is_enabled=False)], [(0, None)]),
    ([rule(30, prefix="home/Joan/"), rule(30, prefix="home/John/.bucketdrive/")], [(0, None)]),
    ([rule(30, prefix="home/John/d/"), rule(30, tags=(("a", "1"),)), rule(3, larger_than_bytes=9)], [(0, None)]),
]


@pytest.mark.parametrize(("rules", "steps"), STEPS)
def test_of_all_rules_for_the_whole_drive_the_shortest_wins(rules, steps):
    assert retention_of(rules, KEYS).steps == tuple(Step(*step) for step in steps)


def test_the_rule_pair_of_two_ages_in_data():
    retention = retention_of([rule(30, 5), rule(180), LifecycleRule("t", "", expires_spent_markers=True)], KEYS)
    assert (retention.versions_days, retention.deleted_days, retention.keep_last) == (30, 180, 5)
    assert (retention.spent_markers_go, retention.unfinished_uploads_days) == (True, None)


def test_rules_for_some_files_are_told_where_they_shorten_and_not_where_they_do_not():
    rules = [
        rule(30, name="all"),
        rule(7, prefix="home/John/d/", name="folder"),
        rule(7, prefix="home/John/IMG", name="begins"),
        rule(7, tags=(("a", "1"), ("b", "2")), name="tags"),
        rule(7, larger_than_bytes=9, smaller_than_bytes=99, name="sizes"),
        rule(90, prefix="home/John/e/", name="longer"),
    ]
    assert retention_of(rules, KEYS).parts == (
        Part("folder", "below d/", (Step(0, 7),)),
        Part("begins", "whose path begins with IMG", (Step(0, 7),)),
        Part("tags", "tagged a=1 and b=2", (Step(0, 7),)),
        Part("sizes", "larger than 9 bytes, smaller than 99 bytes", (Step(0, 7),)),
    )


EXPIRES = [
    ("2014-01-15T10:30:00", [rule(3)], 0, "2014-01-19T00:00:00"),  # the example of AWS's documentation
    ("2014-01-15T00:00:00", [rule(3)], 0, "2014-01-18T00:00:00"),
    ("2014-01-15T10:30:00", [rule(3), rule(2, prefix="home/John/d/")], 0, "2014-01-18T00:00:00"),
    ("2014-01-15T10:30:00", [rule(3), rule(2, prefix="home/John/e/")], 0, "2014-01-19T00:00:00"),
    ("2014-01-15T10:30:00", [rule(3), rule(1, 5)], 4, "2014-01-19T00:00:00"),
    ("2014-01-15T10:30:00", [rule(3), rule(1, 5)], 5, "2014-01-17T00:00:00"),
    ("2014-01-15T10:30:00", [rule(3), rule(1, larger_than_bytes=100)], 0, "2014-01-19T00:00:00"),
    ("2014-01-15T10:30:00", [rule(3), rule(1, larger_than_bytes=99)], 0, "2014-01-17T00:00:00"),
    ("2014-01-15T10:30:00", [rule(3), rule(1, is_enabled=False)], 0, "2014-01-19T00:00:00"),
]


@pytest.mark.parametrize(("since", "rules", "newer", "end"), EXPIRES)
def test_days_count_from_what_was_put_on_top_and_end_at_midnight(since, rules, newer, end):
    assert expires(rules, "home/John/d/a", 100, at(since), newer).at_s == at(end)


def test_without_a_rule_never_and_tags_may_mean_sooner():
    assert expires([], "home/John/a", 1, 0, 0).at_s == NEVER_S
    found = expires([rule(3), rule(1, tags=(("a", "1"),))], "home/John/a", 1, 0, 0)
    assert (found.at_s, found.may_be_sooner) == (3 * DAY_S, True)


small = st.integers(0, 4)
some_rules = st.lists(
    st.builds(
        LifecycleRule,
        st.just("r"),
        st.sampled_from(["", "home/", "home/John/", "home/John/d/", "other/"]),
        is_enabled=st.booleans(),
        noncurrent_days=st.integers(1, 9),
        newer_noncurrent_versions=small,
        larger_than_bytes=st.sampled_from([None, 0, 100]),
        smaller_than_bytes=st.sampled_from([None, 1, 1000]),
    ),
    max_size=5,
)


def goes(rules, key, size, since_s, newer, now_s):
    """Whether a store, on its daily round at `now_s`, lets a version go: as Ceph's gateway decides it (rgw_lc.cc)."""
    today_s = now_s // DAY_S * DAY_S
    return any(
        r.is_enabled
        and key.startswith(r.prefix)
        and (r.larger_than_bytes is None or size > r.larger_than_bytes)
        and (r.smaller_than_bytes is None or size < r.smaller_than_bytes)
        and newer >= r.newer_noncurrent_versions
        and today_s - since_s >= r.noncurrent_days * DAY_S
        for r in rules
    )


@given(
    some_rules,
    st.sampled_from(["home/John/a", "home/John/d/a"]),
    st.integers(0, 2000),
    small,
    st.integers(0, 3 * DAY_S),
)
def test_a_version_is_there_until_the_moment_told_and_gone_with_the_first_round_after_it(
    rules, key, size, newer, since_s
):
    end_s = expires(rules, key, size, since_s, newer).at_s
    last_s = end_s if end_s != NEVER_S else 99 * DAY_S
    assert not goes(rules, key, size, since_s, newer, last_s - 1)
    assert goes(rules, key, size, since_s, newer, last_s) is (end_s != NEVER_S)


@given(some_rules, st.integers(0, 2000), small, st.integers(0, 3 * DAY_S))
def test_what_the_words_promise_of_every_file_no_file_falls_short_of(rules, size, newer, since_s):
    retention = retention_of(rules, KEYS)
    least = min(
        (s.days for steps in (retention.steps, *(p.steps for p in retention.parts)) for s in steps if s.days),
        default=math.inf,
    )
    for key in ("home/John/a", "home/John/d/a"):
        assert expires(rules, key, size, since_s, newer).at_s >= since_s + least * DAY_S


def test_the_meaning_in_words():
    assert (
        meaning_of([], KEYS)[0] == "Old versions and deleted files can be had for ever, and their storage is paid for."
    )
    rules = [
        rule(30, 5),
        rule(180),
        rule(7, prefix="home/John/d/", name="short"),
        rule(1, name="off", is_enabled=False),
    ]
    words = meaning_of(rules, KEYS)
    assert words[:2] == [
        "Old versions can be had for 30 days after they were replaced, the newest 5 of each file for 180 days.",
        "Deleted files can be had for 180 days after they were deleted.",
    ]
    assert words[3] == (
        "Files below d/ go sooner, by rule 'short': old versions after 7 days after they were replaced, deleted files "
        "after 7 days."
    )
    assert "midnight UTC" in words[4]
    assert "Delete markers stay" in words[5]
    assert "broken off" in words[6]


def test_what_deletes_live_files_or_needs_an_archive_or_is_not_known_is_a_warning():
    rules = [
        LifecycleRule("tidy", "home/John/d/", expiration_days=30, tags=(("a", "1"),)),
        LifecycleRule(
            "cold", "", moves=(StorageMove("GLACIER", 90),), noncurrent_moves=(StorageMove("DEEP_ARCHIVE", 1),)
        ),
        LifecycleRule("warm", "", moves=(StorageMove("STANDARD_IA", 90),)),
        LifecycleRule("odd", "home/", unknown=("DelMarkerExpiration/Days",)),
        LifecycleRule("elsewhere", "logs/", expiration_days=1, unknown=("x",)),
        LifecycleRule("off", "", is_enabled=False, expiration_days=1),
    ]
    live, cold, old, odd = describe_warnings(rules, KEYS)
    assert live.startswith("DANGER: A lifecycle rule of the bucket (tidy) deletes files tagged a=1 30 days after")
    assert cold.startswith("Files go to GLACIER after 90 days, by rule 'cold'")
    assert old.startswith("Old versions go to DEEP_ARCHIVE after 1 day, by rule 'cold'")
    assert "DelMarkerExpiration/Days" in odd


def test_the_difference_has_a_line_a_rule_that_comes_or_goes():
    stays, gone = LifecycleRule("a", "logs/", expiration_days=3), rule(30, 2, prefix="home/John/", name="b")
    new = rule(90, 0, prefix="home/John/", name="b")
    assert describe_difference([stays, gone], [stays, new], KEYS) == [
        "- b, for home/John/: old versions go after 30 days, but for the newest 2",
        "+ b, for home/John/: old versions go after 90 days",
        "  1 other rule stays as it is",
    ]
