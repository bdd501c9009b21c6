"""What is in the folder: the walk over all of it, and the look at single names. Nothing is read but ignore files."""

import os
import stat
from collections.abc import Sequence
from operator import attrgetter
from stat import S_ISREG

from bucketdrive.disk.failures import failure, why
from bucketdrive.disk.names import Branches, parts_of
from bucketdrive.disk.reading import read_file
from bucketdrive.disk.walk import NOT_A_FOLDER, Opened, fingerprint_of, lstat, open_child
from bucketdrive.errors import ItemError, MissingError, UnreadableError
from bucketdrive.model.entries import LocalDir, LocalEntry, LocalFile, LocalSpecial, LocalUnknown
from bucketdrive.model.paths import RESERVED
from bucketdrive.ports.disk import IGNORE_FILE, MAX_DEPTH, Skips

_OTHER_DISK = LocalUnknown("another file system is mounted here")
_KINDS = {
    stat.S_IFLNK: "symbolic link",
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "named pipe",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
}


class Walk:
    """One scan. `entries` gets what is found, by name, parents before children."""

    def __init__(self, root: int, skips: Skips) -> None:
        self.entries: dict[str, LocalEntry] = {}
        self._device = os.fstat(root).st_dev
        self._skips = skips

    def scan(self, folder: int, above: str = "", depth: int = 0) -> bool:
        """Add what is in an open folder and below; whether anything was that is not skipped.

        Raises:
            ItemError: the folder's ignore file cannot be read, so nothing in the folder can be judged.
            OSError: the folder cannot be listed.
        """
        with os.scandir(folder) as listing:
            found = sorted(listing, key=attrgetter("name"))
        self._enter(folder, above, found)
        has_any = False
        skips, entries = self._skips.skips, self.entries
        for entry in found:
            name = above + entry.name
            is_dir = entry.is_dir(follow_symlinks=False)
            if name == RESERVED or skips(name, is_dir=is_dir):
                continue
            if is_dir:
                has_any = self._scan_child(folder, entry.name, name, depth + 1) or has_any
                continue
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as error:
                entries[name] = LocalUnknown(why(error))
            else:
                entries[name] = LocalFile(fingerprint_of(facts)) if S_ISREG(facts.st_mode) else _special(facts)
            has_any = True
        return has_any

    def scan_some(self, folder: int, branches: Branches, above: str = "") -> None:
        """Add what is at some names and below them, and the folders above.

        Raises:
            ItemError: the folder's ignore file cannot be read. OSError: something cannot be looked at.
        """
        rules = _lstat_if_any(folder, IGNORE_FILE)
        if rules is not None and S_ISREG(rules.st_mode):
            self._read_rules(folder, above)
        for part, below in branches.items():
            name = above + part
            facts = _lstat_if_any(folder, part)
            if facts is None:
                continue
            is_dir = stat.S_ISDIR(facts.st_mode)
            if self._skips.skips(name, is_dir=is_dir):
                continue
            if not is_dir:
                self.entries[name] = LocalFile(fingerprint_of(facts)) if S_ISREG(facts.st_mode) else _special(facts)
            elif below is None:
                self._scan_child(folder, part, name, above.count("/") + 1)
            else:
                self._scan_way(folder, part, name, below)

    def _scan_way(self, folder: int, part: str, name: str, branches: Branches) -> None:
        """Add a folder above some names, and those."""
        try:
            with Opened(open_child(folder, part)) as number:
                if os.fstat(number).st_dev != self._device:
                    self.entries[name] = _OTHER_DISK
                    return
                self.entries[name] = LocalDir(is_empty=_is_empty(number))
                self.scan_some(number, branches, name + "/")
        except FileNotFoundError:
            return
        except OSError as error:
            self.entries[name] = LocalUnknown(why(error))
        except ItemError as error:
            self.entries[name] = LocalUnknown(error.message)

    def _scan_child(self, folder: int, part: str, name: str, depth: int) -> bool:
        """Add a folder and what is below it; whether it was there."""
        try:
            opened = Opened(open_child(folder, part))
        except FileNotFoundError:
            return False
        except OSError as error:
            is_other = error.errno in NOT_A_FOLDER
            self.entries[name] = LocalUnknown("changed while it was looked at" if is_other else why(error))
            return True
        with opened as number:
            if os.fstat(number).st_dev != self._device:
                self.entries[name] = _OTHER_DISK
            elif depth > MAX_DEPTH:
                self.entries[name] = LocalUnknown("too many folders inside each other")
            else:
                self._scan_opened(number, name, depth)
        return True

    def _scan_opened(self, number: int, name: str, depth: int) -> None:
        self.entries[name] = LocalDir(is_empty=True)
        try:
            has_any = self.scan(number, name + "/", depth)
            if not has_any:
                is_empty = _is_empty(number)
                self.entries[name] = LocalDir(is_empty=is_empty, is_residue=not is_empty)
            else:
                self.entries[name] = LocalDir(is_empty=False)
        except OSError as error:
            self.entries[name] = LocalUnknown(why(error))
        except ItemError as error:
            self.entries[name] = LocalUnknown(error.message)

    def _enter(self, folder: int, above: str, found: "list[os.DirEntry[str]]") -> None:
        if any(entry.name == IGNORE_FILE and entry.is_file(follow_symlinks=False) for entry in found):
            self._read_rules(folder, above)

    def _read_rules(self, folder: int, above: str) -> None:
        name = above + IGNORE_FILE
        try:
            rules = read_file(folder, IGNORE_FILE, name).data
        except MissingError:
            return
        except OSError as error:
            raise failure(error, name) from error
        self._skips.enter(above.removesuffix("/"), rules)


