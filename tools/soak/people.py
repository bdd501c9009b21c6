"""Somebody at a device, who makes the edits that `edits` has drawn; how each is made is in `hands`."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from soak.account import Account
from soak.edits import COLD_PATHS, FLIP_PATHS, HOT_PATHS, LARGE_BYTES, MIB, Edit
from soak.hands import RESERVED, Hands, files_below, move

LARGE_PATHS = ("films/one.bin", "films/two.bin")
_CONFLICT = re.compile(r" \(conflict [^()]+\)")
_APPEND_UP_TO = 4 * MIB
_SHORTEST_BURST, _LONGEST_BURST = 8, 24


def is_conflict_copy(path: str) -> bool:
    """Whether a file has the name of a conflict copy."""
    return _CONFLICT.search(path.rpartition("/")[2]) is not None


class Person:
    """Works with their hands in one folder."""

    def __init__(self, hands: Hands, account: Account) -> None:
        self._hands = hands
        self._account = account
        self._deeds: dict[str, Callable[[Edit], None]] = {
            "create": self._create,
            "overwrite": self._overwrite,
            "save": self._save,
            "shown save": self._shown_save,
            "keep time": self._keep_time,
            "append": self._append,
            "touch": self._touch,
            "delete": self._delete,
            "delete and save": self._delete_and_save,
            "rename": self._rename,
            "move over": self._move_over,
            "rename folder": self._rename_folder,
            "delete folder": self._delete_folder,
            "make folder": self._make_folder,
            "flip": self._flip,
            "edit conflict copy": self._edit_conflict_copy,
            "held open": self._held_open,
            "burst": self._burst,
            "large": self._large,
        }

    def work(self, plan: Iterator[Edit], is_over: threading.Event) -> None:
        """Make edits until it is over."""
        for edit in plan:
            if is_over.wait(edit.pause_s):
                return
            self.do(edit)

    def do(self, edit: Edit) -> None:
        """Make one edit. What finds nothing to be done to, or a folder that changed under it, is left undone."""
        before = self._hands.deeds
        with suppress(OSError):
            self._deeds[edit.kind](edit)
        if self._hands.deeds > before:
            self._account.count(edit.kind)

    # --- what they do -------------------------------------------------------------------------------------------------

    def _create(self, edit: Edit) -> None:
        path = self._any_path(edit.pick, edit.other)
        if (self._hands.folder / path).is_dir():
            return
        if (self._hands.folder / path).exists():
            self._save(edit, path)
            return
        with self._hands.lock:
            self._hands.new_file(path, edit.size)

    def _overwrite(self, edit: Edit) -> None:
        path = self._some_file(edit.pick)
        if path:
            with self._hands.lock, (self._hands.folder / path).open("r+b", buffering=0) as file:
                self._hands.rewrite(file.fileno(), path, edit.size)

    def _save(self, edit: Edit, path: str = "") -> None:
        """As editors do: write beside it under a name that is not synced, and rename over it."""
        path = path or self._some_file(edit.pick)
        if path:
            local = self._hands.folder / path
            with self._hands.lock:
                self._hands.replace(path, local.with_name(f"~{edit.number}.tmp"), edit.size)

    def _shown_save(self, edit: Edit) -> None:
        """As `save`, under a name that is synced like any other."""
        path = self._some_file(edit.pick)
        if not path:
            return
        new = self._hands.folder / f"{path}.{self._hands.device}-new"
        with self._hands.lock:
            self._hands.write_new(new, data := self._account.new_content(self._hands.device, path, edit.size))
        time.sleep(edit.wait_s)
        with self._hands.lock:
            self._hands.rename_over(new, path, data)

    def _keep_time(self, edit: Edit) -> None:
        """Another content of the same size and time, as some tools write."""
        path = self._some_file(edit.pick)
        if path:
            with self._hands.lock, (self._hands.folder / path).open("r+b", buffering=0) as file:
                facts = os.fstat(file.fileno())
                self._hands.rewrite(file.fileno(), path, facts.st_size)
                os.utime(file.fileno(), ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def _append(self, edit: Edit) -> None:
        path = self._some_file(edit.pick)
        if not path:
            return
        with self._hands.lock, (self._hands.folder / path).open("r+b", buffering=0) as file:
            before = file.read() if os.fstat(file.fileno()).st_size <= _APPEND_UP_TO else b""
            if before:
                data = self._account.new_content(self._hands.device, path, edit.size, before)
                self._account.supersede(before)
                os.pwrite(file.fileno(), data[len(before) :], len(before))
                self._hands.written(file.fileno(), path, data)

    def _touch(self, edit: Edit) -> None:
        path = self._some_file(edit.pick)
        if path:
            with self._hands.lock:
                os.utime(self._hands.folder / path)
                self._hands.note("touch", path)

    def _delete(self, edit: Edit) -> None:
        path = self._some_file(edit.pick)
        if path:
            with self._hands.lock:
                self._hands.throw_away(path)

    def _delete_and_save(self, edit: Edit) -> None:
        """As some programs save: away with the old file, and soon there is a new one."""
        path = self._some_file(edit.pick)
        if not path:
            return
        with self._hands.lock:
            self._hands.throw_away(path)
        time.sleep(edit.wait_s / 2)
        with self._hands.lock:
            self._hands.new_file(path, edit.size)

    def _rename(self, edit: Edit) -> None:
        path, target = self._some_file(edit.pick), self._any_path(edit.other, edit.pick)
        if path and path != target:
            with self._hands.lock:
                self._hands.rename_to(path, target)

    def _move_over(self, edit: Edit) -> None:
        """A file, older or newer, takes the place of another."""
        path, target = self._some_file(edit.pick), self._some_file(edit.other)
        if path and path != target:
            with self._hands.lock:
                with (self._hands.folder / path).open("rb") as file:
                    data = file.read()
                self._hands.rename_over(self._hands.folder / path, target, data)

    def _rename_folder(self, edit: Edit) -> None:
        path = self._some_folder(edit.pick)
        if not path:
            return
        target = self._hands.folder / (f"{path.rstrip('0123456789')}{edit.number % 7}")
        with self._hands.lock:
            move(self._hands.folder / path, target)
            for local in files_below(target):
                self._hands.rests(local.relative_to(self._hands.folder).as_posix(), local.read_bytes())
            self._hands.note("rename folder", path, target.name)

    def _delete_folder(self, edit: Edit) -> None:
        path = self._some_folder(edit.pick)
        if path:
            with self._hands.lock:
                self._hands.throw_away(path)

    def _make_folder(self, edit: Edit) -> None:
        path = f"{self._some_folder(edit.pick) or 'empty'}/new {edit.number % 5}"
        with self._hands.lock:
            (self._hands.folder / path).mkdir(parents=True)
            self._hands.note("make folder", path)

    def _flip(self, edit: Edit) -> None:
        path = FLIP_PATHS[int(edit.pick * len(FLIP_PATHS))]
        local = self._hands.folder / path
        with self._hands.lock:
            is_folder = local.is_dir()
            if local.exists():
                self._hands.throw_away(path)
            self._hands.new_file(path if is_folder else f"{path}/inner.txt", edit.size)

    def _edit_conflict_copy(self, edit: Edit) -> None:
        copies = [path for path in self._files() if is_conflict_copy(path)]
        if not copies:
            return
        path = copies[int(edit.pick * len(copies))]
        with self._hands.lock:
            if edit.other < 0.5:
                self._hands.throw_away(path)
            elif edit.other < 0.7:
                self._hands.rename_to(path, self._any_path(edit.pick, edit.other))
            else:
                with (self._hands.folder / path).open("r+b", buffering=0) as file:
                    self._hands.rewrite(file.fileno(), path, edit.size)

    def _held_open(self, edit: Edit) -> None:
        """Open a file now and write to it later, if it is still the one of that name."""
        path = self._some_file(edit.pick)
        if path:
            with (self._hands.folder / path).open("r+b", buffering=0) as file:
                time.sleep(edit.wait_s)
                with self._hands.lock:
                    if self._hands.has_name(file.fileno(), path):
                        self._hands.rewrite(file.fileno(), path, edit.size)

    def _burst(self, edit: Edit) -> None:
        count = _SHORTEST_BURST + int(edit.pick * (_LONGEST_BURST - _SHORTEST_BURST))
        for number in range(count):
            with self._hands.lock:
                self._hands.new_file(f"burst {edit.number % 4}/{number}.txt", edit.size // 8)

    def _large(self, edit: Edit) -> None:
        """A film comes from elsewhere: what is so large is sent in parts."""
        path = LARGE_PATHS[int(edit.pick * len(LARGE_PATHS))]
        data = self._account.new_content(self._hands.device, path, LARGE_BYTES + int(edit.other * 8 * MIB))
        new = self._hands.desk / f"{edit.number}"
        new.write_bytes(data)
        try:
            with self._hands.lock:
                (self._hands.folder / path).parent.mkdir(exist_ok=True)
                self._hands.rename_over(new, path, data)
        except OSError:
            self._account.supersede(data)  # it never came
            raise

    # --- what they choose from ----------------------------------------------------------------------------------------

    def _files(self) -> list[str]:
        return [local.relative_to(self._hands.folder).as_posix() for local in files_below(self._hands.folder)]

    def _folders(self) -> list[str]:
        found = []
        for parent, names, _ in os.walk(self._hands.folder):
            names[:] = sorted(name for name in names if name != RESERVED)
            found += [(Path(parent) / name).relative_to(self._hands.folder).as_posix() for name in names]
        return found

    def _some_file(self, pick: float) -> str:
        """Any file that is there; half of the time one that others edit too."""
        files = self._files()
        hot = [path for path in files if path in HOT_PATHS]
        chosen, place = (hot, pick * 2) if hot and pick < 0.5 else (files, (pick * 2) % 1)
        return chosen[int(place * len(chosen))] if chosen else ""

    def _some_folder(self, pick: float) -> str:
        folders = self._folders()
        return folders[int(pick * len(folders))] if folders else ""

    def _any_path(self, pick: float, other: float) -> str:
        paths = HOT_PATHS if other < 0.6 else COLD_PATHS
        return paths[int(pick * len(paths))]
