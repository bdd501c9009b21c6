"""Why a path is as it is: what was agreed, what is here and in the bucket, what a sync would do, and by which rule."""

from bucketdrive.drive.opening import Opened
from bucketdrive.drive.telling import sentence
from bucketdrive.errors import BucketDriveError, ItemError, MissingError, NoSuchPathError
from bucketdrive.history.versions import claims_of, list_versions
from bucketdrive.model.entries import (
    Hashed,
    LocalDir,
    LocalEntry,
    LocalFile,
    LocalSpecial,
    LocalUnknown,
    SyncedEntry,
    SyncedFile,
)
from bucketdrive.model.explanations import PathFacts, Why
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Plan
from bucketdrive.ports.disk import IGNORE_FILE
from bucketdrive.rules.ignore import IgnoreRules
from bucketdrive.state.trees import load_synced_at

_NOTHING = PathFacts("nothing")
_NS = 1_000_000_000


async def explain(opened: Opened, path: RelPath) -> Why:
    """Everything about `path`. It plans a sync of the whole drive, and carries nothing out.

    Raises:
        NoSuchPathError: it is nowhere, and never was.
        DriveError, TransientError: as for a sync.
    """
    plan = await opened.cycle.plan()
    row = (await opened.state.run(load_synced_at, [path])).get(path)
    name = row.local_name or path if row else path
    (entry,) = await opened.parts.disk.look([name])
    agreed, here, bucket = _agreed(row), await _here(opened, name, entry), await _in_bucket(opened, path)
    will = [sentence(action) for action in plan.actions if action.path == path]
    rule = await _rule(opened, plan, path, is_dir=isinstance(entry, LocalDir))
    if not will and not rule and {agreed, here, bucket} == {_NOTHING}:
        raise NoSuchPathError(
            f"{path} is neither here nor in the bucket, and never was as far as versions go back.",
            hint="Paths are relative to the drive's folder; `bucketdrive ls` lists them.",
            path=path,
        )
    return Why(path, agreed, here, bucket, rule or "both sides are as they were agreed on: nothing is to be done", will)


async def _rule(opened: Opened, plan: Plan, path: RelPath, *, is_dir: bool) -> str:
    """What decides about a path, in words; empty where nothing has to be decided."""
    moves = [f"it was moved from {move.source}" for move in plan.moves if move.target == path]
    moves += [f"it was moved to {move.target}" for move in plan.moves if move.source == path]
    held = [f"held: {hold.reason}" for hold in plan.holds if hold.path == path]
    acts = [action.reason for action in plan.actions if action.path == path]
    ignored = "" if held or acts else await _ignored(opened, path, is_dir=is_dir)
    return "; ".join(filter(None, [*moves, *held, *acts, ignored]))


async def _ignored(opened: Opened, path: RelPath, *, is_dir: bool) -> str:
    """The ignore rule that excludes a path, by the ignore files above it."""
    rules = IgnoreRules()
    for folder in ("", *reversed(list(path.ancestors()))):
        try:
            content = await opened.parts.disk.read(f"{folder}/{IGNORE_FILE}" if folder else IGNORE_FILE)
        except (MissingError, ItemError):
            continue
        rules.enter(folder, content.data)
    found = rules.explain(path, is_dir=is_dir)
    return f"ignored: {found}" if found else ""


def _agreed(row: SyncedEntry | None) -> PathFacts:
    if isinstance(row, SyncedFile):
        return PathFacts("file", row.size, row.sha256, row.version_id, modified=row.fingerprint.mtime_ns / _NS)
    return PathFacts("folder") if row else _NOTHING


async def _here(opened: Opened, name: str, entry: LocalEntry | None) -> PathFacts:
    match entry:
        case None:
            return _NOTHING
        case LocalDir():
            return PathFacts("folder")
        case LocalSpecial(what):
            return PathFacts(what)
        case LocalUnknown(why):
            return PathFacts(f"cannot be looked at: {why}")
        case LocalFile(seen):
            (found,) = await opened.parts.disk.hash_files([name])
            if isinstance(found, BucketDriveError):
                return PathFacts(f"file that cannot be read: {found.message}", seen.size, modified=seen.mtime_ns / _NS)
            sha256 = found.sha256 if isinstance(found, Hashed) else ""
            return PathFacts("file", seen.size, sha256, modified=seen.mtime_ns / _NS)


async def _in_bucket(opened: Opened, path: RelPath) -> PathFacts:
    parts = opened.parts
    rows = await list_versions(parts.bucket, parts.keys, path)
    if rows and not rows[0].is_delete_marker:
        top = rows[0]
        claim = await claims_of(parts.bucket, top)
        return PathFacts("file", top.size, claim.sha256, top.version_id, claim.device, top.modified_s)
    page = await parts.bucket.list_objects(parts.keys.folder_key(path), max_keys=1)
    if page.rows:
        return PathFacts("folder")
    return PathFacts("deleted", version_id=rows[0].version_id, modified=rows[0].modified_s) if rows else _NOTHING
