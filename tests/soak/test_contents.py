"""Contents name themselves: a piece of one, or a mixture, is told from a whole one by its bytes alone."""

import pytest

from soak.contents import describe, is_whole, make_record

ONE = make_record("laptop#1", "notes.txt", 3000)
OTHER = make_record("desktop#2", "notes.txt", 3000)
LARGE = make_record("tablet#3", "films/one.bin", 1 << 20)


@pytest.mark.parametrize("length", [300, 301, 64 * 1024, 300_000])
def test_a_record_is_as_long_as_was_asked_for_and_whole(length):
    record = make_record("laptop#1", "büro/liste 1.csv", length)
    assert (len(record), is_whole(record)) == (length, True)


def test_a_record_shorter_than_its_own_name_is_as_short_as_can_be():
    record = make_record("laptop#1", "notes.txt", 0)
    assert (is_whole(record), len(record) < 150) == (True, True)


def test_records_that_were_appended_are_whole():
    assert is_whole(ONE + OTHER + ONE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ONE[:-1],
        ONE[:1500],
        ONE[1:],
        ONE + OTHER[:100],
        ONE[:1500] + OTHER[1500:],
        OTHER[:1500] + bytes(1500),
        ONE.replace(b"laptop#1:5 ", b"laptop#9:5 "),
        LARGE[: 1 << 19],
    ],
)
def test_a_piece_or_a_mixture_is_not_whole(data):
    assert not is_whole(data)


def test_a_mixture_is_described_by_what_it_is_made_of():
    said = describe(ONE[:1500] + OTHER[1500:])
    assert ("not whole" in said, said.count("then"), "laptop#1 blocks 0-" in said, "desktop#2 blocks" in said) == (
        True,
        1,
        True,
        True,
    )
