"""What `to_json` makes of a report, the client makes a report of again."""

import json
from dataclasses import replace

import pytest

from bucketdrive.model.documents import read_document
from bucketdrive.model.explanations import ConflictCopy, PathFacts, Why
from bucketdrive.model.log import LogLine
from bucketdrive.model.reports import (
    Difference,
    DriveStatus,
    HeldPath,
    StateWord,
    SyncReport,
    TreeEntry,
    VerifyReport,
    VersionInfo,
)

AT_S = 1_790_000_000.125
VERSION = VersionInfo("d/a", "v1", 3, AT_S, is_latest=True, is_delete_marker=False, device=None, sha256="ab")
STATUS = DriveStatus(
    "/d", "s3://b", "laptop", AT_S, 1, 3, ["c"], [HeldPath("h", "why")], 0, 0, StateWord.STOPPED, AT_S, last_error="e"
)


@pytest.mark.parametrize(
    "report",
    [
        SyncReport("s3://b", uploaded=2, held=[HeldPath("h", "why")], requests={"PutObject": 1}, seconds=0.5),
        SyncReport("s3://b", planned=["upload: a"]),
        STATUS,
        replace(STATUS, last_error=None, synced_at=0.0, retry_at=AT_S),
        VERSION,
        TreeEntry("d/a", 3, AT_S, "v1"),
        VerifyReport("s3://b", files=1, differences=[Difference("d/a", "gone")]),
        ConflictCopy("c", "a", None, VERSION, replace(VERSION, device="laptop")),
        Why("a", PathFacts("nothing"), PathFacts("file", 3, "ab", modified=AT_S), PathFacts("deleted"), "rule", ["x"]),
        LogLine("upload", "a", AT_S, 1, "v1", "", 7),
    ],
    ids=lambda report: type(report).__name__,
)
def test_a_report_comes_back_as_it_was(report):
    document = json.loads(json.dumps(report.to_json()))
    assert read_document(type(report), document | {"new": "of a newer version"}) == report
