"""The mutation gate: one protection of the engine is taken out at a time, and the simulator must notice.

    mutants.py [--seeds N] [--jobs N] [NAME…]

Each mutant is a copy of the sources with one text replaced (a text that is no longer there is an error: the list must
follow the code). Its stories are played seed by seed until one shows a violation; a mutant that survives `--seeds` of
each is a protection that no test misses. Exit code 1 where one survives.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "bucketdrive"
LIST = Path(__file__).with_suffix(".toml")

PLAY = """
import json, sys, time
from bucketdrive.testing.simulate import Simulation
from bucketdrive.testing.stories import STORIES
stories, last = json.loads(sys.argv[1]), int(sys.argv[2])
started_s = time.process_time()
for seed in range(last):
    for name in stories:
        try:
            violations = Simulation(seed, STORIES[name]).run().violations
        except Exception as error:
            violations = [f"{type(error).__name__}: {error}"]
        if violations:
            print(json.dumps([name, seed, violations[0], time.process_time() - started_s]))
            sys.exit()
print(json.dumps(["", last, "", time.process_time() - started_s]))
"""


@dataclass(frozen=True)
class Mutant:
    """A protection taken out: in `file`, below `src/bucketdrive`, `old` becomes `new`."""

    name: str
    why: str
    file: str
    old: str
    new: str
    stories: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """How a mutant ended: noticed by `story` at `seed` as `violation`; or by none, then `story` is empty."""

    mutant: Mutant
    story: str
    seed: int
    violation: str
    cpu_s: float


def load_mutants(path: Path) -> list[Mutant]:
    """The list, whose texts must each occur exactly once."""
    mutants = []
    for fields in tomllib.loads(path.read_text())["mutant"]:
        mutant = Mutant(**(fields | {"stories": tuple(fields["stories"])}))
        times = (SOURCES / mutant.file).read_text().count(mutant.old)
        if times != 1:
            sys.exit(f"{mutant.name}: its text occurs {times} times in {mutant.file}; {path.name} must follow it.")
        mutants.append(mutant)
    return mutants


def play(mutant: Mutant, seeds: int) -> Result:
    """Run one mutant until it is noticed."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        shutil.copytree(SOURCES, Path(folder) / "bucketdrive", ignore=shutil.ignore_patterns("__pycache__"))
        file = Path(folder) / "bucketdrive" / mutant.file
        file.write_text(file.read_text().replace(mutant.old, mutant.new))
        told = subprocess.run(
            [sys.executable, "-c", PLAY, json.dumps(mutant.stories), str(seeds)],
            env=os.environ | {"PYTHONPATH": folder, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
    if told.returncode:
        return Result(mutant, "", 0, told.stderr[-400:], 0.0)
    return Result(mutant, *json.loads(told.stdout))


def main() -> None:
    """Play all mutants, or those named, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5000, help="of each story at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    mutants = [m for m in load_mutants(LIST) if not options.names or m.name in options.names]
    survivors, started_s = [], time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(lambda mutant: play(mutant, options.seeds), mutants):
            name = f"{result.mutant.name:28}"
            if result.story:
                told = f"{result.story} {result.seed}, {result.cpu_s:.1f} s: {result.violation[:100]}"
                print(f"{name} {told}", flush=True)
            else:
                survivors.append(result)
                print(f"{name} NOT NOTICED in {result.seed} seeds, {result.cpu_s:.1f} s {result.violation}", flush=True)
    spent_s = time.monotonic() - started_s
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} noticed, {spent_s:.0f} s")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
