"""The daemon: drives are kept in sync, the commands speak to it, and it may end or be killed at any moment."""

import json
import os
import signal
import socket
import stat
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bucketdrive.daemon.place import is_running, socket_path, token_path
from bucketdrive.httpapi.client import Daemon, connect

GONE = None
MANY = {f"d{number % 4}/{number}.txt": f"text {number}" for number in range(60)}


def state(device):
    return device.run("status", device.folder)["drives"][0]["state"]


def poke(daemon, number=0):
    daemon.ask("POST", f"/drives/{daemon.ask('GET', '/')['drives'][number]}/poke")


# --- in a thread of this process --------------------------------------------------------------------------------------


def test_what_changes_on_one_device_is_on_the_other_after_a_look(world, daemon_here, wait_for):
    with daemon_here(world.laptop.folder, world.desktop.folder) as daemon:
        world.laptop.change({"a": "one"})
        poke(daemon)
        wait_for(lambda: world.bucket.tree() == {"a": "one"})
        poke(daemon, 1)
        wait_for(lambda: world.desktop.tree() == {"a": "one"})
        wait_for(lambda: (state(world.laptop), state(world.desktop)) == ("up to date", "up to date"))


def test_commands_speak_to_the_daemon_that_keeps_the_drive(world, daemon_here):
    with daemon_here(world.laptop.folder):
        world.laptop.run("pause", world.laptop.folder)  # nothing is synced but what is asked for
        world.laptop.change({"a": "one"})
        assert world.laptop.sync()["uploaded"] == 1
        assert world.laptop.run("versions", "a", "-C", world.laptop.folder)["versions"][0]["device"] == "laptop"
        assert world.laptop.run("status", world.laptop.folder)["drives"][0]["is_kept"] is True
        error = world.laptop.run("versions", "never", "-C", world.laptop.folder, exit_code=3)
        assert (error["error"], error["path"]) == ("no-such-path", "never")
        assert world.desktop.sync()["downloaded"] == 1, "it is not kept, and synced in this process"
        assert world.desktop.run("status", world.desktop.folder)["drives"][0]["is_kept"] is False


def test_status_outside_any_drive_tells_of_all_kept_or_not(world, daemon_here, cli, monkeypatch):
    monkeypatch.chdir(world.home)
    with daemon_here(world.desktop.folder):
        found = cli("status")[1]["drives"]
    assert [(row["device"], row["is_kept"]) for row in found] == [
        ("laptop", False),
        ("desktop", True),
        ("tablet", False),
    ]


def test_a_paused_drive_moves_nothing_tells_what_waits_and_stays_paused_over_a_restart(world, daemon_here, wait_for):
    with daemon_here(world.laptop.folder):
        assert world.laptop.run("pause", world.laptop.folder)["drives"][0]["state"] == "paused"
        world.laptop.change({"a": "one", "b": "two"})
    with daemon_here(world.laptop.folder):
        status = wait_for(
            lambda: next(
                iter(s for s in world.laptop.run("status", world.laptop.folder)["drives"] if s["pending"]), None
            )
        )
        assert (status["state"], status["pending"]) == ("paused", 2)
        assert status["pending_since"]
        assert world.bucket.tree() == {}
        assert world.laptop.run("resume", world.laptop.folder)["drives"][0]["state"] != "paused"
        wait_for(lambda: state(world.laptop) == "up to date")
        assert world.bucket.tree() == {"a": "one", "b": "two"}


def test_a_sync_that_is_asked_for_is_done_although_the_drive_is_paused(world, daemon_here):
    with daemon_here(world.laptop.folder):
        world.laptop.run("pause", world.laptop.folder)
        world.laptop.change({"a": "one"})
        assert world.laptop.sync()["uploaded"] == 1
        assert state(world.laptop) == "paused"