def look_at(root: int, names: Sequence[str], *, folds: bool) -> list[LocalEntry | None]:
    """One look a name, in order; consecutive names in one folder share its descriptor.

    `folds`: the file system finds names in other spellings too; those are not there.
    """
    device = os.fstat(root).st_dev
    found: list[LocalEntry | None] = []
    spellings = _Spellings()
    parent: list[str] | None = None
    folder: Opened | LocalUnknown | None = None
    try:
        for name in names:
            try:
                parts = parts_of(name)
            except UnreadableError as error:
                found.append(LocalUnknown(error.message))
                continue
            if parts[:-1] != parent:
                if isinstance(folder, Opened):
                    folder.close()
                parent, folder = None, None
                folder = _open_parent(root, parts[:-1], device)
                parent, spellings = parts[:-1], _Spellings()
            if not isinstance(folder, Opened):
                found.append(folder)
                continue
            entry = _look(folder.number, parts[-1], device)
            found.append(spellings.checked(folder.number, parts[-1], entry) if folds else entry)
    finally:
        if isinstance(folder, Opened):
            folder.close()
    return found


class _Spellings:
    """The names in one folder as they are spelled there."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def checked(self, folder: int, part: str, entry: LocalEntry | None) -> LocalEntry | None:
        """What a look found, but None where the folder has it in another spelling only."""
        if entry is None or isinstance(entry, LocalUnknown) or part in self._names:
            return entry
        try:
            self._names = set(os.listdir(folder))  # anew: it may have come since
        except OSError as error:
            return LocalUnknown(why(error))
        return entry if part in self._names else None


def _open_parent(root: int, parts: Sequence[str], device: int) -> Opened | LocalUnknown | None:
    """The folder; None where it is not there; unknown where that cannot be told, or it is on another disk."""
    folder = Opened(os.dup(root))
    for part in parts:
        try:
            below = Opened(open_child(folder.number, part))
        except OSError as error:
            is_absent = isinstance(error, FileNotFoundError) or error.errno in NOT_A_FOLDER
            is_ours = os.fstat(folder.number).st_dev == device
            folder.close()
            if is_absent:
                return None if is_ours else _OTHER_DISK
            return LocalUnknown(why(error))
        folder.close()
        folder = below
    if os.fstat(folder.number).st_dev != device:
        folder.close()
        return _OTHER_DISK
    return folder


def _look(folder: int, part: str, device: int) -> LocalEntry | None:
    try:
        facts = lstat(folder, part)
        if S_ISREG(facts.st_mode):
            return LocalFile(fingerprint_of(facts))
        if not stat.S_ISDIR(facts.st_mode):
            return _special(facts)
        if facts.st_dev != device:
            return _OTHER_DISK
        with Opened(open_child(folder, part)) as number:
            return LocalDir(is_empty=_is_empty(number))
    except FileNotFoundError:
        return None
    except OSError as error:
        return LocalUnknown(why(error))


def _lstat_if_any(folder: int, part: str) -> os.stat_result | None:
    try:
        return lstat(folder, part)
    except FileNotFoundError:
        return None


def _is_empty(folder: int) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is None


def _special(facts: os.stat_result) -> LocalSpecial:
    return LocalSpecial(_KINDS.get(stat.S_IFMT(facts.st_mode), "special file"))
