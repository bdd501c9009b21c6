"""How the bytes of a file travel: in one request or in parts (spec s3.md §1.7)."""

from collections.abc import Iterator
from dataclasses import dataclass

from bucketdrive.errors import UnreadableError

MIB = 1024 * 1024

WHOLE_LIMIT_BYTES = 64 * MIB
"""Up to here one put is sent: it is one request and one reply to settle."""

MAX_OBJECT_BYTES = 10_000 * 5 * 1024 * MIB
"""The largest object S3 keeps: 10,000 parts of 5 GiB, 48.8 TiB."""

_MIN_PART_BYTES = 8 * MIB
_MAX_PART_BYTES = 5 * 1024 * MIB
_PARTS_WANTED = 9000  # there may be 10,000; the largest objects need them


@dataclass(frozen=True, slots=True)
class Whole:
    """One put."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A multipart upload: `count` parts of `part_bytes`, the last one shorter or as long."""

    part_bytes: int
    count: int


def how_to_upload(size: int) -> Whole | Parts:
    """Decide how a file of `size` bytes goes up. The same size always gives the same parts, so an upload can resume.

    Raises:
        UnreadableError: the file is larger than any object can be.
    """
    if size <= WHOLE_LIMIT_BYTES:
        return Whole()
    if size > MAX_OBJECT_BYTES:
        raise UnreadableError(
            "The file is larger than the 48.8 TiB an object can have. It was not uploaded.",
            hint="Split it, or keep it out of the drive with a line in .driveignore.",
        )
    part_bytes = _ceil_div(_ceil_div(size, _PARTS_WANTED), MIB) * MIB
    part_bytes = min(max(part_bytes, _MIN_PART_BYTES), _MAX_PART_BYTES)
    return Parts(part_bytes, _ceil_div(size, part_bytes))


def ranges(size: int, part_bytes: int) -> Iterator[tuple[int, int]]:
    """The byte ranges (first, end), end exclusive, that make up `size` bytes, in order; none for an empty file."""
    for first in range(0, size, part_bytes):
        yield first, min(first + part_bytes, size)


def _ceil_div(number: int, by: int) -> int:
    return -(-number // by)
