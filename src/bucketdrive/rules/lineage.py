"""Whose version is this: rule L (spec §2.6).

A write whose reply was lost may have happened, may happen later, and may lie under somebody else's version. The key's
version list, newest first, and the op ids in the versions' metadata tell; order in time means place in that list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bucketdrive.model.attempts import Attempt
from bucketdrive.model.entries import SyncedFile, VersionRow


@dataclass(frozen=True, slots=True)
class Advance:
    """`row` is our own upload, newer than the base: it becomes the base."""

    attempt: Attempt
    row: VersionRow


@dataclass(frozen=True, slots=True)
class UndoZombie:
    """A request of ours was executed late and brought back a deleted file: delete it again, if it is still on top."""

    attempt: Attempt
    row: VersionRow


@dataclass(frozen=True, slots=True)
class Settled:
    """The attempt was executed, but has been overtaken: an ordinary remote change."""

    attempt: Attempt


Verdict = Advance | UndoZombie | Settled | None


def place_of_base(history: Sequence[VersionRow], base: SyncedFile | None) -> int:
    """The index of the base version in the key's history; its length where it is not listed (older than all)."""
    if base is None:
        return len(history)
    if base.version_id:
        return _place(history, base.version_id)
    # adopted from a listing, which has no version ids: the newest version with that ETag
    return next((i for i, row in enumerate(history) if row.etag == base.etag and base.etag), len(history))


def _place(history: Sequence[VersionRow], version_id: str) -> int:
    return next((i for i, row in enumerate(history) if row.version_id == version_id), len(history))


def worth_asking(
    history: Sequence[VersionRow], base: SyncedFile | None, attempts: Sequence[Attempt]
) -> list[VersionRow]:
    """The versions above the base that could be one of `attempts`, by size; newest first."""
    return [
        row
        for row in history[: place_of_base(history, base)]
        if not row.is_delete_marker and any(_could_be(row, attempt) for attempt in attempts)
    ]


def _could_be(row: VersionRow, attempt: Attempt) -> bool:
    return row.size == attempt.size


def judge(
    history: Sequence[VersionRow],
    base: SyncedFile | None,
    attempts: Sequence[Attempt],
    ops: Mapping[str, str],
) -> Verdict:
    """What the newest version of ours above the base means. `ops`: the op id that each version's metadata claims.

    A claim counts only if the op is one of `attempts` and the size fits: metadata travels with copies.
    """
    by_op = {attempt.op: attempt for attempt in attempts}
    base_place = place_of_base(history, base)
    for place, row in enumerate(history[:base_place]):
        attempt = by_op.get(ops.get(row.version_id, ""))
        if row.is_delete_marker or attempt is None or not _could_be(row, attempt):
            continue
        if base is None or not _is_older(history, attempt.base_version, base_place):
            return Advance(attempt, row)
        lies_on_marker = place + 1 < len(history) and history[place + 1].is_delete_marker
        if place == 0 and lies_on_marker:
            return UndoZombie(attempt, row)
        return Settled(attempt)
    return None


def _is_older(history: Sequence[VersionRow], version_id: str, base_place: int) -> bool:
    """Whether an attempt made on top of `version_id` was made before the base moved on to where it is now."""
    place = _place(history, version_id) if version_id else len(history)
    return place > base_place
