"""From a path's past to a plan that makes it present again: copies forward and delete markers, never a version less."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bucketdrive.errors import NoSuchPathError
from bucketdrive.model.entries import VersionRow
from bucketdrive.model.paths import KeySpace, RelPath, ancestors_of
from bucketdrive.model.plan import CopyForward, DeleteRemote, Hold, MakeDirRemote, Plan, RemoveDirRemote
from bucketdrive.rules.folders import with_folders
from bucketdrive.rules.names import refusal
from bucketdrive.rules.timeline import Past

NO_COPIES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Folders:
    """Markers of folders, by which a folder without files is kept: those that were live then, and those of now."""

    then: Mapping[str, VersionRow] = field(default_factory=dict)
    now: Mapping[str, VersionRow] = field(default_factory=dict)

    def come_back(self) -> set[str]:
        """The folders that had a marker and have none."""
        return {path for path in self.then.keys() - self.now.keys() if refusal(path) is None}

    def made_since(self) -> set[str]:
        """The folders that have a marker and had none."""
        return {path for path in self.now.keys() - self.then.keys() if refusal(path) is None}


def plan_restore(keys: KeySpace, path: RelPath, versions: Sequence[VersionRow], version_id: str) -> CopyForward | None:
    """What makes a version of `path` the newest again; None where it is that already.

    `versions` are all of the file's, newest first, those under the names it was moved from among them. Without a
    `version_id`: the last content of a deleted file, or of a live one the last content that is not the current.

    Raises:
        NoSuchPathError: there is no such version.
    """
    contents = [row for row in versions if not row.is_delete_marker]
    top = next((row for row in versions if row.key == keys.key(path)), None)
    if version_id:
        wanted = next((row for row in contents if row.version_id == version_id), None)
    elif top is not None and top.is_delete_marker:
        wanted = contents[0] if contents else None
    else:
        wanted = next((row for row in contents if top and not is_same_content(row, top)), None)
    if wanted is None or top is None:
        raise _no_such_version(path, versions, version_id)
    if wanted is top:
        return None
    is_deleted = top.is_delete_marker
    reason = "deleted: its last content comes back" if is_deleted else "an older version becomes the newest"
    source = keys.tail(wanted.key)
    return replace(_forward(path, reason, wanted, top), source="" if source == path else source)


def plan_restore_as_of(
    then: Mapping[str, Past],
    now: Mapping[str, VersionRow],
    moment: str,
    *,
    is_exact: bool = False,
    copies: Mapping[str, str] = NO_COPIES,
    folders: Folders | None = None,
) -> Plan:
    """What brings every file of a past tree back as it was; files with that content now stay as they are.

    `now`: the files that are live now, there and above. Files made since stay, or with `is_exact` are deleted; so with
    `folders` that have no files. `moment`: in words, for the reasons; `copies`: see `is_same_content`. Keys that no
    drive can keep as files are held, with the reason.
    """
    folders = folders or Folders()
    changed = {path: past for path, past in then.items() if not is_same_content(past.then, past.top, copies)}
    refused = {path: why for path in changed if (why := refusal(path)) is not None}
    if not is_exact:
        refused |= dict.fromkeys(changed.keys() & folders.now.keys(), "a folder of this name is there now, and stays")
        refused |= dict.fromkeys(folders.come_back() & now.keys(), "a file of this name is there now, and stays")
    coming = [
        _forward(RelPath(path), f"as it was at {moment}", past.then, past.top)
        for path, past in changed.items()
        if path not in refused
    ]
    going = [
        DeleteRemote(RelPath(path), f"made since {moment}: deleted as you asked", row.etag, row.version_id, row.size)
        for path, row in now.items()
        if is_exact and path not in then and refusal(path) is None
    ]
    plan = arrange(coming, going, now.keys())
    plan = replace(plan, holds=(*(Hold(RelPath(path), why) for path, why in refused.items()), *plan.holds))
    made = [MakeDirRemote(RelPath(path), f"as it was at {moment}") for path in sorted(folders.come_back())]
    why = f"made since {moment}: removed as you asked"
    unmade = [
        RemoveDirRemote(RelPath(path), why, folders.now[path].etag) for path in sorted(folders.made_since()) if is_exact
    ]
    return with_folders(plan, map(RelPath, now), made, unmade)


def arrange(coming: Sequence[CopyForward], going: Sequence[DeleteRemote], live: Iterable[str]) -> Plan:
    """A plan in which no file comes back where a folder stays, or below a file that stays.

    `live`: the files that are live now, there and above. Where a deletion clears the way, the file comes after it;
    where nothing does, it is held: what is there now is not touched for it.
    """
    leaving = {action.path for action in going}
    staying = {RelPath(path) for path in live} - leaving
    folders = ancestors_of(staying)
    both = ancestors_of(action.path for action in coming)
    actions, holds = [], []
    for action in coming:
        above = next((folder for folder in action.path.ancestors() if folder in staying), None)
        if above is not None:
            holds.append(Hold(action.path, f"the file {above} is now where its folder was, and stays"))
        elif action.path in folders:
            holds.append(Hold(action.path, "a folder of this name is there now, with files that stay"))
        elif action.path in both:
            holds.append(Hold(action.path, "a folder of this name comes back, with files in it"))
        else:
            actions.append(action)
    cleared = ancestors_of(leaving)
    afterwards = frozenset(
        action.path for action in actions if action.path in cleared or not leaving.isdisjoint(action.path.ancestors())
    )
    return Plan((*actions, *going), tuple(holds), afterwards=afterwards)


def is_same_content(then: VersionRow, top: VersionRow, copies: Mapping[str, str] = NO_COPIES) -> bool:
    """Whether what is on top is the version `then`, or surely has its content: the same ETag and size, or a copy of it.

    `copies`: the version that each copy was made of, by version id, as journals told: a copy of what went up in parts
    has another ETag.
    """
    if then.version_id == top.version_id:
        return True
    if top.is_delete_marker or then.size != top.size:
        return False
    return then.etag == top.etag or copies.get(top.version_id) == then.version_id


def _forward(path: RelPath, reason: str, wanted: VersionRow, top: VersionRow) -> CopyForward:
    live = None if top.is_delete_marker else top
    return CopyForward(
        path,
        reason,
        wanted.version_id,
        wanted.etag,
        wanted.size,
        if_match=live.etag if live else "",
        base_version=live.version_id if live else "",
    )


def _no_such_version(path: RelPath, versions: Sequence[VersionRow], version_id: str) -> NoSuchPathError:
    if not versions:
        what = f"{path} is not in this drive, and never was as far as its versions go back."
    elif version_id:
        what = f"{path} has no version {version_id}."
    else:
        what = f"{path} has no earlier version to go back to."
    return NoSuchPathError(
        f"{what} Nothing was restored.",
        hint="See what there is with `bucketdrive versions PATH` and `bucketdrive trash`.",
        path=path,
    )
