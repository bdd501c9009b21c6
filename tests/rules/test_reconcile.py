"""The table is total, every row of it is needed, and its most important promises are spelled out."""

from itertools import product

import pytest

from bucketdrive.rules.reconcile import TABLE, Base, Below, Content, Local, Remote, Sides, Verb, decide

POSSIBLE = [
    sides for sides in (Sides(*states) for states in product(Base, Local, Remote, Below, Content)) if sides.is_possible
]


def test_every_possible_case_has_exactly_one_answer():
    assert len(POSSIBLE) > 700
    assert all(decide(sides).reason for sides in POSSIBLE)


def test_every_row_decides_something():
    used = {next(i for i, row in enumerate(TABLE) if row.covers(sides)) for sides in POSSIBLE}
    assert [row.decision for i, row in enumerate(TABLE) if i not in used] == []


@pytest.mark.parametrize("sides", [s for s in POSSIBLE if Local.UNKNOWN is s.local or Remote.UNKNOWN is s.remote])
def test_what_cannot_be_seen_is_left_alone(sides):
    assert decide(sides).verb is Verb.WAIT


def test_nothing_here_is_deleted_without_a_marker_in_the_bucket():
    deleting = {s for s in POSSIBLE if decide(s).verb is Verb.DELETE_LOCAL}
    assert deleting
    assert {s.remote for s in deleting} == {Remote.DELETED}
    assert {s.local for s in deleting} == {Local.SAME}


def test_nothing_in_the_bucket_is_deleted_unless_it_is_what_was_agreed_and_gone_here():
    deleting = {s for s in POSSIBLE if decide(s).verb is Verb.DELETE_REMOTE}
    assert {s.remote for s in deleting} == {Remote.SAME}
    assert {s.local for s in deleting} == {Local.ABSENT, Local.EMPTY_DIR, Local.DIR, Local.RESIDUE}


def test_an_edit_beats_a_deletion_on_either_side():
    assert decide(Sides(Base.FILE, Local.FILE, Remote.DELETED)).verb is Verb.UPLOAD
    assert decide(Sides(Base.FILE, Local.FILE, Remote.VANISHED)).verb is Verb.UPLOAD
    assert decide(Sides(Base.FILE, Local.ABSENT, Remote.FILE)).verb is Verb.DOWNLOAD


def test_a_local_edit_is_never_downloaded_over():
    downloading = {s.local for s in POSSIBLE if decide(s).verb is Verb.DOWNLOAD}
    assert downloading == {Local.SAME, Local.ABSENT}


def test_what_is_special_here_is_held_whatever_the_bucket_has():
    special = [s for s in POSSIBLE if s.local is Local.SPECIAL and s.remote is not Remote.UNKNOWN]
    assert {decide(s).verb for s in special} == {Verb.HOLD}


def test_a_vanished_file_is_held():
    assert decide(Sides(Base.FILE, Local.SAME, Remote.VANISHED)).verb is Verb.HOLD


def test_equal_content_moves_no_byte():
    for base in Base:
        assert decide(Sides(base, Local.FILE, Remote.FILE, content=Content.SAME)).verb is Verb.RECORD
