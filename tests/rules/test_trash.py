"""What is in the trash, row by row."""

from dataclasses import replace

import pytest

from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import KeySpace
from bucketdrive.rules.trash import Doomed, Emptying, Trash, burial_of, since_text

KEYS = KeySpace("p/")


def history(path, *events):
    """Rows of a path, newest first: (version id, seconds, size); a size of -1 is a delete marker."""
    rows = [
        VersionRow(f"p/{path}", version, False, size < 0, "e" * (size >= 0), max(size, 0), at)
        for version, at, size in events
    ]
    return [replace(row, is_latest=index == 0) for index, row in enumerate(rows)]


ROWS = [
    *history("", ("v0", 1, 0)),
    *history(".bucketdrive/drive.json", ("m", 9, -1), ("v", 1, 5)),
    *history("alive", ("v2", 30, 7), ("m1", 20, -1), ("v1", 10, 5)),
    *history("deleted", ("m2", 40, -1), ("v2", 30, 7), ("v1", 10, 5)),
    *history("deleted twice", ("m2", 50, -1), ("m1", 40, -1), ("v1", 10, 5), ("m0", 5, -1), ("v0", 1, 3)),
    *history("folder/", ("m1", 20, -1), ("v1", 10, 0)),
    *history("folder/.bucketdrive/x", ("m1", 20, -1), ("v1", 10, 3)),
    *[replace(row, is_sound=False) for row in history("garbled", ("m1", 20, -1), ("v1", 10, 3))],
    *history("only markers", ("m2", 30, -1), ("m1", 20, -1)),
]


def test_what_was_deleted_and_can_come_back_is_found_row_by_row():
    trash = Trash(KEYS.tail)
    found = [deleted for row in ROWS if (deleted := trash.take(row))]
    told = [(d.path, d.deleted_s, d.marker_id, d.newer, d.content.version_id, d.content.size) for d in found]
    assert told == [("deleted", 40, "m2", 0, "v2", 7), ("deleted twice", 40, "m1", 1, "v1", 5)]


def test_what_emptying_destroys_is_counted_with_markers_left_over_from_one_that_was_broken_off():
    emptying = Emptying(KEYS.tail)
    found = [doomed for row in ROWS if (doomed := emptying.take(row))]
    assert [*found, emptying.end()] == [
        Doomed("deleted", 40, "v2", versions=2, markers=1, size_bytes=12),
        Doomed("deleted twice", 40, "v1", versions=2, markers=3, size_bytes=8),
        Doomed("only markers", 20, versions=0, markers=2, size_bytes=0),
    ]
    assert emptying.end() is None


def test_only_what_has_a_marker_on_top_has_a_burial():
    assert burial_of([]) is None
    assert burial_of(history("a", ("v2", 2, 1), ("m1", 1, -1))) is None
    burial = burial_of(history("a", ("m3", 4, -1), ("m2", 3, -1), ("v1", 2, 1), ("m1", 1, -1)))
    assert [row.version_id for row in burial.markers] == ["m3", "m2"]
    assert ([row.version_id for row in burial.below], burial.deleted_s) == (["v1", "m1"], 3)


@pytest.mark.parametrize(
    ("text", "meant"), [("2026-11-24", "2026-11-24T00:00:00"), ("2h", "2h"), ("2026-11-24T08:15", "2026-11-24T08:15")]
)
def test_a_date_from_which_something_counts_means_its_beginning(text, meant):
    assert since_text(text) == meant
