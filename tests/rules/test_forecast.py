"""What a restore is said to take, before it is done."""

import pytest

from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import CopyForward, DeleteRemote, Plan
from bucketdrive.model.reports import StoreFacts
from bucketdrive.rules.budget import GET_USD, LIST_USD, requests_usd
from bucketdrive.rules.forecast import forecast

A = StoreFacts(conditional_put=True, conditional_delete=True, conditional_copy=True, part_copy=True)
NO_COPY = StoreFacts(conditional_put=True, conditional_delete=True, conditional_copy=False, part_copy=True)
C = StoreFacts(conditional_put=False, conditional_delete=False, conditional_copy=False)
GIB = 1 << 30


def copies(*sizes):
    return Plan(tuple(CopyForward(RelPath(f"{n}"), "why", "v", "e", size, "") for n, size in enumerate(sizes)))


@pytest.mark.parametrize(
    ("facts", "plan", "requests", "sizes"),
    [
        (A, Plan(), {}, (0, 0, 0)),
        (A, copies(3, 4), {"HeadObject": 2, "CopyObject": 2, "GetObject": 2, "PutObject": 2}, (7, 0, 7)),
        (NO_COPY, copies(3), {"HeadObject": 1, "GetObject": 2, "PutObject": 3}, (0, 6, 3)),
        (
            A,
            copies(6 * GIB),
            {
                "HeadObject": 1,
                "GetObject": 768,
                "CreateMultipartUpload": 1,
                "UploadPartCopy": 768,
                "CompleteMultipartUpload": 1,
                "PutObject": 2,
            },
            (6 * GIB, 0, 6 * GIB),
        ),
        (
            C,
            Plan((DeleteRemote(RelPath("a"), "why", "e", "v", 3),)),
            {"DeleteObject": 1, "ListObjectVersions": 2, "PutObject": 4},
            (0, 0, 0),
        ),
    ],
)
def test_requests_and_bytes_of_a_plan(facts, plan, requests, sizes):
    found = forecast(plan, facts, 64 << 20, 8 << 20)
    assert dict(found.requests) == requests
    assert (found.bytes_copied, found.bytes_through, found.bytes_down) == sizes


def test_deletions_are_free_and_reading_is_cheaper_than_writing():
    assert requests_usd({"DeleteObject": 1000}) == 0
    assert requests_usd({"HeadObject": 1000, "GetObject": 1000}) == pytest.approx(2000 * GET_USD)
    assert requests_usd({"CopyObject": 1000, "ListObjectVersions": 1000}) == pytest.approx(2000 * LIST_USD)
