"""Rebuild mode: with the state lost, the bucket's version history is the merge base (spec §2.7).

A local file whose bytes are an older version of its key is an old synced copy: it is brought forward, or set aside
where the file was deleted since, and no conflict. Nothing is ever deleted in the bucket for want of a local file.

A state that comes back as an older copy of itself (from a backup, say) is lost as well: it knows nothing of what was
done since, and would settle what was settled long ago. So each state leaves a word in the folder
before it changes anything there, another one every time; an older copy does not know the last one.
"""

from collections.abc import Mapping

from bucketdrive.engine.observe_remote import has_bytes, note_top, sweep_versions
from bucketdrive.engine.parts import Parts
from bucketdrive.errors import DiskFullError, UnreadableError
from bucketdrive.model.entries import Hashed, LocalEntry, LocalFile, SyncedFile, VersionRow
from bucketdrive.model.paths import RelPath
from bucketdrive.rules.changes import Observed
from bucketdrive.state.change import begin_anew
from bucketdrive.state.trees import put_meta

_ID, _NEXT_ID = "state_id", "next_state_id"


async def mark_state(parts: Parts) -> None:
    """Before anything is changed: let this state be told from its older copies.

    Where the folder takes no word, it takes no file either, and what is sent is known by its own ids.
    """
    state_id = parts.chance.uuid()
    await parts.state.run(put_meta, {_NEXT_ID: state_id})
    try:
        await parts.disk.set_state_id(state_id)
    except (UnreadableError, DiskFullError):
        return
    await parts.state.run(put_meta, {_ID: state_id})


async def drop_old_state(parts: Parts, meta: Mapping[str, str]) -> bool:
    """Begin anew, in rebuild mode, if this state is not the one that worked here last; whether it was."""
    left = await parts.disk.state_id()
    if left == meta.get(_ID, ""):
        return False
    if left == meta.get(_NEXT_ID, ""):  # a crash came before this was written down; the next word must not hide it
        await parts.state.run(put_meta, {_ID: left})
        return False
    await parts.state.run(begin_anew, {_ID: left, _NEXT_ID: left, "is_rebuilding": "1"})
    return True


def without_base(seen: Observed) -> list[RelPath]:
    """Local files that nothing is agreed on about: those whose history must be asked. Sorted."""
    return sorted(
        path for path, entry in seen.local.items() if isinstance(entry, LocalFile) and path not in seen.synced
    )


async def find_histories(parts: Parts, seen: Observed) -> dict[RelPath, list[VersionRow]]:
    """The versions of each such file's key, newest first, where one of them has the file's size: only those are read.

    One sweep of all versions, or no request where every file is agreed on.
    """
    asked = {parts.keys.key(path): path for path in without_base(seen)}
    found: dict[str, list[VersionRow]] = {}
    if asked:
        await sweep_versions(parts, lambda row: found.setdefault(row.key, []).append(row) if row.key in asked else None)
    return {asked[key]: rows for key, rows in found.items() if _has_size(rows, seen.local[asked[key]])}


def _has_size(rows: list[VersionRow], entry: LocalEntry) -> bool:
    return any(
        isinstance(entry, LocalFile) and row.size == entry.fingerprint.size and not row.is_delete_marker for row in rows
    )


async def find_bases(parts: Parts, seen: Observed, histories: Mapping[RelPath, list[VersionRow]]) -> None:
    """Find each file's content in its key's history; where it is there, that version becomes its base.

    Writes to `seen`: `synced`, and what is on top of those keys. Files that `seen.hashes` has not are passed over.
    """
    for path, history in histories.items():
        hashed = seen.hashes.get(path)
        if hashed is None or (seen.live.get(path) and seen.live[path].etag == hashed.md5):
            continue  # it could not be read, or it is equal to what is live: adopted without a base
        base = await _version_with(parts, parts.keys.key(path), history, hashed)
        if base is not None:
            seen.synced[path] = base
            note_top(seen, path, history[0])


async def _version_with(parts: Parts, key: str, history: list[VersionRow], hashed: Hashed) -> SyncedFile | None:
    size = hashed.fingerprint.size
    same_size = [row for row in history if not row.is_delete_marker and row.size == size]
    found = next((row for row in same_size if row.etag == hashed.md5), None)
    for row in same_size:
        if found is None and "-" in row.etag and await has_bytes(parts, key, row.version_id, hashed.sha256):
            found = row
    if found is None:
        return None
    return SyncedFile(hashed.sha256, size, found.etag, found.version_id, hashed.fingerprint, is_fp_safe=False)
