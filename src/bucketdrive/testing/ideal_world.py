"""A folder, a bucket and a synced tree in which every action has exactly the effect it is meant to have.

The rules are tried out on it: observe, plan, apply, again, until nothing is left to do. There is no waiting, no fault
and no concurrency in it, only the preconditions that the real actions check as well. Contents are short texts. What
belongs here are effects, never decisions.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from bucketdrive.errors import InternalError
from bucketdrive.model.entries import (
    Fingerprint,
    Hashed,
    LocalDir,
    LocalEntry,
    LocalFile,
    LocalSpecial,
    LocalUnknown,
    RemoteFile,
    SyncedDir,
    SyncedFile,
    SyncedTree,
)
from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.model.plan import (
    Action,
    Clash,
    DeleteLocal,
    DeleteRemote,
    Download,
    DownloadByRename,
    Forget,
    MakeDirLocal,
    MakeDirRemote,
    Phase,
    Plan,
    Record,
    RemoveDirLocal,
    RemoveDirRemote,
    SetAside,
    Upload,
)
from bucketdrive.rules.changes import Observed, changed_paths, to_confirm, to_hash
from bucketdrive.rules.names import conflict_name, with_ordinal
from bucketdrive.rules.planner import make_plan, undecided

Tree = Mapping[str, str]
"""Files with their contents, and empty folders as `name/` with an empty text. Other folders go without saying."""

Arrange = Callable[[list[Action]], Iterable[Action]]
"""In which order the actions of one phase are done."""

_NOW_NS = 10**18
_GRAIN_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """A content somewhere. `serial` makes a file's fingerprint or an object's version id; `by` is who wrote it."""

    text: str
    serial: int
    by: str = "elsewhere"

    @property
    def fingerprint(self) -> Fingerprint:
        """What the disk would tell of it."""
        return Fingerprint(len(self.text), self.serial, self.serial, self.serial, 0o644)

    @property
    def version_id(self) -> str:
        """What the bucket would call it."""
        return f"v{self.serial}"


@dataclass
class IdealWorld:
    """Both sides and what they agreed on.

    `ignored`: files here that are not synced. `special`, `closed`: neither file nor folder, and what cannot be looked
    at. `deleted`: keys with a delete marker on top, and its version id. `unseen`: keys of which the bucket tells
    nothing. `has_opaque_etags`: ETags are not MD5, as those of multipart uploads.
    """

    has_opaque_etags: bool = False
    device: str = "here"
    synced: SyncedTree = field(default_factory=dict)
    files: dict[RelPath, Stored] = field(default_factory=dict)
    folders: set[RelPath] = field(default_factory=set)
    ignored: set[RelPath] = field(default_factory=set)
    special: set[RelPath] = field(default_factory=set)
    closed: set[RelPath] = field(default_factory=set)
    keys: dict[RelPath, Stored] = field(default_factory=dict)
    markers: dict[RelPath, str] = field(default_factory=dict)
    deleted: dict[RelPath, str] = field(default_factory=dict)
    unseen: set[RelPath] = field(default_factory=set)
    serial: int = 0

    # --- what users do ------------------------------------------------------------------------------------------------

    def become_here(self, tree: Tree) -> None:
        """Make the folder hold `tree`; files that are in it already with that content are not touched."""
        wanted, bare = _files_and_folders(tree)
        self.files = {path: stored for path, stored in self.files.items() if wanted.get(path) == stored.text}
        self.folders = bare | ancestors_of([*wanted, *bare])
        for path in sorted(wanted.keys() - self.files.keys()):
            self.files[path] = self._new(wanted[path], self.device)

    def become_there(self, tree: Tree, *, leaves_markers: bool = True) -> None:
        """Make the bucket hold `tree`. `leaves_markers`: keys go by delete markers, not without a trace."""
        wanted, bare = _files_and_folders(tree)
        for path in [path for path, stored in self.keys.items() if wanted.get(path) != stored.text]:
            del self.keys[path]
            if leaves_markers and path not in wanted:
                self.deleted[path] = self._next_version()
        for path in sorted(wanted.keys() - self.keys.keys()):
            self._put(path, self._new(wanted[path], "elsewhere"))
        kept = bare | ancestors_of([*wanted, *bare])
        self.markers = {path: version for path, version in self.markers.items() if path in kept}
        self.markers |= {path: self._next_version() for path in sorted(bare - self.markers.keys())}

    def agree(self) -> None:
        """Both sides are equal: write that down as the synced tree."""
        for path in [*self.files, *self.folders]:
            self.agree_on(path)

    def agree_on(self, path: RelPath) -> None:
        """Write one path that is equal on both sides into the synced tree."""
        self.synced[path] = self._row(self.files[path], self.keys[path]) if path in self.files else SyncedDir()

    # --- what there is ------------------------------------------------------------------------------------------------

    def tree_here(self) -> dict[str, str]:
        """The folder, but for what is not synced."""
        bare = {f"{folder}/": "" for folder in self.folders if self._is_empty(folder)}
        return {str(path): stored.text for path, stored in self.files.items()} | bare

    def tree_there(self) -> dict[str, str]:
        """The bucket, but for the markers of folders that have something in them."""
        inner = ancestors_of([*self.keys, *self.markers])
        bare = {f"{folder}/": "" for folder in self.markers if folder not in inner}
        return {str(path): stored.text for path, stored in self.keys.items()} | bare

    def precious(self) -> set[str]:
        """Every content that must not be lost: all but agreed ones that were changed or deleted on the other side."""
        here = {path: stored.text for path, stored in self.files.items()}
        there = {path: stored.text for path, stored in self.keys.items()}
        kept = {text for path, text in here.items() if self._is_news(path, text, there, self.deleted)}
        hidden = {path for path in there if (self.special | self.closed) & {path, *path.ancestors()}}
        gone = there.keys() - here.keys() - hidden
        return kept | {text for path, text in there.items() if path in hidden or self._is_news(path, text, here, gone)}

    def etag(self, text: str) -> str:
        """The ETag that the bucket gives a content."""
        return f"{_md5(text)}-1" if self.has_opaque_etags else _md5(text)

    def observe(self) -> tuple[Observed, set[RelPath]]:
        """One look at everything, as a cycle takes it, and the paths it found changed."""
        seen = Observed(
            synced=dict(self.synced),
            local=self._local(),
            live={path: self._remote(stored) for path, stored in self.keys.items() if path not in self.unseen},
            folder_markers={path: RemoteFile("marker", 0, version) for path, version in self.markers.items()},
            unknown_remote=set(self.unseen),
        )
        changed = changed_paths(seen)
        for path in to_confirm(seen):
            if path in self.deleted:
                seen.deleted[path] = self.deleted[path]
            elif path not in self.unseen:
                seen.vanished.add(path)
        for path in to_hash(seen, changed):
            stored = self.files[path]
            seen.hashes[path] = Hashed(_sha256(stored.text), _md5(stored.text), stored.fingerprint)
        for path in undecided(seen, changed):
            seen.compared[path] = self.files[path].text == self.keys[path].text
        return seen, changed

    def plan(self) -> Plan:
        """What the rules say is to be done now."""
        seen, changed = self.observe()
        return make_plan(seen, changed, _NOW_NS, _GRAIN_NS)

    # --- what is done -------------------------------------------------------------------------------------------------

    def settle(self, max_rounds: int, arrange: Arrange = list) -> int:
        """Plan and apply until a plan has no action; says how many rounds had one.

        Raises:
            InternalError: there still were actions after `max_rounds` rounds.
        """
        for rounds in range(max_rounds + 1):
            plan = self.plan()
            if not plan.actions:
                return rounds
            if rounds < max_rounds:
                self.apply(plan, arrange)
        raise InternalError(f"not settled after {max_rounds} rounds")

    def apply(self, plan: Plan, arrange: Arrange = list) -> None:
        """Do a plan, phase by phase. Only folders are removed in a fixed order: the deepest first."""
        for phase in Phase:
            actions = plan.in_phase(phase)
            for action in actions if phase is Phase.REMOVE_DIRS else arrange(actions):
                if isinstance(action, Upload) and phase is Phase.AFTERWARDS and self._is_folder_there(action.path):
                    continue
                self.perform(action)

    def perform(self, action: Action) -> None:
        """Give one action its effect; none where its precondition does not hold.

        Raises:
            InternalError: the planner does not make such actions.
        """
        match action:
            case Record(path=path, entry=entry):
                self.synced[path] = entry
            case Forget(path=path):
                self.synced.pop(path, None)
            case DownloadByRename():
                self._rename(action)
            case Upload() | Download():
                self._transfer(action)
            case DeleteLocal() | DeleteRemote():
                self._delete(action)
            case SetAside():
                self._set_aside(action)
            case Clash():
                self._clash(action)
            case MakeDirLocal() | MakeDirRemote():
                self._make_dir(action)
            case RemoveDirLocal() | RemoveDirRemote():
                self._remove_dir(action)
            case _:
                raise InternalError(f"no plan has {action}", path=action.path)

    def _transfer(self, action: Upload | Download) -> None:
        path, here, there = action.path, self.files.get(action.path), self.keys.get(action.path)
        if isinstance(action, Upload):
            if here is None or here.fingerprint != action.fingerprint or self._etag_of(there) != action.if_match:
                return
            there = self._new(here.text, self.device)
            self._put(path, there)
        else:
            expected = action.replaces.fingerprint if action.replaces else None
            found = here.fingerprint if here else None
            if there is None or self._etag_of(there) != action.etag or found != expected or self._is_blocked(path):
                return
            here = self._new(there.text, self.device)
            self.files[path] = here
            self.folders.update(path.ancestors())
        self.synced[path] = self._row(here, there)
        self._agree_on_folders(path.ancestors())

    def _rename(self, action: DownloadByRename) -> None:
        here = self.files.get(action.source)
        if here is not None and here.fingerprint == action.expected.fingerprint:
            self._transfer(action)
            self._delete(DeleteLocal(action.source, action.reason, action.expected))

    def _delete(self, action: DeleteLocal | DeleteRemote) -> None:
        path = action.path
        if isinstance(action, DeleteLocal):
            here = self.files.get(path)
            if here is None or here.fingerprint != action.expected.fingerprint:
                return
            del self.files[path]
        elif path in self.keys:
            if self._etag_of(self.keys[path]) != action.etag:
                return
            del self.keys[path]
            self.deleted[path] = self._next_version()
        self.synced.pop(path, None)

    def _set_aside(self, action: SetAside) -> None:
        here = self.files.get(action.path)
        if here is None or here.fingerprint != action.fingerprint:
            return
        self.synced.pop(action.path, None)
        del self.files[action.path]
        taken = {path: stored.text for path, stored in self.files.items()} | dict.fromkeys(self.folders, "")
        name = _free_name(action.path, here.text, self.device, taken)
        self.files.setdefault(name, self._new(here.text, self.device))

    def _clash(self, action: Clash) -> None:
        there = self.keys.get(action.path)
        if there is None or self._etag_of(there) != action.etag or not self._is_folder_there(action.path):
            return
        taken = {path: stored.text for path, stored in self.keys.items()}
        name = _free_name(action.path, there.text, there.by, taken)
        if name not in self.keys:
            self._put(name, self._new(there.text, there.by))
        del self.keys[action.path]
        self.deleted[action.path] = self._next_version()

    def _make_dir(self, action: MakeDirLocal | MakeDirRemote) -> None:
        path = action.path
        if isinstance(action, MakeDirRemote):
            if path not in self.folders:
                return
            self.markers.setdefault(path, self._next_version())
        else:
            if path in self.files or (path not in self.folders and self._is_blocked(path)):
                return
            self.folders.update((path, *path.ancestors()))
        self._agree_on_folders((path, *path.ancestors()))

    def _remove_dir(self, action: RemoveDirLocal | RemoveDirRemote) -> None:
        path = action.path
        if isinstance(action, RemoveDirRemote):
            if self.markers.pop(path, None) is None:
                return
        elif self._is_empty(path):
            self.folders.discard(path)
        self.synced.pop(path, None)

    # --- small questions ----------------------------------------------------------------------------------------------

    def _local(self) -> dict[RelPath, LocalEntry]:
        entries: dict[RelPath, LocalEntry] = {p: LocalFile(stored.fingerprint) for p, stored in self.files.items()}
        entries |= {path: LocalSpecial("symbolic link") for path in self.special}
        with_entries = {path.parent for path in [*entries, *self.folders, *self.closed]}
        with_ignored = {path.parent for path in self.ignored}
        for path in self.folders:
            is_bare = path not in with_entries
            is_residue = is_bare and path in with_ignored
            entries[path] = LocalDir(is_empty=is_bare and not is_residue, is_residue=is_residue)
        for path in self.closed:
            entries = {p: entry for p, entry in entries.items() if path not in p.ancestors()}
            entries[path] = LocalUnknown("permission denied")
        return entries

    def _is_news(self, path: RelPath, text: str, other: Mapping[RelPath, str], gone: Collection[RelPath]) -> bool:
        row = self.synced.get(path)
        is_agreed = isinstance(row, SyncedFile) and row.sha256 == _sha256(text)
        return not (is_agreed and (path in gone or other.get(path, text) != text))

    def _is_empty(self, folder: RelPath) -> bool:
        inside = (*self.files, *self.folders, *self.ignored, *self.special, *self.closed)
        return folder in self.folders and not any(path.parent == folder for path in inside)

    def _is_blocked(self, path: RelPath) -> bool:
        """Whether something that is no folder is above `path` here, or anything but a file at it."""
        occupied = self.special | self.closed
        above = any(folder in self.files or folder in occupied for folder in path.ancestors())
        return above or path in occupied or path in self.folders

    def _is_folder_there(self, path: RelPath) -> bool:
        return path in self.markers or any(path in below.ancestors() for below in (*self.keys, *self.markers))

    def _agree_on_folders(self, folders: Iterable[RelPath]) -> None:
        self.synced.update(dict.fromkeys(folders, SyncedDir()))

    def _row(self, here: Stored, there: Stored) -> SyncedFile:
        etag = self.etag(there.text)
        return SyncedFile(_sha256(here.text), len(here.text), etag, there.version_id, here.fingerprint, is_fp_safe=True)

    def _etag_of(self, stored: Stored | None) -> str:
        return self.etag(stored.text) if stored else ""

    def _remote(self, stored: Stored) -> RemoteFile:
        return RemoteFile(self.etag(stored.text), len(stored.text), stored.version_id)

    def _put(self, path: RelPath, stored: Stored) -> None:
        self.keys[path] = stored
        self.deleted.pop(path, None)

    def _new(self, text: str, by: str) -> Stored:
        self.serial += 1
        return Stored(text, self.serial, by)

    def _next_version(self) -> str:
        return self._new("", "").version_id


def _files_and_folders(tree: Tree) -> tuple[dict[RelPath, str], set[RelPath]]:
    files = {RelPath(path): text for path, text in tree.items() if not path.endswith("/")}
    return files, {RelPath(path[:-1]) for path in tree if path.endswith("/")}


def _free_name(path: RelPath, text: str, device: str, taken: Mapping[RelPath, str]) -> RelPath:
    """The conflict copy's name: the first candidate but `path` that is free or holds these very bytes already."""
    first = name = conflict_name(path, device, _sha256(text))
    number = 2
    while name == path or taken.get(name, text) != text:
        name, number = with_ordinal(first, number), number + 1
    return name


@cache
def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
