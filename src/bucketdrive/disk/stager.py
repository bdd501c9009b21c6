"""Puts files into `tmp/` and `quarantine/`: opens drafts, waits for the disk once for many, clears up what failed."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bucketdrive.disk.batches import outcome
from bucketdrive.disk.moves import Moves
from bucketdrive.disk.names import draft_parts, own_parts
from bucketdrive.disk.places import Places
from bucketdrive.disk.root import Root
from bucketdrive.disk.staging import Draft, read_looks
from bucketdrive.disk.walk import open_folder
from bucketdrive.errors import BucketDriveError, GuardError, MissingError
from bucketdrive.model.entries import Hashed
from bucketdrive.ports.disk import Staging

Order = tuple[str, bytes, Staging]
"""A place, the bytes that are to be there, and how the file is to look."""

_BATCH_BYTES = 8 << 20


class Stager:
    """The staged files of one folder."""

    def __init__(self, root: Root, places: Places, moves: Moves) -> None:
        self._root = root
        self._places = places
        self._moves = moves

    def open(self, place: str, how: Staging) -> Draft:
        """Begin a file that is to be at `place`."""
        parts = draft_parts(own_parts(place))
        with self._root.open() as root:
            looks = read_looks(root, how.like) if how.like else None
            opened, draft = self._places.put(root, parts[:-1], lambda folder: Draft(folder, parts[-1], how, looks))
            opened.close()
            return draft

    def stage(self, orders: Sequence[Order]) -> list[Hashed | BucketDriveError]:
        """Stage the first of the files, until enough bytes were written. All are begun before one is waited for."""
        begun: list[Draft | BucketDriveError] = []
        left = _BATCH_BYTES
        for place, data, how in orders:
            begun.append(outcome(place, partial(self._begin, place, data, how), is_place=True))
            left -= len(data)
            if left <= 0:
                break
        return [
            draft
            if isinstance(draft, BucketDriveError)
            else outcome(place, partial(self._end, place, draft), is_place=True)
            for (place, _, _), draft in zip(orders, begun, strict=False)
        ]

    def _begin(self, place: str, data: bytes, how: Staging) -> Draft:
        draft = self.open(place, how)
        try:
            draft.write(data)
            draft.flush()
        except OSError:
            self.abandon(place, draft)
            raise
        return draft

    def _end(self, place: str, draft: Draft) -> Hashed:
        try:
            return self.finish(place, draft)
        except (OSError, BucketDriveError):
            self.abandon(place, draft)
            raise

    def finish(self, place: str, draft: Draft) -> Hashed:
        """Make the file durable, and move it to its place if it did not grow there."""
        hashed = draft.finish()
        if draft_parts(own_parts(place)) == own_parts(place):
            return hashed
        return replace(hashed, fingerprint=self._moves.promote(place))

    def abandon(self, place: str, draft: Draft) -> None:
        """Leave nothing of a file that could not be written; what is wrong is told by the error already met."""
        draft.abandon()
        with suppress(OSError, GuardError):
            self.discard(draft_parts(own_parts(place)))

    def discard(self, parts: list[str]) -> None:
        """Delete a file below the folder, if it is there, and the folders this leaves empty."""
        with self._root.open() as root:
            with suppress(FileNotFoundError, MissingError), open_folder(root, parts[:-1], "") as folder:
                os.unlink(parts[-1], dir_fd=folder)
            self._places.prune(root, parts)
