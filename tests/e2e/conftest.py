"""Drives walked through the command line, on the embedded store, and where a module asks for it on Ceph too.

Linking asks a store some fifty questions, so three devices are linked once; a test gets a copy of them, with a bucket
and folders of its own, as if it had just linked them.
"""

import contextlib
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from bucketdrive.cli.main import main
from bucketdrive.drive.settings import SETTINGS
from bucketdrive.testing.sandbox import EmbeddedStore

DEVICES = ("laptop", "desktop", "tablet")
PREFIX = "home/"
OWN = f"{PREFIX}.bucketdrive/"
GONE = None

_numbers = itertools.count(1)
_texts = {}
"""Every text that a test wrote, by MD5: what an ETag stands for, without a download."""


def remember(text):
    """The bytes of a text, which `Bucket.tree` knows from now on."""
    data = text.encode()
    _texts[hashlib.md5(data).hexdigest()] = text
    return data


def run(*arguments, as_json=True):
    """Run a command in this process: its exit code and what it printed, as JSON where it was asked for."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        exit_code = main([*map(str, arguments), *(["--json"] if as_json else [])])
    printed = out.getvalue() or err.getvalue()
    return exit_code, json.loads(printed) if as_json else printed


def conflict_copy(path, device, text):
    """The name under which `text` of `device` stands beside `path`."""
    stem, dot, ext = path.rpartition(".") if "." in path.rpartition("/")[2] else (path, "", "")
    return f"{stem} (conflict {device} {hashlib.sha256(text.encode()).hexdigest()[:8]}){dot}{ext}"


def change(folder, changes):
    """Make `changes` to a folder, in order: texts to write, `name/` for a folder, `Path` for a link, GONE."""
    for name, what in changes.items():
        path = folder / name
        if path.is_symlink() or path.is_file():
            if what is GONE or name.endswith("/") or isinstance(what, Path):
                path.unlink()
        elif path.is_dir() and not name.endswith("/"):
            shutil.rmtree(path)
        elif path.is_dir() and what is GONE:
            path.rmdir()
        if what is GONE:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, Path):
            path.symlink_to(what)
        elif name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(remember(what))


def tree(folder):
    """A folder as a literal: files with their texts, links with their targets, and `name/` for each empty folder."""
    found = {}
    for parent, folders, names in os.walk(folder):
        if ".bucketdrive" in folders:
            folders.remove(".bucketdrive")
        here = Path(parent)
        for name in [*names, *(name for name in folders if (here / name).is_symlink())]:
            path = here / name
            text = f"-> {path.readlink()}" if path.is_symlink() else path.read_text() if path.is_file() else "special"
            found[path.relative_to(folder).as_posix()] = text
        if not folders and not names and here != folder:
            found[f"{here.relative_to(folder).as_posix()}/"] = ""
    return found


@dataclass(frozen=True)
class Device:
    """A folder of this machine that is linked."""

    name: str
    folder: Path

    def sync(self, *options, exit_code=0):
        """`bucketdrive sync`, which must end with `exit_code`; its document."""
        return self.run("sync", self.folder, *options, exit_code=exit_code)

    def run(self, *arguments, exit_code=0):
        """Any command, as `sync`."""
        ended, document = run(*arguments)
        assert ended == exit_code, document
        return document

    def change(self, changes):
        """See `change`."""
        change(self.folder, changes)

    def start(self, files):
        """Make `files` what this device and the bucket agree on."""
        self.change(files)
        self.sync()

    def tree(self):
        """See `tree`."""
        return tree(self.folder)


@dataclass(frozen=True)
class Bucket:
    """The drive's bucket, as any S3 tool sees it."""

    s3: object
    name: str

    def put(self, path, text="", **more):
        """Put an object; its version id."""
        return self.s3.put_object(Bucket=self.name, Key=PREFIX + path, Body=remember(text), **more)["VersionId"]

    def delete(self, *paths):
        """Put delete markers."""
        keys = [{"Key": PREFIX + path} for path in paths]
        self.s3.delete_objects(Bucket=self.name, Delete={"Objects": keys})

    def rows(self, path):
        """All versions and markers of keys that begin with `path`."""
        found = self.s3.list_object_versions(Bucket=self.name, Prefix=PREFIX + path)
        return found.get("Versions", []), found.get("DeleteMarkers", [])

    def destroy(self, path):
        """Destroy every version and marker of a key."""
        for row in itertools.chain(*self.rows(path)):
            if row["Key"] == PREFIX + path:
                self.s3.delete_object(Bucket=self.name, Key=row["Key"], VersionId=row["VersionId"])

    def history(self, path):
        """The texts of a key's versions, newest first, and how many markers it has."""
        versions, markers = self.rows(path)
        texts = [
            self.s3.get_object(Bucket=self.name, Key=row["Key"], VersionId=row["VersionId"])["Body"].read().decode()
            for row in versions
            if row["Key"] == PREFIX + path
        ]
        return texts, sum(row["Key"] == PREFIX + path for row in markers)

    def keys(self):
        """The ETags of all live keys of the drive, by key without the prefix; our own objects are left out."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=PREFIX)
        rows = [row for page in pages for row in page.get("Contents", []) if not row["Key"].startswith(OWN)]
        return {row["Key"].removeprefix(PREFIX): row["ETag"].strip('"') for row in rows}

    def tree(self):
        """Live keys with their texts, but for the markers of folders that are not empty."""
        keys = self.keys()
        shown = [key for key in keys if not key.endswith("/") or not any(k.startswith(key) and k != key for k in keys)]
        return {key: self._text(key, keys[key]) for key in shown}

    def _text(self, path, etag):
        if etag in _texts:
            return _texts[etag]
        return self.s3.get_object(Bucket=self.name, Key=PREFIX + path)["Body"].read().decode()


@dataclass(frozen=True)
class World:
    """Three devices of one drive; `tablet` may be left alone."""

    home: Path
    bucket: Bucket
    laptop: Device
    desktop: Device
    tablet: Device

    @property
    def url(self):
        """What the folders are linked to."""
        return f"s3://{self.bucket.name}/{PREFIX}".rstrip("/")

    def settle(self):
        """Sync laptop and desktop until all is said; their trees and the bucket's are then one, which is returned."""
        for device in (self.laptop, self.desktop, self.laptop, self.desktop):
            ended, document = run("sync", device.folder)
            assert ended in (0, 4), document
        assert not set(document["requests"]) & {"PutObject", "DeleteObject", "CopyObject"}, document
        found = self.bucket.tree()
        assert (self.laptop.tree(), self.desktop.tree()) == (found, found)
        return found

    def start(self, files):
        """Make `files` the state that both devices agree on."""
        self.laptop.start(files)
        self.desktop.sync()

    def state_folder(self, device):
        """Where a device's state lies."""
        marker = json.loads((device.folder / ".bucketdrive" / "root.json").read_text())
        return self.home / "state" / marker["root_id"]

    def start_process(self, *arguments, **options):
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "bucketdrive", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )


