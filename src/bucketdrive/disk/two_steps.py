"""Exchanging two files where the file system cannot swap them (NFS, some FUSE): aside, in, and out (spec §2.6).

The user's file first moves to `.bucketdrive/aside/` under its own path; so whatever interrupts the exchange, `heal`
knows where it belongs. The path is missing for a moment, and never lost.
"""

import os
import stat
from collections.abc import Sequence
from threading import Lock

from bucketdrive.disk.failures import occupied
from bucketdrive.disk.places import Places, list_files
from bucketdrive.disk.swap import Renamer, Spot
from bucketdrive.disk.walk import NOT_A_FOLDER, lstat, make_folder, open_folder
from bucketdrive.errors import MissingError
from bucketdrive.model.paths import RESERVED

_ASIDE = [RESERVED, "aside"]
_UNEXPLAINED = [RESERVED, "quarantine", "aside"]


class TwoSteps:
    """Exchanges by renames that do not replace."""

    def __init__(self, places: Places, renamer: Renamer) -> None:
        self._places = places
        self._renamer = renamer
        self._lock = Lock()

    def exchange(self, root: int, ours: Spot, theirs: Spot, parts: Sequence[str]) -> None:
        """Swap a staged file with the one at `parts`, which is what `theirs` names.

        Raises:
            OccupiedError: a user made another file there in that moment; it stays, the old one is in quarantine.
            MissingError, OSError: nothing was changed.
        """
        with self._lock:
            try:
                self._exchange(root, ours, theirs, parts)
            except OSError as error:
                self._heal(root)
                if isinstance(error, FileExistsError):
                    raise occupied("/".join(parts)) from error
                raise
            self._places.prune(root, [*_ASIDE, *parts])

    def heal(self, root: int) -> None:
        """Put back what an interrupted exchange left aside; into quarantine where its path is taken by now."""
        with self._lock:
            self._heal(root)

    def _exchange(self, root: int, ours: Spot, theirs: Spot, parts: Sequence[str]) -> None:
        with self._places.make(root, [*_ASIDE, *parts[:-1]]) as folder:
            aside = Spot(folder, parts[-1])
            self._renamer.move(theirs, aside)
            if not stat.S_ISREG(lstat(folder, parts[-1]).st_mode):
                self._renamer.move(aside, theirs)
                raise occupied("/".join(parts))
            os.fsync(folder)
            self._renamer.move(ours, theirs)
            os.fsync(theirs.folder)
            self._renamer.move(aside, ours)

    def _heal(self, root: int) -> None:
        try:
            with open_folder(root, _ASIDE, "") as folder:
                names: list[str] = []
                list_files(folder, "", names)
        except MissingError:
            return
        for name in names:
            parts = name.split("/")
            with open_folder(root, [*_ASIDE, *parts[:-1]], name) as folder:
                self._put(root, Spot(folder, parts[-1]), parts)
            self._places.prune(root, [*_ASIDE, *parts])

    def _put(self, root: int, aside: Spot, parts: Sequence[str]) -> None:
        try:
            with make_folder(root, parts[:-1]) as home:
                self._renamer.move(aside, Spot(home, parts[-1]))
                os.fsync(home)
        except OSError as error:
            if not isinstance(error, FileExistsError) and error.errno not in NOT_A_FOLDER:
                raise
            self._quarantine(root, aside, parts)

    def _quarantine(self, root: int, aside: Spot, parts: Sequence[str]) -> None:
        with self._places.lock:
            for ordinal in range(1, 1000):
                with self._places.make(root, [*_UNEXPLAINED, str(ordinal), *parts[:-1]]) as folder:
                    try:
                        self._renamer.move(aside, Spot(folder, parts[-1]))
                    except FileExistsError:
                        continue
                    os.fsync(folder)
                    return
