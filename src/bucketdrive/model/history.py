"""What the verbs of time answer, and its JSON: a documented interface (docs/reference/json.md). As in `reports`."""

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bucketdrive.model.documents import read_document
from bucketdrive.model.reports import TreeEntry, iso_time


class What(StrEnum):
    """What became of a file between two moments."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class TreeChange:
    """A file that is not the same at two moments: at `path`, or where it was removed at what was its path.

    `before` and `after`: the versions, None where there was none; of a moved file `before` has another path.
    """

    path: str
    what: What
    before: TreeEntry | None = None
    after: TreeEntry | None = None

    def to_json(self) -> dict[str, Any]:
        """One entry of `diff --json`."""
        sides = {"before": self.before, "after": self.after}
        return asdict(self) | {name: side.to_json() if side else None for name, side in sides.items()}


@dataclass(frozen=True, slots=True)
class TreeDiff:
    """How the tree at and below `path` (empty: all) differs between two moments; `until` 0: now. By path."""

    path: str
    since: float
    until: float
    changes: list[TreeChange]

    def to_json(self) -> dict[str, Any]:
        """The document of `diff --json`."""
        return {
            "path": self.path,
            "from": iso_time(self.since),
            "to": iso_time(self.until) if self.until else None,
            "changes": [change.to_json() for change in self.changes],
        } | self.counts

    @property
    def counts(self) -> dict[str, int]:
        """How many files were added, removed, changed and moved, by these words."""
        found = Counter(change.what for change in self.changes)
        return {what.value: found[what] for what in What}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "TreeDiff":
        """Back from the document."""
        fields = {"since": document["from"], "until": document["to"], **document}
        return read_document(cls, fields)


@dataclass(frozen=True, slots=True)
class DeviceShare:
    """How many files of a moment a device was at work on; `device` is empty for what no journal tells of."""

    device: str
    files: int


@dataclass(frozen=True, slots=True)
class Moment:
    """When files came, changed or went, each within a minute of another. Times: seconds since 1970.

    `as_of`: what to give as `--as-of` to have all as it was just before. Each file counts once, by what it was before
    and after; `fleeting` ones were made and deleted again within the moment. `folder`: what all of them are in (empty:
    the drive); `sample`: the path of one, of a deleted one where there is any.
    """

    as_of: str
    began: float
    ended: float
    new: int
    changed: int
    deleted: int
    fleeting: int
    devices: list[DeviceShare]
    folder: str
    sample: str

    def to_json(self) -> dict[str, Any]:
        """One entry of `moments --json`."""
        return asdict(self) | {"began": iso_time(self.began), "ended": iso_time(self.ended)}


@dataclass(frozen=True, slots=True)
class Deed:
    """What a device did in the bucket, as its journal tells. `at`: seconds since 1970, by that device's clock.

    `op` is put, delete, copy or mark (a folder's marker); `version_id` the version or delete marker that it made;
    `source` the path that a copy came from; `run` the number of that device's sync.
    """

    device: str
    at: float
    op: str
    path: str
    version_id: str
    source: str = ""
    size: int = 0
    run: int = 0

    def to_json(self) -> dict[str, Any]:
        """One entry of `log --all --json`."""
        return asdict(self) | {"at": iso_time(self.at)}
