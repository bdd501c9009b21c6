"""What a restore or an undo would do, told before it is done: made of the very plan that then runs."""

import hashlib
from collections.abc import Iterable

from bucketdrive.drive.opening import Opened
from bucketdrive.drive.telling import sentences
from bucketdrive.errors import ConditionFailedError
from bucketdrive.model.plan import Action, CopyForward, DeleteRemote, MakeDirRemote, Plan, RemoveDirRemote
from bucketdrive.model.previews import PlannedChange, Preview
from bucketdrive.model.reports import HeldPath
from bucketdrive.rules.budget import requests_usd
from bucketdrive.rules.forecast import forecast


def preview_of(plan: Plan, opened: Opened, *, as_of_s: float = 0.0, runs: Iterable[int] = ()) -> Preview:
    """What `plan` would do. `as_of_s`, `runs`: what it was made from."""
    options = opened.parts.options
    takes = forecast(plan, opened.parts.facts, options.whole_bytes, options.part_bytes)
    copies = [action for action in plan.actions if isinstance(action, CopyForward)]
    return Preview(
        as_of=as_of_s,
        runs=list(runs),
        comes_back=_changes(action for action in copies if not action.if_match),
        replaced=_changes(action for action in copies if action.if_match),
        removed=_changes(action for action in plan.actions if isinstance(action, DeleteRemote)),
        folders=sorted(a.path for a in plan.actions if isinstance(a, MakeDirRemote | RemoveDirRemote)),
        held=[HeldPath(hold.path, hold.reason) for hold in sorted(plan.holds, key=lambda hold: hold.path)],
        bytes_copied=takes.bytes_copied,
        bytes_through=takes.bytes_through,
        bytes_down=takes.bytes_down,
        requests=dict(sorted(takes.requests.items())),
        usd=requests_usd(takes.requests),
        plan_id=plan_id(plan),
        planned=sentences(plan),
    )


def _changes(actions: Iterable[CopyForward | DeleteRemote]) -> list[PlannedChange]:
    return sorted((PlannedChange(a.path, a.version_id, a.size, a.reason) for a in actions), key=lambda one: one.path)


def plan_id(plan: Plan) -> str:
    """What stands for a plan: the same for every plan that changes the same files in the same way."""
    lines = sorted(_identity(action) for action in plan.actions)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _identity(action: Action) -> str:
    return f"{type(action).__name__} {getattr(action, 'version_id', '')} {action.path!r}"


def check_plan(plan: Plan, wanted_id: str) -> None:
    """Whether `plan` is the one that was shown as `wanted_id` (empty: none was).

    Raises:
        ConditionFailedError: it is another.
    """
    if wanted_id and plan_id(plan) != wanted_id:
        raise ConditionFailedError(
            "Files changed since the plan was shown, and it would be another now. Nothing of it was done.",
            hint="Look at it again, with --dry-run.",
        )
