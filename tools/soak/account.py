"""The account of what was written, superseded, moved and surely synced; every part of a soak may write to it.

A content is *superseded* when a user overwrites or deletes it at a device that showed it. What is not superseded must
be in the tree at the end. What was superseded must be kept as a version if it was *stable*: it had rested for the
settle time when a sync began, and still lay there when that sync ended with nothing failed. Before, nobody has it.
"""

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from soak.contents import describe, digest_of, make_record, tag_of


@dataclass(slots=True)
class Note:
    """What became of one content. `what` describes it; `is_large`: it is sent in parts."""

    what: str
    size: int
    is_superseded: bool = False
    is_deleted: bool = False
    is_stable: bool = False


def _are_related(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


class Account:
    """All contents of a soak, by digest."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers: Counter[str] = Counter()
        self._resting: dict[str, dict[str, tuple[float, str]]] = {}
        self.notes: dict[str, Note] = {}
        self.edits: Counter[str] = Counter()
        self.blind: list[str] = []
        self.late: list[tuple[str, str, str]] = []

    def new_content(self, author: str, path: str, size: int, before: bytes = b"") -> bytes:
        """A content that nobody wrote before: `before` and a record of about `size` bytes."""
        with self._lock:
            self._numbers[author] += 1
            tag = tag_of(author, self._numbers[author])
        data = before + make_record(tag, path, size)
        self.know(data, f"{tag} for {path!r}")
        return data

    def know(self, data: bytes, what: str) -> str:
        """Take a content down as written by a user; its digest."""
        digest = digest_of(data)
        with self._lock:
            self.notes.setdefault(digest, Note(what, len(data)))
        return digest

    def place(self, device: str, path: str, data: bytes, now_s: float) -> None:
        """A user wrote or moved a content to a path at a device: it rests there from now on."""
        with self._lock:
            self._resting.setdefault(device, {})[digest_of(data)] = now_s, path

    def supersede(self, data: bytes, *, by_deletion: bool = False) -> None:
        """Somebody who saw this content replaced or deleted it. One that nobody wrote is the watchers' affair."""
        with self._lock:
            note = self.notes.get(digest_of(data))
            if note is not None:
                note.is_superseded = True
                note.is_deleted |= by_deletion

    def witness(self, device: str, rested_s: float, held: Collection[str] = ()) -> None:
        """A sync of a device has just ended with all done but for the paths `held`.

        What had been resting there at the time `rested_s`, when it had begun, is stable now: but for what is held, and
        what waits for that, above or below it.
        """
        with self._lock:
            for digest, (since_s, path) in self._resting.get(device, {}).items():
                note = self.notes[digest]
                if since_s <= rested_s and not note.is_superseded and not any(_are_related(path, one) for one in held):
                    note.is_stable = True

    def count(self, kind: str) -> None:
        """An edit of this kind was made."""
        with self._lock:
            self.edits[kind] += 1

    def report_blind(self, where: str) -> None:
        """An edit hit another content than its author had seen: which one, nobody can know."""
        with self._lock:
            self.blind.append(where)

    def report_late(self, device: str, path: str, data: bytes) -> None:
        """An open file was written to after it had lost its name: the bytes may wait in quarantine for a day."""
        with self._lock:
            self.late.append((device, path, digest_of(data)))

    def is_known(self, data: bytes) -> bool:
        """Whether a user wrote exactly this."""
        with self._lock:
            return digest_of(data) in self.notes

    def name(self, data: bytes) -> str:
        """A content in words."""
        with self._lock:
            note = self.notes.get(digest_of(data))
        return note.what if note else describe(data)

    @property
    def wanted(self) -> dict[str, Note]:
        """What nobody superseded: it must be in the tree."""
        with self._lock:
            return {digest: note for digest, note in self.notes.items() if not note.is_superseded}

    @property
    def replaced(self) -> dict[str, Note]:
        """What was superseded after it was surely synced: it must be a version."""
        with self._lock:
            return {digest: note for digest, note in self.notes.items() if note.is_superseded and note.is_stable}
