"""Each side against the synced tree: which paths changed, what to look at closer, what each path's sides are.

Uses observations only; what is not observed counts as unchanged or unknown, never as deleted.
"""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from bucketdrive.model.entries import (
    Hashed,
    LocalDir,
    LocalEntry,
    LocalFile,
    LocalSpecial,
    LocalUnknown,
    RemoteFile,
    SyncedDir,
    SyncedEntry,
    SyncedFile,
    SyncedTree,
)
from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.rules.reconcile import Base, Below, Content, Local, Remote, Sides

_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass
class Observed:
    """What one cycle saw.

    `local` holds what is in the folder (but for ignored names), `live` and `folder_markers` what a complete listing of
    the bucket showed, `deleted` the paths whose key has a delete marker on top and that marker's version id, `vanished`
    those whose key has no version at all, `hashes` the local files that were read, `compared` whether an equal-sized
    pair was found equal. `unknown_remote`: paths whose state in the bucket could not be learnt. Ignored paths are in
    none of them, not even in `synced`. `live_elsewhere`: folders with live keys below them that were not looked at.
    `folds`: the disk here takes names that differ only in case for one.
    """

    synced: SyncedTree
    local: dict[RelPath, LocalEntry]
    live: dict[RelPath, RemoteFile]
    folder_markers: dict[RelPath, RemoteFile]
    deleted: dict[RelPath, str] = field(default_factory=dict)
    vanished: set[RelPath] = field(default_factory=set)
    unknown_remote: set[RelPath] = field(default_factory=set)
    hashes: dict[RelPath, Hashed] = field(default_factory=dict)
    compared: dict[RelPath, bool] = field(default_factory=dict)
    live_elsewhere: AbstractSet[RelPath] = frozenset()
    folds: bool = False

    @cached_property
    def live_folders(self) -> set[RelPath]:
        """Every folder that has a live key below it, its own marker not counted."""
        return ancestors_of(self.live) | ancestors_of(self.folder_markers) | self.live_elsewhere

    def local_entry(self, path: RelPath) -> LocalEntry | None:
        """What is at `path` here. Below what could not be looked into, or is no folder and no file, the same as there.

        So a folder that a symbolic link replaced is not taken for deleted.
        """
        entry = self.local.get(path)
        if entry is not None:
            return entry
        for folder in path.ancestors():
            above = self.local.get(folder)
            if isinstance(above, LocalUnknown | LocalSpecial):
                return above
            if above is not None:
                return None
        return None


def is_clean(row: SyncedFile, entry: LocalFile) -> bool:
    """Whether the file is surely what was agreed on, without reading it."""
    return row.is_fp_safe and row.fingerprint == entry.fingerprint


def changed_paths(seen: Observed) -> set[RelPath]:
    """Every path of which some side may differ from the synced tree."""
    changed = {path for path, entry in seen.local.items() if _differs_here(seen, path, entry)}
    changed.update(path for path, remote in seen.live.items() if not _is_agreed(seen.synced.get(path), remote))
    changed.update(path for path in seen.folder_markers if path not in seen.synced)
    live_folders = seen.live_folders
    for path, row in seen.synced.items():
        if path not in seen.local:
            changed.add(path)
        elif isinstance(row, SyncedFile):
            if path not in seen.live or path in live_folders or path in seen.folder_markers:
                changed.add(path)
        elif path not in live_folders and path not in seen.folder_markers:
            changed.add(path)
    return changed


def _differs_here(seen: Observed, path: RelPath, entry: LocalEntry) -> bool:
    row = seen.synced.get(path)
    if isinstance(entry, LocalFile):
        return not (isinstance(row, SyncedFile) and is_clean(row, entry))
    if isinstance(entry, LocalDir):
        # an empty one without a marker has lost its last file: the marker must be there before that file's key goes
        return not isinstance(row, SyncedDir) or (entry.is_empty and path not in seen.folder_markers)
    return True


