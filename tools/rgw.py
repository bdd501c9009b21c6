#!/usr/bin/env python3
"""A real S3 store on this machine: Ceph with its S3 gateway, on loopback, its data in memory and gone with it.

    rgw.py start         a new one-machine cluster; prints how to use it
    rgw.py stop          ends it: only processes that `start` made, by their pid files

    BUCKETDRIVE_RGW_DIR    its folder (default: bucketdrive-rgw in the folder for temporary files)
    BUCKETDRIVE_RGW_PORT   where it answers (default 8901; 0: any free port)

Another folder and another port make another cluster beside the first. Days of lifecycle rules last five seconds.
FOLDER/store.json says where the store is and who may use it, for tests. Needs no package of Python's.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGES = {
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "ceph": "ceph-common",
    "ceph-authtool": "ceph-common",
    "radosgw": "radosgw",
    "radosgw-admin": "radosgw",
}
"""Which Debian package each program comes with."""

PATIENCE_S = 60.0

CONFIGURATION = """\
[global]
fsid = {fsid}
mon_host = v2:127.0.0.1:{mon_port}
ms_bind_msgr1 = false
public_network = 127.0.0.0/8
keyring = {folder}/keyring
run_dir = {folder}
admin_socket = {folder}/$name.asok
log_file = {folder}/$name.log
crash_dir = {folder}
# one disk, one copy, few groups; and a gateway that was killed is not waited for half a minute
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
mon_data_avail_crit = 1
mon_data = {folder}/mon
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 12884901888
# what a disk that is gone with its process could be repaired from: by default half of its memory
osd_min_pg_log_entries = 100
osd_max_pg_log_entries = 200
osd_pg_log_dups_tracked = 100
osd_client_watch_timeout = 3
osd_class_load_list = *
osd_class_default_list = *
rgw_data = {folder}/gateway
# without tcp_nodelay every small GET waits 40 ms for an acknowledgement
rgw_frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw_enable_usage_log = false
rgw_dynamic_resharding = false
rgw_lifecycle_work_time = 00:00-23:59
rgw_lc_debug_interval = 5
rgw_s3_auth_use_sts = true
rgw_sts_key = {sts_key}
"""


class CephError(Exception):
    """What went wrong, in words for the user."""


@dataclass(frozen=True)
class User:
    """Whom the store knows."""

    name: str
    access_key: str
    secret_key: str


@dataclass(frozen=True)
class Store:
    """Where a running store is and who may use it; `role_arn` may be assumed by `user`, and may do anything in S3."""

    endpoint_url: str
    region: str
    user: User
    other_user: User
    role_arn: str


@dataclass(frozen=True)
class Cluster:
    """A cluster in a folder of its own."""

    folder: Path

    @property
    def store_file(self) -> Path:
        """Written last: what has it was started."""
        return self.folder / "store.json"

    def known_store(self) -> Store | None:
        """The store that was started here, if it runs."""
        if not self.store_file.exists():
            return None
        told = json.loads(self.store_file.read_text())
        users = {name: User(**told.pop(name)) for name in ("user", "other_user")}
        store = Store(**told, **users)
        return store if is_answering(store.endpoint_url) else None

    def run(self, *command: str, answer_s: float = PATIENCE_S) -> str:
        """Run one of Ceph's programs to its end; what it printed."""
        configured = [command[0], "--conf", str(self.folder / "ceph.conf"), *command[1:]]
        try:
            done = subprocess.run(configured, capture_output=True, text=True, timeout=answer_s, check=False)
        except subprocess.TimeoutExpired as exc:
            raise CephError(
                f"{' '.join(command)} had not ended after {answer_s:.0f} s; see {self.folder}/*.log"
            ) from exc
        if done.returncode:
            raise CephError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
        return done.stdout

    def launch(self, name: str, *command: str) -> None:
        """Start a daemon that outlives us, and note its process id."""
        configured = [command[0], "--conf", str(self.folder / "ceph.conf"), "--foreground", *command[1:]]
        with (self.folder / f"{name}.out").open("ab") as out:
            process = subprocess.Popen(
                configured, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        (self.folder / f"{name}.pid").write_text(str(process.pid))

    def end(self, name: str) -> None:
        """End a daemon at once, if the process of its pid file is still ours: numbers are used again."""
        pid_file = self.folder / f"{name}.pid"
        pid = int(pid_file.read_text())
        if self._is_ours(pid):
            os.kill(pid, signal.SIGKILL)
            wait_for(f"the end of process {pid}", lambda: not self._is_ours(pid), self.folder)
        pid_file.unlink()

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return str(self.folder / "ceph.conf").encode() in words

    def stop(self) -> None:
        """End all daemons at once: what they hold is not wanted any more."""
        for pid_file in self.folder.glob("*.pid"):
            self.end(pid_file.stem)
        self.store_file.unlink(missing_ok=True)


def wait_for(what: str, is_there: Callable[[], bool], folder: Path) -> None:
    """Wait until something is there; gives up after `PATIENCE_S`."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_there():
        if time.monotonic() > deadline_s:
            raise CephError(f"Waited in vain for {what}, for {PATIENCE_S:.0f} s; see {folder}/*.log")
        time.sleep(0.1)


def is_answering(url: str) -> bool:
    """Whether an HTTP server says anything."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_programs() -> None:
    """Whether Ceph is installed."""
    missing = {package for program, package in PACKAGES.items() if shutil.which(program) is None}
    if missing:
        names = " ".join(sorted(missing))
        raise CephError(f"Not installed: {names}.\nhint: on Debian: apt-get install --no-install-recommends {names}")


def make_folder(folder: Path) -> None:
    """An empty folder; an old cluster's is cleared, anything else is left alone."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "ceph.conf").exists():
            raise CephError(f"{folder} holds something else. Name another folder with BUCKETDRIVE_RGW_DIR.")
        Cluster(folder).stop()
        shutil.rmtree(folder)
    for name in ("mon", "osd", "gateway"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o700)


def start_daemons(cluster: Cluster, fsid: str, mon_port: int, endpoint_url: str) -> None:
    """Monitor, disk and gateway. The monitor takes all keys from its first key ring: nothing has to be added later."""
    keyring, monmap = str(cluster.folder / "keyring"), str(cluster.folder / "monmap")
    every_right = [word for kind in ("mon", "osd", "mgr") for word in ("--cap", kind, "allow *")]
    create = ["--create-keyring"]
    for name in ("mon.", "client.admin", "client.rgw", "osd.0"):
        subprocess.run(
            ["ceph-authtool", keyring, *create, "--gen-key", "--name", name, *every_right],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        create = []
    subprocess.run(
        ["monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", monmap],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    cluster.run("ceph-mon", "--mkfs", "--id", "a", "--monmap", monmap, "--keyring", keyring)
    cluster.launch("mon", "ceph-mon", "--id", "a")
    disk = str(uuid.uuid4())
    cluster.run("ceph", "osd", "new", disk)
    cluster.run("ceph-osd", "--mkfs", "--id", "0", "--osd-uuid", disk)
    cluster.launch("osd", "ceph-osd", "--id", "0")
    cluster.launch("rgw", "radosgw", "--name", "client.rgw")
    wait_for("the gateway", lambda: is_answering(endpoint_url), cluster.folder)


def add_user(cluster: Cluster, name: str, rights: str = "") -> User:
    """Make a user of the store, with keys that are the same in every cluster: it is to be played with."""
    user = User(name, f"{name}-access", f"{name}-secret")
    caps = ["--caps", rights] if rights else []
    cluster.run(
        "radosgw-admin",
        *("--name", "client.rgw", "user", "create", "--uid", name, "--display-name", name),
        *("--access-key", user.access_key, "--secret-key", user.secret_key, *caps),
    )
    return user


def add_role(cluster: Cluster, user: User) -> str:
    """Make a role that `user` may assume; its name for STS."""
    trust = {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam:::user/{user.name}"]}, "Action": ["sts:AssumeRole"]}
    rights = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}
    admin = ("radosgw-admin", "--name", "client.rgw")
    made = cluster.run(*admin, "role", "create", "--role-name", "device", "--assume-role-policy-doc", as_policy(trust))
    cluster.run(
        *(*admin, "role-policy", "put", "--role-name", "device", "--policy-name", "s3"),
        *("--policy-doc", as_policy(rights)),
    )
    return str(json.loads(made)["Arn"])


def as_policy(statement: dict[str, object]) -> str:
    """A policy document of one statement. Ceph 16 takes no white space in one."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def start(folder: Path, port: int) -> Store:
    """Start a new cluster."""
    check_programs()
    make_folder(folder)
    cluster = Cluster(folder)
    port = port or free_port()
    endpoint_url = f"http://127.0.0.1:{port}"
    if is_answering(endpoint_url):
        raise CephError(f"Something else answers on port {port}. Name another with BUCKETDRIVE_RGW_PORT.")
    fsid, mon_port = str(uuid.uuid4()), free_port()
    (folder / "ceph.conf").write_text(
        CONFIGURATION.format(folder=folder, fsid=fsid, mon_port=mon_port, port=port, sts_key=uuid.uuid4().hex[:16])
    )
    try:
        start_daemons(cluster, fsid, mon_port, endpoint_url)
        user = add_user(cluster, "owner", "roles=*;user-policy=*")
        store = Store(endpoint_url, "us-east-1", user, add_user(cluster, "guest"), add_role(cluster, user))
    except BaseException:
        cluster.stop()
        raise
    cluster.store_file.write_text(json.dumps(asdict(store), indent=2))
    return store


def usage(store: Store, folder: Path) -> str:
    """How to use a store, as lines that a shell can take: `eval "$(make -s rgw)"`."""
    return f"""\
# Ceph's S3 gateway answers at {store.endpoint_url}; it is user {store.user.name}'s, and {folder}/store.json
# tells of another user and of a role. Here is how any S3 tool finds it, and then a drive:
export AWS_ENDPOINT_URL_S3={store.endpoint_url}
export AWS_REGION={store.region}
export AWS_ACCESS_KEY_ID={store.user.access_key}
export AWS_SECRET_ACCESS_KEY={store.user.secret_key}
# bucketdrive link s3://my-bucket/home ~/Drive --create-bucket
# make rgw-stop ends it, and all that it holds is gone."""


def run_verb(verb: str, folder: Path, port: int) -> None:
    """Do what was asked, and tell of it."""
    cluster = Cluster(folder)
    match verb:
        case "start":
            began_s = time.monotonic()
            known = cluster.known_store()
            print(usage(known or start(folder, port), folder))
            told = "It was running already" if known else f"Ready in {time.monotonic() - began_s:.1f} s"
            print(f"{told}.", file=sys.stderr)
        case "stop":
            cluster.stop()
        case _:
            raise CephError(f"{verb} is not a verb of this script.\n{__doc__}")


def main(arguments: list[str]) -> int:
    """The exit code: 0 if it was done, 1 if not."""
    folder = Path(os.environ.get("BUCKETDRIVE_RGW_DIR") or Path(tempfile.gettempdir()) / "bucketdrive-rgw").absolute()
    try:
        run_verb(arguments[0] if arguments else "", folder, int(os.environ.get("BUCKETDRIVE_RGW_PORT", "8901")))
    except CephError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
