"""The folder of a drive itself, opened anew for every call: between two calls its disk can be unmounted.

So another disk may be mounted there meanwhile; whoever has seen that it is the right one, wants it to stay that.
"""

import os
from pathlib import Path

from bucketdrive.disk.failures import folder_gone, why
from bucketdrive.disk.walk import Opened
from bucketdrive.ports.disk import RootFacts


class Root:
    """The folder at `path`, which may be reached through links."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place: tuple[int, int] | None = None

    def open(self) -> Opened:
        """Open it.

        Raises:
            GuardError: it is not there, is not a folder, may not be listed, or is another one than it was.
        """
        opened = self.open_any()
        if self._place is not None and _place_of(opened.number) != self._place:
            opened.close()
            raise folder_gone(str(self.path), "is another folder than it was")
        return opened

    def open_any(self) -> Opened:
        """As `open`, whichever folder it is by now."""
        try:
            return Opened(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError as error:
            raise folder_gone(str(self.path), f"cannot be opened: {why(error)}") from error

    def stay_at(self, facts: RootFacts) -> None:
        """See `Disk.stay_at`."""
        self._place = (facts.device, facts.inode)


def _place_of(number: int) -> tuple[int, int]:
    facts = os.fstat(number)
    return facts.st_dev, facts.st_ino
