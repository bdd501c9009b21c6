"""Guards: what must not happen unasked (spec §2.11). They close for deletions and stay open for new data."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from bucketdrive.errors import GuardError
from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.model.plan import (
    Action,
    DeleteLocal,
    DeleteRemote,
    Download,
    DownloadByRename,
    Forget,
    Hold,
    Move,
    Phase,
    Plan,
    RemoveDirLocal,
    RemoveDirRemote,
)

DELETE_FLOOR = 50
DELETE_SHARE = 0.20
VANISHED_LIMIT = 10

TOO_MANY_HERE = "too many files were deleted in the bucket at once: nothing is deleted here until you approve it"
TOO_MANY_THERE = "too many files were deleted here at once: nothing is deleted in the bucket until you approve it"


@dataclass(frozen=True, slots=True)
class RecentDeletions:
    """Deletions carried out in the last ten minutes; moves and what the user approved are not counted."""

    here: int = 0
    in_bucket: int = 0

    def plus(self, done: Iterable[Action], moves: Iterable[Move], approved: AbstractSet[RelPath]) -> "RecentDeletions":
        """These and the deletions among `done`."""
        excused = {move.source for move in moves} | approved
        counted = [action for action in done if action.path not in excused]
        return RecentDeletions(
            self.here + sum(isinstance(action, DeleteLocal) for action in counted),
            self.in_bucket + sum(isinstance(action, DeleteRemote) for action in counted),
        )


def quota(rows: int) -> int:
    """How many deletions on one side, in ten minutes, need no question, for a drive of `rows` files."""
    return max(DELETE_FLOOR, int(rows * DELETE_SHARE))


def hold_mass_deletions(plan: Plan, rows: int, recent: RecentDeletions, approved: AbstractSet[RelPath]) -> Plan:
    """Guard G3: the plan without the deletions of a side on which they exceed the quota; those become holds.

    Moves and approved paths are not counted, and approved ones always pass. What was to be made where a deletion that
    is held now was to clear the way waits with it.
    """
    moved = {move.source for move in plan.moves}
    for kind, done, reason, folders in (
        (DeleteLocal, recent.here, TOO_MANY_HERE, RemoveDirLocal),
        (DeleteRemote, recent.in_bucket, TOO_MANY_THERE, RemoveDirRemote),
    ):
        asked = [a for a in plan.actions if isinstance(a, kind) and a.path not in approved and a.path not in moved]
        if asked and len(asked) + done > quota(rows):
            plan = _held_back(plan, asked, reason, folders)
    return plan


def _held_back(plan: Plan, held: Collection[Action], reason: str, folders: type[Action]) -> Plan:
    deletions = {action.path for action in held}
    staying = deletions | {action.path for action in plan.actions if isinstance(action, folders)}
    occupied = staying | ancestors_of(staying)
    dropped = {
        action.path
        for action in plan.actions
        if plan.phase(action) is Phase.AFTERWARDS
        and (action.path in occupied or not staying.isdisjoint(action.path.ancestors()))
    }
    deletions |= {move.source for move in plan.moves if move.target in dropped}
    return replace(
        plan,
        actions=tuple(
            action
            for action in plan.actions
            if not isinstance(action, folders)
            and not (isinstance(action, Forget) and action.path in occupied)
            and not (isinstance(action, DeleteLocal | DeleteRemote) and action.path in deletions)
            and not (plan.phase(action) is Phase.AFTERWARDS and action.path in dropped)
        ),
        holds=plan.holds + tuple(Hold(path, reason, "G3") for path in sorted(deletions)),
        moves=tuple(move for move in plan.moves if move.target not in dropped),
    )


def within_room(actions: Iterable[Action], free_bytes: int, reserve_bytes: int) -> tuple[list[Action], list[Hold]]:
    """Guard G5: the actions without the downloads for which the disk has no room; those become holds.

    A download needs twice its size and leaves `reserve_bytes` free: what it replaces stays in quarantine for a day.
    """
    kept: list[Action] = []
    holds: list[Hold] = []
    for action in actions:
        if isinstance(action, Download) and not isinstance(action, DownloadByRename):
            if free_bytes < max(reserve_bytes, 2 * action.size):
                holds.append(Hold(action.path, "the disk has no room for it: free some space, then sync again", "G5"))
                continue
            free_bytes -= action.size
        kept.append(action)
    return kept, holds


def check_vanished(vanished: Collection[RelPath]) -> None:
    """Guard G6: a few vanished files are held one by one; many mean that this is not the bucket it was.

    Raises:
        GuardError: more than `VANISHED_LIMIT` agreed files have no version left.
    """
    if len(vanished) > VANISHED_LIMIT:
        raise GuardError(
            f"{len(vanished)} files of this drive have no version left in the bucket, and no deletion of them is "
            "recorded there. Nothing was changed here or in the bucket.",
            hint="Check that the bucket and prefix are the right ones and were not emptied. "
            "If the bucket was emptied on purpose, link the folder to a new drive.",
        )


def check_local_root(drive_id: str, root_id: str, *, found_drive_id: str, found_root_id: str) -> None:
    """Guard G1: the folder holds the marker it was linked with.

    Raises:
        GuardError: it has none (an unmounted disk?), or another drive's.
    """
    if (found_drive_id, found_root_id) == (drive_id, root_id):
        return
    what = "has another drive's marker" if found_root_id else "has lost its marker (.bucketdrive/root.json)"
    raise GuardError(
        f"The folder {what}. Nothing was changed here or in the bucket.",
        hint="If its disk is not mounted, mount it. If it was moved or restored, run `bucketdrive link` for it again.",
    )


def check_remote_root(drive_id: str, found_drive_id: str | None) -> None:
    """Guard G2: the prefix still holds this drive.

    Raises:
        GuardError: `drive.json` is not there (None) or is another drive's.
    """
    if found_drive_id == drive_id:
        return
    what = "holds no drive any more" if found_drive_id is None else "holds another drive"
    raise GuardError(
        f"The bucket's prefix {what} (.bucketdrive/drive.json). Nothing was changed here or in the bucket.",
        hint="Check the bucket, the prefix and the endpoint. If the bucket was emptied on purpose, link a new drive.",
    )
