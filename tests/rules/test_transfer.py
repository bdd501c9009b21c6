import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketdrive.errors import UnreadableError
from bucketdrive.rules.transfer import MAX_OBJECT_BYTES, MIB, Parts, Whole, how_to_upload, parts_at_once, ranges


@pytest.mark.parametrize("size", [0, 1, 64 * MIB])
def test_a_small_file_goes_in_one_put(size):
    assert how_to_upload(size) == Whole()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (64 * MIB + 1, Parts(8 * MIB, 9)),
        (9000 * 8 * MIB, Parts(8 * MIB, 9000)),
        (9000 * 8 * MIB + 1, Parts(9 * MIB, 8001)),
    ],
)
def test_a_large_file_goes_in_parts(size, expected):
    assert how_to_upload(size) == expected


def test_the_largest_object_fits_and_one_byte_more_is_refused():
    largest = how_to_upload(MAX_OBJECT_BYTES)
    assert isinstance(largest, Parts)
    assert largest.part_bytes <= 5 * 1024 * MIB
    with pytest.raises(UnreadableError, match="not uploaded"):
        how_to_upload(MAX_OBJECT_BYTES + 1)


@given(st.integers(64 * MIB + 1, MAX_OBJECT_BYTES))
def test_parts_keep_to_the_limits_of_s3_and_cover_the_file(size):
    how = how_to_upload(size)
    assert isinstance(how, Parts)
    assert 5 * MIB <= how.part_bytes <= 5 * 1024 * MIB
    assert 2 <= how.count <= 10_000
    assert (how.count - 1) * how.part_bytes < size <= how.count * how.part_bytes


@given(st.integers(0, 10_000), st.integers(1, 700))
def test_ranges_cover_every_byte_once(size, part_bytes):
    found = list(ranges(size, part_bytes))
    assert [byte for first, end in found for byte in range(first, end)] == list(range(size))
    assert all(end - first <= part_bytes for first, end in found)


def test_limits_may_be_set():
    assert how_to_upload(8, 8, 4) == Whole()
    assert how_to_upload(9, 8, 4) == Parts(4, 3)


@pytest.mark.parametrize(
    ("how", "memory_bytes", "expected"),
    [(Parts(8, 100), 1000, 4), (Parts(8, 2), 1000, 2), (Parts(8, 100), 17, 2), (Parts(8, 100), 1, 1)],
)
def test_a_few_parts_are_in_memory_at_once_and_always_one(how, memory_bytes, expected):
    assert parts_at_once(how, memory_bytes) == expected