def test_approved_deletions_happen_at_once_and_denied_files_come_back(world, daemon_here, wait_for):
    files = {f"{number}": "x" for number in range(60)}
    world.laptop.start(files)

    def delete_all():
        world.laptop.run("pause", world.laptop.folder)  # so that no look sees but a few of them gone
        world.laptop.change(dict.fromkeys(files))
        world.laptop.run("resume", world.laptop.folder)
        wait_for(lambda: world.laptop.run("status", world.laptop.folder)["drives"][0]["approvals"] == 60)
        assert state(world.laptop) == "needs you"

    with daemon_here(world.laptop.folder):
        delete_all()
        assert world.laptop.run("deny", world.laptop.folder) == {"denied": 60}
        wait_for(lambda: world.laptop.tree() == files)
        delete_all()
        world.laptop.change({"other": "goes on"})
        world.laptop.sync(exit_code=4)
        assert world.bucket.tree() == files | {"other": "goes on"}
        assert world.laptop.run("approve", world.laptop.folder) == {"approved": 60}
        wait_for(lambda: world.bucket.tree() == {"other": "goes on"})


def test_offline_is_a_state_with_the_time_of_the_next_try_and_ends_when_the_store_is_back(
    world, daemon_here, wait_for, monkeypatch
):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        reachable = os.environ["AWS_ENDPOINT_URL_S3"]  # noqa: TID251  the tests' own
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with daemon_here(world.laptop.folder) as daemon:
            status = wait_for(lambda: next((s for s in daemon.statuses() if s.retry_at), None))
            assert (status.state, bool(status.last_error)) == ("offline", True)
            error = world.laptop.sync(exit_code=5)
            assert error["error"] == "unavailable"
            assert world.laptop.run("log", world.laptop.folder)["lines"][-1]["op"] == "offline"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", reachable)
    with daemon_here(world.laptop.folder):
        assert state(world.laptop) == "up to date"


def test_a_folder_that_is_not_mounted_is_stopped_to_protect_data_and_goes_on_when_it_is_back(
    world, daemon_here, wait_for, cli, monkeypatch
):
    world.laptop.start({"a": "one"})
    monkeypatch.chdir(world.home)
    with daemon_here(world.laptop.folder) as daemon:
        world.laptop.folder.rename(world.home / "elsewhere")
        world.laptop.folder.mkdir()
        poke(daemon)
        wait_for(lambda: cli("status")[1]["drives"][0]["state"] == "stopped to protect data")
        wait_for(lambda: daemon.statuses()[0].retry_at)  # it was tried, and will be again
        world.laptop.folder.rmdir()
        (world.home / "elsewhere").rename(world.laptop.folder)
        poke(daemon)
        wait_for(lambda: state(world.laptop) == "up to date")
        lines = world.laptop.run("log", world.laptop.folder)["lines"]
        assert [(line["op"], bool(line["note"])) for line in lines[:2]] == [("upload", False), ("stop", True)]
    assert world.bucket.tree() == {"a": "one"}


def test_wrong_credentials_need_you_and_are_read_anew(world, daemon_here, wait_for, monkeypatch):
    with daemon_here(world.laptop.folder) as daemon:
        pass
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with daemon_here(world.laptop.folder) as daemon:
        wait_for(lambda: daemon.statuses()[0].state == "needs you")
        assert "credentials" in daemon.statuses()[0].last_error
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "embedded")
        wait_for(lambda: daemon.statuses()[0].state == "up to date")


def test_a_second_daemon_says_that_one_runs_and_start_adds_a_drive_to_it(world, daemon_here, cli, check_refusal):
    with daemon_here(world.laptop.folder):
        code, error = cli("start", "--foreground", world.desktop.folder)
        assert code == 5
        check_refusal({**error, "message": error["message"] + " nothing"}, "busy", "running already", hint="stop")
        code, document = cli("start", world.desktop.folder)
        assert (code, document["was_running"]) == (0, True)
        assert document["folders"] == [str(world.laptop.folder), str(world.desktop.folder)]
        assert cli("start", world.desktop.folder)[1] == document


