"""Lines of a drive's log. Imports little: the API's client needs them."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bucketdrive.model.reports import iso_time


class Had(StrEnum):
    """What both sides had at a path before a deed; empty where that was not written down."""

    UNTOLD = ""
    NOTHING = "nothing"
    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class LogLine:
    """Something that was done to a path, or that a user must know of.

    `at`: seconds since 1970. `run`: the number of the sync that did it, 0 for none. `version_id`: the version that is
    agreed on since, or was before a deletion; empty where it is not known. `id` grows from line to line. `before`: what
    was agreed on until then, of a file with version and ETag, empty where they are not known. `etag`: of what is agreed
    on since, empty where nothing is or where the version is known better. `source`: the path it was
    moved from. `is_asked`: the user asked for this very deed, by a restore or an undo.
    """

    op: str
    path: str
    at: float
    run: int = 0
    version_id: str = ""
    note: str = ""
    id: int = 0
    before: Had = Had.UNTOLD
    before_id: str = ""
    before_etag: str = ""
    etag: str = ""
    source: str = ""
    is_asked: bool = False

    def to_json(self) -> dict[str, Any]:
        """One entry of `log --json`."""
        return asdict(self) | {"at": iso_time(self.at)}
