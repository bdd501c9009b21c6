"""The folder now: what is in it, under which path, and what its files hold."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from unicodedata import normalize

from bucketdrive.engine.parts import Parts
from bucketdrive.errors import ItemError
from bucketdrive.model.entries import Hashed, LocalEntry, LocalFile, LocalUnknown, SyncedFile
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Hold
from bucketdrive.ports.disk import Scan
from bucketdrive.rules.changes import Observed, is_clean
from bucketdrive.rules.names import refusal

_BATCH = 32


@dataclass(slots=True)
class LocalNames:
    """Which name on disk a path has, where it is not the path itself (another normal form of Unicode)."""

    aliases: dict[RelPath, str] = field(default_factory=dict)

    def name(self, path: RelPath) -> str:
        """The name on disk of `path`, below folders that may have other names themselves."""
        if not self.aliases:
            return path
        alias = self.aliases.get(path)
        if alias is not None:
            return alias
        parent = path.parent
        return f"{self.name(parent)}/{path.name}" if parent is not None else path

    def alias(self, path: RelPath) -> str:
        """As `name`, but empty where it is the path itself."""
        name = self.name(path)
        return "" if name == path else name


@dataclass(slots=True)
class Folder:
    """What a scan found, by path; names that cannot be kept in the bucket are held."""

    entries: dict[RelPath, LocalEntry] = field(default_factory=dict)
    names: LocalNames = field(default_factory=LocalNames)
    holds: list[Hold] = field(default_factory=list)


def name_entries(scan: Scan, known: Collection[RelPath], prefix_bytes: int) -> Folder:
    """Give every name on disk its path: itself where that is known, else its NFC.

    `known`: paths that are agreed on or live in the bucket; an existing key keeps its exact bytes.
    """
    folder = Folder()
    forms = _forms(known) if any(not name.isascii() for name in scan.entries) else {}
    for name, entry in scan.entries.items():
        path = RelPath(name)
        if not name.isascii() and path not in known:
            composed = RelPath(normalize("NFC", name))
            path = forms.get(composed, composed)
        why = refusal(path, prefix_bytes)
        if why is None and path != name and (path in scan.entries or path in folder.entries):
            why = "another file here has the same name in another form of Unicode"
        if why is not None:
            folder.holds.append(Hold(RelPath(name.encode("utf-8", "replace").decode()), why))
            if path not in folder.entries and path not in scan.entries:
                folder.entries[path] = LocalUnknown(why)
            continue
        if path != name:
            folder.names.aliases[path] = name
        folder.entries[path] = entry
    return folder


def _forms(known: Iterable[RelPath]) -> dict[RelPath, RelPath]:
    return {RelPath(normalize("NFC", path)): path for path in known if not path.isascii()}


async def wait_for_young(
    parts: Parts, seen: Observed, changed: Collection[RelPath], names: LocalNames, settle_s: float
) -> None:
    """Look a second time at changed files that were just written; what still moves is unknown for now (spec §2.3)."""
    settle_ns = int(settle_s * 1e9)
    fs_now_ns = await parts.disk.clock_ns()
    young = {}
    for path in sorted(changed):
        entry, row = seen.local.get(path), seen.synced.get(path)
        if not isinstance(entry, LocalFile) or (isinstance(row, SyncedFile) and is_clean(row, entry)):
            continue
        age_ns = fs_now_ns - max(entry.fingerprint.mtime_ns, entry.fingerprint.ctime_ns)
        if 0 <= age_ns < settle_ns:
            young[path] = entry
    if not young:
        return
    await asyncio.sleep(settle_s)
    for (path, entry), now in zip(
        young.items(), await parts.disk.look([names.name(path) for path in young]), strict=True
    ):
        if now != entry:
            seen.local[path] = LocalUnknown("it is still being written")


async def hash_paths(parts: Parts, seen: Observed, paths: list[RelPath], names: LocalNames) -> None:
    """Read what decides. A file that changed since the scan, cannot be read or is gone is unknown."""
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        found = await parts.disk.hash_files([names.name(path) for path in batch])
        for path, result in zip(batch, found, strict=True):
            if isinstance(result, Hashed) and seen.local.get(path) == LocalFile(result.fingerprint):
                seen.hashes[path] = result
            elif isinstance(result, Hashed):
                seen.local[path] = LocalUnknown("it is still being written")
            elif isinstance(result, ItemError):
                seen.local[path] = LocalUnknown(result.message)
            else:
                seen.local[path] = LocalUnknown("it went away while it was looked at")