def test_people_read_what_runs_and_how_it_stands(world, daemon_here, cli, monkeypatch):
    monkeypatch.chdir(world.laptop.folder)
    with daemon_here(world.laptop.folder):
        code, told = cli("start", as_json=False)
        assert (code, told.partition(":")[0]) == (0, "It runs already, with more drives now")
        assert str(world.tablet.folder) in told
        assert cli("pause", as_json=False) == (0, f"Paused: {world.laptop.folder}\n")
        code, told = cli("status", as_json=False)
        assert told.startswith(f"{world.laptop.folder}: paused\n")
        assert "no daemon runs" not in told
        assert cli("resume", as_json=False) == (0, f"Resumed: {world.laptop.folder}\n")
    code, told = cli("status", as_json=False)
    assert "and no daemon runs" in told
    code, told = cli("service", "install", "--dry-run", as_json=False)
    assert (code, "\nType=notify\n" in told) == (0, True)
    assert f'BUCKETDRIVE_STATE_DIR={world.home / "state"}"' in told


def test_start_of_what_is_no_drive_starts_nothing(world, cli, tmp_path):
    code, error = cli("start", "--foreground", tmp_path)
    assert (code, error["error"], is_running()) == (3, "no-such-drive", False)


@pytest.mark.parametrize("command", ["stop", "pause", "resume"])
def test_what_needs_a_daemon_is_exit_code_75_without_one(world, cli, command, monkeypatch):
    monkeypatch.chdir(world.laptop.folder)
    code, error = cli(command)
    assert (code, error["error"], error["exit_code"]) == (75, "no-daemon", 75)
    assert "Nothing was done" in error["message"]
    assert "bucketdrive start" in error["hint"]


def test_pausing_a_drive_that_the_daemon_does_not_keep_is_exit_code_75(world, daemon_here):
    with daemon_here(world.laptop.folder):
        assert world.desktop.run("pause", world.desktop.folder, exit_code=75)["path"] == str(world.desktop.folder)


def test_its_socket_is_for_its_user_alone_and_gone_at_the_end(world, daemon_here):
    with daemon_here(world.laptop.folder):
        assert stat.S_IMODE(socket_path().parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket_path().stat().st_mode) == 0o600
        assert not token_path().exists()
    assert not socket_path().exists()
    assert not is_running()


