"""Paths: their shape, what is above and below them, how they fold, and the keys they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdrive.errors import NameRefusedError
from bucketdrive.model.paths import KeySpace, RelPath, ancestors_of

parts = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=5)
paths = st.lists(parts.filter(lambda part: part not in (".", "..")), min_size=1, max_size=5).map("/".join)


@pytest.mark.parametrize(
    ("text", "path"),
    [("a", "a"), ("a/b.txt", "a/b.txt"), ("a/b/", "a/b"), ("e\u0301/x", "é/x"), (" /..x/x..", " /..x/x..")],
)
def test_a_sound_path_is_parsed_to_its_normal_form(text, path):
    assert RelPath.parse(text) == path


@pytest.mark.parametrize("text", ["", "/", "/a", "a//b", "a//", ".", "..", "a/./b", "a/..", "../a", "a/../b"])
def test_what_is_no_path_inside_a_drive_is_refused(text):
    with pytest.raises(NameRefusedError) as error:
        RelPath.parse(text)
    assert error.value.path == text
    assert error.value.hint


@given(paths)
def test_parsing_twice_changes_nothing(text):
    once = RelPath.parse(text)
    assert RelPath.parse(once) == once


def test_the_relatives_of_a_path():
    path = RelPath("a/b/c")
    assert list(path.ancestors()) == ["a/b", "a"]
    assert (path.parent, path.name) == ("a/b", "c")
    assert path.child("d") == "a/b/c/d"
    assert (RelPath("a").parent, RelPath("a").name, list(RelPath("a").ancestors())) == (None, "a", [])


@given(st.lists(paths, max_size=6))
def test_the_ancestors_of_many_paths_are_those_of_each(texts):
    assert ancestors_of(texts) == {folder for text in texts for folder in RelPath(text).ancestors()}


@pytest.mark.parametrize(
    ("one", "other"), [("A/b", "a/B"), ("é", "e\u0301"), ("É", "e\u0301"), ("straße", "STRASSE"), ("ﬁ", "FI")]
)
def test_names_that_some_file_systems_take_for_one_fold_alike(one, other):
    assert RelPath(one).fold == RelPath(other).fold


@given(paths)
def test_folding_twice_changes_nothing(text):
    fold = RelPath(text).fold
    assert RelPath(fold).fold == fold


@pytest.mark.parametrize("prefix", ["", "team/"])
def test_keys_and_paths_turn_into_each_other(prefix):
    keys = KeySpace(prefix)
    assert keys.key("a/b") == f"{prefix}a/b"
    assert keys.folder_key("a") == f"{prefix}a/"
    assert keys.own_key("drive.json") == f"{prefix}.bucketdrive/drive.json"
    assert keys.own_key("drive.json").startswith(keys.own_prefix)
    assert keys.tail(keys.key("a/b")) == "a/b"