def _is_agreed(row: SyncedEntry | None, remote: RemoteFile) -> bool:
    """Whether it is the very version agreed on, as far as the listing tells."""
    return (
        isinstance(row, SyncedFile)
        and row.etag == remote.etag
        and (not remote.version_id or row.version_id == remote.version_id)
    )


def has_etag(row: SyncedEntry | None, etag: str) -> bool:
    """Whether the agreed version of a file has this ETag."""
    return isinstance(row, SyncedFile) and row.etag == etag


def to_confirm(seen: Observed) -> list[RelPath]:
    """Agreed files that the listing does not show: only the key's versions can tell a deletion. Sorted."""
    return sorted(path for path, row in seen.synced.items() if isinstance(row, SyncedFile) and path not in seen.live)


def to_hash(seen: Observed, changed: AbstractSet[RelPath]) -> list[RelPath]:
    """Local files whose bytes decide: not surely clean though of the agreed size, on both sides, or maybe moved.

    Sorted.
    """
    gone_sizes = {
        row.size
        for path, row in seen.synced.items()
        if isinstance(row, SyncedFile) and row.size and path not in seen.local
    }
    new_sizes = {remote.size for path, remote in seen.live.items() if path not in seen.synced and _is_md5(remote.etag)}
    wanted = []
    for path in sorted(changed):
        entry = seen.local.get(path)
        if not isinstance(entry, LocalFile):
            continue
        row = seen.synced.get(path)
        size = entry.fingerprint.size
        if isinstance(row, SyncedFile):
            is_needed = (
                not is_clean(row, entry)
                and (size == row.size or size in gone_sizes or not _is_live_as_agreed(seen, path, row))
            ) or _may_have_moved_there(seen, path, row, new_sizes)
        else:
            has_rival = path in seen.live or path in seen.live_folders or path in seen.folder_markers
            is_needed = has_rival or size in gone_sizes
        if is_needed:
            wanted.append(path)
    return wanted


def _is_live_as_agreed(seen: Observed, path: RelPath, row: SyncedFile) -> bool:
    return path in seen.live and has_etag(row, seen.live[path].etag)


def _may_have_moved_there(seen: Observed, path: RelPath, row: SyncedFile, new_sizes: AbstractSet[int]) -> bool:
    """Whether the file was deleted in the bucket and its content may be new under another name, by another ETag.

    A version in parts that is copied whole gets its MD5 for an ETag.
    """
    return path in seen.deleted and not _is_md5(row.etag) and row.size in new_sizes


def _is_md5(etag: str) -> bool:
    return _MD5.fullmatch(etag) is not None


