"""The same seed makes the same plan: of edits, of kills, and of what requests meet."""

from itertools import islice

import pytest

from soak.edits import KINDS, edits
from soak.fates import fates, lives
from soak.weather import NO_FAULT, Kind, Weather


def row_of_faults(seed, count, *, is_write):
    weather = Weather(seed)
    weather.is_quiet = False
    return [weather.next(is_write=is_write) for _ in range(count)]


PLANS = {
    "edits": lambda seed: list(islice(edits(seed), 300)),
    "fates": lambda seed: list(islice(fates(seed), 300)),
    "lives": lambda seed: list(islice(lives(seed), 300)),
    "faults": lambda seed: row_of_faults(seed, 300, is_write=True),
}


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_follows_from_its_seed(plan):
    assert PLANS[plan]("1:laptop") == PLANS[plan]("1:laptop") != PLANS[plan]("2:laptop")


def test_every_kind_of_edit_is_planned():
    assert {edit.kind for edit in islice(edits("7"), 3000)} == set(KINDS)


def test_two_of_three_runs_are_killed_and_some_are_left_alone():
    found = list(islice(fates("7"), 1000))
    assert (600 < sum(fate.is_killed for fate in found) < 760, sum(fate.is_quiet for fate in found) > 200) == (
        True,
        True,
    )
    assert {bool(fate.stops_s) for fate in found} == {True, False}


def test_daemons_are_killed_stopped_paused_and_ended_in_both_ways():
    found = list(islice(lives("7"), 1000))
    assert [life.fate for life in found] == list(islice(fates("7"), 1000))
    for is_so in (
        lambda life: life.fate.is_killed,
        lambda life: life.is_young,
        lambda life: life.fate.stops_s,
        lambda life: life.pause_at_s,
        lambda life: life.is_asked_to_stop,
    ):
        assert {bool(is_so(life)) for life in found} == {True, False}


def test_reads_and_writes_meet_every_fault_that_can_be_theirs():
    reads = {fault.kind for fault in row_of_faults("7", 3000, is_write=False)}
    writes = {fault.kind for fault in row_of_faults("7", 3000, is_write=True)}
    assert reads == set(Kind) - {Kind.CUT_REQUEST, Kind.LATE}
    assert writes == set(Kind) - {Kind.CUT_REPLY}


def test_in_quiet_nothing_fails():
    weather = Weather("7")
    assert {weather.next(is_write=True) for _ in range(1000)} == {NO_FAULT}
