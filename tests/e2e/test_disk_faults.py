"""Disks that fail in the middle of a sync: full, read-only, not ours any more. What is said; and nothing is lost."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from bucketdrive.testing import mounts

MEMORY = Path("/dev/shm")
LONG = "x" * 5000  # more than a page, which is what a tmpfs counts in
BEFORE = {f"d{number % 3}/{number}": f"old {number}" for number in range(12)}
REPLACED = {f"d{number % 3}/{number}": f"{LONG} replaced {number}" for number in range(6)}
ARRIVED = {f"d{number % 3}/{number}": f"{LONG} new {number}" for number in range(20, 29)}
DELETED = ["d0/9", "d1/10", "d2/11"]
MINE = {"mine": "m1", "d1/mine": "m2", "d1/7": "edited"}
BESIDE = (".filler", "later")  # what tests put beside these files
AFTER = {path: text for path, text in (BEFORE | REPLACED | ARRIVED | MINE).items() if path not in DELETED}


@pytest.fixture
def on_small_disk(mounted):
    """`with on_small_disk(folder):` a folder of the machine, with what is in it, is on a disk of a few MiB."""

    @contextmanager
    def move(folder, options="size=2m"):
        kept = folder.with_name(f"{folder.name}, kept")
        folder.rename(kept)
        folder.mkdir()
        with mounted(folder, options):
            shutil.copytree(kept, folder, dirs_exist_ok=True)
            yield

    return move


def change_both_sides(world):
    world.laptop.start(BEFORE)
    for path, text in (REPLACED | ARRIVED).items():
        world.bucket.put(path, text)
    world.bucket.delete(*DELETED)


@pytest.fixture
def at_download(nth_request, monkeypatch):
    """`with at_download(number, act):` as `nth_request`. They come one at a time, disks are filled to the end."""

    def watching(number, act):
        monkeypatch.setenv("BUCKETDRIVE_MAX_REQUESTS_IN_FLIGHT", "1")
        monkeypatch.setenv("BUCKETDRIVE_RESERVE_MIB", "0")
        return nth_request(number, "GET", "/home/d", act)

    return watching


def files_of(tree):
    return {path: text for path, text in tree.items() if path[-1] != "/" and not path.startswith(BESIDE)}


def check_nothing_is_lost_or_partial(world):
    """Each file here is whole: as it was, as its user left it, or as it is in the bucket. None is missing."""
    here, asked = files_of(world.laptop.tree()), BEFORE | MINE
    allowed = {path: {asked.get(path), AFTER.get(path)} for path in (*BEFORE, *AFTER)}
    assert {path: text for path, text in here.items() if text not in allowed.get(path, ())} == {}
    assert here.keys() >= asked.keys() - set(DELETED)
    in_bucket = files_of(world.bucket.tree())
    before = {path: text for path, text in (BEFORE | REPLACED | ARRIVED).items() if path not in DELETED}
    assert in_bucket.items() <= (before | MINE).items() | before.items()
    assert in_bucket.keys() >= before.keys()


def check_all_is_well(world):
    """The next sync ends the work without a word."""
    report = world.laptop.sync()
    assert (report["conflicts"], report["held"], report["failed"]) == ([], [], [])
    assert files_of(world.laptop.tree()) == files_of(world.bucket.tree()) == AFTER
    assert [path.name for path in (world.laptop.folder / ".bucketdrive").glob("tmp/*")] == []
    assert {len(world.bucket.history(path)[0]) for path in ARRIVED} == {1}
    assert world.laptop.sync()["requests"].keys() & {"PutObject", "DeleteObject"} == set()


def sync_through(world, cli, exit_codes, words):
    """A sync that meets a fault; what it says, while nothing is lost."""
    code, told = cli("sync", world.laptop.folder)
    assert code in exit_codes, told
    assert words in str(told)
    assert told.get("deleted_in_bucket", 0) == 0
    check_nothing_is_lost_or_partial(world)
    return told


FAULTS = {
    "full": (mounts.fill, mounts.make_room, 1, "no room"),
    "read-only": (
        lambda folder: mounts.remount(folder, "ro"),
        lambda folder: mounts.remount(folder, "rw"),
        4,
        "read-only file system",
    ),
}


@pytest.mark.parametrize("request_number", [2, 11])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_while_files_come_down(world, cli, at_download, on_small_disk, fault, request_number):
    begin, end, exit_code, words = FAULTS[fault]
    change_both_sides(world)
    folder = world.laptop.folder
    with on_small_disk(folder):
        world.laptop.change(MINE)
        with at_download(request_number, lambda: begin(folder)) as is_done:
            told = sync_through(world, cli, (exit_code,), words)
        assert is_done.is_set()
        if fault == "full":
            assert (told["error"], told["path"] in AFTER) == ("disk-full", True)
        sync_through(world, cli, (1, 4), words)
        end(folder)
        check_all_is_well(world)


def set_modes(folder, mode):
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(mode)


@pytest.fixture
def users(shared_world, ordinary_user):
    """A drive that an ordinary user owns, as whom this process runs."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name,
        shared_world(Path(name)) as world,
    ):
        change_both_sides(world)
        world.laptop.change(MINE)
        with ordinary_user(world.home, *world.home.rglob("*")):
            yield world


