"""What all tests need."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import devnull, environ  # noqa: TID251  the tests' own switches
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest

from bucketdrive.testing import mounts

pytest.register_assert_rewrite("bucketdrive.testing.contracts")

_TOP = Path(__file__).parents[1]
_NOBODY = 65534
_RGW = _TOP / "tools" / "rgw.py"


def pytest_collection_modifyitems(items):
    """What takes longest begins first, so that no worker has it left when the others are done."""
    items.sort(key=lambda item: item.path.parent.name != "long")


@pytest.fixture(scope="session")
def ceph(tmp_path_factory):
    """What `store.json` of tools/rgw.py tells of a running Ceph, and `folder`, where it stands.

    That of the folder BUCKETDRIVE_TEST_RGW, or else one of our own. Without Ceph, tests are skipped; on CI they fail.
    """
    folder = environ.get("BUCKETDRIVE_TEST_RGW")
    if folder:
        yield _told(Path(folder))
        return
    folder = tmp_path_factory.mktemp("ceph") / "cluster"
    variables = environ | {"BUCKETDRIVE_RGW_DIR": str(folder), "BUCKETDRIVE_RGW_PORT": "0"}
    started = subprocess.run(
        [sys.executable, _RGW, "start"], env=variables, capture_output=True, text=True, check=False
    )
    if started.returncode and environ.get("CI") != "true" and "Not installed" in started.stderr:
        pytest.skip(started.stderr)
    assert started.returncode == 0, started.stderr
    yield _told(folder)
    subprocess.run([sys.executable, _RGW, "stop"], env=variables, check=True)


def _told(folder):
    told = json.loads((folder / "store.json").read_text(), object_hook=lambda fields: SimpleNamespace(**fields))
    told.folder = folder
    return told


def _variables(store, access_key, secret_key, token=""):
    """The environment under which any S3 tool works on a store, and on no other."""
    return {
        "AWS_ENDPOINT_URL_S3": store.endpoint_url,
        "AWS_REGION": store.region,
        "AWS_DEFAULT_REGION": store.region,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_CONFIG_FILE": devnull,
        "AWS_SHARED_CREDENTIALS_FILE": devnull,
    } | ({"AWS_SESSION_TOKEN": token} if token else {})


@pytest.fixture(scope="session")
def owner_variables(ceph):
    """The environment of the user whose Ceph it is."""
    return _variables(ceph, ceph.user.access_key, ceph.user.secret_key)


@pytest.fixture(scope="session")
def device_policy():
    """The policy of docs/guides/credentials.md for a bucket and a prefix, in as few characters as can be."""
    text = (_TOP / "docs" / "guides" / "credentials.md").read_text()
    policy = json.dumps(json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1]), separators=(",", ":"))
    return lambda bucket, prefix: policy.replace("BUCKET", bucket).replace("PREFIX", prefix)


@pytest.fixture(scope="session")
def device_variables(ceph, device_policy):
    """Makes the environment of a device that reaches one prefix: of a role, narrowed by a session policy."""
    sts = boto3.client(
        "sts",
        endpoint_url=ceph.endpoint_url,
        region_name=ceph.region,
        aws_access_key_id=ceph.user.access_key,
        aws_secret_access_key=ceph.user.secret_key,
    )

    def make(bucket, prefix):
        reply = sts.assume_role(
            RoleArn=ceph.role_arn, RoleSessionName="device", Policy=device_policy(bucket, prefix), DurationSeconds=3600
        )
        keys = reply["Credentials"]
        return _variables(ceph, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    return make


@dataclass(frozen=True)
class Store:
    """A store under test: the environments of its owner, and of the devices that sync."""

    owner: dict
    device: dict


def pytest_configure(config):
    """Name our own markers."""
    config.addinivalue_line("markers", "stores(*names): on which stores a test is run: embedded, ceph, ceph-safe")


def pytest_generate_tests(metafunc):
    """Run what needs a store on those that it, or its module, is marked with; without a mark on the embedded one."""
    if "store" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("stores")
        names = marked.args if marked else ("embedded",)
        stores = [
            pytest.param(name, id=pytest.HIDDEN_PARAM)
            if name == "embedded"
            else pytest.param(name, marks=[pytest.mark.ceph, pytest.mark.timeout(180)])
            for name in names
        ]
        metafunc.parametrize("store", stores, indirect=True, scope="session")


@pytest.fixture(scope="session")
def store(request):
    """The store of a test: the embedded one; `ceph` with its owner's keys; `ceph-safe` with a device's credentials."""
    if request.param == "embedded":
        variables = request.getfixturevalue("embedded_store").environment()
        return Store(variables, variables)
    owner = request.getfixturevalue("owner_variables")
    if request.param == "ceph":
        return Store(owner, owner)
    return Store(owner, request.getfixturevalue("device_variables")("*", "home"))


@contextmanager
def _mounted(folder, options="", *, kind="tmpfs"):
    with ExitStack() as stack:
        try:
            stack.enter_context(mounts.mounted(kind, folder, options))
        except mounts.CannotMountError as error:
            is_needed = environ.get("CI") == "true" and os.geteuid() == 0 and kind in ("tmpfs", "ext4")
            (pytest.fail if is_needed else pytest.skip)(f"no {kind} can be mounted: {error}")
        yield


@pytest.fixture(scope="session")
def mounted():
    """`with mounted(folder, options, kind=...):` a new, small file system is mounted there, by default a tmpfs.

    Where that cannot be had the test is skipped; on CI it fails for tmpfs and ext4, the others a kernel may lack.
    """
    return _mounted


@contextmanager
def _ordinary_user(*paths):
    if os.geteuid() != 0:
        yield
        return
    for path in paths:
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(_NOBODY)
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture(scope="session")
def ordinary_user():
    """`with ordinary_user(*paths):` this process is an ordinary user's, who owns `paths`: to root nothing is denied.

    Our own modules must have been loaded before: that user may not read where they lie.
    """
    return _ordinary_user


@pytest.fixture(scope="session")
def client_of():
    """Makes a boto3 client for S3 from an environment."""

    def make(variables):
        return boto3.client(
            "s3",
            endpoint_url=variables["AWS_ENDPOINT_URL_S3"],
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables.get("AWS_SESSION_TOKEN"),
        )

    return make


def wait_for(is_so, what="it", tries=1500):
    """Wait until `is_so()` is true; what it returned."""
    pause = threading.Event()
    for _ in range(tries):
        found = is_so()
        if found:
            return found
        pause.wait(0.02)
    pytest.fail(f"{what} did not come to be")


@pytest.fixture(scope="session", name="wait_for")
def wait_for_fixture():
    """See `wait_for`."""
    return wait_for


@contextlib.contextmanager
def run_daemon_here(*folders):
    """A daemon in a thread of this process, all of whose drives have been looked at; stopped at the end."""
    from bucketdrive.daemon.place import socket_path
    from bucketdrive.daemon.run import run_daemon
    from bucketdrive.errors import NoDaemonError
    from bucketdrive.httpapi.client import Daemon

    is_ready, failures = threading.Event(), []

    def work():
        try:
            run_daemon([str(folder) for folder in folders], is_ready.set)
        except BaseException as error:  # noqa: BLE001  it is raised where the test waits
            failures.append(error)
            is_ready.set()

    thread = threading.Thread(target=work, name="daemon")
    thread.start()
    is_ready.wait(30)
    if failures:
        raise failures[0]
    daemon = Daemon(socket_path())
    wait_for(lambda: "scanning" not in [status.state for status in daemon.statuses()], "the first look")
    try:
        yield daemon
    finally:
        with contextlib.suppress(NoDaemonError):
            daemon.ask("POST", "/stop")
        thread.join(30)
    assert not thread.is_alive()
    assert failures == []


@pytest.fixture(scope="session")
def daemon_here():
    """See `run_daemon_here`."""
    return run_daemon_here
