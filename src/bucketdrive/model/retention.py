"""How long the past is kept, and its JSON: a documented interface (docs/reference/json.md)."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """How long old versions and deleted files of a drive can be had, by the bucket's lifecycle rules.

    `is_known`: the credentials may read the rules; if not, nothing else is known. `versions_days`, `deleted_days`: how
    long any old version, and the last content of any deleted file, stays at least; None: for ever. `keep_last`: so many
    of the newest old versions of each file stay longer than the others. `unfinished_uploads_days`: None: they stay.
    `says`, `warnings`: in sentences. `rules`: those that touch the drive, a line each. `changes`: what becomes of the
    rules, a line each, where they are to be or were set (`is_set`); `shortfalls`: what was asked and is not so.
    """

    drive: str = ""
    is_known: bool = True
    versions_days: int | None = None
    deleted_days: int | None = None
    keep_last: int = 0
    spent_markers_go: bool = False
    unfinished_uploads_days: int | None = None
    deletes_live_files: bool = False
    says: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    is_set: bool = False
    shortfalls: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The document of `retention --json`."""
        return asdict(self)

    @property
    def exit_code(self) -> int:
        """0 all is as asked; 4 a rule deletes live files, or what was asked is not what the store does."""
        return 4 if self.deletes_live_files or self.shortfalls else 0
