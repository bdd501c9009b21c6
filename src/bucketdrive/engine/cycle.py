"""A sync: observe, plan, guard, execute, announce; again while a round made room for another."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace

from bucketdrive.engine.commit import Commits
from bucketdrive.engine.deed import Work
from bucketdrive.engine.execute import Execution, Outcome
from bucketdrive.engine.groups import sole_error
from bucketdrive.engine.journal import announce
from bucketdrive.engine.observe import Look, check_roots, look
from bucketdrive.engine.observe_local import LocalNames
from bucketdrive.engine.observe_some import look_at_some
from bucketdrive.engine.parts import Parts
from bucketdrive.engine.rebuild import mark_state
from bucketdrive.errors import TransientError
from bucketdrive.model.entries import LocalUnknown
from bucketdrive.model.hints import Hints
from bucketdrive.model.plan import (
    Clash,
    CopyForward,
    DeleteLocal,
    DeleteRemote,
    Download,
    Forget,
    Plan,
    RemoveDirLocal,
    SetAside,
    Upload,
)
from bucketdrive.model.reports import HeldPath, SyncReport
from bucketdrive.ports.disk import IGNORE_FILE
from bucketdrive.ports.runtime import Planned
from bucketdrive.rules.guards import RecentDeletions, hold_mass_deletions
from bucketdrive.rules.planner import make_plan
from bucketdrive.state.runs import begin_run, end_run, finish_run
from bucketdrive.state.scope import Scope
from bucketdrive.state.trees import count_synced


class Cycle:
    """Syncs one drive, as often as asked; keeps nothing between rounds but whether the next one must clear up first."""

    def __init__(self, parts: Parts) -> None:
        """`parts`: what it works with.

        `unsure`, after each sync: paths that could not be judged, such as files that are being written; no hint need
        come when they can be.
        """
        self._parts = parts
        self._must_clear_up = True
        self._unasked = RecentDeletions()
        self._run = 0
        self.unsure: set[str] = set()

    async def plan(self) -> Plan:
        """What a sync would do now. Settles what was begun before, and changes nothing else."""
        try:
            plan, _ = await self._look_and_plan()
        except BaseExceptionGroup as group:
            raise sole_error(group) from group
        return plan

    async def sync(self, hints: Hints | None = None, *, run: int = 0) -> SyncReport:
        """Rounds until nothing more is to be done (or `max_rounds`); every finished action is committed.

        With `hints`, look at what they name only, where that is enough. It is a run of its own from the first thing
        that it does, or goes on with `run`.

        Raises:
            DriveError: the drive stopped, and says why. TransientError: one side could not be observed.
        """
        report = SyncReport()
        await self._as_run(report, self._rounds(report, hints), run)
        return report

    async def carry_out(self, plan: Plan) -> SyncReport:
        """Execute a plan that a user asked for (a restore), after checking that both roots are the drive's.

        It is about the bucket alone; a sync with the same `run` then brings it here.

        What was not done, and why, is in `failed` of the report; nothing of it is tried again by itself. `held`: what
        the plan itself leaves undone.

        Raises:
            DriveError, TransientError: as `sync`.
        """
        report = SyncReport()
        await self._as_run(report, self._carry_out(report, plan))
        return report

    async def _carry_out(self, report: SyncReport, plan: Plan) -> None:
        await check_roots(self._parts)
        self._parts.listener.tell(Planned(plan))
        await mark_state(self._parts)
        await self._begin_run(plan)
        now_ns = await self._parts.disk.clock_ns()
        work = Work(self._parts, Commits(self._parts.state), LocalNames(), now_ns, self._run, is_asked=True)
        surely_gone_s = asyncio.get_running_loop().time() + self._parts.options.absence_s
        outcome = await Execution(work, surely_gone_s).run(plan)
        _count(report, plan, outcome)
        undone = outcome.failed | outcome.refused | {hold.path: hold.reason for hold in outcome.holds}
        left = outcome.again - {action.path for action in outcome.done} - undone.keys()
        undone |= dict.fromkeys(left, "what stands in its way could not be removed")
        report.failed = [HeldPath(path, why) for path, why in sorted(undone.items())]
        report.held = [HeldPath(hold.path, hold.reason) for hold in sorted(plan.holds, key=lambda hold: hold.path)]
        with suppress(TransientError):  # it waits in the outbox
            await announce(self._parts)

    async def _as_run(self, report: SyncReport, work: Awaitable[None], run: int = 0) -> None:
        """Do `work` as one run, which is ended however it ends; not by `finally`: a process that dies ends nothing."""
        self._unasked, self._run = RecentDeletions(), run
        try:
            await work
        except BaseExceptionGroup as group:
            await self._end_run(report)
            raise sole_error(group) from group
        except (Exception, asyncio.CancelledError):
            await self._end_run(report)
            raise
        await self._end_run(report)

    async def _rounds(self, report: SyncReport, hints: Hints | None) -> None:
        for number in range(self._parts.options.max_rounds):
            plan, seen = await self._look_and_plan(hints)
            outcome = Outcome(again=seen.to_be_seen_again)
            if plan.actions:
                self._must_clear_up = True  # what is broken off lies about, as after a crash
                outcome = await self._execute(seen, plan)
                outcome.again |= seen.to_be_seen_again
            self._must_clear_up = seen.has_stuck
            _count(report, plan, outcome)
            self._unasked = self._unasked.plus(outcome.done, plan.moves, seen.snapshot.approved)
            report.held = _held(plan, outcome)
            report.failed = [HeldPath(path, why) for path, why in sorted(outcome.failed.items())]
            if not outcome.again or outcome.is_offline or number + 1 == self._parts.options.max_rounds:
                report.failed += [
                    HeldPath(path, "it changes too often to be synced now; it is tried again at the next sync")
                    for path in sorted(outcome.again)
                ]
                await self._finish(report, plan, outcome, seen.scope)
                return
            hints = _hints_again(seen, plan, outcome)

    async def _look_and_plan(self, hints: Hints | None = None) -> tuple[Plan, Look]:
        seen = None
        if hints is not None and not self._must_clear_up:
            seen = await look_at_some(self._parts, hints)
        if seen is None:
            return await self._plan(await look(self._parts, at_start=self._must_clear_up))
        planned = await self._plan(seen)
        is_local_loss = any(isinstance(action, DeleteLocal | RemoveDirLocal) for action in planned[0].actions)
        if is_local_loss and (await check_roots(self._parts)).epoch > int(seen.snapshot.meta.get("epoch", "0")):
            return await self._plan(await look(self._parts, at_start=False))
        return planned

    async def _plan(self, seen: Look) -> tuple[Plan, Look]:
        self.unsure = {str(path) for path in seen.changed if isinstance(seen.seen.local.get(path), LocalUnknown)}
        plan = make_plan(seen.seen, seen.changed, seen.work.fs_now_ns, seen.work.grain_ns)
        plan = replace(
            plan,
            actions=plan.actions + tuple(Forget(path, why) for path, why in seen.excluded.items()),
            holds=plan.holds + tuple(seen.holds),
        )
        recent = RecentDeletions(seen.snapshot.deleted_here, seen.snapshot.deleted_in_bucket)
        rows = len(seen.seen.synced)
        if seen.scope is not None and any(isinstance(action, DeleteLocal | DeleteRemote) for action in plan.actions):
            rows = await self._parts.state.run(count_synced)
        plan = hold_mass_deletions(plan, rows, recent, seen.snapshot.approved)
        rules = [a for a in plan.actions if isinstance(a, Download) and a.path.name == IGNORE_FILE]
        if rules:  # what ignore rules exclude must not be brought first: they come alone, the rest in another round
            seen.to_be_seen_again.update(action.path for action in rules)
            plan = replace(plan, actions=tuple(rules), moves=())
        return plan, seen

    async def _execute(self, seen: Look, plan: Plan) -> Outcome:
        self._parts.listener.tell(Planned(plan))
        await mark_state(self._parts)
        await self._begin_run(plan)
        return await Execution(replace(seen.work, run=self._run), seen.surely_gone_s).run(plan)

    async def _begin_run(self, plan: Plan) -> None:
        """A run has a number from the first thing that it does; an idle drive writes nothing."""
        if not self._run and not plan.does_nothing:
            self._run = await self._parts.state.run(begin_run, self._parts.clock.now_s())

    async def _end_run(self, report: SyncReport) -> None:
        report.run = self._run
        if self._run:
            unasked = (self._unasked.here, self._unasked.in_bucket)
            await self._parts.state.run(end_run, self._run, self._parts.clock.now_s(), report, unasked)

    async def _finish(self, report: SyncReport, plan: Plan, outcome: Outcome, scope: Scope | None) -> None:
        is_done = not outcome.failed and not outcome.again
        holds, now_s = (*plan.holds, *outcome.holds), self._parts.clock.now_s()
        await self._parts.state.run(finish_run, self._run, holds, now_s, is_in_sync=is_done, scope=scope)
        try:
            await announce(self._parts)
        except TransientError:  # what is done is done, and what is to be told waits in the outbox
            report.notes.append("Other devices could not be told yet; they will be at the next sync.")


def _hints_again(seen: Look, plan: Plan, outcome: Outcome) -> Hints | None:
    """Where the next round looks. What made a conflict copy is followed by a look at everything: it is rare."""
    if seen.scope is None or any(isinstance(action, SetAside | Clash | CopyForward) for action in plan.actions):
        return None
    return Hints(frozenset(outcome.again), frozenset(outcome.again))


def _count(report: SyncReport, plan: Plan, outcome: Outcome) -> None:
    moved = {move.target for move in plan.moves} | {move.source for move in plan.moves}
    done = Counter(type(action) for action in outcome.done if action.path not in moved)
    report.restored += done[CopyForward]
    report.uploaded += done[Upload]
    report.downloaded += done[Download]
    report.deleted_here += done[DeleteLocal]
    report.deleted_in_bucket += done[DeleteRemote]
    made = {action.path for action in outcome.done if isinstance(action, Upload | Download)}
    report.moved += sum(move.target in made for move in plan.moves)
    conflicts = [a.path for a in plan.actions if isinstance(a, SetAside | Clash) and a.path not in outcome.failed]
    report.conflicts += [path for path in conflicts if path not in report.conflicts]


def _held(plan: Plan, outcome: Outcome) -> list[HeldPath]:
    return [HeldPath(hold.path, hold.reason) for hold in sorted((*plan.holds, *outcome.holds), key=lambda h: h.path)]
