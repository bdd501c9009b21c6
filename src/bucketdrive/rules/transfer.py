"""How the bytes of a file travel: in one request or in parts (spec s3.md §1.7)."""

from collections.abc import Iterator
from dataclasses import dataclass

from bucketdrive.errors import UnreadableError

MIB = 1024 * 1024

WHOLE_LIMIT_BYTES = 64 * MIB
"""Up to here one put is sent: it is one request and one reply to settle."""

LEAST_PART_BYTES = 8 * MIB
"""Parts, and the ranges in which large objects come down, are at least so long; S3 asks for 5 MiB."""

PARTS_IN_FLIGHT = 4
"""So many parts of one upload are in memory and on their way at once, if the memory budget has room for them."""

MAX_COPY_BYTES = 5 * 1024 * MIB
"""The largest object that CopyObject copies in one request."""

MAX_OBJECT_BYTES = 10_000 * 5 * 1024 * MIB
"""The largest object S3 keeps: 10,000 parts of 5 GiB, 48.8 TiB."""

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


def how_to_upload(
    size: int, whole_bytes: int = WHOLE_LIMIT_BYTES, least_part_bytes: int = LEAST_PART_BYTES
) -> Whole | Parts:
    """Decide how a file of `size` bytes goes up. The same size always gives the same parts, so an upload can resume.

    Raises:
        UnreadableError: the file is larger than any object can be.
    """
    return Whole() if size <= whole_bytes else in_parts(size, least_part_bytes)


def in_parts(size: int, least_part_bytes: int = LEAST_PART_BYTES) -> Parts:
    """The parts of an upload of `size` bytes, of which there is at least one.

    Raises:
        UnreadableError: as `how_to_upload`.
    """
    if size > MAX_OBJECT_BYTES:
        raise UnreadableError(
            "The file is larger than the 48.8 TiB an object can have. It was not uploaded.",
            hint="Split it, or keep it out of the drive with a line in .driveignore.",
        )
    part_bytes = _ceil_div(size, _PARTS_WANTED)
    if part_bytes > least_part_bytes:
        part_bytes = min(_ceil_div(part_bytes, MIB) * MIB, _MAX_PART_BYTES)
    part_bytes = max(part_bytes, least_part_bytes)
    return Parts(part_bytes, _ceil_div(size, part_bytes))


def parts_at_once(how: Parts, memory_bytes: int) -> int:
    """How many parts may be in memory at once, given what all transfers together may take. At least one."""
    return max(1, min(PARTS_IN_FLIGHT, how.count, memory_bytes // how.part_bytes))


def ranges(size: int, part_bytes: int) -> Iterator[tuple[int, int]]:
    """The byte ranges (first, end), end exclusive, that make up `size` bytes, in order; none for an empty file."""
    for first in range(0, size, part_bytes):
        yield first, min(first + part_bytes, size)


def _ceil_div(number: int, by: int) -> int:
    return -(-number // by)
