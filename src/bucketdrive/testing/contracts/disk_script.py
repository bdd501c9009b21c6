"""The same random script played on two disks: every outcome, and what is there at the end, must be the same.

A step is a call of the disk or an edit of its user. What a call expects is what its side saw last, so that stale
expectations come about by themselves. Times of now, inodes and ctimes are not compared, but whether a file is the one
that was seen.
"""

import asyncio
import errno
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from random import Random  # noqa: TID251  a seeded one
from typing import Any, TypeVar

from bucketdrive.errors import BucketDriveError
from bucketdrive.model.entries import Fingerprint, LocalFile, LocalSpecial, LocalUnknown
from bucketdrive.ports.disk import Disk, Exchanged, Staging
from bucketdrive.testing.contracts.disk_harness import ListedSkips, Writer
from bucketdrive.testing.contracts.side_by_side import compare

T = TypeVar("T")

NAMES = (
    *("a", "b", "ü", "d/a", "d/b", "d/e/a", "d/e/f/g", "a/b", "d", "d/e", "e", "link", "link/x", "d/link"),
    *("locked", "locked/a", "secret", ".DS_Store", "d/.DS_Store", "d/e/.DS_Store", "n" * 256, "d//a"),
)
USUAL_NAMES = ("a", "b", "d/a", "d/b", "d/e/a")
"""More than half of all steps are about these, so that many calls succeed."""
PLACES = ("tmp/1", "tmp/2", "tmp/op/a", "quarantine/1/a", "quarantine/2/d/a", "quarantine/2/d/b", "tmp/1/a")
MODES = (0o600, 0o640, 0o711, 0o755)

USERS = {"write": 14, "delete": 5, "move": 5, "mkdir": 3, "symlink": 1, "set_mode": 3}
OPENERS = {"open": 2, "write_open": 3, "deny": 3, "allow": 3}
_LOOKS = {"look": 14, "scan": 2, "read": 4, "read_range": 2, "hash_files": 2, "places": 1, "hash_place": 2}
_MOVES = {"stage": 12, "stage_like": 4, "install": 9, "exchange": 12, "set_aside": 8, "put_back": 5, "rename": 6}
_REST = {"make_dir": 3, "remove_dir": 5, "discard": 4}
CALLS = _LOOKS | _MOVES | _REST
"""How often each deed is done, next to the others."""

_WANTS = {
    "exchange": ("discard", "stage", "look"),
    "install": ("discard", "stage"),
    "set_aside": ("discard", "look"),
    "rename": ("look",),
}
"""What lets a deed succeed; it comes first more often than not."""

_NEVER_SEEN = Fingerprint(0, 0, 0, 0, 0)
_FIRST_NOW_NS = 1_600_000_000_000_000_000
"""What is later is a time of now: the script sets earlier ones."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, to which names and place. `number` makes contents and times that no other step makes."""

    deed: str
    name: str
    other: str
    place: str
    number: int
    is_frozen: bool


def script_of(seed: int, length: int, *, is_ordinary_user: bool) -> list[Step]:
    """The steps of a seed: `length`, and those that come before for their sake.

    An ordinary user meets permissions that are taken away, root moments in which the disk is read-only.
    """
    chance = Random(seed)
    deeds = USERS | CALLS | (OPENERS if is_ordinary_user else {})
    steps: list[Step] = []
    for deed in chance.choices(list(deeds), list(deeds.values()), k=length):
        is_frozen = deed in CALLS and not is_ordinary_user and chance.random() < 0.04
        name, other = (chance.choice(USUAL_NAMES if chance.random() < 0.6 else NAMES) for _ in range(2))
        place = chance.choice(PLACES)
        wanted = _WANTS.get(deed, ()) if chance.random() < 0.7 else ()
        for part in (*wanted, deed):
            steps.append(Step(part, name, other, place, len(steps), is_frozen and part == deed))
    return steps