class Classifier:
    """Says what the sides of a path are, given all that was observed."""

    def __init__(self, seen: Observed, changed: AbstractSet[RelPath]) -> None:
        """`changed`: what `changed_paths` found; only such paths are asked for."""
        self._seen = seen
        self._live_folders = seen.live_folders
        self.doomed_files = {path for path in changed if self._is_doomed_file(path)}
        self._doomed_markers: set[RelPath] = set()
        self._alive_folders = self._live_folders
        candidates = {path for path in changed if self._may_lose_marker(path)}
        if self.doomed_files or candidates:
            alive = (path for path in seen.live if path not in self.doomed_files)
            markers = (path for path in seen.folder_markers if path not in candidates)
            self._alive_folders = ancestors_of(alive) | ancestors_of(markers) | seen.live_elsewhere
            self._doomed_markers = {path for path in candidates if path not in self._alive_folders}

    def _is_doomed_file(self, path: RelPath) -> bool:
        row = self._seen.synced.get(path)
        remote = self._seen.live.get(path)
        if remote is None or not has_etag(row, remote.etag) or path in self._seen.unknown_remote:
            return False
        entry = self._seen.local_entry(path)
        return entry is None or isinstance(entry, LocalDir)

    def _may_lose_marker(self, path: RelPath) -> bool:
        if path not in self._seen.folder_markers or not isinstance(self._seen.synced.get(path), SyncedDir):
            return False
        entry = self._seen.local_entry(path)
        return entry is None or isinstance(entry, LocalFile)

    def sides(self, path: RelPath) -> Sides:
        """The sides of `path`."""
        row = self._seen.synced.get(path)
        local = self._local(path, row)
        remote = self._remote(path, row)
        return Sides(self._base(row), local, remote, self._below(path), self._content(path, local, remote))

    def _base(self, row: SyncedEntry | None) -> Base:
        if row is None:
            return Base.NONE
        return Base.FILE if isinstance(row, SyncedFile) else Base.DIR

    def _local(self, path: RelPath, row: SyncedEntry | None) -> Local:
        match self._seen.local_entry(path):
            case None:
                return Local.ABSENT
            case LocalUnknown():
                return Local.UNKNOWN
            case LocalSpecial():
                return Local.SPECIAL
            case LocalDir(is_empty=is_empty, is_residue=is_residue):
                if is_empty:
                    return Local.EMPTY_DIR
                return Local.RESIDUE if is_residue else Local.DIR
            case LocalFile() as entry:
                return self._local_file(path, row, entry)

    def _local_file(self, path: RelPath, row: SyncedEntry | None, entry: LocalFile) -> Local:
        if not isinstance(row, SyncedFile):
            return Local.FILE
        if is_clean(row, entry):
            return Local.SAME
        hashed = self._seen.hashes.get(path)
        if hashed is None:
            # it was to be hashed and could not be, or its size alone says that it changed
            return Local.FILE if entry.fingerprint.size != row.size else Local.UNKNOWN
        if hashed.fingerprint != entry.fingerprint:
            return Local.UNKNOWN
        return Local.SAME if hashed.sha256 == row.sha256 else Local.FILE

    def _remote(self, path: RelPath, row: SyncedEntry | None) -> Remote:
        if path in self._seen.unknown_remote:
            return Remote.UNKNOWN
        remote = self._seen.live.get(path)
        if remote is not None:
            return Remote.SAME if has_etag(row, remote.etag) else Remote.FILE
        if not isinstance(row, SyncedFile):
            return Remote.NOTHING
        if path in self._seen.deleted:
            return Remote.DELETED
        return Remote.VANISHED if path in self._seen.vanished else Remote.UNKNOWN

    def _below(self, path: RelPath) -> Below:
        if path in self._alive_folders:
            return Below.LIVE
        if path in self._seen.folder_markers and path not in self._doomed_markers:
            return Below.MARKER
        if path in self._live_folders or path in self._seen.folder_markers:
            return Below.DOOMED
        return Below.NOTHING

    def _content(self, path: RelPath, local: Local, remote: Remote) -> Content:
        if local is not Local.FILE or remote is not Remote.FILE:
            return Content.UNKNOWN
        found, hashed = self._seen.live[path], self._seen.hashes.get(path)
        if hashed is None:
            return Content.UNKNOWN
        if hashed.fingerprint.size != found.size:
            return Content.DIFFERENT
        if found.etag == hashed.md5:
            return Content.SAME
        if path in self._seen.compared:
            return Content.SAME if self._seen.compared[path] else Content.DIFFERENT
        return Content.UNKNOWN


def same_content(
    gone: Mapping[RelPath, tuple[str, int]], made: Mapping[RelPath, tuple[str, int]]
) -> Iterator[tuple[RelPath, RelPath]]:
    """Pair what went with what came on one side, by (hash or ETag, size); empty files pair with nothing.

    Each path is used once; pairs come in the order of the targets' paths.
    """
    sources: dict[tuple[str, int], list[RelPath]] = {}
    for path in sorted(gone, reverse=True):
        if gone[path][1] > 0 and gone[path][0]:
            sources.setdefault(gone[path], []).append(path)
    for path in sorted(made):
        stack = sources.get(made[path])
        if stack:
            yield stack.pop(), path
