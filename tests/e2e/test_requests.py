"""What syncing costs on real files: requests, bytes, and files that are read.

The same with 1,000 files, on fakes: `tests/engine/test_requests.py`.
"""

import sys

FILES = 120
SPARE = 20
READS = {"GetObject", "ListObjectsV2"}

_opened = []
_is_watching = []


def _on_audit(event, arguments):
    """An audit hook cannot be taken away again: it listens only while somebody watches."""
    if _is_watching and event == "open" and str(arguments[0]).endswith(".bin"):
        _opened.append(arguments[0])


def sync_and_watch(device):
    """Sync; the report, and the names of the files that were opened."""
    _opened.clear()
    _is_watching.append(True)
    try:
        report = device.sync()
    finally:
        _is_watching.clear()
    return report, list(_opened)


def test_files_take_a_request_each_and_at_rest_one_listing_and_no_reading(world):
    sys.addaudithook(_on_audit)
    laptop, desktop = world.laptop.folder, world.desktop.folder
    for number in range(FILES):
        path = laptop / f"folder {number % 8}" / f"{number}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%04d" % number * 1024)

    up, opened = sync_and_watch(world.laptop)
    assert (up["uploaded"], len(opened)) == (FILES, FILES)
    assert sum(up["requests"].values()) <= FILES + SPARE
    assert FILES * 4096 <= up["bytes_sent"] <= FILES * 4096 * 1.1

    down, _ = sync_and_watch(world.desktop)
    assert (down["downloaded"], down["bytes_sent"]) == (FILES, 0)
    assert sum(down["requests"].values()) <= FILES + SPARE
    assert {path.name: path.read_bytes() for path in desktop.rglob("*.bin")} == {
        path.name: path.read_bytes() for path in laptop.rglob("*.bin")
    }

    for device in (world.laptop, world.desktop):
        rest, opened = sync_and_watch(device)
        assert (set(rest["requests"]), opened) == (READS, [])
        assert rest["requests"]["ListObjectsV2"] == 1
        assert rest["requests"]["GetObject"] == 1, "drive.json, to see that the bucket is the drive's"
        assert (rest["bytes_sent"], rest["bytes_received"] < 200) == (0, True)
