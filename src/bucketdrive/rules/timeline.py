"""What a listing of versions tells about the past: a path's versions, the trash, the tree at a moment.

The rows of a key come together, newest first, as ListObjectVersions gives them; the order of the list is the order of
events, and no clock's (spec s3.md §1.4, §1.6). Rows of other keys and of our own objects may be among them.
"""

from collections.abc import Callable, Iterable, Iterator
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


def tree_as_of(rows: Iterable[VersionRow], at_s: float, tail: Callable[[str], str]) -> dict[str, VersionRow]:
    """The files that were live at `at_s` (seconds since 1970 UTC), by path: of each key the newest version up to then.

    Stores tell times in whole seconds, so a version of the second in which `at_s` lies counts as written by then.
    """
    tree: dict[str, VersionRow] = {}
    for key, versions in _files(rows, tail):
        found = next((row for row in versions if int(row.modified_s) <= at_s), None)
        if found and not found.is_delete_marker:
            tree[tail(key)] = found
    return tree


def _files(rows: Iterable[VersionRow], tail: Callable[[str], str]) -> Iterator[tuple[str, list[VersionRow]]]:
    """Each file's key with its rows: no folder markers, nothing of ours, no key that a listing garbled."""
    for key, group in groupby(rows, key=_by_key):
        path = tail(key)
        versions = list(group)
        if path and not path.endswith("/") and RESERVED not in path.split("/") and versions[0].is_sound:
            yield key, versions
