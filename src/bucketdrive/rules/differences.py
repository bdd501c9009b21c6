"""What differs between two moments, from one listing of versions; and what of it only moved."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bucketdrive.model.entries import VersionRow
from bucketdrive.rules.timeline import LiveAt


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not the same at two moments; None where it was not there. A moved one comes from `source`."""

    path: str
    before: VersionRow | None
    after: VersionRow | None
    source: str = ""


class Comparing:
    """Two trees of one listing, merged by key as its rows come; keeps the rows of one key's two versions."""

    def __init__(self, from_s: float, to_s: float, tail: Callable[[str], str]) -> None:
        """`from_s`, `to_s`: the two moments, seconds since 1970 UTC; `tail` makes a path of a key."""
        self._from, self._to = LiveAt(from_s, tail), LiveAt(to_s, tail)
        self.is_empty = True
        """Whether no file was found at either moment so far."""
        self._tail = tail
        self._key = ""
        self._before: VersionRow | None = None
        self._after: VersionRow | None = None

    def take(self, row: VersionRow, told_s: float = 0.0) -> Difference | None:
        """The next row, as for `LiveAt`; where another key begins, how the one before differs."""
        done = None
        if row.key != self._key:
            done = self.end()
            self._key = row.key
        if past := self._from.take(row, told_s):
            self._before = past.then
        if past := self._to.take(row, told_s):
            self._after = past.then
        return done

    def end(self) -> Difference | None:
        """How the last key differs; there are no more rows of it."""
        before, after = self._before, self._after
        self._before = self._after = None
        if before is None and after is None:
            return None
        self.is_empty = False
        if before is not None and after is not None and is_same_content(before, after):
            return None
        return Difference(self._tail(self._key), before, after)


def is_same_content(one: VersionRow, other: VersionRow) -> bool:
    """Whether two versions are one, or have the same bytes as far as a listing tells."""
    return one.version_id == other.version_id or (one.etag, one.size) == (other.etag, other.size)


def pair_moves(found: Iterable[Difference], origins: Mapping[str, str]) -> list[Difference]:
    """The differences, with those that are two halves of a move made one, by path.

    A file that appeared is the one that vanished: where a journal says so (`origins`: the path that a version was
    copied from, by its id); else where no other has its content, or none of the same name has. Empty files are all
    alike, and so none of them moved.
    """
    differences = list(found)
    gone = {one.path: one for one in differences if one.after is None}
    made = {one.path: one for one in differences if one.before is None}
    moves: dict[str, Difference] = {}

    def pair(target: str, source: str) -> None:
        moves[target] = Difference(target, gone.pop(source).before, made.pop(target).after, source)

    for target, one in list(made.items()):
        source = origins.get(one.after.version_id, "") if one.after else ""
        if source in gone:
            pair(target, source)
    for likeness in (_content_and_name, _content):
        sources, targets = _only_ones(gone, likeness), _only_ones(made, likeness)
        for alike in [alike for alike in targets if alike in sources]:
            pair(targets[alike], sources[alike])
    paired = {move.source for move in moves.values()}
    return [moves.get(one.path, one) for one in differences if one.path not in paired or one.after is not None]


_Likeness = tuple[str, int, str]


def _content(path: str, row: VersionRow) -> _Likeness:
    del path
    return (row.etag, row.size, "")


def _content_and_name(path: str, row: VersionRow) -> _Likeness:
    return (row.etag, row.size, path.rpartition("/")[2])


def _only_ones(
    found: Mapping[str, Difference], likeness: Callable[[str, VersionRow], _Likeness]
) -> dict[_Likeness, str]:
    """The paths whose likeness no other of them has, by it."""
    paths: dict[_Likeness, list[str]] = {}
    for path, one in found.items():
        row = one.before or one.after
        if row is not None and row.size:
            paths.setdefault(likeness(path, row), []).append(path)
    return {alike: alone[0] for alike, alone in paths.items() if len(alone) == 1}
