"""From what a user wants kept to rules, and back: never sooner than was asked, and nothing of others touched."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdrive.errors import UsageError
from bucketdrive.model.lifecycle import LifecycleRule, StorageMove
from bucketdrive.model.paths import KeySpace
from bucketdrive.rules.retention import retention_of
from bucketdrive.rules.retention_wish import (
    Wish,
    check_wish,
    is_own,
    merged,
    parse_days,
    rule_id,
    rules_for,
    trial_rules,
    wish_from,
)

KEYS = KeySpace("home/John/")

TABLE = [
    # versions, deleted, keep last: by a store that counts, and by one that does not
    ((None, None, 0), (None, None, 0), (None, None, 0)),
    ((30, 30, 0), (30, 30, 0), (30, 30, 0)),
    ((30, 180, 0), (30, 180, 2), (180, 180, 0)),
    ((30, 180, 5), (30, 180, 5), (180, 180, 0)),
    ((180, 30, 0), (180, 180, 0), (180, 180, 0)),
    ((30, None, 0), (30, None, 2), (None, None, 0)),
    ((30, None, 100), (30, None, 100), (None, None, 0)),
]


def really(wish, *, counts):
    retention = retention_of(rules_for(Wish(*wish), KEYS, counts=counts), KEYS)
    assert (retention.parts, retention.spent_markers_go, retention.unfinished_uploads_days) == ((), True, 7)
    return retention.versions_days, retention.deleted_days, retention.keep_last


@pytest.mark.parametrize(("wish", "counting", "not_counting"), TABLE)
def test_what_is_wanted_and_what_a_store_can_do(wish, counting, not_counting):
    check_wish(Wish(*wish))
    assert (really(wish, counts=True), really(wish, counts=False)) == (counting, not_counting)


@pytest.mark.parametrize(
    ("wish", "hint"),
    [
        ((None, 30, 0), "--versions"),
        ((30, 180, 101), "100"),
        ((30, 30, 5), "longer --deleted"),
        ((None, None, 5), "longer"),
    ],
)
def test_what_no_store_can_do_is_refused_with_what_comes_nearest(wish, hint):
    with pytest.raises(UsageError) as refused:
        check_wish(Wish(*wish))
    assert hint in refused.value.hint
    assert "Nothing was changed" in refused.value.message


def goes(rules, newer, old_days):
    """Whether a store lets an old version go, by the book."""
    return any(old_days >= rule.noncurrent_days and newer >= rule.newer_noncurrent_versions for rule in rules)


ages = st.one_of(st.none(), st.integers(1, 999))
wishes = st.builds(Wish, ages, ages, st.integers(0, 100))


def outlasts(kept, asked):
    return kept is None or (asked is not None and kept >= asked)


@given(wishes, st.booleans())
def test_nothing_ever_goes_sooner_than_was_asked(wish, counts):
    retention = retention_of(rules_for(wish, KEYS, counts=counts), KEYS)
    assert outlasts(retention.versions_days, wish.versions_days)
    assert outlasts(retention.deleted_days, wish.deleted_days)
    if wish.needs_counting and counts:
        assert retention.keep_last >= wish.keep_last


@given(wishes, st.booleans(), st.integers(0, 200), st.integers(0, 1500))
def test_no_version_goes_before_its_age_and_none_of_the_newest_before_that_of_deleted_files(wish, counts, newer, days):
    rules = [rule for rule in rules_for(wish, KEYS, counts=counts) if rule.lets_old_versions_go]
    is_kept = wish.versions_days is None or days < wish.versions_days
    if wish.needs_counting:  # the last content of a deleted file is the newest, and one marker upon another counts too
        is_newest = newer < max(wish.keep_last, 2)
        is_kept |= is_newest and (wish.deleted_days_really is None or days < wish.deleted_days_really)
    assert not (is_kept and goes(rules, newer, days))
    if counts:
        assert goes(rules, newer, days) is not is_kept


@given(wishes)
def test_what_was_wished_is_read_back_from_the_rules(wish):
    try:
        check_wish(wish)
    except UsageError:
        return
    again = wish_from(rules_for(wish, KEYS, counts=True), KEYS)
    assert (again.versions_days, again.deleted_days) == (wish.versions_days, wish.deleted_days_really)
    assert rules_for(again, KEYS, counts=True) == rules_for(wish, KEYS, counts=True)


OTHERS = st.lists(
    st.builds(
        LifecycleRule,
        st.sampled_from(["theirs", "", rule_id("versions", KeySpace("home/Joan/"))]),
        st.sampled_from(["", "home/", "home/John/", "home/Joan/", "logs/"]),
        noncurrent_days=st.integers(1, 99),
        tags=st.sampled_from([(), (("a", "1"), ("b", "2"))]),
        moves=st.sampled_from([(), (StorageMove("GLACIER", 3, "2040-01-01"),)]),
        raw=st.text(max_size=5),
    ),
    max_size=4,
)


@given(OTHERS, wishes, wishes)
def test_rules_of_others_stay_as_they_are_in_order_and_merging_again_changes_nothing(others, first, second):
    once = merged(others, rules_for(first, KEYS, counts=True), KEYS)
    twice = merged(once, rules_for(second, KEYS, counts=True), KEYS)
    for rules in (once, twice):
        assert [(rule, rule.raw) for rule in rules if not is_own(rule, KEYS)] == [(rule, rule.raw) for rule in others]
    assert merged(twice, rules_for(second, KEYS, counts=True), KEYS) == twice
    assert [rule for rule in twice if is_own(rule, KEYS)] == rules_for(second, KEYS, counts=True)
    assert all(rule.prefix == KEYS.prefix for rule in twice if is_own(rule, KEYS))


def test_rules_of_the_drive_beside_are_not_ours_and_ours_are_for_its_prefix_alone():
    ours, theirs = (
        rules_for(Wish(30, 180, 5), KeySpace(prefix), counts=True) for prefix in ("home/John/", "home/Joan/")
    )
    assert merged(theirs, ours, KEYS) == [*theirs, *ours]
    assert {rule.prefix for rule in ours} == {"home/John/"}
    assert not any(is_own(rule, KEYS) for rule in theirs)
    whole = rules_for(Wish(30, 180, 5), KeySpace(""), counts=True)
    assert not any(is_own(rule, KEYS) for rule in whole)


def test_a_bucket_has_room_for_a_thousand_rules():
    full = [LifecycleRule(str(number), "logs/", noncurrent_days=1) for number in range(998)]
    with pytest.raises(UsageError, match="998 lifecycle rules"):
        merged(full, rules_for(Wish(30, 180, 5), KEYS, counts=True), KEYS)


def test_the_trial_rules_are_off_and_for_leftovers_of_probes():
    trial = trial_rules(KEYS)
    assert {(rule.is_enabled, rule.prefix) for rule in trial} == {(False, "home/John/.bucketdrive/probe/")}
    assert all(is_own(rule, KEYS) for rule in trial)
    assert retention_of([replace(rule, is_enabled=True) for rule in trial], KEYS).versions_days is None


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("26w", 182), ("1y", 365), ("forever", None)])
def test_ages(text, days):
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "30", "0d", "-3d", "12h", "ever", "9999999d"])
def test_what_is_no_age(text):
    with pytest.raises(UsageError):
        parse_days(text)
