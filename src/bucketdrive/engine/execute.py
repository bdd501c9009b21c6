"""The one way to write: every plan, whatever made it, is carried out here, phase by phase."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bucketdrive.engine import copy, download, move, remove, upload
from bucketdrive.engine.copies import WAITING, Copies
from bucketdrive.engine.deed import Work
from bucketdrive.engine.journal import announce_deletions
from bucketdrive.engine.memory import MemoryBudget, memory_of
from bucketdrive.engine.observe import check_local
from bucketdrive.errors import (
    BucketDriveError,
    ItemError,
    PreconditionError,
    TransientError,
    UnavailableError,
    UnstableFileError,
)
from bucketdrive.model.entries import LocalDir, LocalEntry, LocalFile
from bucketdrive.model.format import JournalEntry
from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.model.plan import (
    Action,
    Clash,
    CopyForward,
    DeleteLocal,
    DeleteRemote,
    Download,
    DownloadByRename,
    Forget,
    Hold,
    MakeDirLocal,
    MakeDirRemote,
    Phase,
    Plan,
    Record,
    RemoveDirLocal,
    RemoveDirRemote,
    SetAside,
    Upload,
    UploadByCopy,
)
from bucketdrive.ports.runtime import Failed, Finished
from bucketdrive.rules.guards import within_room
from bucketdrive.state.change import StateChange
from bucketdrive.state.trees import expect_nothing

_NEEDS_ANOTHER_ROUND = (SetAside, Clash, RemoveDirLocal, CopyForward)
"""Actions that only make room for what the next round does."""


@dataclass(slots=True)
class Outcome:
    """What became of a plan.

    `done`: the actions that were; `again`: paths to be observed again, `refused` those of them that were not as
    observed, with why; `failed`: those not done, with why.
    """

    done: list[Action] = field(default_factory=list)
    again: set[RelPath] = field(default_factory=set)
    refused: dict[RelPath, str] = field(default_factory=dict)
    failed: dict[RelPath, str] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    is_offline: bool = False


class Execution:
    """Carries out one plan."""

    def __init__(self, work: Work, surely_gone_s: float) -> None:
        """`surely_gone_s`: the event loop's time of the second look at what is to be deleted in the bucket."""
        self._work = replace(work, copies=Copies(work.parts))
        self._surely_gone_s = surely_gone_s
        self._memory = MemoryBudget(work.parts.options.memory_bytes)
        self._outcome = Outcome()

    async def run(self, plan: Plan) -> Outcome:
        """All phases of `plan`. One path's trouble is that path's; a DriveError stops everything.

        Raises:
            DriveError: the drive stops; actions that were finished are committed.
        """
        notes = plan.in_phase(Phase.NOTE)
        if notes:
            await self._write_down(notes)
        await self._run_phases(plan)
        return self._outcome

    async def _run_phases(self, plan: Plan) -> None:
        for phase in (Phase.MAKE, Phase.DELETE, Phase.REMOVE_DIRS, Phase.AFTERWARDS):
            actions = await self._ready(phase, self._without_failed_moves(plan, plan.in_phase(phase)))
            if actions:
                await self._run_all(actions, self._width(phase))

    def _width(self, phase: Phase) -> int:
        """How many actions are under way at once; of copies more, as those that wait for their names do nothing."""
        in_flight = self._work.parts.options.in_flight
        if phase is Phase.REMOVE_DIRS:
            return 1
        return in_flight * WAITING if self._work.is_asked and phase is Phase.MAKE else in_flight

    async def _ready(self, phase: Phase, actions: list[Action]) -> list[Action]:
        """What of a phase may begin: after a second look, with a clear way, with room on the disk, announced."""
        parts = self._work.parts
        if phase in (Phase.DELETE, Phase.REMOVE_DIRS):
            actions = await self._surely_gone(actions)
        if phase is Phase.REMOVE_DIRS:
            used = ancestors_of(self._undone())  # what could not be deleted keeps its folder, and the folder its row
            actions = [action for action in actions if action.path not in used]
        if phase is Phase.AFTERWARDS:
            actions = self._without_file_above(actions)
            actions = [action for action in actions if await self._way_is_clear(action)]
        if any(isinstance(action, Download) for action in actions):
            actions, holds = within_room(actions, await parts.disk.free_bytes(), parts.options.reserve_bytes)
            self._outcome.holds += holds
        doomed = [action for action in actions if isinstance(action, DeleteRemote)]
        if doomed and not self._work.is_asked:
            await parts.state.run(expect_nothing, [action.path for action in doomed])
        if doomed and not parts.facts.conditional_delete:
            await announce_deletions(parts, [_told(action, self._work.run) for action in doomed])
        return actions

    def _without_failed_moves(self, plan: Plan, actions: list[Action]) -> list[Action]:
        """What remains to be done where a file could not be put under its new name: its old one is not deleted."""
        undone = self._outcome.failed.keys() | self._outcome.again
        kept = {move.source for move in plan.moves if move.target in undone}
        self._outcome.again |= kept & {action.path for action in actions}
        return [action for action in actions if action.path not in kept]

    def _undone(self) -> set[RelPath]:
        return self._outcome.failed.keys() | self._outcome.again | {hold.path for hold in self._outcome.holds}

    def _without_file_above(self, actions: list[Action]) -> list[Action]:
        """What remains where a file above could not be deleted: with it there, others would see a clash."""
        made_room = {action.path for action in self._outcome.done if isinstance(action, _NEEDS_ANOTHER_ROUND)}
        undone = self._undone() - made_room
        blocked = {action.path for action in actions if not undone.isdisjoint(action.path.ancestors())}
        self._outcome.again |= blocked
        return [action for action in actions if action.path not in blocked]

    async def _write_down(self, notes: list[Action]) -> None:
        synced = tuple((action.path, action.entry) for action in notes if isinstance(action, Record))
        dropped = tuple(action.path for action in notes if isinstance(action, Forget))
        await self._work.commits.write(StateChange(dropped=dropped, synced=synced))
        self._outcome.done += notes

    async def _surely_gone(self, actions: list[Action]) -> list[Action]:
        """The deletions of what is gone here at a second look, some time after the first (spec §2.3)."""
        asked = [a for a in actions if isinstance(a, DeleteRemote | RemoveDirRemote)]
        if not asked or self._work.is_asked:  # what the user asked for may still be here: the sync after it decides
            return actions
        parts, loop = self._work.parts, asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._surely_gone_s - loop.time()))
        await check_local(parts)  # whoever deletes all, deletes our marker as well: then nothing is deleted
        looks = await parts.disk.look([self._work.names.name(action.path) for action in asked])
        back = {action.path for action, now in zip(asked, looks, strict=True) if _is_back(action, now)}
        self._outcome.again |= back
        return [action for action in actions if action.path not in back]

    async def _way_is_clear(self, action: Action) -> bool:
        """Whether what stood in the way of `action` is gone: in the bucket, nothing live may be below a file."""
        if not isinstance(action, Upload | CopyForward):
            return True
        below = await self._work.parts.bucket.list_objects(self._work.parts.keys.folder_key(action.path), max_keys=1)
        if below.rows:
            self._outcome.again.add(action.path)
        return not below.rows

    async def _run_all(self, actions: list[Action], width: int) -> None:
        queue = iter(actions)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(width, len(actions))):
                group.create_task(self._run_some(queue))

    async def _run_some(self, queue: Iterator[Action]) -> None:
        for action in queue:
            if self._outcome.is_offline:
                self._outcome.failed[action.path] = "not tried: the store cannot be reached"
                continue
            await self._run_one(action)

    async def _run_one(self, action: Action) -> None:
        held_bytes = await self._memory.take(memory_of(action, self._work.parts))
        try:
            body_bytes = await _DEEDS[type(action)](self._work.doing(action), action)
        except (PreconditionError, UnstableFileError) as error:
            self._outcome.again.add(action.path)
            self._outcome.refused[action.path] = error.message
        except ItemError as error:
            self._outcome.holds.append(Hold(action.path, error.message))
        except TransientError as error:
            self._outcome.is_offline |= isinstance(error, UnavailableError)
            self._fail(action, error)
        else:
            self._outcome.done.append(action)
            if isinstance(action, _NEEDS_ANOTHER_ROUND):
                self._outcome.again.add(action.path)
            self._work.parts.listener.tell(Finished(action, body_bytes))
        finally:
            self._memory.give_back(held_bytes)

    def _fail(self, action: Action, error: BucketDriveError) -> None:
        self._outcome.failed[action.path] = error.message
        self._work.parts.listener.tell(Failed(action, error.message))


def _told(action: DeleteRemote, run: int) -> JournalEntry:
    return JournalEntry("delete", action.path, base=action.version_id, size=action.size, run=run)


def _is_back(action: Action, now: LocalEntry | None) -> bool:
    """Whether what was to be deleted in the bucket is here again; a file gone for a folder, or a folder for a file.

    Is not.
    """
    if isinstance(action, DeleteRemote):
        return not (now is None or isinstance(now, LocalDir))
    return not (now is None or isinstance(now, LocalFile))


_DEEDS: dict[type[Action], Callable[[Work, Any], Awaitable[int]]] = {
    Upload: upload.upload,
    UploadByCopy: move.upload_by_copy,
    MakeDirRemote: upload.make_dir,
    RemoveDirRemote: upload.remove_dir,
    Download: download.download,
    DownloadByRename: move.download_by_rename,
    MakeDirLocal: download.make_dir,
    DeleteLocal: remove.delete_local,
    RemoveDirLocal: remove.remove_dir,
    DeleteRemote: remove.delete_remote,
    SetAside: remove.yield_name,
    Clash: copy.resolve_clash,
    CopyForward: copy.copy_forward,
}
