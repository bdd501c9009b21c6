"""An archive unpacked in a folder that a daemon watches: more at once than is heard of, and nothing is missed."""

import asyncio
import contextlib
import hashlib
import io
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bucketdrive.daemon.place import socket_path
from bucketdrive.disk.watch import FolderWatcher
from bucketdrive.errors import NoDaemonError
from bucketdrive.httpapi.client import Daemon

LONG = [pytest.mark.long, pytest.mark.timeout(900)]
WATCHES = 20
FEW_WATCHES = (
    *("unshare", "-Ur", "sh", "-c"),
    f'echo {WATCHES} > /proc/sys/user/max_inotify_watches && exec "$@"',
    "sh",
)


def make_archive(path, files):
    """A tar archive of so many files in nested folders; the MD5 of each, by path."""
    made = {}
    with tarfile.open(path, "w") as archive:
        for number in range(files):
            name = f"archive/{number % 7}/{number % 91}/{number}.txt"
            text = f"{number}\n".encode() * 20
            made[name] = hashlib.md5(text).hexdigest()
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(text), 1_700_000_000
            archive.addfile(info, io.BytesIO(text))
    return made


@pytest.fixture
def unpack(world, tmp_path):
    """Unpacks an archive in the laptop's folder, in another process; `in_between` is done when half of it is there."""

    def run(files, in_between=lambda: None):
        made = make_archive(tmp_path / "archive.tar", files)
        data = (tmp_path / "archive.tar").read_bytes()
        with subprocess.Popen(["tar", "xf", "-", "-C", world.laptop.folder], stdin=subprocess.PIPE) as tar:
            tar.stdin.write(data[: len(data) // 2])
            tar.stdin.flush()
            in_between()
            tar.stdin.write(data[len(data) // 2 :])
        assert tar.returncode == 0
        return made

    return run


@pytest.fixture
def daemon_process(world, wait_for):
    """A daemon of the laptop's drive as a process, which has looked at everything; ended at the end."""

    @contextlib.contextmanager
    def running(*prefix):
        command = [*prefix, sys.executable, "-m", "bucketdrive", "start", "--foreground", world.laptop.folder]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            wait_for(lambda: process.poll() is not None or said() == ("up to date", 0, 0), "the daemon's first look")
            yield process
        finally:
            process.terminate()
            told = process.communicate()[1].decode()
        assert process.returncode == 0, told

    return running


def said():
    """What the daemon says of its drive: how it stands, what is pending, and how many files it has."""
    with contextlib.suppress(NoDaemonError):
        status = Daemon(socket_path()).statuses()[0]
        return status.state, status.pending, status.files
    return None


def synced(world):
    """The ETags of the bucket's files."""
    return {key: etag for key, etag in world.bucket.keys().items() if not key.endswith("/")}


@pytest.mark.parametrize("files", [300, pytest.param(10_000, marks=LONG)])
def test_an_archive_that_is_unpacked_is_in_the_bucket_when_the_drive_is_up_to_date(
    world, unpack, daemon_process, wait_for, files
):
    with daemon_process():
        made = unpack(files, lambda: wait_for(lambda: said()[2] > 0, "a part of it"))
        wait_for(lambda: said() == ("up to date", 0, files), "all of it", tries=20_000)
        assert synced(world) == made


@pytest.mark.long
@pytest.mark.timeout(900)
def test_nothing_is_missed_when_more_changes_at_once_than_the_system_can_tell_of(
    world, unpack, daemon_process, wait_for
):
    files = 10_000
    for name in make_archive(world.home / "names.tar", files):  # only folders that are watched already can tell much
        (world.laptop.folder / name).parent.mkdir(parents=True, exist_ok=True)

    async def heard_by_another_that_does_not_listen():
        watcher = FolderWatcher(world.laptop.folder)
        await watcher.begin()
        made = unpack(files)
        lost = ""
        while not lost:  # the word of it comes last
            lost = (await asyncio.wait_for(watcher.wait(), 10)).lost
        watcher.close()
        return made, lost

    with daemon_process() as process:
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
        made, lost = asyncio.run(heard_by_another_that_does_not_listen())
        process.send_signal(signal.SIGCONT)
        assert "More changed at once" in lost
        wait_for(lambda: said() == ("up to date", 0, files), "all of it", tries=20_000)
        assert synced(world) == made


@pytest.mark.long
@pytest.mark.timeout(900)
def test_nothing_is_missed_where_the_system_watches_too_few_folders(world, unpack, daemon_process, wait_for):
    if subprocess.run(["unshare", "-Ur", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system gives no user namespaces")
    with daemon_process(*FEW_WATCHES):
        made = unpack(10_000)
        assert len([place for place in world.laptop.folder.rglob("*") if place.is_dir()]) > WATCHES
        wait_for(lambda: said() == ("up to date", 0, len(made)), "all of it", tries=20_000)
        assert synced(world) == made
        status = world.laptop.run("status", world.laptop.folder)["drives"][0]
        assert "fs.inotify.max_user_watches" in status["last_error"]
