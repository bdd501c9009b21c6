"""How often everything is looked at for a number of requests a day."""

import pytest

from bucketdrive.rules.budget import (
    DAY_S,
    LONGEST_S,
    SHORTEST_S,
    idle_requests_per_day,
    idle_usd_per_month,
    look_every_s,
)


@pytest.mark.parametrize("rows", [0, 1000, 100_000, 1_000_000])
@pytest.mark.parametrize("requests_per_day", [87_000, 90_000, 200_000])
def test_listening_and_looking_keep_within_the_budget_unless_a_look_is_overdue(rows, requests_per_day):
    every_s = look_every_s(requests_per_day, 1.0, rows)
    assert SHORTEST_S <= every_s <= LONGEST_S
    assert every_s == LONGEST_S or sum(idle_requests_per_day(1.0, every_s, rows)) <= requests_per_day + 1e-6


def test_a_budget_too_small_for_listening_alone_leaves_a_look_every_six_hours():
    assert look_every_s(10_000, 1.0, 1000) == LONGEST_S


def test_a_small_drive_is_looked_at_more_often_than_a_large_one():
    assert look_every_s(90_000, 1.0, 1000) < look_every_s(90_000, 1.0, 100_000)


def test_listening_every_second_costs_a_dollar_a_month():
    assert idle_usd_per_month(1.0, DAY_S, 0) == pytest.approx(1.04, abs=0.01)
