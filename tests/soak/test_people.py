"""People's edits in a real folder, and the account of them: with no program at work, the two must agree exactly."""

import dataclasses
from itertools import islice

import pytest

from soak.contents import digest_of
from soak.edits import KINDS, Edit, edits
from soak.hands import files_below
from soak.people import Person

SMALL = 500


@pytest.fixture
def person(hands, account):
    return Person(hands, account)


def contents(hands):
    return {digest_of(local.read_bytes()) for local in files_below(hands.folder)}


def at_once(edit):
    """The same edit without its waits, and not large."""
    kind = "create" if edit.kind == "large" else edit.kind
    return dataclasses.replace(edit, kind=kind, size=min(edit.size, SMALL), wait_s=0.0)


def do(person, kind, *, pick=0.0, other=0.0):
    person.do(Edit(1, 0.0, kind, pick, other, SMALL, 0.0))


@pytest.mark.parametrize("seed", range(2))
def test_what_nobody_superseded_is_what_is_in_the_folder(person, hands, account, seed):
    for edit in islice(edits(str(seed)), 300):
        person.do(at_once(edit))
        assert set(account.wanted) == contents(hands), edit
    assert sum(account.edits.values()) > 200
    assert (account.blind, account.late) == ([], [])


def test_every_kind_of_edit_is_made(person, account):
    for edit in islice(edits("7"), 700):
        person.do(at_once(edit))
    assert set(account.edits) | {"large", "edit conflict copy"} == set(KINDS)  # without conflicts no copies


def test_a_conflict_copy_is_edited_renamed_or_deleted(person, hands, account):
    copy = "todo (conflict desktop 12345678)"
    for other, is_there in ((0.9, True), (0.6, False)):
        hands.new_file(copy, SMALL)
        do(person, "edit conflict copy", other=other)
        assert ((hands.folder / copy).exists(), set(account.wanted)) == (is_there, contents(hands))
        if is_there:
            do(person, "edit conflict copy", other=0.1)
            assert contents(hands) == set()


def test_a_large_file_is_larger_than_what_goes_up_in_one_piece(person, hands, account):
    do(person, "large")
    assert (hands.folder / "films" / "one.bin").stat().st_size > 64 << 20
    assert set(account.wanted) == contents(hands)


def test_an_edit_that_keeps_size_and_time_changes_the_content(person, hands, account):
    hands.new_file("todo", SMALL)
    before, seen = (hands.folder / "todo").stat(), contents(hands)
    do(person, "keep time")
    after = (hands.folder / "todo").stat()
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)
    assert contents(hands) == set(account.wanted) != seen


def test_a_file_that_lost_its_name_while_it_was_open_is_told_as_late(hands, account):
    hands.new_file("todo", SMALL)
    with (hands.folder / "todo").open("r+b", buffering=0) as file:
        (hands.folder / "todo").rename(hands.folder.parent / "elsewhere")
        hands.rewrite(file.fileno(), "todo", SMALL)
    late = (hands.folder.parent / "elsewhere").read_bytes()
    assert account.late == [("laptop", "todo", digest_of(late))]


def test_a_file_put_into_a_folder_after_it_was_thrown_away_was_deleted_with_it(hands, account):
    hands.new_file("d/one", SMALL)
    hands.throw_away("d")
    late = account.new_content("desktop", "d/two", SMALL)
    (next((hands.folder.parent / "aside" / "trash").iterdir()) / "two").write_bytes(late)
    assert set(account.wanted) == {digest_of(late)}
    hands.look_through_trash()
    assert account.wanted == {}
