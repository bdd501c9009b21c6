"""2,000 hostile worlds on a store that ignores conditional writes: the figure the issue on real stores asks for."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from bucketdrive.testing.simulate import LAWLESS, Simulation

SEEDS = range(10_000, 12_000)


def play(seed):
    verdict = Simulation(seed, LAWLESS).run()
    return seed, verdict.lost, verdict.gone, verdict.diverged, verdict.spurious


@pytest.mark.long
@pytest.mark.timeout(900)
def test_nearly_nothing_leaves_the_tree_and_nothing_is_gone(capsys):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(play, SEEDS, chunksize=50))
    lost = {seed: what for seed, what, *_ in found if what}
    with capsys.disabled():
        print(  # noqa: T201  the figure is what this is for
            f"\n{len(found)} hostile worlds without conditional writes: {len(lost)} lost something from the tree,"
            f" {sum(bool(spurious) for *_, spurious in found)} had a copy too many"
        )
    assert [(seed, gone) for seed, _, gone, *_ in found if gone] == []
    assert [(seed, diverged) for seed, _, _, diverged, _ in found if diverged] == []
    assert len(lost) <= 1, lost
