"""Whose version is this: rule L (spec §2.6).

A write whose reply was lost may have happened, may happen later, and may lie under somebody else's version. The key's
version list, newest first, and the op ids in the versions' metadata tell; order in time means place in that list.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bucketdrive.model.attempts import Attempt
from bucketdrive.model.entries import SyncedFile, VersionRow
from bucketdrive.model.format import FileMeta


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


# --- stores that ignore conditional writes ----------------------------------------------------------------------------


def credible_bases(path: str, history: Sequence[VersionRow], claims: Mapping[str, FileMeta]) -> dict[str, str | None]:
    """The base of each version of `path` that is in `claims`; None where it is another tool's, so that it has none.

    Other tools carry our claims along: to another path, which `written_for` shows, or onto a newer version of the same
    one, which then repeats an op. Each op makes one version, the oldest that names it.
    """
    bases: dict[str, str | None] = {}
    ops: set[str] = set()
    for row in reversed(history):
        if (claim := claims.get(row.version_id)) is None:
            continue
        is_ours = bool(claim.op) and claim.op not in ops and claim.may_be_of(path)
        bases[row.version_id] = claim.base if is_ours else None
        ops.add(claim.op)
    return bases


def audit_range(history: Sequence[VersionRow], audited: str, bases: Mapping[str, str | None]) -> int:
    """How many of the newest versions of a key must be understood to audit those above the `audited` one.

    `bases` holds the base that each version above it claims (None: another tool's, empty: a creation).
    """
    reach = 0
    for place, row in enumerate(history[: _place(history, audited) if audited else len(history)]):
        base = None if row.is_delete_marker else bases.get(row.version_id)
        if base is None:
            continue
        end = _end_of_line(history, place, base)
        if not base and end > place + 1:  # created over what is live, or else a copy of something older than all that
            return len(history)
        reach = max(reach, end)
    return reach


def _end_of_line(history: Sequence[VersionRow], place: int, base: str) -> int:
    """The place of the version that the one at `place` was made from; for a creation, of what it was created over."""
    if base:
        found = _place(history, base)
        return found if found < len(history) else place + 1  # no longer listed: nothing can be said
    below = range(place + 1, len(history))
    return next((other for other in below if history[other].is_delete_marker), len(history))


def buried_versions(history: Sequence[VersionRow], audited: str, bases: Mapping[str, str | None]) -> list[VersionRow]:
    """Versions of a key that were overwritten by somebody who had not seen them; newest first (spec §2.6).

    Above the `audited` version (all, where it is empty), every version lies on the version it was made from, or buried
    what lies between: unless something else was made from that, or its content lives on in the version or its base.
    """
    named = {base for base in bases.values() if base}
    found: dict[str, VersionRow] = {}
    for place, row in enumerate(history[: _place(history, audited) if audited else len(history)]):
        base = None if row.is_delete_marker else bases.get(row.version_id)
        if base is None:
            continue
        end = _end_of_line(history, place, base)
        kin = [row, *history[end : end + 1]] if base else [row]
        for other in history[place + 1 : end]:
            is_kept = any(_same_content(other, relative) for relative in kin)
            if not other.is_delete_marker and other.version_id not in named and not is_kept:
                found.setdefault(other.version_id, other)
    return list(found.values())


def _same_content(one: VersionRow, other: VersionRow) -> bool:
    return not other.is_delete_marker and one.etag == other.etag and one.size == other.size


def buried_by_marker(history: Sequence[VersionRow], base_version: str, base_etag: str) -> VersionRow | None:
    """The edit that an unconditional delete of `base_version` buried; None where it deleted what was meant.

    It is the version right under a marker, newer than the base, whose content is not the base's and not above.
    """
    base_place = _place(history, base_version)
    for place, row in enumerate(history[:base_place]):
        below = history[place + 1] if place + 1 < len(history) else None
        if not row.is_delete_marker or below is None or below.is_delete_marker or place + 1 >= base_place:
            continue
        if below.etag != base_etag and not any(_same_content(below, above) for above in history[:place]):
            return below
    return None


def is_untold_burial(history: Sequence[VersionRow], told: Collection[str]) -> bool:
    """Whether a deletion that was announced for an older version came late and hit a newer one (spec §2.6).

    `told`: the versions of this key whose deletion some journal announced. A deletion nobody announced is another
    tool's, and meant.
    """
    if len(history) < 2 or not history[0].is_delete_marker or history[1].is_delete_marker:
        return False
    under = history[1].version_id
    return under not in told and any(_place(history, version_id) > 1 for version_id in told)


def has_marker_below(history: Sequence[VersionRow], audited: str) -> bool:
    """Whether a key was deleted above the `audited` version (any, where it is empty), and is no longer."""
    return any(row.is_delete_marker for row in history[1 : _place(history, audited) if audited else len(history)])


def buried_late(history: Sequence[VersionRow], audited: str, told: Collection[str]) -> list[VersionRow]:
    """The versions that a late deletion hit, as `is_untold_burial` tells, above the `audited` one or that itself.

    Of deletions that something was written over since; whose content is above is kept.
    """
    end = _place(history, audited) if audited else len(history)
    return [
        history[place + 1]
        for place in range(1, min(end, len(history) - 1))
        if is_untold_burial(history[place:], told)
        and not any(_same_content(history[place + 1], above) for above in history[:place])
    ]
