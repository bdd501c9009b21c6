"""When a version counts as current: by the order of the list, LastModified, and the journals for what came in parts."""

import itertools
import random  # noqa: TID251  the seed is where all its chance comes from
from bisect import insort

import pytest

from bucketdrive.model.entries import VersionRow
from bucketdrive.rules.timeline import AsOf, current_since_s

PARTS = "0123456789abcdef0123456789abcdef-3"
WHOLE = "0123456789abcdef0123456789abcdef"
MARKER = ""


def row(version_id, modified_s, etag=WHOLE, key="p/a"):
    return VersionRow(key, version_id, False, etag == MARKER, etag, 1, modified_s)


def live(rows, at_s, told=None):
    """The version of `a` that was live at `at_s`; None for none."""
    as_of = AsOf(at_s, lambda key: key.removeprefix("p/"))
    for one in rows:
        as_of.take(one, (told or {}).get(one.version_id, 0.0))
    return as_of.files["a"].then.version_id if as_of.files else None


@pytest.mark.parametrize(
    ("etag", "modified_s", "told_s", "expected_s"),
    [
        (WHOLE, 40.0, 0.0, 40.0),
        (WHOLE, 40.0, 60.0, 40.0),  # one request: the store tells when it was done
        (PARTS, 40.0, 0.0, 40.0),  # nobody told
        (PARTS, 40.0, 60.0, 60.0),
        (PARTS, 40.0, 30.0, 40.0),  # a clock that is behind
        (MARKER, 40.0, 60.0, 40.0),
    ],
)
def test_only_what_was_made_in_parts_counts_from_when_a_journal_told_of_it(etag, modified_s, told_s, expected_s):
    assert current_since_s(row("v", modified_s, etag), told_s) == expected_s


@pytest.mark.parametrize(("at_s", "expected"), [(39, None), (40, "v1"), (50, "v1"), (59, "v1"), (60, "v2"), (99, "v2")])
def test_a_large_upload_counts_from_its_end_not_from_its_beginning(at_s, expected):
    rows = [row("v2", 45, PARTS), row("v1", 40)]
    assert live(rows, at_s, {"v2": 60.4}) == expected


@pytest.mark.parametrize(("at_s", "expected"), [(44, "v1"), (49, "v1"), (50, "put"), (60, "put"), (99, "put")])
def test_a_large_upload_that_was_overtaken_is_never_later_than_what_overtook_it(at_s, expected):
    rows = [row("put", 50), row("large", 45, PARTS), row("v1", 40)]
    assert live(rows, at_s, {"large": 60.0}) == expected


def test_a_large_upload_before_a_deletion_stays_deleted():
    rows = [row("gone", 50, MARKER), row("large", 45, PARTS)]
    assert [live(rows, at_s, {"large": 60.0}) for at_s in (46, 55, 61)] == [None, None, None]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("v3", 10.9), row("v2", 10.5), row("v1", 10.1)], "v3"),
        ([row("v3", 10), row("v2", 10), row("v1", 10)], "v3"),
        ([row("gone", 10, MARKER), row("v2", 10), row("v1", 10)], None),
        ([row("v3", 10), row("gone", 10, MARKER), row("v1", 10)], "v3"),
        ([row("v3", 11), row("gone", 10, MARKER), row("v1", 10)], None),
    ],
)
def test_of_several_versions_of_one_second_the_newest_of_the_list_was_live(rows, expected):
    assert live(rows, 10) == live(rows, 10.3) == expected
    assert live(rows, 9.9) is None


@pytest.mark.parametrize("seed", range(60))
def test_the_tree_of_any_second_is_what_was_recorded(seed):
    """On a store that dates and orders uploads in parts by their beginning; after each second the tree is recorded."""
    chance, orders = random.Random(seed), itertools.count()
    keys, told, record, uploads = {path: [] for path in "abc"}, {}, {}, []
    for second in range(100, 160):
        for _ in range(chance.randrange(4)):
            path, order = chance.choice("abc"), next(orders)
            kind = chance.choice(["put", "put", "delete", "begin", "complete"])
            if kind == "begin":
                uploads.append((order, row(f"v{order}", second, PARTS, f"p/{path}")))
            elif kind == "complete" and uploads:
                order, large = uploads.pop(chance.randrange(len(uploads)))
                told[large.version_id] = second + chance.random()
                insort(keys[large.key[2:]], (order, large))
            elif kind in ("put", "delete"):
                insort(keys[path], (order, row(f"v{order}", second, WHOLE if kind == "put" else MARKER, f"p/{path}")))
        tops = {path: versions[-1][1] for path, versions in keys.items() if versions}
        record[second] = {path: top.version_id for path, top in tops.items() if not top.is_delete_marker}
    rows = [version for _, versions in sorted(keys.items()) for _, version in reversed(versions)]
    for second, expected in record.items():
        as_of = AsOf(second, lambda key: key.removeprefix("p/"))
        for version in rows:
            as_of.take(version, told.get(version.version_id, 0.0))
        assert {path: past.then.version_id for path, past in as_of.files.items()} == expected, (seed, second)
