"""Plays a seeded past on a drive, and holds the time machine against the record of it.

Tests do it on small drives, `bench/past.py` on large ones: both on either kind of drive of `testing.past_drives`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from bucketdrive.model.reports import SyncReport
from bucketdrive.testing.seeded_past import Listing, Machine, SeededPast, Tree, below, etags

Moments = Sequence[tuple[float, int]]
"""Times, in order, each with the round that was the last then."""


class PastDrive(Protocol):
    """A drive with two devices; what looks back and restores is the first of them."""

    @property
    def machines(self) -> Sequence[Machine]:
        """The devices."""
        ...

    def now_s(self) -> float:
        """The store's time."""
        ...

    def rest(self) -> None:
        """Wait until the store tells a later time than it told of anything yet."""
        ...

    def versions(self) -> int:
        """How many versions and delete markers of files the bucket has."""
        ...

    def look(self, at_s: float) -> Listing:
        """The files as of a moment, as the product tells."""
        ...

    def live(self) -> Listing:
        """The files that are live in the bucket."""
        ...

    def restore(self, folder: str, at_s: float) -> SyncReport:
        """Make a folder exactly what it was, and bring that to the first device."""
        ...

    def undo(self, run: int) -> SyncReport:
        """Take a run of the first device back."""
        ...

    def requests(self) -> int:
        """How many requests the first device has made so far."""
        ...


@dataclass(frozen=True, slots=True)
class Brought:
    """A restore, or the undo of one: of which folder, how many files it changed, and what it took."""

    folder: str
    files: int
    seconds: float
    requests: int


@dataclass(slots=True)
class Findings:
    """What was seen. `differences` says in words what was not as recorded: there must be none."""

    sweep_s: float = 0.0
    sweep_requests: int = 0
    look_s: list[float] = field(default_factory=list)
    look_requests: int = 0
    restores: list[Brought] = field(default_factory=list)
    undos: list[Brought] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def compare(self, what: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """Note what differs."""
        if found != wanted:
            paths = sorted(path for path in found.keys() | wanted.keys() if found.get(path) != wanted.get(path))
            first = f"{paths[0]} is {found.get(paths[0])!r} and not {wanted.get(paths[0])!r}"
            self.differences.append(f"{what}: {len(paths)} differ; {first}")


Tell = Callable[[str], None]
"""Takes a word on how far it is: it can be hours."""


def _nobody(line: str) -> None:
    """Nobody wants to know."""


def play(drive: PastDrive, past: SeededPast, files: int, versions: int, rounds: int, tell: Tell = _nobody) -> None:
    """Make so many files, and change them until there are so many versions: in some `rounds`, by turns on each."""
    before: Tree = {}
    while not past.rounds or past.versions < versions:
        at = len(past.rounds) % 2
        machine, other = drive.machines[at], drive.machines[1 - at]
        if past.rounds:
            past.change(machine, max(1, (versions - files) // rounds))
        else:
            past.begin(machine, files)
        machine.sync()
        other.sync()
        past.end_round(drive.now_s(), before)
        before = dict(past.tree)
        drive.rest()
        tell(f"{past.versions:,} of {versions:,} versions")


def look_back(drive: PastDrive, past: SeededPast, moments: Moments, findings: Findings) -> None:
    """Compare the tree as of each moment with the record. The first look is not of them: it makes the sweep."""
    began_s, asked = perf_counter(), drive.requests()
    drive.look(moments[-1][0])
    findings.sweep_s, findings.sweep_requests = perf_counter() - began_s, drive.requests() - asked
    asked = drive.requests()
    for (at_s, _), tree in _with_trees(past, moments):
        began_s = perf_counter()
        found = drive.look(at_s)
        findings.look_s.append(perf_counter() - began_s)
        findings.compare(f"the tree as of {at_s}", found, etags(tree))
    findings.look_requests = drive.requests() - asked


def bring_back(drive: PastDrive, past: SeededPast, moments: Moments, findings: Findings, tell: Tell = _nobody) -> None:
    """At each moment restore a random folder and take that back; compare all that there is, after each."""
    for (at_s, _), tree in _with_trees(past, moments):
        folder = _changed_folder(past, tree)
        what = f"{folder} as of {at_s}"
        now, then = below(past.tree, folder), below(tree, folder)
        wanted = {path: data for path, data in past.tree.items() if path not in now} | then
        changed = sum(now.get(path) != then.get(path) for path in now.keys() | then.keys())
        began_s, asked = perf_counter(), drive.requests()
        report = drive.restore(folder, at_s)
        findings.restores.append(Brought(folder, changed, perf_counter() - began_s, drive.requests() - asked))
        _compare_all(drive, f"{what}, restored", wanted, report, findings)
        if report.run:
            began_s, asked = perf_counter(), drive.requests()
            report = drive.undo(report.run)
            findings.undos.append(Brought(folder, changed, perf_counter() - began_s, drive.requests() - asked))
            _compare_all(drive, f"{what}, restored and undone", past.tree, report, findings)
        elif changed:
            findings.differences.append(f"{what}: nothing was restored")
        tell(f"{what}: {changed:,} files, {len(findings.differences)} differences so far")
        drive.rest()


def some_of(past: SeededPast, moments: Moments, number: int) -> Moments:
    """So many of the moments since which something changed, evenly."""
    earlier = [moment for moment in moments if moment[1] < len(past.rounds) - 1]
    return [earlier[at * len(earlier) // number] for at in range(number)]


def _with_trees(past: SeededPast, moments: Moments) -> Iterator[tuple[tuple[float, int], Tree]]:
    yield from zip(moments, past.trees([at for _, at in moments]), strict=True)


def _changed_folder(past: SeededPast, tree: Tree) -> str:
    """A random folder of a tree; if that can be found soon, one that is not now what it was."""
    for _ in range(100):
        folder = past.any_folder(tree)
        if below(tree, folder) != below(past.tree, folder):
            break
    else:
        folder = past.any_folder(tree)
    return folder


def _compare_all(drive: PastDrive, what: str, tree: Tree, report: SyncReport, findings: Findings) -> None:
    """Compare the bucket and both devices with a tree, when the second has synced; what was asked about was meant."""
    for machine in drive.machines if report.held else drive.machines[1:]:
        machine.sync()
    if report.failed:
        findings.differences.append(f"{what}: {report.failed}")
    findings.compare(f"{what}: the bucket", drive.live(), etags(tree))
    for number, machine in enumerate(drive.machines, 1):
        findings.compare(f"{what}: device {number}", machine.files(), tree)
