"""What actions may have in memory, by their kind and size."""

import pytest

from bucketdrive.engine.memory import memory_of
from bucketdrive.engine.parts import Options
from bucketdrive.model.entries import Fingerprint
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Clash, CopyForward, Download, Forget, Upload
from bucketdrive.rules.transfer import MAX_OBJECT_BYTES, MIB

P = RelPath("p")
GIB = 1024 * MIB


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
    assert memory_of(action, Options()) == expected
