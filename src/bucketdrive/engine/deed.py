"""What all deeds share: where they write, how paths are named on disk, and what a finished file's row looks like."""

from dataclasses import dataclass, replace

from bucketdrive.engine.commit import Commits
from bucketdrive.engine.copies import Copies
from bucketdrive.engine.log import lines_of
from bucketdrive.engine.observe_local import LocalNames
from bucketdrive.engine.parts import Parts
from bucketdrive.errors import GuardError
from bucketdrive.model.entries import Fingerprint, SyncedDir, SyncedEntry
from bucketdrive.model.format import JournalEntry
from bucketdrive.model.log import LogLine
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Action
from bucketdrive.ports.bucket import Written

_SECOND_NS = 1_000_000_000
_COARSE_NS = 2 * _SECOND_NS


@dataclass(frozen=True, slots=True)
class Work:
    """One execution. `fs_now_ns`: the disk's time before any of this cycle's files was read; `run`: its number.

    `is_asked`: the user asked for these very actions, which are about the bucket alone: the sync after it brings here
    what they change there. `action`: the one that is being done; `copies`: those that are made beside it.
    """

    parts: Parts
    commits: Commits
    names: LocalNames
    fs_now_ns: int
    run: int = 0
    is_asked: bool = False
    action: Action | None = None
    copies: Copies | None = None

    @property
    def grain_ns(self) -> int:
        """The grain of the disk's clock: a whole second tells of one that counts no finer (FAT counts two)."""
        return _COARSE_NS if self.fs_now_ns % _SECOND_NS == 0 else self.parts.options.grain_ns

    def is_safe(self, fingerprint: Fingerprint) -> bool:
        """The racy rule: whether a later write is sure to show in the fingerprint of a file that was read now."""
        latest_ns = max(fingerprint.mtime_ns, fingerprint.ctime_ns)
        return latest_ns < self.fs_now_ns - self.grain_ns

    def is_safe_installed(self, fingerprint: Fingerprint) -> bool:
        """As `is_safe` for a file of ours: its rename set ctime, but any later write would move mtime off our value."""
        return fingerprint.mtime_ns < self.fs_now_ns - self.grain_ns

    def rows(self, path: RelPath, entry: SyncedEntry) -> tuple[tuple[RelPath, SyncedEntry], ...]:
        """The row of a path that is now on both sides, with those of the folders above it, which then are too."""
        folders = ((folder, SyncedDir(self.names.alias(folder))) for folder in path.ancestors())
        return ((path, entry), *folders)

    def doing(self, action: Action) -> "Work":
        """The same execution, about to do `action`."""
        return replace(self, action=action)

    def lines(self, version_id: str = "") -> tuple[LogLine, ...]:
        """What the log is to say of the action, for the transaction in which it is done.

        `version_id`: the version it made, where no row will have it.
        """
        if self.action is None:
            return ()
        lines = lines_of(self.action, self.run, self.parts.clock.now_s(), is_asked=self.is_asked)
        return tuple(replace(line, version_id=version_id or line.version_id) for line in lines)

    def journal_entry(self, op: str, path: RelPath, written: Written) -> JournalEntry:
        """What to tell other devices of a write."""
        return JournalEntry(
            op=op,
            path=path,
            version=written.version_id,
            etag=written.etag,
            at=self.parts.clock.now_s(),
            run=self.run,
        )

    def new_place(self, path: RelPath, op: str) -> str:
        """Where a user's file is set aside; the path is in it, so that it can be found without any state."""
        return f"quarantine/{op}/{self.names.name(path)}"


def check_kept(written: Written) -> None:
    """Guard G2: every write's reply names a version, or this bucket no longer keeps versions.

    Raises:
        GuardError: it names none.
    """
    if written.version_id in ("", "null"):
        raise GuardError(
            "The bucket no longer keeps versions: the store answered a write without a version id. The sync stopped; "
            "what was written last may have replaced an old version.",
            hint="Turn versioning of the bucket on again, then sync.",
        )