def test_over_tcp_it_answers_who_knows_the_token_where_a_setting_asks_for_it(world, daemon_here, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("BUCKETDRIVE_API_PORT", str(port))
    with daemon_here(world.laptop.folder):
        address, token = token_path().read_text().split()
        assert stat.S_IMODE(token_path().stat().st_mode) == 0o600

        def get(headers):
            with urllib.request.urlopen(urllib.request.Request(f"{address}/drives", headers=headers)) as reply:
                return json.loads(reply.read())

        assert get({"Authorization": f"Bearer {token}"})["drives"][0]["device"] == "laptop"
        for headers in ({}, {"Authorization": f"Bearer {token}", "Host": "evil.example"}):
            with pytest.raises(urllib.error.HTTPError) as refused:
                get(headers)
            assert refused.value.code in (401, 403)
            refused.value.close()
    assert not token_path().exists()


def test_the_api_is_documented_and_each_route_says_what_it_answers(world, daemon_here):
    with daemon_here(world.laptop.folder) as daemon:
        document = daemon.ask("GET", "/openapi.json")
    routes = {(path, method): told for path, methods in document["paths"].items() for method, told in methods.items()}
    assert len(routes) >= 21
    for route, told in routes.items():
        assert told["summary"], route
        assert told["responses"]["200"]["description"] not in ("", "Successful Response"), route


def test_events_tell_what_is_done_and_how_drives_stand(world, daemon_here, wait_for):
    with daemon_here(world.laptop.folder) as daemon:
        heard, [root_id] = [], daemon.ask("GET", "/")["drives"]
        up_to_date = {"drive": root_id, "event": "state", "state": "up to date"}
        with daemon.hearing(heard.append):
            world.laptop.change({"a": "one"})
            poke(daemon)
            wait_for(lambda: len(heard) > 3 and heard[-1] == up_to_date)
    first = next(number for number, event in enumerate(heard) if event != up_to_date)  # the first look's may be late
    assert heard[first:] == [
        {"drive": root_id, "event": "state", "state": "syncing"},
        {"drive": root_id, "event": "planned", "actions": 1},
        {"drive": root_id, "event": "finished", "path": "a", "body_bytes": 3},
        up_to_date,
    ]


def test_a_request_that_makes_no_sense_is_told_as_wrong_usage(world, daemon_here):
    with daemon_here(world.laptop.folder) as daemon:
        [root_id] = daemon.ask("GET", "/")["drives"]
        for method, path, error in (
            ("GET", f"/drives/{root_id}/log?last=x", "usage"),
            ("GET", f"/drives/{root_id}/versions", "usage"),
            ("GET", "/drives/nobody/status", "no-such-drive"),
        ):
            with pytest.raises(Exception, match="Nothing was done") as told:
                daemon.ask(method, path)
            assert told.value.code == error


# --- as a process of its own ------------------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch):
    """Few requests at a time, so that there is a middle to be ended in."""
    monkeypatch.setenv("BUCKETDRIVE_MAX_REQUESTS_IN_FLIGHT", "2")


def test_in_the_background_it_outlives_its_command_and_stop_ends_it(world, cli, wait_for, monkeypatch):
    monkeypatch.chdir(world.home)
    world.laptop.change({"a": "one"})
    code, document = cli("start", world.laptop.folder)
    assert (code, document["was_running"], document["folders"]) == (0, False, [str(world.laptop.folder)])
    try:
        wait_for(lambda: world.bucket.tree() == {"a": "one"})
        assert Path(f"/proc/{document['pid']}/cwd").readlink() == Path("/")
        wait_for(lambda: state(world.laptop) == "up to date")
        assert os.getsid(document["pid"]) == document["pid"]
    finally:
        assert cli("stop") == (0, {"stopped": document["pid"]})
    assert not is_running()
    log = (world.home / "state" / "daemon" / "daemon.log").read_text()
    assert "synced folder=" in log
    assert "ERROR" not in log
    os.waitpid(document["pid"], 0)


def test_ended_or_killed_in_the_middle_it_leaves_nothing_to_repair(world, slow, nth_request, wait_for):
    world.laptop.change(MANY)
    for number, ending in enumerate((signal.SIGTERM, signal.SIGKILL)):
        with (
            nth_request(8, "PUT", "/home/d") as is_reached,
            world.start_process("start", "--foreground", world.laptop.folder) as process,
        ):
            assert is_reached.wait(30)
            process.send_signal(ending)
            _, told = process.communicate(timeout=30)
        assert process.returncode == (-signal.SIGKILL if ending is signal.SIGKILL else 0), told
        assert "Traceback" not in told, told
        assert 0 < len(world.bucket.keys()) < len(MANY) + 4, number
        report = world.laptop.sync()
        assert (report["conflicts"], report["failed"]) == ([], [])
        assert world.laptop.run("verify", world.laptop.folder, "--full")["differences"] == []
        assert world.bucket.history("d0/0.txt")[0][0] == world.laptop.tree()["d0/0.txt"]
        world.laptop.change({name: f"{text} {number}" for name, text in MANY.items()})


def test_a_second_ctrl_c_ends_it_at_once(world, embedded_store):
    world.laptop.change({"a": "one"})
    is_reached, hold = threading.Event(), threading.Event()

    def watch(method, path):
        if method == "PUT" and path.endswith("/home/a"):
            is_reached.set()
            hold.wait(30)

    embedded_store.watch = watch
    try:
        with world.start_process("start", "--foreground", world.laptop.folder) as process:
            assert is_reached.wait(30)
            with connect(socket_path()) as asking:
                [root_id] = Daemon(socket_path()).ask("GET", "/")["drives"]
                asking.sendall(f"POST /drives/{root_id}/sync HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                Daemon(socket_path()).ask("GET", "/")  # what was asked before is under way, until the store answers
                process.send_signal(signal.SIGINT)
                while "stopping" not in (line := process.stderr.readline()):
                    assert line
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=30)
    finally:
        hold.set()
        embedded_store.watch = None
    assert process.returncode == 130
    assert world.laptop.sync()["failed"] == []
    assert world.bucket.tree() == {"a": "one"}
