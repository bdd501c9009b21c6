"""Named mixes of users and faults, for the simulator."""

from dataclasses import dataclass, field, replace

from bucketdrive.testing.faults import Faults
from bucketdrive.testing.memory_bucket import StoreClass

PATHS = ("a", "b", "d", "d/x", "d/y")
FLAT_PATHS = ("a", "b", "c")
DEEP_PATHS = ("a", "d", "d/x", "d/y", "e/f/x", "e/f/y", "e/z")


@dataclass(frozen=True, slots=True)
class Story:
    """What happens in a run: how many devices, user edits a device, over which paths, with which faults.

    `part_bytes`: what is larger travels in parts of so many bytes; 0: all contents travel whole. `tick_ns`: the grain
    of the disks' clocks. `has_editors`: users only save files, in the ways of editors, and delete or move none.
    `folds`: the first device's disk does not tell upper from lower case. `by_hints`: devices look at everything when
    they start, and from there on at what they are told of.
    """

    devices: int = 2
    edits: int = 6
    paths: tuple[str, ...] = PATHS
    store_class: StoreClass = "A"
    part_bytes: int = 0
    tick_ns: int = 1
    has_editors: bool = False
    folds: bool = False
    by_hints: bool = False
    faults: Faults = field(default_factory=Faults)


_TICK_NS = 10_000_000
_COARSE_NS = 1_000_000_000
"""A coarse clock, so that two writes can have one time.

No story also has `kept_time`: a write that keeps size and mtime within the very tick in which a download was put in
place shows in nothing but the content (docs/guides/safety.md)."""

CALM = Story(faults=Faults(meddling=0.1, kept_time=0.2))
HOSTILE = Story(faults=Faults(refused=0.03, reply_lost=0.03, late=0.02, crash=0.004, meddling=0.1))
CRASHING = Story(paths=FLAT_PATHS, faults=Faults(reply_lost=0.02, crash=0.015, power_cut=0.3, meddling=0.1))
FORGETFUL = Story(faults=Faults(refused=0.02, reply_lost=0.02, crash=0.008, state_lost=0.2, meddling=0.1))
AMNESIA = Story(edits=8, paths=FLAT_PATHS, faults=Faults(crash=0.03, state_lost=0.5, meddling=0.5))
CROWDED = Story(
    devices=3,
    edits=4,
    tick_ns=_TICK_NS,
    faults=Faults(refused=0.02, reply_lost=0.03, late=0.03, crash=0.003, meddling=0.05),
)
ALONE = Story(
    devices=1,
    edits=10,
    tick_ns=_TICK_NS,
    faults=Faults(reply_lost=0.05, late=0.05, crash=0.01, power_cut=0.3, meddling=0.1),
)
FOUR = Story(devices=4, edits=3, paths=FLAT_PATHS, faults=Faults(conflict=0.05, reply_lost=0.02, crash=0.002))
UNRELIABLE = Story(faults=Faults(conflict=0.05, cut=0.1, torn=0.1, stale=0.2, storm=0.1, meddling=0.05))
"""A store that answers badly: 409, short bodies, listings with holes or from before, and no answer for some time."""
MISFORTUNE = Story(
    faults=Faults(
        crash=0.003, unmounted=0.15, swapped=0.15, full=0.15, clock_step=0.1, epoch=0.05, suspended=0.1, meddling=0.05
    )
)
"""Machines and operators: no folder, no room, wrong clocks, a bucket declared restored, versioning off for a while."""
BACKED_UP = Story(paths=FLAT_PATHS, faults=Faults(reply_lost=0.02, crash=0.008, state_old=0.3))
"""The state comes back as an earlier copy."""
FOREIGN = Story(faults=Faults(reply_lost=0.02, crash=0.003, foreign=0.5, meddling=0.05))
"""Another tool writes to the same bucket."""
HELD_OPEN = Story(faults=Faults(held_open=0.3, crash=0.003, meddling=0.1))
"""Programs write to files that they opened before, wherever those are by then."""

COARSE = Story(tick_ns=_COARSE_NS, faults=Faults(crash=0.003, meddling=0.1))
"""A disk whose clock counts whole seconds: most writes of a second look alike."""
EDITORS = Story(devices=1, edits=12, paths=FLAT_PATHS, has_editors=True, faults=Faults(meddling=0.2))
"""Saves in two steps: files that are gone for a moment, or half written."""
FOLDING = Story(paths=("a", "A", "b", "B"), folds=True, faults=Faults(reply_lost=0.02, crash=0.003, meddling=0.05))

HINTED = replace(CALM, by_hints=True)
HINTED_CROWD = Story(
    devices=3,
    edits=4,
    paths=DEEP_PATHS,
    by_hints=True,
    faults=Faults(refused=0.03, reply_lost=0.03, late=0.02, crash=0.002, unheard=0.02, meddling=0.1),
)
"""Devices that are told what changed, and not always."""

IN_PARTS = replace(HOSTILE, part_bytes=2)
LAWLESS = replace(HOSTILE, store_class="C")
LAWLESS_FILES = replace(CROWDED, store_class="C", paths=FLAT_PATHS)
LAWLESS_IN_PARTS = replace(LAWLESS, part_bytes=2)
LAWLESS_FOREIGN = replace(FOREIGN, store_class="C")
LAWLESS_LATE = Story(paths=FLAT_PATHS, store_class="C", faults=Faults(late=0.1, crash=0.01, meddling=0.1))
"""Requests that are carried out when those who sent them are gone, and nobody's condition stops them."""
HINTED_EDITORS = Story(
    devices=1, edits=12, paths=FLAT_PATHS, has_editors=True, by_hints=True, faults=Faults(meddling=0.2)
)
HINTED_LAWLESS = replace(HINTED_CROWD, store_class="C")
HINTED_FOREIGN = replace(FOREIGN, by_hints=True)
HINTED_HALF_LAWFUL = replace(HINTED_CROWD, store_class="B")
HALF_LAWFUL = replace(CROWDED, store_class="B")
HALF_LAWFUL_STORMY = replace(UNRELIABLE, store_class="B")

STORIES = {
    "calm": CALM,
    "hostile": HOSTILE,
    "crashing": CRASHING,
    "forgetful": FORGETFUL,
    "amnesia": AMNESIA,
    "crowded": CROWDED,
    "alone": ALONE,
    "four": FOUR,
    "unreliable": UNRELIABLE,
    "misfortune": MISFORTUNE,
    "backed up": BACKED_UP,
    "foreign": FOREIGN,
    "held open": HELD_OPEN,
    "coarse": COARSE,
    "editors": EDITORS,
    "folding": FOLDING,
    "hinted": HINTED,
    "hinted crowd": HINTED_CROWD,
    "hinted editors": HINTED_EDITORS,
    "hinted foreign": HINTED_FOREIGN,
    "hinted lawless": HINTED_LAWLESS,
    "hinted half lawful": HINTED_HALF_LAWFUL,
    "in parts": IN_PARTS,
    "lawless": LAWLESS,
    "lawless files": LAWLESS_FILES,
    "lawless in parts": LAWLESS_IN_PARTS,
    "lawless foreign": LAWLESS_FOREIGN,
    "lawless late": LAWLESS_LATE,
    "half lawful": HALF_LAWFUL,
    "half lawful stormy": HALF_LAWFUL_STORMY,
}
"""All stories, by the name under which `make simulate` plays them."""
