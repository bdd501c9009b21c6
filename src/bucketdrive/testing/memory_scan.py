"""The scan of a folder in memory."""

from bucketdrive.disk.failures import unreadable
from bucketdrive.disk.names import Branches
from bucketdrive.errors import UnreadableError
from bucketdrive.model.entries import LocalDir, LocalEntry, LocalUnknown
from bucketdrive.model.paths import RESERVED
from bucketdrive.ports.disk import IGNORE_FILE, MAX_DEPTH, Skips
from bucketdrive.testing.loop import switch
from bucketdrive.testing.memory_entries import DENIED, entry_of
from bucketdrive.testing.memory_tree import MemoryDir, MemoryFile


async def scan_below(
    folder: MemoryDir,
    above: str,
    skips: Skips,
    entries: dict[str, LocalEntry],
    branches: Branches | None = None,
) -> bool:
    """Add what is in a folder, or only its `branches`; whether anything was that is not skipped."""
    rules = folder.children.get(IGNORE_FILE)
    if isinstance(rules, MemoryFile):
        if rules.is_denied:
            raise unreadable(above + IGNORE_FILE, f"cannot be used: {DENIED}")
        skips.enter(above.removesuffix("/"), rules.data)
    has_any = False
    for part, node in sorted(folder.children.items()):
        name = above + part
        if name == RESERVED or skips.skips(name, is_dir=isinstance(node, MemoryDir)):
            continue
        if branches is not None and part not in branches:
            continue
        below = branches[part] if branches is not None else None
        has_any = True
        entries[name] = entry_of(node)
        if isinstance(node, MemoryDir) and name.count("/") >= MAX_DEPTH:
            entries[name] = LocalUnknown("too many folders inside each other")
        elif isinstance(node, MemoryDir) and not isinstance(entries[name], LocalUnknown):
            await switch()
            try:
                has_kept = await scan_below(node, name + "/", skips, entries, below)
            except UnreadableError:
                entries[name] = LocalUnknown(f"{IGNORE_FILE} cannot be read")
                continue
            if below is not None:
                continue
            is_empty = not node.children
            entries[name] = LocalDir(is_empty=is_empty, is_residue=not is_empty and not has_kept)
    return has_any
