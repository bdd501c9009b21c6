"""Lines of a drive's log. Imports little: the API's client needs them."""

from dataclasses import asdict, dataclass
from typing import Any

from bucketdrive.model.reports import iso_time


@dataclass(frozen=True, slots=True)
class LogLine:
    """Something that was done to a path, or that a user must know of.

    `at`: seconds since 1970. `run`: the number of the sync that did it, 0 for none. `version_id`: the version that is
    agreed on since, or was before a deletion; empty where it is not known. `id` grows from line to line.
    """

    op: str
    path: str
    at: float
    run: int = 0
    version_id: str = ""
    note: str = ""
    id: int = 0

    def to_json(self) -> dict[str, Any]:
        """One entry of `log --json`."""
        return asdict(self) | {"at": iso_time(self.at)}
