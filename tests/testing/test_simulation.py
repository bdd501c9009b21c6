"""The engine that ships, in seeded worlds: users edit at any moment, requests and replies get lost, processes die.

2,000 seeds over five stories. A failing seed is replayed by `Simulation(seed, STORY).run()`.
"""

import pytest

from bucketdrive.testing.simulate import (
    CALM,
    CRASHING,
    CROWDED,
    FORGETFUL,
    HALF_LAWFUL,
    HOSTILE,
    LAWLESS,
    LAWLESS_FILES,
    Simulation,
)

STORIES = {"calm": CALM, "hostile": HOSTILE, "crashing": CRASHING, "forgetful": FORGETFUL, "crowded": CROWDED}
LAWLESS_STORIES = {"lawless": LAWLESS, "lawless files": LAWLESS_FILES, "half lawful": HALF_LAWFUL}
CHUNK = 25

KEPT = {
    "hostile": [1021],
    "forgetful": [1157, 1231, 1351],
    "crowded": [1157, 1351],
    "crashing": [1121, 1140, 1278, 1313],
    "calm": [41, 67, 95],
    "half lawful": [2472],
}
"""Seeds that once showed a violation."""


def violations(name, seeds):
    found = {}
    for seed in seeds:
        verdict = Simulation(seed, (STORIES | LAWLESS_STORIES)[name]).run()
        if verdict.violations:
            found[seed] = verdict.violations
    return found


@pytest.mark.parametrize("chunk", range(16))
@pytest.mark.parametrize("name", STORIES)
def test_nothing_is_lost_and_all_converges(name, chunk):
    assert violations(name, range(chunk * CHUNK, (chunk + 1) * CHUNK)) == {}


@pytest.mark.parametrize("chunk", range(1))
@pytest.mark.parametrize("name", LAWLESS_STORIES)
def test_stores_that_ignore_conditions(name, chunk):
    assert violations(name, range(chunk * CHUNK, (chunk + 1) * CHUNK)) == {}


@pytest.mark.parametrize("name", KEPT)
def test_seeds_that_once_failed(name):
    assert violations(name, KEPT[name]) == {}


@pytest.mark.parametrize("name", STORIES)
def test_the_same_seed_gives_the_same_run(name):
    first, second = (Simulation(7, STORIES[name]).run() for _ in range(2))
    assert first.trace == second.trace
    assert first.steps == second.steps
    assert Simulation(8, STORIES[name]).run().trace != first.trace


def test_the_stories_do_what_they_say():
    verdict = Simulation(3, CRASHING).run()
    assert verdict.crashes > 3
    assert verdict.steps > 500
