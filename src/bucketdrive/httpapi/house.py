"""What the API needs of the process that it speaks for."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bucketdrive.drive.keeper import Keeper
from bucketdrive.httpapi.events import Events


class House(Protocol):
    """A running daemon."""

    @property
    def keepers(self) -> Mapping[str, Keeper]:
        """The drives it keeps, by root id, in the order in which they were linked."""
        ...

    @property
    def events(self) -> Events:
        """What happens to them."""
        ...

    def keep(self, folders: Sequence[str]) -> list[str]:
        """Keep the drives of these folders too, of all of this machine where none is named; the root ids of new ones.

        Raises:
            NoSuchDriveError, GuardError, UsageError: a folder is in no drive; none was added.
        """
        ...

    def stop(self) -> None:
        """End the process, soon and cleanly."""
        ...
