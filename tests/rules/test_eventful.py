"""The moments in which much happened."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bucketdrive.model.entries import VersionRow
from bucketdrive.rules.eventful import GAP_S, Events, Rhythm, Span, Tally
from bucketdrive.rules.timeline import tree_as_of

PARTS = "e-3"


def tail(key):
    return key.removeprefix("p/")


def row(path, at_s, *, is_marker=False, etag="e", number=0):
    return VersionRow(f"p/{path}", f"{path}@{at_s}#{number}", False, is_marker, "" if is_marker else etag, 1, at_s)


def events_of(rows, told=None):
    events, told = Events(), told or {}
    found = [events.take(one, told.get(one.version_id, 0.0), f"device of {one.version_id}") for one in rows]
    return [one for one in [*found, events.end()] if one]


def spans_of(times):
    rhythm = Rhythm()
    for at_s in times:
        rhythm.take(at_s)
    return rhythm.spans()


def tally(rows):
    events = events_of(rows)
    counted = Tally(spans_of(one.at_s for one in events))
    for one in events:
        counted.take(one)
    counted.end()
    return counted.accounts


def counts(account):
    return (account.new, account.changed, account.deleted, account.fleeting)


def test_an_event_is_what_was_there_before_and_is_since():
    rows = [
        row("a", 40.9),
        row("a", 30, is_marker=True),
        row("a", 20),
        row("a", 10),
        row("b", 5),
    ]
    assert [(tail(one.key), one.at_s, one.was_live, one.is_live) for one in events_of(rows)] == [
        ("a", 40, False, True),
        ("a", 30, True, False),
        ("a", 20, True, True),
        ("a", 10, False, True),
        ("b", 5, False, True),
    ]


def test_deleting_what_is_deleted_or_has_no_version_left_is_no_event():
    rows = [row("a", 30, is_marker=True), row("a", 20, is_marker=True), row("a", 10), row("b", 9, is_marker=True)]
    assert [one.at_s for one in events_of(rows)] == [20, 10]


def test_a_large_upload_that_was_overtaken_happened_no_later_than_what_overtook_it():
    large = row("a", 45, etag=PARTS)
    assert [one.at_s for one in events_of([row("a", 50), large, row("a", 40)], {large.version_id: 60.0})] == [
        50,
        50,
        40,
    ]
    assert [one.at_s for one in events_of([large, row("a", 40)], {large.version_id: 60.0})] == [60, 40]


def test_what_happens_within_a_minute_of_something_else_is_one_span():
    assert spans_of([0, 59, 119, 180, 1000, 940, 401, 400]) == [
        Span(0, 119, 3),
        Span(180, 180, 1),
        Span(400, 401, 2),
        Span(940, 1000, 2),
    ]


def test_each_file_counts_once_by_what_it_was_before_and_after():
    rows = [
        row("d/changed", 1002), row("d/changed", 1001), row("d/changed", 10),
        row("d/deleted", 1000, is_marker=True), row("d/deleted", 999), row("d/deleted", 10),
        row("d/e/made", 1002), row("d/e/made", 1001),
        row("d/e/made and gone", 1001, is_marker=True), row("d/e/made and gone", 1000),
        row("d/untouched", 10),
    ]  # fmt: skip
    first, second = tally(rows)
    assert (counts(first), first.sample, first.folder) == ((3, 0, 0, 0), "p/d/changed", "p/d/")
    assert (counts(second), second.sample, second.folder) == ((1, 1, 1, 1), "p/d/deleted", "p/d/")
    assert second.devices["device of d/changed@1002#0"] == 1
    assert second.devices.total() == 4


paths = st.sampled_from(["a", "a/b", "a/c", "b", "c/d"])
happenings = st.lists(st.tuples(paths, st.integers(0, 2000), st.booleans(), st.integers(0, 300)), max_size=60)


@given(happenings)
def test_every_event_is_in_exactly_one_moment_and_the_trees_around_it_agree(happenings):
    listed = [
        (path, number, row(path, at_s, is_marker=is_marker, etag=PARTS if late_s > 200 else "e", number=number))
        for number, (path, at_s, is_marker, late_s) in enumerate(happenings)
    ]
    rows = [one for _, _, one in sorted(listed, key=lambda one: (one[0], -one[1]))]  # the clocks may run backwards
    events, accounts = events_of(rows), tally(rows)
    spans = [account.span for account in accounts]
    assert sum(span.events for span in spans) == len(events)
    assert [sum(span.first_s <= one.at_s <= span.last_s for span in spans) for one in events] == [1] * len(events)
    assert all(later.first_s - span.last_s > GAP_S for span, later in pairwise(spans))
    times = sorted({one.at_s for one in events})
    together = [(time, later) for time, later in pairwise(times) if _span(spans, time) == _span(spans, later)]
    assert all(later - time <= GAP_S for time, later in together)
    for account in accounts:
        before = tree_as_of(rows, account.span.first_s - 1, tail).keys()
        after = tree_as_of(rows, account.span.last_s, tail).keys()
        touched = {tail(one.key) for one in events if _span(spans, one.at_s) == account.span}
        assert (account.new, account.deleted) == (len(after - before), len(before - after))
        assert (account.changed, account.fleeting) == (len(touched & before & after), len(touched - before - after))
        assert (account.files, account.devices.total()) == (len(touched), len(touched))
        assert tail(account.sample) in touched
        assert all(f"p/{path}".startswith(account.folder) for path in touched)


def _span(spans, at_s):
    return next(span for span in spans if span.first_s <= at_s <= span.last_s)
