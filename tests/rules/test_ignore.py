import os
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bucketdrive.rules.ignore import DEFAULT_PATTERNS, IgnoreRules

PARTS = ["a", "b", "c", "a.b", "ab", "#b", "!a", "A", "a b"]
SEGMENTS = [*PARTS, "*", "**", "a*", "?", "[ab]", "*.b", "[!a]", "[^b]*", "[[:upper:]]", "a**b", "\\#b", "\\!a"]


def rules(text: str = "", **nested: str) -> IgnoreRules:
    made = IgnoreRules()
    made.enter("", text.encode())
    for folder, lines in nested.items():
        made.enter(folder, lines.encode())
    return made


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "d/._x", "~$report.docx", "d/.~lock.a.odt#", "x.swp", "~a.tmp", "big.iso.part", "d/e/a.crdownload"],
)
def test_litter_of_other_programs_is_passed_over(name):
    assert IgnoreRules().skips(name, is_dir=False)
    assert rules("*.log").skips(name, is_dir=False)


@pytest.mark.parametrize("name", ["a.txt", "part", "d/swp", "a.tmp", ".bashrc", "DS_Store"])
def test_ordinary_names_are_not_passed_over(name):
    assert not IgnoreRules().skips(name, is_dir=False)


def test_every_default_pattern_can_be_brought_back():
    back = rules("\n".join(f"!{pattern}" for pattern in DEFAULT_PATTERNS))
    assert not back.skips("a.part", is_dir=False)
    assert not back.skips("~$a", is_dir=False)
    assert rules("", d="!*.part").skips("a.part", is_dir=False)
    assert not rules("", d="!*.part").skips("d/a.part", is_dir=False)


@pytest.mark.parametrize("name", [".bucketdrive", "d/.bucketdrive", ".BucketDrive", "d/e/.BUCKETDRIVE"])
def test_the_reserved_name_cannot_be_brought_back(name):
    assert rules("!.bucketdrive\n!*").skips(name, is_dir=True)


def test_a_key_below_a_passed_over_folder_is_passed_over():
    made = rules("build/\n!build/keep")
    assert made.skips_key("build/keep")
    assert made.skips_key("x/build/deep/er/file")
    assert made.skips_key("build/")
    assert not made.skips_key("build")
    assert made.skips_key(".bucketdrive/drive.json")
    assert not made.skips_key("a/b/c")


def test_a_key_is_judged_anew_after_a_rule_file_came_in():
    made = rules()
    assert not made.skips_key("a/b/c")
    made.enter("a", b"b/")
    assert made.skips_key("a/b/c")


@pytest.mark.parametrize(
    "text", [b"\xff\xfe*.x\n*.log", b"[\n[z-a]\n*.log\\\n*.log", b"\xef\xbb\xbf*.log\r\n", b"\\\n!\n/\n*.log"]
)
def test_a_damaged_ignore_file_keeps_its_sound_lines(text):
    made = IgnoreRules()
    made.enter("", text)
    assert made.skips("a.log", is_dir=False)
    assert not made.skips("a.txt", is_dir=False)


def test_a_wildcard_stands_for_a_whole_letter_unlike_in_git():
    assert rules("?.txt").skips("é.txt", is_dir=False)
    assert rules("[!a].txt").skips("d/é.txt", is_dir=False)


def test_a_pattern_in_another_encoding_is_about_the_file_of_that_name():
    made = IgnoreRules()
    made.enter("", b"caf\xe9\n")
    assert made.skips("caf\udce9", is_dir=False)


patterns = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "", "/"]),
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "", " ", "\\ "]),
)
FOLDERS = [*PARTS[:4], *("/".join(pair) for pair in product(PARTS[:4], PARTS[:3]))]
FILES = [*(f"{folder}/{part}" for folder in FOLDERS for part in PARTS[4:]), *PARTS[4:]]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    if not shutil.which("git") and not os.getenv("CI"):
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", root], check=True)
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    return root


def ignored_by_git(root: Path, names: list[str]) -> set[str]:
    run = ["git", "-c", "core.quotePath=false", "check-ignore", "--no-index", "-z", "--stdin"]
    answer = subprocess.run(run, cwd=root, input="\0".join(names).encode(), capture_output=True, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    return {name for name in answer.stdout.decode().split("\0") if name}


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(patterns, min_size=1, max_size=5),
    nested=st.dictionaries(st.sampled_from(FOLDERS), st.lists(patterns, min_size=1, max_size=2), max_size=2),
)
def test_verdicts_are_those_of_git(repository, lines, nested):
    made = IgnoreRules()
    for folder, text in {"": lines, **nested}.items():
        made.enter(folder, "\n".join(text).encode())
        (repository / folder / ".gitignore").write_text("\n".join(text) + "\n")
    expected = ignored_by_git(repository, FOLDERS + FILES)
    for folder in nested:
        (repository / folder / ".gitignore").unlink()
    judged = {name for name in FOLDERS if made.skips_key(f"{name}/")} | {name for name in FILES if made.skips_key(name)}
    assert judged == expected