class Side:
    """One of the two disks, and what was seen on it. A context manager, for the loop in which its calls run."""

    def __init__(self, harness: Any) -> None:
        """`harness`: a `DeniableHarness` or a `FaultyHarness`, as the script has it."""
        self._harness = harness
        self._disk: Disk = harness.disk
        self._seen: dict[str, Fingerprint] = {}
        self._writers: list[Writer] = []
        self._runner = asyncio.Runner()

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers:
            writer.close()
        self._runner.close()

    def do(self, step: Step) -> object:
        """Carry out a step. Its outcome, to be compared with the other side's."""
        if step.is_frozen:
            self._harness.freeze()
        try:
            return self._outcome(lambda: self._act(step))
        finally:
            if step.is_frozen:
                self._harness.thaw()

    def end(self) -> object:
        """What is there now, and what it holds."""
        entries = self._run(self._disk.scan(ListedSkips())).entries
        files = [name for name, entry in entries.items() if isinstance(entry, LocalFile)]
        places = self._run(self._disk.places())
        held = [self._outcome(partial(self._run, self._disk.hash_place(place))) for place in places]
        return self._plain([entries, self._run(self._disk.hash_files(files)), places, held]), self._harness.place_dirs()

    def _outcome(self, act: Callable[[], object]) -> object:
        try:
            return self._plain(act())
        except BucketDriveError as error:
            return type(error).__name__, error.path
        except OSError as error:
            return "OSError", errno.ENOTEMPTY if error.errno == errno.EEXIST else error.errno  # rename(2): either

    def _act(self, step: Step) -> object:
        if step.deed in ("deny", "allow"):
            step = replace(step, name=("locked", "secret")[step.number % 2])
        if step.deed in CALLS:
            return getattr(self, f"_{step.deed}")(step)
        if "//" in step.name + step.other or self._is_behind_link(step.name) or self._is_behind_link(step.other):
            return "not for this user"
        return getattr(self, f"_{step.deed}")(step)

    # --- the user's edits ---------------------------------------------------------------------------------------------

    def _is_behind_link(self, name: str) -> bool:
        """Whether something at or above a name is a link: what is written there does not belong to the script."""
        parts = name.split("/")
        names = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        return any(isinstance(entry, LocalSpecial) for entry in self._run(self._disk.look(names)))

    def _write(self, step: Step) -> None:
        self._harness.write(step.name, _data_of(step), step.number * 1_000_000)

    def _delete(self, step: Step) -> object:
        if isinstance(self._look(step.name), LocalUnknown):
            return "not for this user"
        return self._harness.delete(step.name)

    def _move(self, step: Step) -> object:
        if step.name == step.other or isinstance(self._look(step.name), LocalUnknown):
            return "not for this user"
        return self._harness.move(step.name, step.other)

    def _mkdir(self, step: Step) -> None:
        self._harness.mkdir(step.name)

    def _symlink(self, step: Step) -> None:
        self._harness.symlink(step.name)

    def _set_mode(self, step: Step) -> None:
        if isinstance(self._look(step.name), LocalFile):
            self._harness.set_mode(step.name, MODES[step.number % len(MODES)])

    def _open(self, step: Step) -> None:
        self._writers.append(self._harness.open_writer(step.name))

    def _write_open(self, step: Step) -> None:
        if self._writers:
            self._writers[step.number % len(self._writers)].write(_data_of(step))

    def _deny(self, step: Step) -> None:
        self._harness.deny(step.name)

    def _allow(self, step: Step) -> None:
        self._harness.allow(step.name)

    # --- the disk's calls ---------------------------------------------------------------------------------------------

    def _look(self, step: Step | str) -> object:
        name = step if isinstance(step, str) else step.name
        (entry,) = self._run(self._disk.look([name]))
        if isinstance(step, Step) and isinstance(entry, LocalFile):
            return self._note(name, entry.fingerprint)
        return entry

    def _scan(self, _: Step) -> object:
        return self._run(self._disk.scan(ListedSkips())).entries

    def _read(self, step: Step) -> object:
        return self._run(self._disk.read(step.name))

    def _read_range(self, step: Step) -> object:
        return self._run(self._disk.read_range(step.name, 2, 5))

    def _hash_files(self, step: Step) -> object:
        return self._run(self._disk.hash_files([step.name, step.other]))

    def _places(self, _: Step) -> object:
        return self._run(self._disk.places())

    def _hash_place(self, step: Step) -> object:
        return self._run(self._disk.hash_place(step.place))

    def _stage(self, step: Step, like: str = "") -> object:
        how = Staging(step.number * 1_000_000, is_executable=step.number % 4 == 0, like=like)
        return self._run(self._disk.stage(step.place, _data_of(step), how))

    def _stage_like(self, step: Step) -> object:
        return self._stage(step, step.name)

    def _install(self, step: Step) -> object:
        return self._note(step.name, self._run(self._disk.install(step.place, step.name)))

    def _put_back(self, step: Step) -> object:
        return self._note(step.name, self._run(self._disk.put_back(step.place, step.name)))

    def _exchange(self, step: Step) -> object:
        swapped: Exchanged = self._run(self._disk.exchange(step.place, step.name, self._expected(step)))
        return self._is_seen(step.name, swapped.came_out), self._note(step.name, swapped.installed)

    def _set_aside(self, step: Step) -> object:
        aside = self._run(self._disk.set_aside(step.name, step.place, self._expected(step)))
        return self._is_seen(step.name, aside)

    def _rename(self, step: Step) -> object:
        moved = self._run(self._disk.rename(step.name, step.other, self._expected(step)))
        return self._is_seen(step.name, moved), self._note(step.other, moved)

    def _make_dir(self, step: Step) -> object:
        return self._run(self._disk.make_dir(step.name))

    def _remove_dir(self, step: Step) -> object:
        return self._run(self._disk.remove_dir(step.name, f"quarantine/{step.number}"))

    def _discard(self, step: Step) -> object:
        return self._run(self._disk.discard(step.place))

    # --- within -------------------------------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def _expected(self, step: Step) -> Fingerprint:
        return self._seen.get(step.name, _NEVER_SEEN)

    def _is_seen(self, name: str, now: Fingerprint) -> bool:
        return now.is_same_file_as(self._seen.get(name, _NEVER_SEEN))

    def _note(self, name: str, now: Fingerprint) -> object:
        is_seen, self._seen[name] = self._is_seen(name, now), now
        return is_seen, now

    def _plain(self, value: object) -> object:
        """What of an outcome must be the same on both sides."""
        if isinstance(value, Fingerprint):
            mtime = value.mtime_ns if value.mtime_ns < _FIRST_NOW_NS else "now"
            return value.size, mtime, value.mode
        if isinstance(value, BucketDriveError):
            return type(value).__name__, value.path
        if is_dataclass(value):
            return type(value).__name__, [self._plain(getattr(value, field.name)) for field in fields(value)]
        if isinstance(value, dict):
            return {name: self._plain(entry) for name, entry in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(entry) for entry in value]
        return value


def _data_of(step: Step) -> bytes:
    """Bytes of a length that no other step's have."""
    return f"{step.number} ".encode().ljust(8 + step.number, b".")


def play(seed: int, length: int, make_sides: Callable[[], tuple[Side, Side]], *, is_ordinary_user: bool) -> None:
    """Play a script on both sides.

    Raises:
        AssertionError: they differ; it tells where, and what was done just before.
    """
    steps = script_of(seed, length, is_ordinary_user=is_ordinary_user)
    one, other = make_sides()
    with one, other:
        compare(seed, steps, one, other)
