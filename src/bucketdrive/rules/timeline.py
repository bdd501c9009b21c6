"""What a listing of versions tells about the past: a path's versions, the tree at a moment.

The rows of a key come together, newest first, as ListObjectVersions gives them; the order of the list is the order of
events, and no clock's (spec s3.md §1.4, §1.6). Rows of other keys and of our own objects may be among them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import RESERVED

_by_key = attrgetter("key")


def versions_of(rows: Iterable[VersionRow], key: str) -> list[VersionRow]:
    """The versions and delete markers of exactly this key, newest first.

    A listing by prefix also brings longer keys; it is read no further than needed.
    """
    for listed, group in groupby(rows, key=_by_key):
        if listed == key:
            return list(group)
    return []


@dataclass(frozen=True, slots=True)
class Past:
    """A file at a moment and now: `then`, the version that was live, and `top`, the newest version or marker."""

    then: VersionRow
    top: VersionRow


class LiveAt:
    """Finds the version of each key that was live at a moment, row by row, and keeps two rows in all.

    A key's rows are walked from the newest to the oldest, and the first that was current by then is it: so the order of
    the list decides, and an older version never counts as later than a newer one, whatever the clocks say. Stores tell
    times in whole seconds: a version of the second in which the moment lies counts as written by then.
    """

    def __init__(self, at_s: float, tail: Callable[[str], str], is_asked: Callable[[str], bool] | None = None) -> None:
        """`at_s`: seconds since 1970 UTC; `tail` makes a path of a key; `is_asked`: whose past it is, None: files'."""
        self._at_s = at_s
        self._tail = tail
        self._is_asked = is_asked or is_file
        self._top: VersionRow | None = None
        self._is_settled = False

    def take(self, row: VersionRow, told_s: float = 0.0) -> Past | None:
        """The next row of the listing; the past of its key, where this is the version that was live then.

        `told_s`: when a journal says that this version was written, 0 for none; see `current_since_s`.
        """
        if self._top is None or row.key != self._top.key:
            self._top = row
            self._is_settled = not self._is_asked(self._tail(row.key)) or not row.is_sound
        if self._is_settled or int(current_since_s(row, told_s)) > self._at_s:
            return None
        self._is_settled = True
        return None if row.is_delete_marker else Past(row, self._top)


class AsOf:
    """The tree at a moment, gathered from rows as they are listed; keeps two rows a file and not its history."""

    def __init__(self, at_s: float, tail: Callable[[str], str]) -> None:
        """As `LiveAt`."""
        self.files: dict[str, Past] = {}
        """The files that were live then, by path, in the order of the rows."""
        self.markers: dict[str, VersionRow] = {}
        """The markers of folders that were live then, by the folder's path."""
        self._tail = tail
        self._live_at = LiveAt(at_s, tail)
        self._marker_at = LiveAt(at_s, tail, is_marker)

    def take(self, row: VersionRow, told_s: float = 0.0) -> None:
        """The next row of the listing."""
        path = self._tail(row.key)
        if is_marker(path):
            if past := self._marker_at.take(row):
                self.markers[path.removesuffix("/")] = past.then
        elif past := self._live_at.take(row, told_s):
            self.files[path] = past


def current_since_s(row: VersionRow, told_s: float) -> float:
    """When a version or marker became the newest of its key, seconds since 1970 UTC.

    That is its LastModified; but of a version made in parts, AWS tells when its upload began (spec s3.md §1.7). Such a
    version counts from `told_s` on, when a device wrote into its journal that the upload was done, where that is later.
    No device's clock is further off than the quarter of an hour that stores allow a signature. Where the device crashed
    before it told, it told late.
    """
    return max(row.modified_s, told_s) if is_made_in_parts(row) else row.modified_s


def is_made_in_parts(row: VersionRow) -> bool:
    """Whether a version was uploaded in parts: its ETag ends with their number, `-N`."""
    return "-" in row.etag


def tree_as_of(rows: Iterable[VersionRow], at_s: float, tail: Callable[[str], str]) -> dict[str, VersionRow]:
    """The files that were live at `at_s`, by path: of each key the newest version up to then. See `AsOf`."""
    as_of = AsOf(at_s, tail)
    for row in rows:
        as_of.take(row)
    return {path: past.then for path, past in as_of.files.items()}


def is_file(path: str) -> bool:
    """Whether a key of this path is a file of the drive: not the drive itself, no folder's marker, nothing of ours."""
    if not path or path.endswith("/"):
        return False
    return RESERVED not in path or RESERVED not in path.split("/")  # the first answers for nearly all, and sooner


def is_marker(path: str) -> bool:
    """Whether a key of this path is the marker of a folder of the drive, by which a folder without files is kept."""
    return len(path) > 1 and path.endswith("/") and RESERVED not in path.split("/")