@pytest.mark.parametrize("request_number", [2, 11])
@pytest.mark.parametrize("denied", ["d1", ".bucketdrive"])
def test_a_permission_taken_away_while_files_come_down(users, cli, at_download, denied, request_number):
    world, folder = users, users.laptop.folder / denied
    with at_download(request_number, lambda: set_modes(folder, 0o555)) as is_done:
        sync_through(world, cli, (4,), "permission denied")
    assert is_done.is_set()
    world.laptop.change({"later": "l1"})
    kept = len(list(world.laptop.folder.rglob("*")))
    for _ in range(2):
        sync_through(world, cli, (4,), "permission denied")
    assert world.bucket.tree()["later"] == "l1"
    assert len(list(world.laptop.folder.rglob("*"))) == kept  # what is downloaded in vain does not pile up
    set_modes(folder, 0o755)
    check_all_is_well(world)


@pytest.mark.parametrize("request_number", [2, 11])
def test_the_disk_of_the_state_is_full_while_files_come_down(world, cli, at_download, on_small_disk, request_number):
    change_both_sides(world)
    world.laptop.change(MINE)
    state = world.home / "state"
    with on_small_disk(state):
        with at_download(request_number, lambda: mounts.fill(state)) as is_done:
            told = sync_through(world, cli, (1,), "Nothing is lost")
        assert is_done.is_set()
        assert (told["error"], told["path"]) == ("disk-full", str(world.state_folder(world.laptop) / "state.db"))
        assert sync_through(world, cli, (1,), "Nothing is lost")["error"] == "disk-full"
        mounts.make_room(state)
        check_all_is_well(world)


def test_the_disk_of_the_state_is_read_only(world, cli, on_small_disk):
    change_both_sides(world)
    world.laptop.change(MINE)
    state = world.home / "state"
    with on_small_disk(state):
        mounts.remount(state, "ro")
        told = sync_through(world, cli, (1,), "Nothing is lost")
        assert told["path"] == str(world.state_folder(world.laptop) / "state.db")
        assert world.laptop.tree() == BEFORE | MINE
        assert cli("status", world.laptop.folder)[0] == 0
        mounts.remount(state, "rw")
        check_all_is_well(world)


@pytest.mark.parametrize("request_number", [2, 11])
def test_a_folder_that_becomes_a_link_to_elsewhere_while_files_come_down(world, cli, at_download, request_number):
    change_both_sides(world)
    world.laptop.change(MINE)
    folder, elsewhere = world.laptop.folder / "d1", world.home / "elsewhere"

    def swap():
        folder.rename(elsewhere)
        folder.symlink_to(elsewhere)
        inside.update(stamps(elsewhere))

    inside = {}
    with at_download(request_number, swap) as is_done:
        code, told = cli("sync", world.laptop.folder)
    assert is_done.is_set()
    for _ in range(2):
        assert (stamps(elsewhere), told.get("deleted_in_bucket", 0)) == (inside, 0)
        assert (code, "d1" in str(told)) == (4, True)
        assert folder.is_symlink()
        code, told = cli("sync", world.laptop.folder)
    folder.unlink()
    elsewhere.rename(folder)
    check_nothing_is_lost_or_partial(world)
    check_all_is_well(world)


def stamps(folder):
    """What is in a folder, and when each was changed last in any way."""
    return {path.name: (path.read_text(), path.stat().st_ctime_ns) for path in folder.iterdir()}
