"""2,000 hostile worlds on a store that ignores conditional writes: the figure the issue on real stores asks for."""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from bucketdrive.testing.simulate import play
from bucketdrive.testing.stories import LAWLESS

SEEDS = range(10_000, 12_000)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_nearly_nothing_leaves_the_tree_and_nothing_is_gone(capsys):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        verdicts = dict(zip(SEEDS, pool.map(partial(play, LAWLESS), SEEDS, chunksize=50), strict=True))
    lost = {seed: verdict.lost for seed, verdict in verdicts.items() if verdict.lost}
    with capsys.disabled():
        print(  # noqa: T201  the figure is what this is for
            f"\n{len(verdicts)} hostile worlds without conditional writes: {len(lost)} lost something from the tree,"
            f" {sum(bool(verdict.spurious) for verdict in verdicts.values())} had a copy too many"
        )
    assert {seed: verdict.gone for seed, verdict in verdicts.items() if verdict.gone} == {}
    assert {seed: verdict.diverged for seed, verdict in verdicts.items() if verdict.diverged} == {}
    assert len(lost) <= 1, lost
