"""Watching a real folder: nothing that changes is missed, or it is told that something was."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bucketdrive.disk.watch import FolderWatcher
from bucketdrive.errors import GuardError

QUIET_S = 0.3


def heard_while(folder, act, *, until=None):
    """What is heard of `act`, until nothing more comes for some time: names, and what was lost."""

    async def listen():
        watcher = FolderWatcher(folder)
        names, lost = set(), (await watcher.begin()).lost
        await asyncio.get_running_loop().run_in_executor(None, act)
        while True:
            try:
                changes = await asyncio.wait_for(watcher.wait(), QUIET_S)
            except TimeoutError:
                watcher.close()
                return names, lost
            names |= changes.names
            lost = changes.lost or lost

    return asyncio.run(listen())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / ".bucketdrive" / "tmp").mkdir(parents=True)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(b"a")
    return tmp_path


def covers(names, path):
    """Whether a hint is about a path, or about a folder above it."""
    return any(path == name or path.startswith(f"{name}/") for name in names)


@pytest.mark.parametrize(
    "act",
    [
        lambda d: (d / "a").write_bytes(b"changed"),
        lambda d: (d / "a").unlink(),
        lambda d: (d / "a").chmod(0o755),
        lambda d: os.utime(d / "a", (1, 1)),
        lambda d: (d / "a").rename(d.parent / "b"),
        shutil.rmtree,
    ],
    ids=["write", "delete", "chmod", "touch", "move", "delete the folder"],
)
def test_what_happens_to_a_file_is_heard(folder, act):
    names, lost = heard_while(folder, lambda: act(folder / "d"))
    assert covers(names, "d/a")
    assert lost == ""


def test_both_names_of_a_move_are_heard(folder):
    names, _ = heard_while(folder, lambda: (folder / "d" / "a").rename(folder / "b"))
    assert {"d/a", "b"} <= names


def test_a_write_through_a_handle_that_stays_open_is_heard(folder):
    with (folder / "d" / "a").open("ab", buffering=0) as handle:
        names, _ = heard_while(folder, lambda: handle.write(b"more"))
    assert names == {"d/a"}


def test_our_own_folder_is_not_heard(folder):
    names, _ = heard_while(folder, lambda: (folder / ".bucketdrive" / "tmp" / "x").write_bytes(b""))
    assert names == set()


def test_nothing_is_missed_in_folders_that_are_made_and_filled_at_once(folder):
    def fill():
        for n in range(40):
            deep = folder / f"n{n}" / "b" / "c"
            deep.mkdir(parents=True)
            for m in range(5):
                (deep / f"f{m}").write_bytes(b"x")

    names, lost = heard_while(folder, fill)
    assert lost == ""
    assert all(covers(names, f"n{n}/b/c/f{m}") for n in range(40) for m in range(5))


def test_a_folder_is_watched_under_its_new_name(folder):
    def act():
        (folder / "d").rename(folder / "e")
        (folder / "e" / "new").write_bytes(b"")

    names, _ = heard_while(folder, act)
    assert covers(names, "e/new")
    assert covers(names, "d")


def test_a_folder_that_comes_after_it_was_moved_away_is_watched(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")

    async def play():
        watcher = FolderWatcher(folder)
        await watcher.begin()
        (folder / "d").rename(outside / "d")
        names = set((await watcher.wait()).names)
        (outside / "d").rename(folder / "d")
        names |= (await watcher.wait()).names
        (folder / "d" / "late").write_bytes(b"")
        late = (await asyncio.wait_for(watcher.wait(), 5)).names
        watcher.close()
        return names, late

    assert asyncio.run(play()) == ({"d"}, {"d/late"})


def test_symbolic_links_are_not_followed(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (folder / "link").symlink_to(outside)
    names, _ = heard_while(folder, lambda: (outside / "x").write_bytes(b""))
    assert names == set()


def test_a_folder_that_goes_away_cannot_be_watched_any_more(folder):
    with pytest.raises(GuardError, match="was moved, deleted or unmounted"):
        heard_while(folder, lambda: folder.rename(folder.parent / "elsewhere"))


def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path):
    with pytest.raises(GuardError):
        asyncio.run(FolderWatcher(tmp_path / "no").begin())


LIMITED = """
import asyncio, sys
from pathlib import Path
Path("/proc/sys/{setting}").write_text("{value}")
sys.path.insert(0, {tests!r})
from test_watch import heard_while
folder = Path({folder!r})
{setup}
def act():
    {act}
print(heard_while(folder, act)[1])
"""


def limited(folder, setting, value, setup="", act="pass"):
    """What is told as lost by a process of a user namespace with a limit of its own."""
    code = LIMITED.format(
        setting=setting, value=value, setup=setup, act=act, folder=str(folder), tests=str(Path(__file__).parent)
    )
    command = ["unshare", "-Ur", sys.executable, "-c", code]
    if subprocess.run(["unshare", "-Ur", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system gives no user namespaces")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_watch_table_is_told_with_what_to_do(folder):
    for n in range(20):
        (folder / f"n{n}").mkdir()
    assert "fs.inotify.max_user_watches" in limited(folder, "user/max_inotify_watches", 10)


def test_an_overflow_is_told_as_lost(folder):
    def act():
        for n in range(40_000):
            (folder / "d" / f"f{n % 50}").touch() if n % 2 else (folder / "d" / f"f{n % 50}").unlink(missing_ok=True)

    async def play():
        watcher = FolderWatcher(folder)
        await watcher.begin()
        act()  # nobody listens meanwhile
        lost, late = "", set()
        while not lost:
            lost = (await asyncio.wait_for(watcher.wait(), 10)).lost
        (folder / "d" / "late").touch()
        while "d/late" not in late:
            late |= (await asyncio.wait_for(watcher.wait(), 10)).names
        watcher.close()
        return lost

    assert "More changed at once" in asyncio.run(play())