@pytest.fixture(scope="session")
def embedded_store():
    """The one store of this worker. Other modules start stores of their own in between: its buckets do not last."""
    with EmbeddedStore() as store:
        yield store


@pytest.fixture
def nth_request(embedded_store):
    """`with nth_request(number, method, part, act):` at the `number`th such request with `part` in its path, `act`.

    It is done before the request is answered, in a thread of the store's. What it gives is an event, set thereafter.
    """

    @contextlib.contextmanager
    def watching(number, method, part, act=lambda: None):
        left, is_done = itertools.count(number - 1, -1), threading.Event()

        def watch(asked, path):
            if asked == method and part in path and next(left) == 0:
                act()
                is_done.set()

        embedded_store.watch = watch
        try:
            yield is_done
        finally:
            embedded_store.watch = None

    return watching


@pytest.fixture(scope="session")
def s3(store, client_of):
    """Another S3 tool."""
    return client_of(store.owner)


@pytest.fixture(scope="session")
def linked(store, s3, tmp_path_factory):
    """Three devices, really linked: the place with their folders, state and settings, and the drive's own objects."""
    home, bucket = tmp_path_factory.mktemp("linked"), make_bucket(s3).name
    with pytest.MonkeyPatch.context() as patch:
        _enter(patch, store, home)
        for name in DEVICES:
            code, document = run("link", f"s3://{bucket}/home", home / name, "--device", name)
            assert code == 0, document
    rows = s3.list_objects_v2(Bucket=bucket, Prefix=OWN)["Contents"]
    keys = [row["Key"] for row in rows if "/probe/" not in row["Key"]]
    return home, bucket, {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def _enter(patch, store, home):
    for name in [*(row.variable for row in SETTINGS), "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"]:
        patch.delenv(name, raising=False)
    own = {
        "BUCKETDRIVE_CONFIG_DIR": str(home / "config"),
        "BUCKETDRIVE_STATE_DIR": str(home / "state"),
        "BUCKETDRIVE_SETTLE_S": "0.05",
        "BUCKETDRIVE_ABSENCE_S": "0.1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for name, value in (store.device | own).items():
        patch.setenv(name, value)


@pytest.fixture
def place(store, tmp_path, monkeypatch):
    """An empty place with settings of its own, in which nothing is linked yet."""
    home = tmp_path.resolve()
    _enter(monkeypatch, store, home)
    return home


def make_bucket(s3):
    """A new bucket that keeps versions."""
    name = f"drive-{os.getpid()}-{next(_numbers)}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(s3, name)


@pytest.fixture
def fresh_bucket(s3):
    """See `make_bucket`."""
    return make_bucket(s3)


def make_world(linked, home, bucket):
    """Devices of an empty drive: a copy of the linked ones."""
    template, linked_bucket, objects = linked
    shutil.copytree(template, home, dirs_exist_ok=True)
    records = home / "config" / "drives.toml"
    text = records.read_text().replace(str(template), str(home))
    records.write_text(text.replace(f'bucket = "{linked_bucket}"', f'bucket = "{bucket.name}"'))
    for key, body in objects.items():
        bucket.s3.put_object(Bucket=bucket.name, Key=key, Body=body)
    return World(home, bucket, *(Device(name, home / name) for name in DEVICES))


@pytest.fixture
def world(linked, place, fresh_bucket):
    """See `make_world`."""
    return make_world(linked, place, fresh_bucket)


@pytest.fixture(scope="module")
def shared_world(linked, store, s3, tmp_path_factory):
    """As `world`, for a module that plays once and looks often. Its settings hold while the fixture is made."""

    @contextlib.contextmanager
    def entered(home=None):
        home = home or tmp_path_factory.mktemp("shared").resolve()
        with pytest.MonkeyPatch.context() as patch:
            _enter(patch, store, home)
            yield make_world(linked, home, make_bucket(s3))

    return entered


@pytest.fixture(scope="session")
def cli():
    """Runs any command in this process; see `run`."""
    return run


@pytest.fixture(scope="session")
def copy_name():
    """See `conflict_copy`."""
    return conflict_copy


@pytest.fixture(scope="session")
def change_folder():
    """See `change`."""
    return change


@pytest.fixture(scope="session")
def tree_of():
    """See `tree`."""
    return tree


def refuses(document, error, *words, hint):
    """Whether an error's document says what happened, what did not, and what to do next."""
    assert document["error"] == error, document
    assert [part for part in words if part not in document["message"]] == [], document
    assert hint in document["hint"], document
    assert re.search(r"[Nn]othing|was left", document["message"]), document


@pytest.fixture(scope="session")
def check_refusal():
    """See `refuses`."""
    return refuses
