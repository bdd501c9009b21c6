"""Plays seeded worlds: engines that ship, fake stores and disks, users and faults; prints what went wrong, if anything.

    simulate.py [--seeds N] [--first SEED] [--story NAME]... [--jobs N]

N seeds in all, shared out evenly over the stories (of all classes of stores, one to four devices: testing/stories.py).
Each violation is a line that plays that seed again. Exit code 1 if there was any; on stores that ignore conditional
writes (class C), one run in 2,000 may lose something from the tree, though nothing that is not in a version.
"""

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from multiprocessing import get_context

from bucketdrive.testing.judge import Verdict
from bucketdrive.testing.simulate import Simulation
from bucketdrive.testing.stories import STORIES

CHUNK = 20
LAWLESS_LOSS = 1 / 2000
KINDS = tuple(row.name for row in fields(Verdict) if row.name not in ("spurious", "steps", "crashes", "trace"))


@dataclass
class Tally:
    """What some seeds of a story showed. `found`: seeds by kind of violation; `stopped`: with the error."""

    seeds: int = 0
    steps: int = 0
    crashes: int = 0
    cpu_s: float = 0.0
    spurious: int = 0
    found: dict[str, list[int]] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Take in another tally."""
        for name in ("seeds", "steps", "crashes", "cpu_s", "spurious"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind, seeds in other.found.items():
            self.found.setdefault(kind, []).extend(seeds)
        self.stopped |= other.stopped

    def count(self, kind: str) -> int:
        """How many seeds showed a kind of violation."""
        return len(self.found.get(kind, ()))


def play(name: str, first: int, end: int) -> Tally:
    """Play the seeds [first, end) of a story. What a run leaves is collected at the end, and not time and again."""
    gc.disable()
    tally, began_s = Tally(), time.process_time()
    for seed in range(first, end):
        tally.seeds += 1
        try:
            verdict = Simulation(seed, STORIES[name]).run()
        except Exception as error:  # noqa: BLE001  whatever an engine raises is a finding
            tally.stopped[seed] = f"{type(error).__name__}: {error}"
            continue
        tally.steps += verdict.steps
        tally.crashes += verdict.crashes
        tally.spurious += bool(verdict.spurious)
        for kind in KINDS:
            if getattr(verdict, kind):
                tally.found.setdefault(kind, []).append(seed)
    gc.collect()
    tally.cpu_s = time.process_time() - began_s
    return tally


def chunks(names: list[str], first: int, seeds: int) -> Iterator[tuple[str, int, int]]:
    """The work, in pieces for a pool; all stories go on side by side."""
    each = -(-seeds // len(names))
    for start in range(first, first + each, CHUNK):
        for name in names:
            yield name, start, min(start + CHUNK, first + each)


def run(names: list[str], first: int, seeds: int, jobs: int) -> dict[str, Tally]:
    """Play everything; progress goes to stderr."""
    tallies = {name: Tally() for name in names}
    work = list(chunks(names, first, seeds))
    began_s = said_s = time.monotonic()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for (name, _, _), tally in zip(work, pool.map(play, *zip(*work, strict=True)), strict=True):
            tallies[name].add(tally)
            if time.monotonic() - said_s > 30:
                said_s = time.monotonic()
                done = sum(tally.seeds for tally in tallies.values())
                print(f"{done} seeds, {done / (said_s - began_s):.0f} a second", file=sys.stderr, flush=True)
    return tallies


def is_fine(name: str, tally: Tally) -> bool:
    """Whether a story kept all promises; without conditional writes, one run in 2,000 may lose from the tree."""
    may_lose = STORIES[name].store_class == "C" and tally.count("lost") <= max(1, tally.seeds * LAWLESS_LOSS)
    return not tally.stopped and all(kind == "lost" and may_lose for kind in tally.found)


COLUMNS = ("lost", "diverged", "partial", "resurrected")


def row(name: str, cells: list[object]) -> str:
    """A line of the table."""
    return f"{name:18}" + "".join(f"{cell!s:>13}" for cell in cells)


def report(tallies: dict[str, Tally]) -> bool:
    """Print the table, and a line for each violation; whether all is fine."""
    print(row("story", ["class", "devices", "seeds", "crashes", *COLUMNS, "other", "copies", "seeds/s"]))
    for name, tally in tallies.items():
        story = STORIES[name]
        other = sum(tally.count(kind) for kind in KINDS if kind not in COLUMNS) + len(tally.stopped)
        cells = [story.store_class, story.devices, tally.seeds, tally.crashes, *map(tally.count, COLUMNS)]
        print(row(name, [*cells, other, tally.spurious, f"{tally.seeds / tally.cpu_s:.1f}"]))
    for name, tally in tallies.items():
        found = [(kind, seed) for kind, seeds in tally.found.items() for seed in seeds]
        for what, seed in [*found, *((error, seed) for seed, error in tally.stopped.items())]:
            print(f"{what}: make simulate STORY='{name}' FIRST={seed} SEEDS=1")
    seeds = sum(tally.seeds for tally in tallies.values())
    cpu_s = sum(tally.cpu_s for tally in tallies.values())
    fine = all(is_fine(name, tally) for name, tally in tallies.items())
    print(f"{seeds} seeds, {seeds / cpu_s:.1f} a second and core: {'all as promised' if fine else 'NOT as promised'}")
    return fine


def show(name: str, seed: int) -> None:
    """One seed, with all that was found, and twice: equal seeds give equal traces."""
    verdict, again = (Simulation(seed, STORIES[name]).run() for _ in range(2))
    for violation in verdict.violations:
        print(violation)
    print(f"{verdict.steps} steps, {verdict.crashes} crashes, trace {verdict.trace[:16]}", end="")
    print(" twice" if again.trace == verdict.trace else f" and {again.trace[:16]}: NOT the same run twice")


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--story", action="append", choices=STORIES, default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    names = options.story or list(STORIES)
    if options.seeds == 1 and len(names) == 1:
        show(names[0], options.first)
    return 0 if report(run(names, options.first, options.seeds, options.jobs)) else 1


if __name__ == "__main__":
    sys.exit(main())
