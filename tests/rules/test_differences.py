"""What differs between two moments, and what of it only moved."""

from hypothesis import given
from hypothesis import strategies as st

from bucketdrive.model.entries import VersionRow
from bucketdrive.rules.differences import Comparing, Difference, is_same_content, pair_moves
from bucketdrive.rules.timeline import tree_as_of


def tail(key):
    return key.removeprefix("p/")


def row(path, at_s, text, version_id=""):
    """A version; a text of None is a delete marker."""
    etag, size = (f"e-{text}"[:40].replace("-", ""), len(text)) if text is not None else ("", 0)
    return VersionRow(f"p/{path}", version_id or f"{path}@{at_s}", False, text is None, etag, size, at_s)


def compare(rows, from_s, to_s):
    comparing = Comparing(from_s, to_s, tail)
    found = [comparing.take(one) for one in rows] + [comparing.end()]
    return [one for one in found if one]


def told(differences):
    """(path, version before, version after, source), None where there is none."""
    return [
        (one.path, one.before and one.before.version_id, one.after and one.after.version_id, one.source)
        for one in differences
    ]


ROWS = [
    row("added", 20, "x"),
    row("back to what it was", 20, "x"), row("back to what it was", 15, "y"), row("back to what it was", 10, "x"),
    row("came and went", 18, None), row("came and went", 15, "x"),
    row("changed", 20, "y"), row("changed", 10, "x"),
    row("removed", 20, None), row("removed", 10, "x"),
    row("same", 10, "x"),
]  # fmt: skip


def test_files_are_told_that_are_not_the_same_at_both_moments():
    assert told(compare(ROWS, 12, 25)) == [
        ("added", None, "added@20", ""),
        ("changed", "changed@10", "changed@20", ""),
        ("removed", "removed@10", None, ""),
    ]
    assert told(compare(ROWS, 12, 19)) == [
        ("back to what it was", "back to what it was@10", "back to what it was@15", "")
    ]
    assert compare(ROWS, 25, 99) == []


def moved(rows, origins=None):
    return told(pair_moves(compare(rows, 12, 25), origins or {}))


def gone(path, text):
    return [row(path, 20, None), row(path, 10, text)]


def test_one_content_that_vanished_and_appeared_moved():
    assert moved([*gone("a", "text"), row("b", 20, "text")]) == [("b", "a@10", "b@20", "a")]


def test_what_a_journal_tells_of_moved_though_its_content_changed_or_others_have_it():
    rows = [*gone("a", "text"), *gone("c", "text"), row("d", 20, "text"), row("e", 20, "edited since")]
    assert moved(rows, {"e@20": "c"}) == [("d", "a@10", "d@20", "a"), ("e", "c@10", "e@20", "c")]


def test_a_journal_that_tells_of_a_file_that_is_still_there_tells_of_a_copy():
    assert moved([row("a", 10, "text"), row("b", 20, "text")], {"b@20": "a"}) == [("b", None, "b@20", "")]


def test_of_files_that_are_all_alike_the_one_of_the_same_name_moved():
    rows = [*gone("x/1", "alike"), *gone("x/2", "alike"), row("y/1", 20, "alike"), row("y/2", 20, "alike")]
    assert moved(rows) == [("y/1", "x/1@10", "y/1@20", "x/1"), ("y/2", "x/2@10", "y/2@20", "x/2")]


def test_where_it_cannot_be_told_which_moved_none_did():
    rows = [*gone("a", "alike"), *gone("b", "alike"), row("c", 20, "alike")]
    assert [one[3] for one in moved(rows)] == ["", "", ""]
    assert [one[3] for one in moved([*gone("a", ""), row("b", 20, "")])] == ["", ""]


paths = st.sampled_from(["a", "a-b", "a/b", "b", "c/a", "c/b"])
texts = st.sampled_from([None, "", "one", "two", "three"])
events = st.lists(st.tuples(paths, st.integers(0, 30), texts), max_size=40)


@given(events, st.integers(-1, 31), st.integers(-1, 31), st.dictionaries(st.integers(0, 40), paths, max_size=6))
def test_the_differences_lead_from_one_tree_to_the_other(events, one_s, other_s, copies):
    from_s, to_s = sorted((one_s, other_s))
    numbered = [row(path, at_s, text, f"v{number}") for number, (path, at_s, text) in enumerate(events)]
    rows = sorted(numbered, key=lambda one: (one.key, -one.modified_s, -int(one.version_id[1:])))
    tree, after = tree_as_of(rows, from_s, tail), tree_as_of(rows, to_s, tail)
    origins = {f"v{number}": source for number, source in copies.items()}
    found = pair_moves(compare(rows, from_s, to_s), origins)
    for one in found:
        assert isinstance(one, Difference)
        assert tree.get(one.source or one.path) == one.before
        assert after.get(one.path) == one.after
    for one in found:
        tree.pop(one.source or one.path, None)
    for one in found:
        if one.after:
            tree[one.path] = one.after
    assert tree.keys() == after.keys()
    assert all(is_same_content(tree[path], after[path]) for path in tree)
    assert len({one.path for one in found if not one.source} | {one.source for one in found if one.source}) == len(
        found
    )
