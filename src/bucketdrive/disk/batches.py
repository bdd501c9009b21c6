"""What a batch of calls shares: each folder is opened once, and what is wrong with one of them is that one's."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Self, TypeVar

from bucketdrive.disk.failures import failure
from bucketdrive.disk.walk import Opened
from bucketdrive.errors import BucketDriveError

T = TypeVar("T")


class Shelf:
    """Folders opened during a batch, each once. Use it with `with`: it closes them."""

    def __init__(self) -> None:
        self._opened: dict[tuple[str, ...], int] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def take(self, parts: Sequence[str], open_it: Callable[[], Opened]) -> int:
        """The folder of `parts`, by `open_it` at the first time."""
        key = tuple(parts)
        number = self._opened.get(key)
        if number is None:
            number = self._opened[key] = self._stack.enter_context(open_it())
        return number


def outcome(path: str, act: Callable[[], T], *, is_place: bool = False) -> T | BucketDriveError:
    """What `act` returns or raises; the system's errors are about `path`."""
    try:
        return act()
    except BucketDriveError as error:
        return error
    except OSError as error:
        ours = failure(error, path, is_place=is_place)
        ours.__cause__ = error
        return ours
