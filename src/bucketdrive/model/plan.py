"""A plan: what is to be done, as data. A dry run, the JSON output and the real run use the same object.

Each action carries the reason that a user is shown and what must still be true when it runs. Actions are in the order
in which they may run: by `phase`, and within a phase in any order.
"""

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum

from bucketdrive.model.entries import Fingerprint, SyncedEntry
from bucketdrive.model.paths import RelPath


class Phase(IntEnum):
    """When an action may run: what makes comes before what removes, and what needs a cleared way comes last."""

    NOTE = 0
    MAKE = 1
    DELETE = 2
    REMOVE_DIRS = 3
    AFTERWARDS = 4


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """What an action expects to find on disk. `sha256` is set where the fingerprint alone is not proof."""

    fingerprint: Fingerprint
    sha256: str
    is_fp_safe: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do for one path."""

    path: RelPath
    reason: str


@dataclass(frozen=True, slots=True)
class Record(Action):
    """Both sides agree already: write it down. Moves no byte."""

    entry: SyncedEntry


@dataclass(frozen=True, slots=True)
class Forget(Action):
    """Neither side has it any more: drop the row."""


@dataclass(frozen=True, slots=True)
class Upload(Action):
    """Put the local content into the bucket. `if_match` is the ETag it replaces; empty: nothing live may be there.

    `base_version`: the version id the local content was made from, empty for a creation. `top_version`: the newest
    version or marker that was seen at the key, empty where none was.
    """

    fingerprint: Fingerprint
    if_match: str
    base_version: str
    top_version: str


@dataclass(frozen=True, slots=True)
class Download(Action):
    """Put the bucket's content, `etag` of `size` bytes, into the folder.

    `replaces`: what must be there; None: nothing.
    """

    etag: str
    size: int
    replaces: ExpectedFile | None


@dataclass(frozen=True, slots=True)
class CopySource:
    """A version that holds a file's content already. `sha256` and `md5` in hex, `size` in bytes.

    `version_id` is empty where only a listing was seen.
    """

    path: RelPath
    version_id: str
    etag: str
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True)
class UploadByCopy(Upload):
    """The file was moved here: the bucket makes its new version of one that it has. No byte travels."""

    source: CopySource


@dataclass(frozen=True, slots=True)
class DownloadByRename(Download):
    """The file was moved in the bucket: the local file `source`, which is `expected` to be there, gets the new name."""

    source: RelPath
    expected: ExpectedFile


@dataclass(frozen=True, slots=True)
class DeleteLocal(Action):
    """Set the local file aside: it was deleted in the bucket."""

    expected: ExpectedFile


@dataclass(frozen=True, slots=True)
class DeleteRemote(Action):
    """Put a delete marker on the version with `etag`: it was deleted here."""

    etag: str
    version_id: str
    size: int


@dataclass(frozen=True, slots=True)
class SetAside(Action):
    """A conflict: the local file yields its name and becomes a conflict copy."""

    fingerprint: Fingerprint
    sha256: str


@dataclass(frozen=True, slots=True)
class Clash(Action):
    """A file and a folder of the same name are live in the bucket: the file yields its name there."""

    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class MakeDirRemote(Action):
    """Put a folder marker: the folder is empty, or is about to be."""


@dataclass(frozen=True, slots=True)
class RemoveDirRemote(Action):
    """Delete a folder's marker: the folder was removed here."""

    etag: str


@dataclass(frozen=True, slots=True)
class MakeDirLocal(Action):
    """Make the folder here."""


@dataclass(frozen=True, slots=True)
class RemoveDirLocal(Action):
    """Remove the folder here if nothing is left in it; never what is in it."""


@dataclass(frozen=True, slots=True)
class CopyForward(Action):
    """Make an old version the newest again.

    `if_match`: ETag of what is live now, empty where nothing is; `base_version`: its version id. `source`: the path
    whose version it is, where the file was moved since; empty: its own.
    """

    version_id: str
    etag: str
    size: int
    if_match: str
    base_version: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """A path for which nothing is done until something changes.

    `guard` names the guard that asks (`G3`), else empty.
    """

    path: RelPath
    reason: str
    guard: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A deletion and a creation of the same content on one side: what a user calls a move."""

    source: RelPath
    target: RelPath


_PHASES: dict[type[Action], Phase] = {
    Record: Phase.NOTE,
    Forget: Phase.NOTE,
    Upload: Phase.MAKE,
    UploadByCopy: Phase.MAKE,
    Download: Phase.MAKE,
    DownloadByRename: Phase.MAKE,
    SetAside: Phase.MAKE,
    Clash: Phase.MAKE,
    MakeDirRemote: Phase.MAKE,
    MakeDirLocal: Phase.MAKE,
    CopyForward: Phase.MAKE,
    DeleteLocal: Phase.DELETE,
    DeleteRemote: Phase.DELETE,
    RemoveDirRemote: Phase.REMOVE_DIRS,
    RemoveDirLocal: Phase.REMOVE_DIRS,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one cycle will do.

    `afterwards`: paths where something is made once this plan's deletions have cleared the way.
    """

    actions: tuple[Action, ...] = ()
    holds: tuple[Hold, ...] = ()
    moves: tuple[Move, ...] = ()
    afterwards: frozenset[RelPath] = frozenset()

    def phase(self, action: Action) -> Phase:
        """When `action` may run."""
        phase = _PHASES[type(action)]
        return Phase.AFTERWARDS if phase is Phase.MAKE and action.path in self.afterwards else phase

    def in_phase(self, phase: Phase) -> list[Action]:
        """The actions of a phase, in the order of their paths; folders to be removed come deepest first."""
        chosen = [action for action in self.actions if self.phase(action) is phase]
        return sorted(chosen, key=lambda action: action.path, reverse=phase is Phase.REMOVE_DIRS)

    @property
    def counts(self) -> Counter[str]:
        """How many actions there are of each kind, by class name."""
        return Counter(type(action).__name__ for action in self.actions)

    @property
    def to_do(self) -> int:
        """How many actions there are that change something on either side."""
        return sum(not isinstance(action, Record | Forget) for action in self.actions)

    @property
    def does_nothing(self) -> bool:
        """Whether neither side would change."""
        return self.to_do == 0
