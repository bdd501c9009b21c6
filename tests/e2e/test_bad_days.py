"""Bad days on Ceph: what is said, with which exit code, and that nothing is lost and it goes on when they are over."""

import json
import random  # noqa: TID251  a seeded one
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from itertools import count
from os import environ, geteuid  # noqa: TID251  what CI has, a test may not skip
from types import SimpleNamespace

import pytest

pytestmark = [pytest.mark.stores("ceph"), pytest.mark.timeout(240)]

_numbers = count(1)


def require(is_there, what):
    """Skip a test for lack of `what`; on CI, fail."""
    if not is_there:
        assert environ.get("CI") != "true", what
        pytest.skip(what)


def wait_until(is_so, what, patience_s=30.0):
    """Look again and again until something is so."""
    pause = threading.Event()
    assert any(is_so() or pause.wait(0.02) for _ in range(int(patience_s / 0.02))), what


def numbered(text, files=200):
    """Files in a few folders."""
    return {f"d{number % 7}/{number}.txt": f"{text} {number}" for number in range(files)}


def files_of(tree):
    """A tree without its empty folders."""
    return {path: text for path, text in tree.items() if path[-1] != "/"}


def ended(process):
    """How a command that was started as a process ended, and its document."""
    out, err = process.communicate(timeout=60)
    return process.returncode, json.loads(out or err)


def agree(world, files):
    """The next syncs go on without a word: both folders and the bucket hold `files`, and nothing is in conflict."""
    for device in (world.laptop, world.desktop):
        report = device.sync()
        assert (report["conflicts"], report["held"], report["failed"]) == ([], [], [])
    assert files_of(world.settle()) == files


def start_slowly(world, device):
    """Start a sync as a process, with one request at a time, so that there is a middle to be hit in."""
    slowly = environ | {"BUCKETDRIVE_MAX_REQUESTS_IN_FLIGHT": "1"}
    return world.start_process("sync", device.folder, "--json", env=slowly)


# --- the store goes away ----------------------------------------------------------------------------------------------


class Gateway:
    """A gateway of our own to the Ceph that runs: it can be stopped under nobody else."""

    def __init__(self, ceph, home):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            place = f"127.0.0.1:{probe.getsockname()[1]}"
        self.endpoint_url = f"http://{place}"
        self._command = [
            *("radosgw", "--foreground", "--name", "client.rgw", "--conf", str(ceph.folder / "ceph.conf")),
            *("--rgw-frontends", f"beast endpoint={place} tcp_nodelay=1", "--rgw-data", str(home)),
            *("--admin-socket", str(home / "rgw.asok"), "--log-file", str(home / "rgw.log")),
        ]

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._is_answering, "the gateway does not start")

    def _is_answering(self):
        try:
            urllib.request.urlopen(self.endpoint_url, timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def stop(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture
def gateway(ceph, world, monkeypatch, tmp_path_factory):
    """A gateway that this test may stop, and through which its devices reach their bucket."""
    gateway = Gateway(ceph, tmp_path_factory.mktemp("gateway"))
    gateway.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", gateway.endpoint_url)
    yield gateway
    gateway.stop()


def test_the_store_stops_in_the_middle_of_a_sync_and_comes_back(world, gateway):
    files = numbered("first")
    world.laptop.change(files)
    with start_slowly(world, world.laptop) as process:
        wait_until(lambda: len(world.bucket.keys()) > 20, "nothing goes up")
        gateway.stop()
        code, report = ended(process)
    assert code == 5, report
    assert 20 < report["uploaded"] < len(files)
    reasons = {row["reason"] for row in report["failed"]}
    assert any("cannot be reached" in reason for reason in reasons), reasons
    told = world.laptop.sync(exit_code=5)
    assert (told["error"], "cannot be reached" in told["message"]) == ("unavailable", True)
    assert files_of(world.laptop.tree()) == files
    gateway.start()
    assert world.laptop.sync()["uploaded"] <= len(files) - report["uploaded"]

    with start_slowly(world, world.desktop) as process:
        wait_until(lambda: len(world.desktop.tree()) > 20, "nothing comes down")
        gateway.stop()
        code, report = ended(process)
    assert code == 5, report
    gateway.start()
    agree(world, files)
    assert {len(world.bucket.history(path)[0]) for path in list(files)[:40]} == {1}


def test_a_store_that_is_gone_for_a_moment_does_not_end_a_sync(world, gateway):
    files = numbered("first")
    world.start(files)
    files = numbered("second")
    world.desktop.change(files)
    with start_slowly(world, world.desktop) as process:
        before = world.bucket.keys()
        wait_until(lambda: sum(before[k] != v for k, v in world.bucket.keys().items()) > 20, "nothing goes up")
        gateway.stop()
        gateway.start()
        code, report = ended(process)
    assert code in (0, 5), report
    assert len(report["failed"]) <= 2
    agree(world, files)


# --- rights -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def employee(ceph, world, monkeypatch):
    """Another user whom the bucket's owner lets work here; the devices are his."""

    def admin(*words):
        command = ["radosgw-admin", "--conf", str(ceph.folder / "ceph.conf"), "--name", "client.rgw", *words]
        subprocess.run(command, check=True, capture_output=True)

    name = f"employee-{world.bucket.name}"
    keys = ("--access-key", f"{name}-access", "--secret-key", f"{name}-secret")
    admin("user", "create", "--uid", name, "--display-name", name, *keys)
    resource = f"arn:aws:s3:::{world.bucket.name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam:::user/{name}"]},
        "Action": ["s3:*"],
        "Resource": [resource, f"{resource}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3, bucket = world.bucket.s3, world.bucket.name
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"{name}-access")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{name}-secret")
    return SimpleNamespace(
        suspend=lambda: admin("user", "suspend", "--uid", name),
        enable=lambda: admin("user", "enable", "--uid", name),
        remove_key=lambda: admin("key", "rm", "--uid", name, *keys[:2]),
        give_key=lambda: admin("key", "create", "--uid", name, *keys),
        forbid=lambda: s3.delete_bucket_policy(Bucket=bucket),
        allow=lambda: s3.put_bucket_policy(Bucket=bucket, Policy=policy),
    )


