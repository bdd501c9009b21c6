"""What a listing of versions tells about the past: a path's versions, the trash, the tree at a moment.

The rows of a key come together, newest first, as ListObjectVersions gives them; the order of the list is the order of
events, and no clock's (spec s3.md §1.4, §1.6). Rows of other keys and of our own objects may be among them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import RESERVED
from bucketdrive.model.reports import DeletedInfo

_by_key = attrgetter("key")


def versions_of(rows: Iterable[VersionRow], key: str) -> list[VersionRow]:
    """The versions and delete markers of exactly this key, newest first.

    A listing by prefix also brings longer keys; it is read no further than needed.
    """
    for listed, group in groupby(rows, key=_by_key):
        if listed == key:
            return list(group)
    return []


def trash(rows: Iterable[VersionRow], tail: Callable[[str], str]) -> list[DeletedInfo]:
    """The files that are deleted and can be restored, in the order of the rows; `tail` makes a path of a key.

    A file is deleted if a delete marker is on top of a version with content. The moment is that of the oldest marker
    on top of it: deleting what is deleted already is no news.
    """
    return [info for key, versions in _files(rows, tail) if (info := _deleted(tail(key), versions))]


def _deleted(path: str, versions: list[VersionRow]) -> DeletedInfo | None:
    if not versions[0].is_delete_marker:
        return None
    marker = versions[0]
    for row in versions:
        if not row.is_delete_marker:
            return DeletedInfo(path, marker.modified_s, row.size, row.version_id)
        marker = row
    return None


@dataclass(frozen=True, slots=True)
class Past:
    """A file at a moment and now: `then`, the version that was live, and `top`, the newest version or marker."""

    then: VersionRow
    top: VersionRow


class AsOf:
    """The tree at a moment, gathered from rows as they are listed; keeps two rows a file and not its history.

    Stores tell times in whole seconds, so a version of the second in which the moment lies counts as written by then;
    among such versions the order of the list decides. Objects uploaded in parts have the time at which their upload
    began where the store orders them so (AWS).
    """

    def __init__(self, at_s: float, tail: Callable[[str], str]) -> None:
        """`at_s`: seconds since 1970 UTC; `tail` makes a path of a key."""
        self.files: dict[str, Past] = {}
        """The files that were live then, by path, in the order of the rows."""
        self._at_s = at_s
        self._tail = tail
        self._top: VersionRow | None = None
        self._is_settled = False

    def take(self, row: VersionRow) -> None:
        """The next row of the listing."""
        if self._top is None or row.key != self._top.key:
            self._top = row
            self._is_settled = not _is_file(self._tail(row.key)) or not row.is_sound
        if not self._is_settled and int(row.modified_s) <= self._at_s:
            self._is_settled = True
            if not row.is_delete_marker:
                self.files[self._tail(row.key)] = Past(row, self._top)


def tree_as_of(rows: Iterable[VersionRow], at_s: float, tail: Callable[[str], str]) -> dict[str, VersionRow]:
    """The files that were live at `at_s`, by path: of each key the newest version up to then. See `AsOf`."""
    as_of = AsOf(at_s, tail)
    for row in rows:
        as_of.take(row)
    return {path: past.then for path, past in as_of.files.items()}


def _files(rows: Iterable[VersionRow], tail: Callable[[str], str]) -> Iterator[tuple[str, list[VersionRow]]]:
    """Each file's key with its rows: no folder markers, nothing of ours, no key that a listing garbled."""
    for key, group in groupby(rows, key=_by_key):
        versions = list(group)
        if _is_file(tail(key)) and versions[0].is_sound:
            yield key, versions


def _is_file(path: str) -> bool:
    return bool(path) and not path.endswith("/") and RESERVED not in path.split("/")
