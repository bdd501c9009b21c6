"""From the sides of every changed path to a plan."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from bucketdrive.errors import InternalError
from bucketdrive.model.entries import Hashed, LocalFile, SyncedDir, SyncedEntry, SyncedFile
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import (
    Action,
    Clash,
    CopySource,
    DeleteLocal,
    DeleteRemote,
    Download,
    DownloadByRename,
    ExpectedFile,
    Forget,
    Hold,
    MakeDirLocal,
    MakeDirRemote,
    Move,
    Plan,
    Record,
    RemoveDirLocal,
    RemoveDirRemote,
    SetAside,
    Upload,
    UploadByCopy,
)
from bucketdrive.rules.changes import Classifier, Observed, same_content
from bucketdrive.rules.reconcile import Base, Decision, Local, Remote, Sides, Verb, decide


def make_plan(seen: Observed, changed: AbstractSet[RelPath], fs_now_ns: int, grain_ns: int) -> Plan:
    """Decide every changed path. `fs_now_ns`, `grain_ns`: the disk's time when hashing began, and its clock's grain."""
    return _Planner(seen, changed, fs_now_ns - grain_ns).plan()


def undecided(seen: Observed, changed: AbstractSet[RelPath]) -> list[RelPath]:
    """The paths whose two contents must be compared byte by byte before anything can be decided. Sorted."""
    classifier = Classifier(seen, changed)
    return sorted(path for path in changed if decide(classifier.sides(path)).verb is Verb.COMPARE)


class _Planner:
    def __init__(self, seen: Observed, changed: AbstractSet[RelPath], safe_before_ns: int) -> None:
        self._seen = seen
        self._changed = sorted(changed)
        self._safe_before_ns = safe_before_ns
        self._classifier = Classifier(seen, changed)
        self._holds: list[Hold] = []
        self._in_place: set[RelPath] = set()

    def plan(self) -> Plan:
        actions = self._unblocked([action for path in self._changed for action in self._actions(path)])
        moves = tuple(self._moves(actions))
        afterwards = frozenset(self._afterwards(actions))
        return Plan(tuple(self._by_moving(actions, moves, afterwards)), tuple(self._holds), moves, afterwards)

    def _unblocked(self, actions: list[Action]) -> list[Action]:
        """The actions without those that would make something below a file that stays here."""
        leaving = {action.path for action in actions if isinstance(action, DeleteLocal | SetAside)}
        touched = {action.path for action in actions}
        possible = []
        for action in actions:
            above = self._file_above(action.path) if isinstance(action, Download | MakeDirLocal) else None
            if above is None or above in leaving:
                possible.append(action)
            elif above not in touched:
                self._holds.append(Hold(action.path, f"the file {above} stands here in place of its folder"))
        return possible

    def _file_above(self, path: RelPath) -> RelPath | None:
        return next(
            (folder for folder in path.ancestors() if isinstance(self._seen.local.get(folder), LocalFile)), None
        )

    def _actions(self, path: RelPath) -> Iterable[Action]:
        sides = self._classifier.sides(path)
        decision = decide(sides)
        if decision.verb is Verb.HOLD or (decision.verb is Verb.WAIT and Local.UNKNOWN is sides.local):
            self._holds.append(Hold(path, self._why_held(path, decision), "G6" if _has_vanished(sides) else ""))
        match decision.verb:
            case Verb.RECORD:
                yield from self._record(path, sides, decision)
            case Verb.FORGET:
                yield Forget(path, decision.reason)
            case Verb.UPLOAD | Verb.DOWNLOAD:
                yield self._transfer(path, sides, decision)
            case Verb.UPLOAD_IN_PLACE_OF_FOLDER:
                self._in_place.add(path)
                if sides.base is Base.DIR or path in self._seen.folder_markers:
                    yield self._remove_marker(path, decision)
                yield self._transfer(path, sides, decision)
            case Verb.SET_ASIDE:
                hashed = self._seen.hashes.get(path)
                if hashed is not None:
                    yield SetAside(path, decision.reason, hashed.fingerprint, hashed.sha256)
            case Verb.CLASH:
                live = self._seen.live[path]
                yield Clash(path, decision.reason, live.etag, live.size)
            case Verb.DELETE_LOCAL | Verb.DELETE_REMOTE:
                yield self._deletion(path, decision)
            case _:
                yield from self._folder_actions(path, decision)

    def _why_held(self, path: RelPath, decision: Decision) -> str:
        entry = self._seen.local_entry(path)
        detail = getattr(entry, "what", "") or getattr(entry, "why", "")
        return f"{decision.reason} ({detail})" if detail else decision.reason

    def _record(self, path: RelPath, sides: Sides, decision: Decision) -> Iterable[Action]:
        row = self._seen.synced.get(path)
        fresh = self._fresh_row(path, sides, row)
        if fresh != row:
            yield Record(path, decision.reason, fresh)

    def _fresh_row(self, path: RelPath, sides: Sides, row: SyncedEntry | None) -> SyncedEntry:
        live, hashed = self._seen.live.get(path), self._seen.hashes.get(path)
        if isinstance(row, SyncedFile) and sides.remote is Remote.SAME:
            if live is not None and live.version_id:
                row = replace(row, version_id=live.version_id)
            return row if hashed is None else row.with_fingerprint(hashed.fingerprint, is_safe=self._is_safe(hashed))
        if live is None or hashed is None:
            return SyncedDir()
        return SyncedFile(
            hashed.sha256, live.size, live.etag, live.version_id, hashed.fingerprint, self._is_safe(hashed)
        )

    def _is_safe(self, hashed: Hashed) -> bool:
        """The racy rule: a write within the clock's grain of the hashing would not show in the fingerprint."""
        return max(hashed.fingerprint.mtime_ns, hashed.fingerprint.ctime_ns) < self._safe_before_ns

    def _transfer(self, path: RelPath, sides: Sides, decision: Decision) -> Action:
        live, row = self._seen.live.get(path), self._seen.synced.get(path)
        if decision.verb is Verb.DOWNLOAD:
            if live is None:
                raise InternalError(f"a download of {path!r} without a version", path=path)
            replaces = self._expected(path) if sides.local is Local.SAME else None
            return Download(path, decision.reason, live.etag, live.size, replaces)
        entry = self._seen.local.get(path)
        if not isinstance(entry, LocalFile):
            raise InternalError(f"an upload of {path!r} without a file", path=path)
        if sides.remote is Remote.SAME and isinstance(row, SyncedFile):
            base = self._version_of(path, row)
            return Upload(path, decision.reason, entry.fingerprint, row.etag, base, base)
        top = self._seen.deleted.get(path) or (row.version_id if isinstance(row, SyncedFile) else "")
        return Upload(path, decision.reason, entry.fingerprint, "", "", top)

    def _expected(self, path: RelPath) -> ExpectedFile:
        row, hashed = self._seen.synced.get(path), self._seen.hashes.get(path)
        if not isinstance(row, SyncedFile):
            raise InternalError(f"nothing agreed on at {path!r}", path=path)
        if hashed is None:
            return ExpectedFile(row.fingerprint, row.sha256, row.is_fp_safe)
        return ExpectedFile(hashed.fingerprint, hashed.sha256, self._is_safe(hashed))

    def _deletion(self, path: RelPath, decision: Decision) -> Action:
        if decision.verb is Verb.DELETE_LOCAL:
            return DeleteLocal(path, decision.reason, self._expected(path))
        row = self._seen.synced[path]
        if not isinstance(row, SyncedFile):
            raise InternalError(f"nothing agreed on at {path!r}", path=path)
        return DeleteRemote(path, decision.reason, row.etag, self._version_of(path, row), row.size)

    def _version_of(self, path: RelPath, row: SyncedFile) -> str:
        """The version that holds what was agreed on: the same bytes may have been put again since."""
        live = self._seen.live.get(path)
        return live.version_id if live is not None and live.version_id else row.version_id

    def _folder_actions(self, path: RelPath, decision: Decision) -> Iterable[Action]:
        match decision.verb:
            case Verb.MAKE_DIR_LOCAL:
                yield MakeDirLocal(path, decision.reason)
            case Verb.MAKE_DIR_REMOTE:
                yield MakeDirRemote(path, decision.reason)
            case Verb.REMOVE_DIR_LOCAL:
                yield RemoveDirLocal(path, decision.reason)
            case Verb.REMOVE_DIR_REMOTE:
                yield self._remove_marker(path, decision)
            case _:
                return

    def _remove_marker(self, path: RelPath, decision: Decision) -> RemoveDirRemote | Forget:
        """Without a marker, the folder is forgotten at once: what goes after it is no reason to remove a new one."""
        marker = self._seen.folder_markers.get(path)
        return RemoveDirRemote(path, decision.reason, marker.etag) if marker else Forget(path, decision.reason)

    def _moves(self, actions: list[Action]) -> Iterable[Move]:
        hashes, live, synced = self._seen.hashes, self._seen.live, self._seen.synced
        uploads = {
            a.path: (hashes[a.path].sha256, hashes[a.path].fingerprint.size)
            for a in actions
            if isinstance(a, Upload) and a.path in hashes
        }
        downloads = {
            a.path: (live[a.path].etag, live[a.path].size)
            for a in actions
            if isinstance(a, Download) and a.replaces is None
        }
        gone_here: dict[RelPath, tuple[str, int]] = {}
        gone_there: dict[RelPath, tuple[str, int]] = {}
        by_md5: dict[RelPath, tuple[str, int]] = {}
        for action in actions:
            row, hashed = synced.get(action.path), hashes.get(action.path)
            if isinstance(row, SyncedFile) and isinstance(action, DeleteRemote):
                gone_here[action.path] = (row.sha256, row.size)
            elif isinstance(row, SyncedFile) and isinstance(action, DeleteLocal):
                gone_there[action.path] = (row.etag, row.size)
                by_md5 |= {action.path: (hashed.md5, row.size)} if hashed else {}
        pairs = [*same_content(gone_here, uploads), *same_content(gone_there, downloads)]
        left = {path: content for path, content in downloads.items() if path not in {target for _, target in pairs}}
        paired = {source for source, _ in pairs}
        pairs += same_content({path: content for path, content in by_md5.items() if path not in paired}, left)
        for source, target in pairs:
            if not (self._seen.folds and source.fold == target.fold):  # one file to this disk: it has to go first
                yield Move(source, target)

    def _by_moving(
        self, actions: list[Action], moves: Iterable[Move], afterwards: AbstractSet[RelPath]
    ) -> Iterable[Action]:
        """The actions, those of a move without a byte on its way: a copy in the bucket, a rename here."""
        sources = {move.target: move.source for move in moves}
        deletions = {action.path: action for action in actions if isinstance(action, DeleteLocal)}
        renamed = {source for target, source in sources.items() if source in deletions and target not in afterwards}
        for action in actions:
            source = sources.get(action.path)
            if isinstance(action, DeleteLocal) and action.path in renamed:
                continue
            if source is not None and isinstance(action, Upload):
                yield _by_copy(action, self._copy_source(source, action.path))
            elif source is not None and isinstance(action, Download) and source in renamed:
                yield _by_rename(action, deletions[source])
            else:
                yield action

    def _copy_source(self, source: RelPath, target: RelPath) -> CopySource:
        row, hashed = self._seen.synced[source], self._seen.hashes[target]
        if not isinstance(row, SyncedFile):
            raise InternalError(f"nothing agreed on at {source!r}", path=source)
        return CopySource(source, self._version_of(source, row), row.etag, row.size, hashed.sha256, hashed.md5)

    def _afterwards(self, actions: list[Action]) -> Iterable[RelPath]:
        """What makes something where a deletion of this plan must first clear the way."""
        clearing_here = {a.path for a in actions if isinstance(a, DeleteLocal | SetAside)}
        clearing_there = {a.path for a in actions if isinstance(a, DeleteRemote)}
        for action in actions:
            if isinstance(action, Upload | MakeDirRemote):
                clearing = clearing_there
            elif isinstance(action, Download | MakeDirLocal):
                clearing = clearing_here
            else:
                continue
            if action.path in self._in_place or any(folder in clearing for folder in action.path.ancestors()):
                yield action.path


def _has_vanished(sides: Sides) -> bool:
    return sides.base is Base.FILE and sides.remote is Remote.VANISHED


def _by_copy(action: Upload, source: CopySource) -> UploadByCopy:
    reason = f"moved here from {source.path}"
    return UploadByCopy(
        action.path, reason, action.fingerprint, action.if_match, action.base_version, action.top_version, source
    )


def _by_rename(action: Download, deletion: DeleteLocal) -> DownloadByRename:
    reason = f"moved in the bucket from {deletion.path}"
    return DownloadByRename(
        action.path, reason, action.etag, action.size, None, source=deletion.path, expected=deletion.expected
    )
