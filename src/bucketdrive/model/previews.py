"""What a restore or an undo would do, and its JSON: a documented interface (docs/reference/json.md)."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bucketdrive.model.reports import HeldPath, iso_time


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A file that a restore or an undo would change: which `version_id` of what size comes back or goes, and why."""

    path: str
    version_id: str
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a restore or an undo would do: the plan that then runs.

    `comes_back`: files that are not there now; `replaced`: files that are there with another content; `removed`: files
    that get a delete marker; `folders`: empty folders that come or go. `held`: what is left alone, and why.
    `bytes_copied` are copied inside the bucket, `bytes_through` go through this machine as the store cannot copy them
    safely, `bytes_down` come into the folder afterwards. `requests`: about how many of each S3 operation that takes,
    and `usd` what they cost at Amazon's list prices. `as_of`: seconds since 1970, 0 for no moment. `plan_id` stands for
    the plan: given to the restore or undo, it is only done if that is still the plan.
    """

    drive: str = ""
    as_of: float = 0.0
    runs: list[int] = field(default_factory=list)
    comes_back: list[PlannedChange] = field(default_factory=list)
    replaced: list[PlannedChange] = field(default_factory=list)
    removed: list[PlannedChange] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    held: list[HeldPath] = field(default_factory=list)
    bytes_copied: int = 0
    bytes_through: int = 0
    bytes_down: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    usd: float = 0.0
    plan_id: str = ""
    planned: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The document of `restore --dry-run --json` and `undo --dry-run --json`."""
        return asdict(self) | {"as_of": iso_time(self.as_of) if self.as_of else None}

    @property
    def does_nothing(self) -> bool:
        """Whether nothing would change."""
        return not (self.comes_back or self.replaced or self.removed or self.folders)

    @property
    def exit_code(self) -> int:
        """0; 4 where paths are left alone that a user may want to see to."""
        return 4 if self.held else 0
