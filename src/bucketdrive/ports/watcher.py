"""The watcher port: what changes in a drive's folder, as it changes. Everything it tells is a hint."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Changes:
    """What was heard: something is new about `names` (on disk; a folder stands for all below it).

    `lost`: why more may have changed than was heard, as a sentence; empty where nothing was lost.
    """

    names: frozenset[str] = frozenset()
    lost: str = ""


class Watcher(Protocol):
    """Watches one folder. `.bucketdrive` is left out."""

    async def begin(self) -> Changes:
        """Watch everything that is there: what changes from here on is told by `wait`. Called once.

        `lost` says so where not everything can be watched; then more may be missed at any time.

        Raises:
            GuardError: the folder is not there.
        """
        ...

    async def wait(self) -> Changes:
        """Wait for the next changes.

        Raises:
            GuardError: the folder was moved, deleted or unmounted; this watcher hears nothing any more.
        """
        ...

    @property
    def blind(self) -> str:
        """Why some of the folder is not watched, with what to do about it, as sentences; empty where all is."""
        ...

    def close(self) -> None:
        """Watch no longer."""
        ...
