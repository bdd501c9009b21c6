"""Folders that are to be there again or to be gone, beside the files that a restore brings back and deletes."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bucketdrive.model.paths import RelPath, ancestors_of
from bucketdrive.model.plan import CopyForward, DeleteRemote, MakeDirRemote, Plan, RemoveDirRemote


def with_folders(
    plan: Plan, live: Iterable[RelPath], made: Sequence[MakeDirRemote], unmade: Sequence[RemoveDirRemote]
) -> Plan:
    """A plan for files with those of these deeds that are needed beside it, each at its time.

    `live`: the files that are live now, there and above. No folder is made that has files anyway, or in the place of a
    file that stays or above which one does; and none is removed that has files.
    """
    leaving = {action.path for action in plan.actions if isinstance(action, DeleteRemote)}
    coming = {action.path for action in plan.actions if isinstance(action, CopyForward)}
    files = coming | (set(live) - leaving)
    used = files | ancestors_of(files)
    makes = [one for one in made if one.path not in used and files.isdisjoint(one.path.ancestors())]
    removes = [one for one in unmade if one.path not in used - coming]
    late = {one.path for one in makes if not leaving.isdisjoint((one.path, *one.path.ancestors()))}
    late |= coming & {one.path for one in removes}
    return replace(plan, actions=(*plan.actions, *makes, *removes), afterwards=plan.afterwards | late)
