from dataclasses import replace

from bucketdrive.model.entries import VersionRow
from bucketdrive.rules.timeline import tree_as_of, versions_of


def tail(key: str) -> str:
    return key.removeprefix("p/")


def history(path: str, *events: tuple[str, float, int]) -> list[VersionRow]:
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
    *history("deleted twice", ("m2", 50, -1), ("m1", 40, -1), ("v1", 10, 5)),
    *history("folder/", ("m1", 20, -1), ("v1", 10, 0)),
    *history("folder/.bucketdrive/x", ("m1", 20, -1), ("v1", 10, 3)),
    *history("only markers", ("m1", 20, -1)),
]


def test_versions_of_a_key_are_its_own_only():
    assert [row.version_id for row in versions_of(ROWS, "p/deleted")] == ["m2", "v2", "v1"]
    assert versions_of(ROWS, "p/delete") == []


def test_versions_are_read_no_further_than_the_key():
    rows = iter(ROWS)
    versions_of(rows, "p/alive")
    assert next(rows).version_id == "v2"  # the second of the rows that follow


def ids(at_s: float) -> dict[str, str]:
    return {path: row.version_id for path, row in tree_as_of(ROWS, at_s, tail).items()}


def test_tree_as_of_a_moment_is_what_was_live_then():
    assert ids(5) == {}
    assert ids(10) == {"alive": "v1", "deleted": "v1", "deleted twice": "v1"}
    assert ids(25) == {"deleted": "v1", "deleted twice": "v1"}
    assert ids(30) == {"alive": "v2", "deleted": "v2", "deleted twice": "v1"}
    assert ids(99) == {"alive": "v2"}


def test_a_version_counts_for_the_whole_second_in_which_it_was_written():
    assert set(tree_as_of(history("a", ("v1", 10.7, 1)), 10.2, tail)) == {"a"}
    assert set(tree_as_of(history("a", ("v1", 10.7, 1)), 9.9, tail)) == set()


def test_the_order_of_the_list_decides_not_the_clock():
    rows = history("a", ("newer", 10, 1), ("older", 20, 2))
    assert tree_as_of(rows, 20, tail)["a"].version_id == "newer"
