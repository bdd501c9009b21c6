"""The bucket in memory and the embedded store play the same random scripts: every outcome and every end is the same."""

import pytest

from bucketdrive.testing.contracts.bucket_script import Left, play
from bucketdrive.testing.memory_bucket import MemoryStore

MOTO = Left(complete_if_match=True, copy_condition=True, delete_of_nothing=True, marker_told=True)


@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(4, 60), marks=pytest.mark.long)], ids=["few", "many"])
@pytest.mark.timeout(300)
def test_the_embedded_store_answers_as_the_one_in_memory(embedded_bucket, seeds):
    store = MemoryStore("A")
    store.orders_by_beginning = False
    play(seeds, 100, store, embedded_bucket, MOTO)
