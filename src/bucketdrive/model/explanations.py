"""What is told of one path: why it is as it is, and what a conflict copy is about (docs/reference/json.md)."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from bucketdrive.model.reports import VersionInfo, iso_time


class Keep(StrEnum):
    """Which contents of a conflict stay files: the conflict copy's, that which has the name, or both."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class ConflictCopy:
    """A conflict copy at `path`, of the file `of`. What is not known is None.

    `mine`: the copy's content, of the device that came second; `theirs`: what has the name now; `base`: the version
    that both began from.
    """

    path: str
    of: str
    base: VersionInfo | None = None
    mine: VersionInfo | None = None
    theirs: VersionInfo | None = None

    def to_json(self) -> dict[str, Any]:
        """One entry of `copies` in `conflicts --json`."""
        versions = {"base": self.base, "mine": self.mine, "theirs": self.theirs}
        told = {name: version.to_json() if version else None for name, version in versions.items()}
        return {"path": self.path, "of": self.of} | told


@dataclass(frozen=True, slots=True)
class PathFacts:
    """What is at a path on one side, or was agreed on. `what`: `nothing`, `file`, `folder`, `deleted`, or in words.

    `modified`: seconds since 1970, 0 where it is not known, as are empty texts.
    """

    what: str
    size: int = 0
    sha256: str = ""
    version_id: str = ""
    device: str = ""
    modified: float = 0.0


@dataclass(frozen=True, slots=True)
class Why:
    """One path explained: what both sides agreed on, what is here and in the bucket, what a sync `will` do, and why.

    `rule`: what decides, in words; `will` is empty where nothing is to be done.
    """

    path: str
    agreed: PathFacts
    here: PathFacts
    bucket: PathFacts
    rule: str
    will: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The document of `why --json`."""
        document = asdict(self)
        for side in ("agreed", "here", "bucket"):
            at = document[side]["modified"]
            document[side]["modified"] = iso_time(at) if at else None
        return document
