"""What people are going to do, drawn from a seed: the same seed gives the same row of edits for each device.

What an edit meets in the folder at that moment is a matter of real timing: it names no file but the place of one among
those that are there (`pick`). How edits are made is in `people`.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB

LARGE_BYTES = 66 * MIB
"""Above 64 MiB a file goes up in parts; that is the engine's own limit, and no setting moves it."""

HOT_PATHS = (
    "notes.txt",
    "todo",
    "plan.tar.gz",
    ".hidden",
    "flip",
    "flip/inner.txt",
    "flip/deep/in.txt",
    "shared/one.txt",
    "shared/two.md",
    "shared/deep/three.csv",
    "büro/liste 1.csv",
    "büro/100%25 a+b.txt",
    "photos/a.jpg",
    "photos/b.jpg",
    "photos/2024/c.jpg",
    "work/x",
    "work/y",
    "work/z.log",
)
"""Where devices meet: every one of them edits these."""

COLD_PATHS = tuple(f"archive/{folder}/{number}.dat" for folder in "abc" for number in range(8))
"""More to have, edited as often by each but met less."""

FLIP_PATHS = ("flip", "shared/deep", "photos/2024", "work/x")
"""What turns from file to folder and back."""

_WEIGHTS = {
    "create": 14,
    "overwrite": 14,
    "save": 10,
    "shown save": 4,
    "keep time": 8,
    "append": 9,
    "touch": 2,
    "delete": 7,
    "delete and save": 4,
    "rename": 7,
    "move over": 4,
    "rename folder": 3,
    "delete folder": 2,
    "make folder": 3,
    "flip": 5,
    "edit conflict copy": 7,
    "held open": 5,
    "burst": 1,
    "large": 1,
}
KINDS = tuple(_WEIGHTS)

_MOST_LARGE = 15
"""So many large files a person: the store of an hour is in memory, and keeps every version."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing to do after `pause_s`; `pick` and `other`, from 0 to 1, choose among what is there at that moment."""

    number: int
    pause_s: float
    kind: str
    pick: float
    other: float
    size: int
    wait_s: float


def edits(seed: str, pace_s: float = 0.5) -> Iterator[Edit]:
    """The edits of one person, without end; `pace_s` is the pause between two of them, on average."""
    chance = random.Random(seed)
    number = larges = 0
    while True:
        number += 1
        is_rest = chance.random() < 0.03
        pause_s = chance.uniform(4, 9) if is_rest else chance.expovariate(1 / pace_s)
        kind = chance.choices(KINDS, weights=list(_WEIGHTS.values()))[0]
        larges += kind == "large"
        if kind == "large" and larges > _MOST_LARGE:
            kind = "save"
        yield Edit(number, pause_s, kind, chance.random(), chance.random(), _size(chance), chance.uniform(0, 1.2))


def _size(chance: random.Random) -> int:
    roll = chance.random()
    if roll < 0.75:
        return chance.randint(0, 2 * KIB)
    if roll < 0.97:
        return chance.randint(2 * KIB, 128 * KIB)
    return chance.randint(1 * MIB, 5 * MIB)
