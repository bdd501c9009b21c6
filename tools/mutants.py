"""The mutation gate: one protection of the engine is taken out at a time, and the simulator must notice.

    mutants.py [--seeds N] [--jobs N] [NAME…]

Each mutant is a copy of the sources with one text replaced (a text that is no longer there is an error: the list must
follow the code). Its stories are played seed by seed until one shows a violation; a mutant that survives `--seeds` of
each is a protection that no test misses. Where no story can judge it, named tests must fail. Exit code 1 where one
survives.
"""

import argparse
import json
import os
import re
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
    """A protection taken out: in `file`, below `src/bucketdrive`, `old` becomes `new`; `also`: another such edit.

    `stories` that are to notice it, or where none can, because it is nobody's bytes that are at stake, `tests`.
    """

    name: str
    why: str
    file: str
    old: str
    new: str
    stories: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def edits(self) -> list[tuple[str, str, str]]:
        """The files to edit, with what is replaced by what."""
        more = [(self.also[0], self.also[1], self.also[2])] if self.also else []
        return [(self.file, self.old, self.new), *more]


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
        mutant = Mutant(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
        for file, old, _ in mutant.edits:
            times = (SOURCES / file).read_text().count(old)
            if times != 1:
                sys.exit(f"{mutant.name}: its text occurs {times} times in {file}; {path.name} must follow it.")
        mutants.append(mutant)
    return mutants


def play(mutant: Mutant, seeds: int) -> Result:
    """Run one mutant until it is noticed."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        shutil.copytree(SOURCES, Path(folder) / "bucketdrive", ignore=shutil.ignore_patterns("__pycache__"))
        for name, old, new in mutant.edits:
            file = Path(folder) / "bucketdrive" / name
            file.write_text(file.read_text().replace(old, new))
        command = [sys.executable, "-c", PLAY, json.dumps(mutant.stories), str(seeds)]
        if mutant.tests:
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests]
        variables = os.environ | {"PYTHONPATH": folder, "PYTHONHASHSEED": "0"}
        told = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if mutant.tests:
        failed = re.search(r"FAILED (\S+)", told.stdout)
        return Result(mutant, "tests" if failed else "", 0, failed[1] if failed else told.stdout[-200:], 0.0)
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
