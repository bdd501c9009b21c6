"""What actions may have in memory, by their kind and size."""

from dataclasses import replace

import pytest

from bucketdrive.engine.memory import memory_of
from bucketdrive.model.entries import Fingerprint
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Clash, CopyForward, Download, Forget, Upload
from bucketdrive.model.reports import StoreFacts
from bucketdrive.rules.transfer import MAX_OBJECT_BYTES, MIB
from bucketdrive.testing.stage import Stage

P = RelPath("p")
GIB = 1024 * MIB


def parts(facts):
    """An engine's parts, as far as memory asks for them."""
    return replace(Stage("A").devices["A"].process.parts, facts=facts)


def upload(size):
    return Upload(P, "", Fingerprint(size, 0, 0, 0, 0), "", "", "")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (upload(5), 5),
        (upload(64 * MIB), 64 * MIB),
        (upload(2 * GIB), 4 * 8 * MIB),
        (upload(1000 * GIB), 228 * MIB),
        (upload(MAX_OBJECT_BYTES + 1), 0),
        (Download(P, "", "e", 5, None), 5),
        (Download(P, "", "e", 2 * GIB, None), 8 * MIB),
        (Clash(P, "", "e", 2 * GIB), 4 * 8 * MIB),
        (CopyForward(P, "", "v", "e", 5, ""), 5),
        (CopyForward(P, "", "v", "e", 2 * GIB, ""), 4 * 8 * MIB),
        (Forget(P, ""), 0),
    ],
)
def test_large_files_count_with_their_parts_on_the_way(action, expected):
    assert memory_of(action, parts(StoreFacts(True, True, conditional_copy=False))) == expected


@pytest.mark.parametrize("facts", [StoreFacts(True, True, True), StoreFacts(False, False, False, part_copy=True)])
def test_what_the_store_copies_by_itself_takes_none(facts):
    assert memory_of(CopyForward(P, "", "v", "e", 2 * GIB, ""), parts(facts)) == 0


def test_what_the_store_copies_in_parts_takes_none_but_a_small_file_does():
    in_parts = parts(StoreFacts(True, True, conditional_copy=False, part_copy=True))
    assert memory_of(CopyForward(P, "", "v", "e", 2 * GIB, ""), in_parts) == 0
    assert memory_of(CopyForward(P, "", "v", "e", 5, ""), in_parts) == 5
