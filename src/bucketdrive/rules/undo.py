"""From what runs did, line by line, to a plan that puts back what was there before, unless it was changed since.

What was before is what both sides had agreed on then. Copies forward and delete markers, as every restore.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bucketdrive.model.entries import VersionRow
from bucketdrive.model.log import Had, LogLine
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import CopyForward, DeleteRemote, Hold, MakeDirRemote, Plan, RemoveDirRemote
from bucketdrive.rules.folders import with_folders
from bucketdrive.rules.names import refusal
from bucketdrive.rules.restore import arrange, is_same_content

_LEFT: dict[str, Had] = {
    "upload": Had.FILE,
    "download": Had.FILE,
    "move-in-bucket": Had.FILE,
    "move-here": Had.FILE,
    "restore": Had.FILE,
    "delete-here": Had.NOTHING,
    "delete-in-bucket": Had.NOTHING,
    "conflict": Had.NOTHING,  # the name is free; what takes it has a line of its own
    "make-folder-here": Had.FOLDER,
    "make-folder-in-bucket": Had.FOLDER,
    "remove-folder-here": Had.NOTHING,
    "remove-folder-in-bucket": Had.NOTHING,
}
"""What each deed leaves at its path."""


@dataclass(frozen=True, slots=True)
class Was:
    """What was at a path at some moment; of a file with its version and ETag, empty where they are not known."""

    had: Had
    version_id: str = ""
    etag: str = ""

    def may_be(self, other: "Was") -> bool:
        """Whether nothing tells that `other` is something else."""
        if self.had is not other.had:
            return False
        is_known = bool(self.version_id and other.version_id)
        return not is_known or self.version_id == other.version_id


@dataclass(frozen=True, slots=True)
class Trace:
    """What runs did to a path: what was there before, and what they left. `is_broken`: others came in between."""

    before: Was
    after: Was
    is_broken: bool = False


@dataclass(slots=True)
class Present:
    """The bucket now, as far as an undo asks.

    `histories`: the versions of each path in question, newest first; `live`: the files that are live there, below and
    above; `markers`: the live markers of folders; `copies`: see `rules.restore.is_same_content`.
    """

    histories: dict[RelPath, Sequence[VersionRow]] = field(default_factory=dict)
    live: dict[RelPath, VersionRow] = field(default_factory=dict)
    markers: dict[RelPath, VersionRow] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)


def traces_of(runs: Iterable[Sequence[LogLine]]) -> dict[RelPath, Trace]:
    """What each path went through in `runs`, each with its lines, oldest first.

    Of a restore or an undo, only what the user asked for: the rest brought it here, or came by the way.
    """
    traces: dict[RelPath, Trace] = {}
    for lines in runs:
        asked = [line for line in lines if line.is_asked]
        for path, trace in _in_one_run(asked or lines).items():
            earlier = traces.get(path)
            if earlier is not None:
                is_broken = earlier.is_broken or not earlier.after.may_be(trace.before)
                trace = Trace(earlier.before, trace.after, is_broken)  # noqa: PLW2901
            traces[path] = trace
    return traces


def _in_one_run(lines: Iterable[LogLine]) -> dict[RelPath, Trace]:
    traces: dict[RelPath, Trace] = {}
    for line in lines:
        if line.op not in _LEFT:
            continue
        path, had = RelPath(line.path), _LEFT[line.op]
        after = Was(had, line.version_id, line.etag) if had is Had.FILE else Was(had)
        known = traces.get(path)
        before = known.before if known else Was(line.before, line.before_id, line.before_etag)
        traces[path] = Trace(before, after)
    return traces


def plan_undo(traces: Mapping[RelPath, Trace], now: Present, what: str) -> Plan:
    """What puts back what was before. `what`: what is undone, in words, for the reasons.

    Held, and so listed, is what was changed since, and what was there before and is no longer kept.
    """
    undo = _Undo(now, what)
    for path, trace in sorted(traces.items()):
        why = undo.take(path, trace)
        if why:
            undo.holds.append(Hold(path, why))
    plan = arrange(undo.coming, undo.going, now.live)
    return undo.with_folders(replace(plan, holds=(*undo.holds, *plan.holds)))


class _Undo:
    def __init__(self, now: Present, what: str) -> None:
        self._now = now
        self._what = what
        self.coming: list[CopyForward] = []
        self.going: list[DeleteRemote] = []
        self.holds: list[Hold] = []
        self._made: list[RelPath] = []
        self._unmade: list[RelPath] = []

    def take(self, path: RelPath, trace: Trace) -> str:
        """Sort in a path; why it is left alone, or empty."""
        before, after = trace.before.had, trace.after.had
        if refusal(path):
            return "it was, and no drive keeps this name"
        if before is Had.FOLDER and after is not Had.FOLDER:
            self._made.append(path)
        if after is Had.FOLDER and before is not Had.FOLDER:
            self._unmade.append(path)
        if before is Had.FILE and after is not Had.FOLDER and path in self._now.markers:
            return "a folder of this name is there now: left as it is"
        rows = self._now.histories.get(path, ())
        top = rows[0] if rows and not rows[0].is_delete_marker else None
        if before is not Had.FILE:
            return self._remove(path, trace, rows, top) if top is not None and after is Had.FILE else ""
        wanted = _version(rows, trace.before)
        if wanted is not None and top is not None and is_same_content(wanted, top, self._now.copies):
            return ""
        if trace.is_broken or not self._is_as_left(trace.after, rows, top):
            return "changed since: left as it is"
        return self._bring_back(path, wanted, top)

    def _bring_back(self, path: RelPath, wanted: VersionRow | None, top: VersionRow | None) -> str:
        if wanted is None:
            return "the version that was there before is no longer kept"
        live, base = (top.etag, top.version_id) if top else ("", "")
        reason = f"as it was before {self._what}"
        self.coming.append(CopyForward(path, reason, wanted.version_id, wanted.etag, wanted.size, live, base))
        return ""

    def _remove(self, path: RelPath, trace: Trace, rows: Sequence[VersionRow], top: VersionRow) -> str:
        if trace.is_broken or not self._is_as_left(trace.after, rows, top):
            return "changed since: left as it is"
        reason = f"made by {self._what}: deleted as you asked"
        self.going.append(DeleteRemote(path, reason, top.etag, top.version_id, top.size))
        return ""

    def _is_as_left(self, after: Was, rows: Sequence[VersionRow], top: VersionRow | None) -> bool:
        """Whether a path still is what was left there, by version or by content."""
        if after.had is not Had.FILE:
            return top is None
        if top is None:
            return False
        left = _version(rows, after)
        return top.version_id == after.version_id or (left is not None and is_same_content(left, top, self._now.copies))

    def with_folders(self, plan: Plan) -> Plan:
        """The plan with the folders that are to be empty again, or to be gone."""
        markers = self._now.markers
        made = [MakeDirRemote(path, f"a folder before {self._what}") for path in self._made if path not in markers]
        why = f"a folder made by {self._what}"
        unmade = [RemoveDirRemote(path, why, markers[path].etag) for path in self._unmade if path in markers]
        return with_folders(plan, self._now.live, made, unmade)


def _version(rows: Sequence[VersionRow], was: Was) -> VersionRow | None:
    """The version that a file was; where its id is not known, the newest of its ETag."""
    contents = [row for row in rows if not row.is_delete_marker]
    if was.version_id:
        return next((row for row in contents if row.version_id == was.version_id), None)
    return next((row for row in contents if was.etag and row.etag == was.etag), None)
