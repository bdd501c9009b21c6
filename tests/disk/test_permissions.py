"""What an ordinary user may not do, and what a replaced file's looks are worth then."""

import os
import struct

import pytest

from bucketdrive.errors import DiskFullError, UnreadableError
from bucketdrive.ports.disk import Staging
from bucketdrive.testing.contracts import disk as reads
from bucketdrive.testing.contracts import disk_errors as errors
from bucketdrive.testing.contracts.disk_harness import fingerprint, run, stage
from bucketdrive.testing.contracts.folder_harness import FolderHarness

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def users(parent, as_nobody):
    made = FolderHarness(parent)
    yield made
    made.close()


class TestDenials(reads.DenialContract):
    @pytest.fixture
    def harness(self, users):
        return users

    def test_the_denial_is_real(self, harness):
        harness.write("a", b"a")
        harness.deny("a")
        with pytest.raises(PermissionError):
            (harness.path / "a").read_bytes()


class TestDeniedErrors(errors.DeniedErrorContract):
    @pytest.fixture
    def harness(self, users):
        return users


def test_a_folder_that_may_not_be_written_gives_and_gets_nothing(users):
    users.write("d/a", b"a")
    users.write("d/e/.DS_Store", b"junk")
    stage(users, "tmp/a", b"new")
    users.set_mode("d", 0o555)
    users.set_mode("d/e", 0o555)
    expected, disk = fingerprint(users, "d/a"), users.disk
    for work in (
        disk.install("tmp/a", "d/b"),
        disk.exchange("tmp/a", "d/a", expected),
        disk.set_aside("d/a", "quarantine/op/d/a", expected),
        disk.rename("d/a", "a", expected),
        disk.make_dir("d/new"),
        disk.remove_dir("d/e", "quarantine/junk"),
    ):
        with pytest.raises(UnreadableError) as caught:
            run(work)
        assert caught.value.hint.startswith("Give yourself permission")
        assert (users.places(), users.place_dirs()) == ({"tmp/a": b"new"}, set())
    assert users.files() == {"d/a": b"a", "d/e/.DS_Store": b"junk"}
    users.set_mode("d", 0o755)
    users.set_mode("d/e", 0o755)


def test_what_cannot_be_staged_leaves_no_folders(harness, mounted):
    with mounted(harness.path / ".bucketdrive", "size=1m,nr_inodes=6"):
        run(harness.disk.write_root("drive", "root"))
        stage(harness, "tmp/op", b"takes the last but two")
        for place in ("tmp/a/b/c/d", "quarantine/a/b/c/d"):
            with pytest.raises(DiskFullError):
                stage(harness, place, b"")
            assert (list(harness.places()), harness.place_dirs()) == (["tmp/op"], set())


def replace(harness, name):
    stage(harness, f"tmp/{name}", b"new", Staging(like=name))
    run(harness.disk.exchange(f"tmp/{name}", name, fingerprint(harness, name)))
    return (harness.path / name).stat()


@needs_root
def test_root_keeps_the_owner_of_a_replaced_file(harness):
    harness.write("a", b"old")
    os.chown(harness.path / "a", 1234, 5678)
    harness.set_mode("a", 0o4640)
    found = replace(harness, "a")
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (1234, 5678, 0o640)


@needs_root
def test_a_group_that_cannot_be_kept_gives_the_new_group_nothing(parent, users):
    users.write("a", b"old")
    users.write("b", b"old")
    os.seteuid(0)
    os.chown(users.path / "a", -1, 5678)
    os.chown(users.path / "b", -1, 5678)
    os.seteuid(65534)
    users.set_mode("a", 0o660)
    users.set_mode("b", 0o664)
    assert [replace(users, name).st_mode & 0o777 for name in ("a", "b")] == [0o600, 0o644]


def set_attribute(harness, name, label, value):
    try:
        os.setxattr(harness.path / name, label, value)
    except OSError as error:
        pytest.skip(f"this file system keeps no {label}: {error}")


@pytest.fixture(params=["tmpfs", "disk"])
def attributed(request, parent, tmp_path):
    made = FolderHarness(parent if request.param == "tmpfs" else tmp_path)
    yield made
    made.close()


def test_extended_attributes_are_kept(attributed):
    attributed.write("a", b"old")
    set_attribute(attributed, "a", "user.comment", b"mine")
    replace(attributed, "a")
    assert os.getxattr(attributed.path / "a", "user.comment") == b"mine"


def test_an_acl_is_kept(attributed):
    acl = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, bits, number)
        for tag, bits, number in [
            (0x01, 6, 0xFFFFFFFF),
            (0x02, 4, 1234),
            (0x04, 0, 0xFFFFFFFF),
            (0x10, 4, 0xFFFFFFFF),
            (0x20, 0, 0xFFFFFFFF),
        ]
    )
    attributed.write("a", b"old")
    set_attribute(attributed, "a", "system.posix_acl_access", acl)
    found = replace(attributed, "a")
    assert os.getxattr(attributed.path / "a", "system.posix_acl_access") == acl
    assert found.st_mode & 0o777 == 0o640


def test_new_files_follow_the_umask(harness):
    before = os.umask(0o027)
    try:
        stage(harness, "tmp/a", b"", Staging())
        stage(harness, "tmp/b", b"", Staging(is_executable=True))
        modes = [run(harness.disk.install(f"tmp/{name}", f"d/{name}")).mode for name in "ab"]
    finally:
        os.umask(before)
    assert modes == [0o640, 0o750]
    assert (harness.path / "d").stat().st_mode & 0o777 == 0o750


def test_the_own_folders_are_private(harness):
    harness.write("a", b"a")
    stage(harness, "tmp/op/x", b"")
    run(harness.disk.set_aside("a", "quarantine/op/a", fingerprint(harness, "a")))
    own = harness.path / ".bucketdrive"
    for folder in (own, own / "tmp", own / "tmp/op", own / "quarantine", own / "quarantine/op"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (own / "root.json").stat().st_mode & 0o777 == 0o600
