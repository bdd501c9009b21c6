"""What moves a file or changes a folder: each by one rename that overwrites nothing, durable at the end (spec §2.6).

Synchronous: `Folder` runs it on its threads. Every method opens the root anew, so that a disk can be unmounted and
mounted between two calls. A source that is not there is a MissingError, a target that is taken an OSError (EEXIST,
ENOTDIR) that `Folder` translates.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bucketdrive.disk.batches import Shelf, outcome
from bucketdrive.disk.failures import failure, occupied
from bucketdrive.disk.names import draft_parts, own_parts, parts_of
from bucketdrive.disk.places import Places
from bucketdrive.disk.root import Root
from bucketdrive.disk.swap import Renamer, Spot
from bucketdrive.disk.two_steps import TwoSteps
from bucketdrive.disk.walk import (
    Opened,
    fingerprint_of,
    lstat,
    lstat_file,
    make_folder,
    open_child,
    open_folder,
)
from bucketdrive.errors import BucketDriveError, MissingError
from bucketdrive.model.entries import Fingerprint
from bucketdrive.ports.disk import JUNK_NAMES, Exchanged


class Moves:
    """The moves of one folder."""

    def __init__(self, root: Root, places: Places, renamer: Renamer, two_steps: TwoSteps) -> None:
        self._root = root
        self._places = places
        self._renamer = renamer
        self._two_steps = two_steps

    def install(self, orders: Sequence[tuple[str, str]]) -> list[Fingerprint | BucketDriveError]:
        """See `Disk.install`; also `Disk.put_back`: where the file was comes last, so it is never nowhere.

        `orders`: places and names. A folder that gets many files is made durable once, when all are in it.
        """
        with self._root.open() as root:
            with Shelf() as areas, Shelf() as homes:

                def move(place: str, name: str) -> _Moved:
                    source, parts = own_parts(place), parts_of(name)
                    area = areas.take(source[:-1], lambda: self._places.open(root, source[:-1], place))
                    staged = lstat_file(area, source[-1], place)
                    home = homes.take(parts[:-1], lambda: make_folder(root, parts[:-1]))
                    self._renamer.move(Spot(area, source[-1]), Spot(home, parts[-1]))
                    return _Moved(home, _landed(Spot(home, parts[-1]), staged))

                moved = [outcome(name, partial(move, place, name)) for place, name in orders]
                installed = _settled(moved, [name for _, name in orders])
            for place, _ in orders:
                self._places.prune(root, own_parts(place))
        return installed

    def promote(self, place: str) -> Fingerprint:
        """Move a finished file from where it grew to its place: one rename, so it is there whole or not at all.

        Raises:
            OSError: EEXIST where something is there already.
        """
        parts = own_parts(place)
        source = draft_parts(parts)
        with self._root.open() as root, self._places.open(root, source[:-1], place) as growing:

            def move(area: int) -> None:
                self._renamer.move(Spot(growing, source[-1]), Spot(area, parts[-1]))

            opened, _ = self._places.put(root, parts[:-1], move)
            with opened as area:
                os.fsync(area)
                return fingerprint_of(lstat(area, parts[-1]))

    def exchange(self, place: str, name: str, expected: Fingerprint) -> Exchanged:
        """See `Disk.exchange`."""
        source, parts = own_parts(place), parts_of(name)
        with self._root.open() as root, self._places.open(root, source[:-1], place) as area:
            staged = lstat_file(area, source[-1], place)
            with open_folder(root, parts[:-1], name) as folder:
                ours, theirs = Spot(area, source[-1]), Spot(folder, parts[-1])
                _check(theirs, name, expected)
                if not self._renamer.exchange(ours, theirs):
                    self._two_steps.exchange(root, ours, theirs, parts)
                installed = _landed(theirs, staged)
                came_out = lstat(ours.folder, ours.part)
                if not stat.S_ISREG(came_out.st_mode):
                    self._renamer.exchange(ours, theirs)
                    raise occupied(name)
                os.fsync(folder)
                os.fsync(area)
                return Exchanged(installed, fingerprint_of(came_out))

    def set_aside(self, name: str, place: str, expected: Fingerprint) -> Fingerprint:
        """See `Disk.set_aside`."""
        parts, target = parts_of(name), own_parts(place)
        with self._root.open() as root:
            self._places.check(root)
            with open_folder(root, parts[:-1], name) as folder:
                _check(Spot(folder, parts[-1]), name, expected)

                def move(area: int) -> Fingerprint:
                    return self._move_file(Spot(folder, parts[-1]), Spot(area, target[-1]), (name, place))

                opened, came_out = self._places.put(root, target[:-1], move)
                with opened as area:
                    os.fsync(area)
                    os.fsync(folder)
                return came_out

    def rename(self, name: str, new_name: str, expected: Fingerprint) -> Fingerprint:
        """See `Disk.rename`."""
        parts, new_parts = parts_of(name), parts_of(new_name)
        with self._root.open() as root:
            self._places.check(root)
            with open_folder(root, parts[:-1], name) as folder:
                _check(Spot(folder, parts[-1]), name, expected)
                with _about(new_name, lambda: make_folder(root, new_parts[:-1])) as new_folder:
                    moved = self._move_file(Spot(folder, parts[-1]), Spot(new_folder, new_parts[-1]), (name, new_name))
                    os.fsync(new_folder)
                    os.fsync(folder)
                    return moved

    def make_dir(self, name: str) -> None:
        """See `Disk.make_dir`."""
        parts = parts_of(name)
        with self._root.open() as root:
            self._places.check(root)
            make_folder(root, parts).close()

    def remove_dir(self, name: str, junk_place: str) -> None:
        """See `Disk.remove_dir`."""
        parts, junk_parts = parts_of(name), own_parts(junk_place)
        with self._root.open() as root:
            self._places.check(root)
            try:
                above = open_folder(root, parts[:-1], name)
            except MissingError:
                return
            with above as parent:
                try:
                    opened = Opened(open_child(parent, parts[-1]))
                except FileNotFoundError:
                    return
                with opened as folder:
                    self._move_junk(root, folder, junk_parts, name)
                os.rmdir(parts[-1], dir_fd=parent)
                os.fsync(parent)

    def _move_junk(self, root: int, folder: int, junk_parts: Sequence[str], name: str) -> None:
        with os.scandir(folder) as listing:
            found = sorted((entry.name, entry.is_file(follow_symlinks=False)) for entry in listing)
        if not all(is_file and part in JUNK_NAMES for part, is_file in found):
            raise occupied(name)
        if not found:
            return

        def move(area: int) -> None:
            for part, _ in found:
                self._renamer.move(Spot(folder, part), Spot(area, part))

        opened, _ = self._places.put(root, junk_parts, move)
        with opened as area:
            os.fsync(area)

    def _move_file(self, source: Spot, target: Spot, names: tuple[str, str]) -> Fingerprint:
        """Move, and look at what came: if a folder or a link took the file's place meanwhile, it goes back."""
        try:
            self._renamer.move(source, target)
        except FileExistsError as error:
            raise occupied(names[1]) from error
        facts = lstat(target.folder, target.part)
        if not stat.S_ISREG(facts.st_mode):
            self._renamer.move(target, source)
            raise occupied(names[0])
        return fingerprint_of(facts)


