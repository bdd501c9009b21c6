import asyncio
import os
import socket
from contextlib import suppress

import pytest

from bucketdrive.daemon import place
from bucketdrive.daemon.notify import READY, feed_watchdog, notify
from bucketdrive.drive.settings import runtime_dir
from bucketdrive.errors import BusyError, DriveError
from bucketdrive.httpapi.client import connect, short_name


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("BUCKETDRIVE_STATE_DIR", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def test_the_socket_lies_in_the_runtime_folder_of_the_user_else_beside_the_states(home, monkeypatch):
    assert runtime_dir() == home / "bucketdrive"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "gone"))
    assert runtime_dir() == home / "state" / "bucketdrive" / "daemon"


def test_a_state_folder_of_its_own_has_a_daemon_of_its_own(home, monkeypatch):
    monkeypatch.setenv("BUCKETDRIVE_STATE_DIR", str(home / "mine"))
    assert place.socket_path() == home / "mine" / "daemon" / "api.sock"


def test_the_folder_is_for_its_user_alone_even_if_it_was_not(home):
    (home / "bucketdrive").mkdir(mode=0o755)
    assert place.make_folder().stat().st_mode & 0o777 == 0o700
    (home / "bucketdrive").rmdir()
    (home / "bucketdrive").symlink_to(home)
    with pytest.raises(DriveError, match="not a folder of yours"):
        place.make_folder()


def test_one_daemon_at_a_time(home):
    folder = place.make_folder()
    assert not place.is_running()
    lock = place.take_lock(folder)
    assert place.is_running()
    with pytest.raises(BusyError, match="running already"):
        place.take_lock(folder)
    os.close(lock)
    assert not place.is_running()


def test_a_socket_is_reached_however_long_its_path_is(tmp_path):
    path = tmp_path / ("x" * 100) / "api.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as server, short_name(path) as name:
        server.bind(name)
        server.listen()
        connect(path).close()
        server.accept()[0].close()
    with pytest.raises(ConnectionRefusedError):
        connect(path)


def test_the_service_manager_hears_ready_and_then_that_the_loop_runs(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "30000")
        notify(READY)
        assert manager.recv(100) == b"READY=1"

        async def live():
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await feed_watchdog()

        asyncio.run(live())
        assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
        asyncio.run(live())


def test_where_no_manager_listens_nothing_is_told_and_nothing_fails(tmp_path, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify(READY)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify(READY)