LOSSES = {
    "suspended": ("suspend", "enable", "credentials", "does not take these credentials", "Renew or correct them"),
    "key removed": ("remove_key", "give_key", "access-denied", "is denied", "or were withdrawn"),
    "forbidden": ("forbid", "allow", "access-denied", "is denied", "lack this permission"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_access_is_taken_away_in_the_middle_of_a_sync_and_given_back(world, employee, check_refusal, loss):
    take, give, error, words, hint = LOSSES[loss]
    files = numbered("first", 400)
    world.laptop.change(files)
    with start_slowly(world, world.laptop) as process:
        wait_until(lambda: len(world.bucket.keys()) > 20, "nothing goes up")
        getattr(employee, take)()
        code, told = ended(process)
    sent = len(world.bucket.keys())
    assert (code, sent < len(files)) == (1, True), told
    check_refusal(told, error, words, hint=hint)
    check_refusal(world.desktop.sync(exit_code=1), error, words, hint=hint)
    assert files_of(world.laptop.tree()) == files
    getattr(employee, give)()
    assert world.laptop.sync()["uploaded"] <= len(files) - sent
    agree(world, files)


# --- disk, clock, versions --------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder, options):
    """A file system of a few pages, mounted at a new folder."""
    require(geteuid() == 0, "only root may mount a small disk")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "bucketdrive-test", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("options", ["size=1m", "nr_inodes=100"])
def test_a_disk_that_becomes_full_while_files_come_down(world, cli, monkeypatch, check_refusal, options):
    """Far smaller than all files, though they seem to fit: each takes a page, and an entry."""
    files = numbered("first", 600)
    world.start(files)
    monkeypatch.setenv("BUCKETDRIVE_MAX_REQUESTS_IN_FLIGHT", "8")  # what is under way takes room too
    phone = world.home / "phone"
    monkeypatch.setenv("BUCKETDRIVE_RESERVE_MIB", "0")
    with small_disk(phone, options):
        assert cli("link", world.url, phone, "--device", "phone")[0] == 0
        code, told = cli("sync", phone)
        assert code == 1, told
        check_refusal(told, "disk-full", "no room left on the disk", "was not downloaded", hint="Free some space")
        assert told["path"] in files
        here = files_of(read_tree(phone))
        assert 10 < len(here) < len(files)
        assert here.items() <= files.items()
        remount = options.replace("1m", "64m").replace("100", "10000")
        subprocess.run(["mount", "-o", f"remount,{remount}", str(phone)], check=True)
        code, told = cli("sync", phone)
        assert (code, told["conflicts"], told["deleted_in_bucket"]) == (0, [], 0), told
        assert files_of(read_tree(phone)) == files
    agree(world, files)


def read_tree(folder):
    """The texts of a folder, without what is ours."""
    found = (path for path in folder.rglob("*") if path.is_file())
    texts = {path.relative_to(folder).as_posix(): path.read_text() for path in found}
    return {path: text for path, text in texts.items() if not path.startswith(".bucketdrive/")}


def test_downloads_leave_room_on_a_small_disk(world, cli, monkeypatch):
    files = {f"{number}.txt": "x" * 1_000_000 for number in range(6)}
    world.start(files)
    phone = world.home / "phone"
    with small_disk(phone, "size=7m"):
        assert cli("link", world.url, phone, "--device", "phone")[0] == 0
        code, report = cli("sync", phone)
        assert (code, report["downloaded"], len(report["held"])) == (4, 0, 6)
        assert "room" in report["held"][0]["reason"]
        monkeypatch.setenv("BUCKETDRIVE_RESERVE_MIB", "3")
        code, report = cli("sync", phone)
        assert (code, report["downloaded"], len(report["held"])) == (4, 5, 1), report
        monkeypatch.setenv("BUCKETDRIVE_RESERVE_MIB", "0")
        assert cli("sync", phone)[0] == 0
        assert read_tree(phone) == files


@pytest.mark.parametrize("shift", ["+1h", "-1h"])
def test_a_clock_that_is_an_hour_wrong(world, check_refusal, shift):
    require(shutil.which("faketime"), "faketime is not installed (Debian: faketime)")
    files = numbered("first", 10)
    world.start(files)
    world.laptop.change({"new": "n", "d0/0.txt": None})
    command = ["faketime", "-f", shift, sys.executable, "-m", "bucketdrive", "sync", str(world.laptop.folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, (done.stdout, done.stderr)
    check_refusal(json.loads(done.stderr), "credentials", "this machine's time", hint="clock")
    del files["d0/0.txt"]
    agree(world, files | {"new": "n"})


def test_versioning_is_suspended_under_us(world):
    world.start({"a": "a1", "b": "b1", "c": "c1"})
    set_versioning(world, "Suspended")
    for text in ("a2", "a3"):
        world.laptop.change({"a": text})
        assert "no longer keeps versions" in world.laptop.sync(exit_code=7)["message"]
    world.desktop.change({"a": "a4", "b": None})
    told = world.desktop.sync(exit_code=7)
    assert (told["error"], told["hint"]) == ("guard", "Turn versioning of the bucket on again, then sync.")
    histories = {path: world.bucket.history(path)[0] for path in "abc"}
    assert (histories["a"][-1], histories["b"][-1], histories["c"]) == ("a1", "b1", ["c1"])
    set_versioning(world, "Enabled")
    left = world.settle()
    kept = {*left.values(), *histories["a"], *histories["b"]}
    assert kept >= {"a1", "a3", "a4", "b1", "c1"}, (left, histories)


def set_versioning(world, status):
    world.bucket.s3.put_bucket_versioning(Bucket=world.bucket.name, VersioningConfiguration={"Status": status})


# --- kills ------------------------------------------------------------------------------------------------------------

FILES = 2000
KILLS = 50
CHANGES = 60


@pytest.mark.timeout(400)
def test_a_sync_of_2000_files_is_killed_at_50_moments(world, cli):
    """Each kill comes after a random part of the time that such a sync takes; the sync after it ends the work.

    The first kills hit all files on their way up and down, the others batches of changes.
    """
    seed = int(environ.get("BUCKETDRIVE_TEST_SEED", "0"))
    chance = random.Random(seed)
    files = {f"d{number % 40}/{number:04}.txt": f"{number} ".ljust(100, "x") for number in range(FILES)}
    world.laptop.change(files)
    moments = []
    for number in range(KILLS):
        device = (world.laptop, world.desktop)[number % 2]
        if number % 2 == 0 and number:
            change_some(world.laptop, files, chance, number)
        moments.append(kill_sync(world, device, chance.uniform(0.15, 4.0 if number < 2 else 1.2)))
        report = device.sync()
        assert (report["conflicts"], report["held"], report["failed"]) == ([], [], []), (seed, moments)
        assert files_of(device.tree()) == files, (seed, moments)
    sys.stdout.write(f"seed {seed}: killed after (s, still at work) {moments}\n")
    assert sum(was_at_work for _, was_at_work in moments) > KILLS // 2
    assert files_of(world.settle()) == files


def change_some(device, files, chance, number):
    """Edit, delete, make and move some files of the tree."""
    chosen = chance.sample(sorted(files), CHANGES)
    changes = {path: f"edit {number} of {path}" for path in chosen[:30]}
    changes |= dict.fromkeys(chosen[30:40])
    changes |= {f"new{number}/{name}.txt": f"new {number} {name}" for name in range(10)}
    for path in chosen[40:]:
        changes |= {path: None, f"moved/{number} {path}": files[path]}
    device.change(changes)
    files.update(changes)
    for path in [path for path, text in files.items() if text is None]:
        del files[path]


def kill_sync(world, device, delay_s):
    """Kill a sync after a while; how long, and whether it was still at work."""
    with world.start_process("sync", device.folder) as process:
        try:
            process.wait(delay_s)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
    assert process.returncode in (0, -signal.SIGKILL)
    return round(delay_s, 3), process.returncode != 0
