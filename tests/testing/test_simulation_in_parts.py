"""Seeded worlds in which nearly every file travels in parts."""

import pytest

from bucketdrive.testing.simulate import IN_PARTS, LAWLESS_IN_PARTS, Simulation

STORIES = {"hostile": IN_PARTS, "lawless": LAWLESS_IN_PARTS}


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("chunk", range(3))
@pytest.mark.parametrize("name", STORIES)
def test_nothing_is_lost_and_nothing_mixed(name, chunk):
    found = {}
    for seed in range(chunk * 20, (chunk + 1) * 20):
        verdict = Simulation(seed, STORIES[name]).run()
        if verdict.violations:
            found[seed] = verdict.violations
    assert found == {}
