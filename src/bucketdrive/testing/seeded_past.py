"""A past made from a seed: what users of two devices do to a drive, round after round, and the record of it.

The record is what a look back is held against: the tree after each round, and nothing of how it came about.
"""

import hashlib
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random  # noqa: TID251  the seed is where all its chance comes from
from typing import Protocol

Tree = dict[str, bytes]
"""Contents by path."""

Listing = dict[str, tuple[str, int]]
"""ETags and sizes by path."""

_A_FOLDER = 10
"""Files are made so many to a folder, and folders so many to a folder."""
_NEW, _DELETED, _FOLDER_DELETED, _MOVED, _FOLDER_MOVED = 0.15, 0.27, 0.28, 0.36, 0.37
"""Of all deeds, each with those before it; the others are edits."""
_AGAIN = 0.3
"""Of new names, those at which a file was before."""
_MOVED_TO = "moved"


class Machine(Protocol):
    """A device, as its user and this history need it. Paths are below the drive's folder."""

    def write(self, path: str, data: bytes) -> None:
        """Save a file, making the folders above it."""
        ...

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that is in it."""
        ...

    def move(self, path: str, target: str) -> None:
        """Give a file or a folder another name; nothing is there."""
        ...

    def sync(self) -> None:
        """Sync what was changed here, and what other devices told. Deletions that are asked about are meant."""
        ...

    def files(self) -> Tree:
        """What its user sees."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """What changed in one round: new contents by path, None where a file went.

    `at_s`: when all of it was in the bucket. Nothing was written for more than a second from then on.
    """

    at_s: float
    changes: dict[str, bytes | None]


@dataclass
class SeededPast:
    """Makes a history and keeps its record."""

    seed: int
    tree: Tree = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    versions: int = 0
    """Versions and delete markers that a drive has made of all this, if it makes none that need not be."""

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._number = 0
        self._names: list[str] = []
        self._gone: list[str] = []

    def begin(self, machine: Machine, files: int) -> None:
        """Make so many files."""
        for _ in range(files):
            self._write(machine, self._new_path())

    def change(self, machine: Machine, deeds: int) -> None:
        """Let a user do so many things."""
        for _ in range(deeds):
            if self._names:
                self._deed(machine, self._any(self._names))
            else:
                self._write(machine, self._new_path())

    def end_round(self, at_s: float, before: Tree) -> None:
        """Record what became of `before`, the tree as the last round left it."""
        changes: dict[str, bytes | None] = {path: None for path in before if path not in self.tree}
        changes.update((path, data) for path, data in self.tree.items() if before.get(path) != data)
        self.rounds.append(Round(at_s, changes))
        self.versions += len(changes)

    def moments(self, number: int) -> list[tuple[float, int]]:
        """So many random moments at which nothing was written, in order, each with the round that was the last then."""
        chosen = sorted(int(self._random.random() * len(self.rounds)) for _ in range(number))
        return [(int(self.rounds[at].at_s) + self._random.random(), at) for at in chosen]

    def trees(self, wanted: Sequence[int]) -> Iterator[Tree]:
        """The trees after these rounds, which are in order. Each is to be used before the next is asked for."""
        tree: Tree = {}
        done = -1
        for at in wanted:
            while done < at:
                done += 1
                apply(tree, self.rounds[done].changes)
            yield tree

    def any_folder(self, tree: Tree) -> str:
        """A folder of a tree."""
        parts = self._any(sorted(path for path in tree if "/" in path)).split("/")
        return "/".join(parts[: 1 + int(self._random.random() * (len(parts) - 1))])

    def _deed(self, machine: Machine, path: str) -> None:
        deed, above = self._random.random(), path.rpartition("/")[0]
        if above == _MOVED_TO:  # it holds other folders
            above = path
        if deed < _NEW:
            self._write(machine, self._new_path())
        elif deed < _DELETED:
            self._delete(machine, path)
        elif deed < _FOLDER_DELETED:
            self._delete(machine, above)
        elif deed < _MOVED:
            self._move(machine, path, self._new_path())
        elif deed < _FOLDER_MOVED:
            self._move(machine, above, f"{_MOVED_TO}/{self._next()}")
        else:
            self._write(machine, path)

    def _write(self, machine: Machine, path: str) -> None:
        data = f"{self._next()} {'x' * int(self._random.random() * 40)}".encode()
        machine.write(path, data)
        self._put(path, data)

    def _delete(self, machine: Machine, path: str) -> None:
        machine.delete(path)
        for name in self._at_or_below(path):
            self._take(name)

    def _move(self, machine: Machine, path: str, target: str) -> None:
        machine.move(path, target)
        for name in self._at_or_below(path):
            self._put(target + name[len(path) :], self._take(name))

    def _put(self, path: str, data: bytes) -> None:
        if path not in self.tree:
            insort(self._names, path)
        self.tree[path] = data

    def _take(self, path: str) -> bytes:
        del self._names[bisect_left(self._names, path)]
        self._gone.append(path)
        return self.tree.pop(path)

    def _at_or_below(self, path: str) -> list[str]:
        if path in self.tree:
            return [path]
        first, end = (bisect_left(self._names, f"{path}{end}") for end in "/0")  # 0 comes next after /
        return self._names[first:end]

    def _new_path(self) -> str:
        if self._gone and self._random.random() < _AGAIN:
            at = int(self._random.random() * len(self._gone))
            self._gone[at], self._gone[-1] = self._gone[-1], self._gone[at]
            path = self._gone.pop()
            if path not in self.tree:
                return path
        number = self._next()
        return f"{number // _A_FOLDER**3}/{number // _A_FOLDER**2}/{number // _A_FOLDER}/{number}"

    def _any(self, names: Sequence[str]) -> str:
        return names[int(self._random.random() * len(names))]

    def _next(self) -> int:
        self._number += 1
        return self._number


def apply(tree: Tree, changes: dict[str, bytes | None]) -> None:
    """Make a tree what it was after a round."""
    for path, data in changes.items():
        if data is None:
            tree.pop(path, None)
        else:
            tree[path] = data


def etags(tree: Tree) -> Listing:
    """A tree as a listing tells of it: ETag (of what was put in one piece) and size by path."""
    return {path: _told(data) for path, data in tree.items()}


@cache
def _told(data: bytes) -> tuple[str, int]:
    return hashlib.md5(data, usedforsecurity=False).hexdigest(), len(data)


def below(tree: Tree, folder: str) -> Tree:
    """The files below a folder."""
    return {path: data for path, data in tree.items() if path.startswith(f"{folder}/")}
