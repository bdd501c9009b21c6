"""What a drive of 1,000 files of 4 KiB in 40 folders costs."""

from collections import Counter

from bucketdrive.testing.stage import Stage

FILES = {f"folder {number % 40}/{number}.bin": b"%04d" % number * 1024 for number in range(1000)}


def asked(stage, *names):
    """What the devices' syncs ask the store."""
    before = Counter(stage.world.store.requests)
    report = stage.sync(*names)
    return report, Counter(stage.world.store.requests) - before


def test_a_thousand_files_take_at_most_a_request_each_and_twenty_more_and_at_rest_one_listing():
    stage = Stage()
    for path, data in FILES.items():
        stage.folder("A").write(path, data)
    report, up = asked(stage, "A")
    assert (report.uploaded, up["PutObject"] >= 1000, sum(up.values()) <= 1020) == (1000, True, True)
    report, down = asked(stage, "B")
    assert (report.downloaded, down["GetObject"] >= 1000, sum(down.values()) <= 1020) == (1000, True, True)
    assert stage.everywhere() == FILES
    for name in ("A", "B"):
        _, rest = asked(stage, name)
        assert rest == {"GetObject": 1, "ListObjectsV2": 2}, "drive.json, and a listing of two pages"
