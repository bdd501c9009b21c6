from datetime import UTC, datetime, timedelta, timezone

import pytest

from bucketdrive.errors import UsageError
from bucketdrive.rules.moments import parse_moment

NOW_S = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
EAST = timezone(timedelta(hours=2))


def at(*fields):
    return datetime(*fields, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "age_s"), [("90s", 90), ("0s", 0), ("15m", 900), ("2h", 7200), ("3d", 259_200), (" 1w ", 604_800)]
)
def test_an_age_counts_back_from_now(text, age_s):
    assert parse_moment(text, NOW_S) == NOW_S - age_s


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T08:15:00Z", at(2026, 11, 24, 8, 15)),
        ("2026-11-24T08:15:00.500+00:00", at(2026, 11, 24, 8, 15) + 0.5),
        ("2026-11-24T08:15:00+05:30", at(2026, 11, 24, 2, 45)),
        ("20261124T081500Z", at(2026, 11, 24, 8, 15)),
        ("2026-11-24 08:15", at(2026, 11, 24, 6, 15)),
        ("2026-11-24T08", at(2026, 11, 24, 6)),
    ],
)
def test_iso_8601_with_a_zone_or_in_the_one_given(text, expected):
    assert parse_moment(text, NOW_S, EAST) == expected


def test_a_date_alone_is_the_end_of_that_day():
    assert parse_moment("2026-11-23", NOW_S, EAST) == at(2026, 11, 23, 21, 59, 59)
    assert parse_moment("2026-11-24", NOW_S, UTC) == at(2026, 11, 24, 23, 59, 59)


def test_without_a_zone_it_is_the_time_of_this_machine():
    assert parse_moment("2026-11-23T08:15:00", NOW_S) == datetime(2026, 11, 23, 8, 15).timestamp()  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "yesterday", "2 h", "2y", "-2h", "2026-13-01", "1e3", "08:15", "9" * 30 + "s"])
def test_what_is_no_moment_is_refused_with_examples(text):
    with pytest.raises(UsageError, match="Nothing was done") as caught:
        parse_moment(text, NOW_S)
    assert "2026-11-24T08:15:00Z" in caught.value.hint


@pytest.mark.parametrize("text", ["2027-11-24", "2026-11-26T00:00Z"])
def test_what_has_not_come_yet_is_refused(text):
    with pytest.raises(UsageError, match="not come yet"):
        parse_moment(text, NOW_S, UTC)
