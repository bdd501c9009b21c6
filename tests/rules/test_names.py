import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdrive.errors import InternalError
from bucketdrive.model.paths import RelPath
from bucketdrive.rules.names import (
    conflict_name,
    is_conflict_name,
    numbered_name,
    origin_of,
    refusal,
    with_ordinal,
)

HASH = "0123456789abcdef" * 4

names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1).filter(
    lambda name: name not in (".", "..") and len(name.encode()) <= 255
)


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "notes/today.txt",
        "...",
        ".bashrc",
        "a/.b/c..",
        "bucketdrive",
        ".bucketdrive2/x",
        "é" * 127,
        " a ",
        "日本/語",
    ],
)
def test_a_name_that_can_be_kept_is_not_refused(path):
    assert refusal(path) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("/a", "empty"),
        ("a/", "empty"),
        ("a//b", "empty"),
        ("./a", "`..`"),
        ("a/../b", "`..`"),
        ("a/..", "`..`"),
        ("a\nb", "control"),
        ("a/\x7f", "control"),
        ("é\x00", "control"),
        ("caf\udce9", "UTF-8"),
        ("x" * 256, "255"),
        ("a/" + "é" * 128, "255"),
        ("/".join(["d" * 200] * 6), "1024"),
        (".bucketdrive", "belong"),
        ("a/.BucketDrive/b", "belong"),
        ("a/.bucKetdrive", "belong"),  # the Kelvin sign, which folds to k
    ],
)
def test_a_name_that_cannot_be_kept_is_refused_with_the_reason(path, reason):
    assert reason in (refusal(path) or "")


def test_the_prefix_counts_towards_the_length_of_the_key():
    assert refusal("a" * 100, prefix_bytes=924) is None
    assert "1024" in (refusal("a" * 100, prefix_bytes=925) or "")


@given(st.text(st.sampled_from(list("a./\x01é.B")), max_size=12))
def test_short_cut_and_full_check_agree(text):
    parts = text.split("/")
    is_fine = all(part not in ("", ".", "..") for part in parts) and "\x01" not in text
    assert (refusal(text) is None) == is_fine


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.txt", "report (conflict laptop 01234567).txt"),
        ("report", "report (conflict laptop 01234567)"),
        ("backup.tar.gz", "backup (conflict laptop 01234567).tar.gz"),
        (".bashrc", ".bashrc (conflict laptop 01234567)"),
        (".config.json", ".config (conflict laptop 01234567).json"),
        ("v1.2 last notes", "v1.2 last notes (conflict laptop 01234567)"),
        ("...", "... (conflict laptop 01234567)"),
        ("report (conflict desktop 89abcdef).txt", "report (conflict laptop 01234567).txt"),
        ("report (conflict my host.local 89abcdef 3)", "report (conflict laptop 01234567)"),
        ("a (conflict x 89abcdef).tar.gz", "a (conflict laptop 01234567).tar.gz"),
    ],
)
def test_conflict_name_keeps_stem_and_extension(name, expected):
    assert conflict_name(RelPath(f"deep/{name}"), "laptop", HASH) == f"deep/{expected}"
    assert conflict_name(RelPath(name), "laptop", HASH) == expected


@pytest.mark.parametrize(
    ("device", "in_name"),
    [
        ("", "elsewhere"),
        (" / ( ) \n", "elsewhere"),
        ("Anna's (old) laptop/1", "Anna's old laptop 1"),
        ("é" * 100, "é" * 30),
        ("bad\udce9bytes", "bad bytes"),
    ],
)
def test_device_name_is_made_fit_for_a_file_name(device, in_name):
    assert conflict_name(RelPath("a.txt"), device, HASH) == f"a (conflict {in_name} 01234567).txt"


def test_ordinal_is_added_and_replaced():
    first = conflict_name(RelPath("d/a.txt"), "laptop", HASH)
    assert with_ordinal(first, 2) == "d/a (conflict laptop 01234567 2).txt"
    assert with_ordinal(with_ordinal(first, 2), 3) == "d/a (conflict laptop 01234567 3).txt"


def test_ordinal_of_a_plain_name_is_our_mistake():
    with pytest.raises(InternalError):
        with_ordinal(RelPath("a.txt"), 2)


def test_plain_names_are_not_conflict_names():
    assert not is_conflict_name("a (conflict of interest).txt")
    assert not is_conflict_name("a (conflict laptop 01234567)/b.txt")
    assert is_conflict_name("a/b (conflict laptop 01234567).txt")


@given(names, st.text(max_size=80), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_conflict_name_can_be_kept_and_is_the_same_when_made_again(name, device, sha256):
    path = RelPath(unicodedata.normalize("NFC", name))
    copy = conflict_name(path, device, sha256)
    assert is_conflict_name(copy)
    assert len(with_ordinal(copy, 99).encode()) <= 255
    assert conflict_name(copy, device, sha256) == copy
    assert conflict_name(with_ordinal(copy, 12), device, sha256) == copy
    assert unicodedata.is_normalized("NFC", copy)
    if refusal(path) is None:
        assert refusal(copy) is None


def test_a_name_as_long_as_allowed_is_shortened_between_code_points():
    copy = conflict_name(RelPath("é" * 125 + ".txt"), "laptop", HASH)
    assert copy.endswith("é (conflict laptop 01234567).txt")
    assert 250 <= len(copy.encode()) <= 252
    assert with_ordinal(copy, 99) == copy.replace("01234567)", "01234567 99)")


@pytest.mark.parametrize(
    ("path", "of", "device"),
    [
        ("d/a (conflict desktop 01234567).txt", "d/a.txt", "desktop"),
        ("a (conflict my laptop 01234567 2).tar.gz", "a.tar.gz", "my laptop"),
        ("Makefile (conflict desktop 01234567)", "Makefile", "desktop"),
    ],
)
def test_a_conflict_copy_tells_of_which_file_and_device_it_is(path, of, device):
    assert origin_of(path) == (of, device)
    assert origin_of(of) is None


def test_a_second_file_of_a_name_is_numbered_before_its_extension():
    assert numbered_name(RelPath("d/a.tar.gz"), 2) == "d/a (2).tar.gz"
    assert numbered_name(RelPath("Makefile"), 12) == "Makefile (12)"
    long = numbered_name(RelPath("ü" * 125 + ".txt"), 2)
    assert len(long.encode()) <= 255
    assert long.endswith("ü (2).txt")