@dataclass(frozen=True, slots=True)
class _Moved:
    """A file that was just moved into the folder `home`, as it was right then."""

    home: int
    landed: Fingerprint


def _settled(moved: Sequence[_Moved | BucketDriveError], names: Sequence[str]) -> list[Fingerprint | BucketDriveError]:
    """Make all moves durable; the files as they landed."""
    homes = {move.home: name for move, name in zip(moved, names, strict=True) if isinstance(move, _Moved)}
    wrong = {folder: outcome(name, partial(os.fsync, folder)) for folder, name in homes.items()}
    return [move if isinstance(move, BucketDriveError) else wrong[move.home] or move.landed for move in moved]


def _about(path: str, open_it: Callable[[], Opened]) -> Opened:
    """A folder that something is to be moved to; what keeps it from being opened is wrong with `path`."""
    try:
        return open_it()
    except OSError as error:
        raise failure(error, path) from error


def _check(spot: Spot, name: str, expected: Fingerprint) -> None:
    if lstat_file(spot.folder, spot.part, name) != expected:
        raise occupied(name)


def _landed(spot: Spot, staged: Fingerprint) -> Fingerprint:
    """The installed file as it is now; if a user wrote to it already, as it was, so that the edit is seen.

    To be asked right after the rename, before anything waits for the disk: of an edit that keeps size and time, nothing
    but a later ctime tells.
    """
    try:
        found = fingerprint_of(lstat(spot.folder, spot.part))
    except FileNotFoundError:
        return staged
    return found if found.is_same_file_as(staged) else staged
