"""Folders, files and our own files on this machine that are not as they should be: what is said; nothing is lost."""

import tempfile
from pathlib import Path

import pytest

from bucketdrive.state.database import State

GONE = None
FILES = {"a": "a1", "d/b": "b1"}
MEMORY = Path("/dev/shm")


def link(cli, url, folder, *options):
    return cli("link", url, folder, "--device", "phone", *options)


def test_a_folder_that_is_a_file(world, cli, check_refusal):
    (world.home / "file").write_text("f1")
    code, told = link(cli, world.url, world.home / "file")
    check_refusal(told, "usage", "is not a folder", hint="Name a folder")
    assert code == 2
    code, told = link(cli, world.url, world.home / "file" / "below")
    check_refusal(told, "usage", "/file is not a folder", hint="Name a folder")
    assert code == 2
    assert (world.home / "file").read_text() == "f1"


def test_a_folder_inside_around_or_of_another_drive(world, cli, check_refusal):
    world.laptop.start(FILES)
    (world.home / "laptop link").symlink_to(world.laptop.folder)
    for place in ("laptop/d", ".", "laptop link/d"):
        code, told = link(cli, f"s3://{world.bucket.name}/other", world.home / place)
        check_refusal(told, "usage", "lies inside or around", world.url, hint="Choose a folder outside it")
        assert code == 2
    code, told = link(cli, f"s3://{world.bucket.name}/other", world.laptop.folder)
    check_refusal(told, "usage", "is already linked to", world.url, hint="Choose another folder")
    assert code == 2
    assert "Contents" not in world.bucket.s3.list_objects_v2(Bucket=world.bucket.name, Prefix="other/")
    assert world.laptop.tree() == FILES
    assert world.laptop.sync()["uploaded"] == 0


def test_a_folder_that_is_no_drive(world, cli, monkeypatch, check_refusal):
    (world.home / "plain").mkdir()
    for command in ("sync", "status", "trash"):
        code, told = cli(command, world.home / "plain")
        check_refusal(told, "no-such-drive", "is not in a drive of this machine", hint="bucketdrive link")
        assert code == 3
    monkeypatch.chdir(world.home / "plain")
    assert cli("sync")[0] == 3


@pytest.fixture
def as_nobody(shared_world, ordinary_user):
    """A drive whose machine is an ordinary user's, as whom this process runs."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name,
        shared_world(Path(name)) as world,
    ):
        world.laptop.start(FILES | {"d/c": "c1", "e/f": "f1"})
        with ordinary_user(world.home, *world.home.rglob("*")):
            yield world


def test_a_file_that_cannot_be_read_is_held_and_the_rest_goes_on(as_nobody):
    world, laptop = as_nobody, as_nobody.laptop
    laptop.change({"secret": "s1", "a": "a2 that is longer", "new": "n1"})
    for name in ("secret", "a"):
        (laptop.folder / name).chmod(0)
        with pytest.raises(PermissionError):
            (laptop.folder / name).read_bytes()
    report = laptop.sync(exit_code=4)
    held = {entry["path"]: entry["reason"] for entry in report["held"]}
    assert sorted(held) == ["a", "secret"]
    assert all("permission denied" in reason for reason in held.values())
    assert world.bucket.tree() == FILES | {"d/c": "c1", "e/f": "f1", "new": "n1"}
    for name in ("secret", "a"):
        (laptop.folder / name).chmod(0o644)
    assert laptop.sync()["uploaded"] == 2
    assert world.bucket.tree() == laptop.tree()


def test_49_a_folder_that_cannot_be_read_is_held_and_nothing_in_it_counts_as_deleted(as_nobody):
    world, laptop = as_nobody, as_nobody.laptop
    before = laptop.tree()
    world.bucket.put("d/b", "b2")
    world.bucket.delete("d/c")
    (laptop.folder / "d").chmod(0)
    with pytest.raises(PermissionError):
        list((laptop.folder / "d").iterdir())
    laptop.change({"new": "n1"})
    report = laptop.sync(exit_code=4)
    assert {entry["path"] for entry in report["held"]} == {"d", "d/b", "d/c"}
    assert (report["uploaded"], report["deleted_in_bucket"], report["deleted_here"]) == (1, 0, 0)
    (laptop.folder / "d").chmod(0o755)
    assert laptop.tree() == before | {"new": "n1"}
    report = laptop.sync()
    assert (report["downloaded"], report["deleted_here"]) == (1, 1)
    assert laptop.tree() == world.bucket.tree() == {"a": "a1", "d/b": "b2", "e/f": "f1", "new": "n1"}


@pytest.mark.parametrize("parts", [(".", "d", "e"), (".", "d", "e", ".bucketdrive", ".bucketdrive/tmp")])
def test_a_folder_that_cannot_be_written_sends_what_is_new_and_receives_nothing(as_nobody, parts):
    world, laptop = as_nobody, as_nobody.laptop
    world.bucket.put("a", "a2")
    world.bucket.put("d/new", "n1")
    world.bucket.delete("e/f")
    laptop.change({"d/b": "b2"})
    before, folders = laptop.tree(), [laptop.folder / part for part in parts]
    (laptop.folder / ".bucketdrive" / "tmp").mkdir(exist_ok=True)
    for folder in folders:
        folder.chmod(0o555)
    with pytest.raises(PermissionError):
        (laptop.folder / "d" / "x").write_text("x1")
    report = laptop.sync(exit_code=4)
    held = {entry["path"]: entry["reason"] for entry in report["held"]}
    assert sorted(held) == ["a", "d/new", "e/f"]
    assert all("permission denied" in reason and "left as it is" in reason for reason in held.values())
    assert laptop.tree() == before
    assert world.bucket.tree() == {"a": "a2", "d/b": "b2", "d/c": "c1", "d/new": "n1"}
    for folder in folders:
        folder.chmod(0o755)
    laptop.sync()
    assert laptop.tree() == world.bucket.tree()


def test_linking_a_folder_that_cannot_be_written_or_made(as_nobody, cli, check_refusal):
    world = as_nobody
    (world.home / "locked").mkdir(mode=0o555)
    (world.home / "hidden").mkdir(mode=0)
    with pytest.raises(PermissionError):
        (world.home / "locked" / "below").mkdir()
    for name in ("locked", "locked/below/and/deeper", "hidden/below"):
        code, told = link(cli, world.url, world.home / name)
        check_refusal(told, "usage", "permission denied", hint="Give yourself permission")
        assert code == 2
    assert "home/.bucketdrive/probe/" not in str(world.bucket.rows(""))
    for name in ("locked", "hidden"):
        (world.home / name).chmod(0o755)
        assert list((world.home / name).iterdir()) == []


def test_nothing_is_written_through_a_link_to_the_outside(world):
    outside = world.home / "outside"
    outside.mkdir()
    world.laptop.start({"d/x": "x1", "e": "e1"})
    world.laptop.change({"d": outside, "link": outside, "e": outside / "file"})
    world.bucket.put("link/x", "x1")
    world.bucket.put("d/y", "y1")
    world.bucket.put("d/x", "x2")
    world.bucket.put("e", "e2")
    report = world.laptop.sync(exit_code=4)
    assert list(outside.iterdir()) == []
    assert {"d", "d/x", "d/y", "e", "link", "link/x"} == {entry["path"] for entry in report["held"]}
    assert world.bucket.tree() == {"d/x": "x2", "d/y": "y1", "e": "e2", "link/x": "x1"}
    world.laptop.change({"d": GONE, "link": GONE, "e": GONE})
    world.laptop.change({"d/": "", "link/": ""})
    world.laptop.sync()
    assert list(outside.iterdir()) == []


DAMAGES = [b"not a database, but long enough to be read as one" * 100, b"SQLite format 3\0" + b"\xff" * 8000]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state(world, check_refusal, damage):
    world.laptop.start(FILES)
    state = world.state_folder(world.laptop)
    for path in state.glob("state.db*"):
        path.unlink()
    (state / "state.db").write_bytes(damage)
    world.laptop.change({"a": "a2"})
    check_refusal(world.laptop.sync(exit_code=1), "drive", str(state / "state.db"), hint="Move it away")
    assert (world.bucket.tree(), world.laptop.tree()) == (FILES, FILES | {"a": "a2"})
    (state / "state.db").rename(state / "away")
    assert world.laptop.sync(exit_code=4)["conflicts"] == ["a"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("this is not TOML", "cannot be read"),
        ('[[drive]]\nfolder = "/x"\n', "has no bucket"),
        ("[[drive]]\nroot_id = 1\n", "not a table of texts"),
        ("[other]\n", "unknown key 'other'"),
    ],
)
def test_a_damaged_list_of_drives(world, cli, check_refusal, text, what):
    world.laptop.start(FILES)
    records = world.home / "config" / "drives.toml"
    records.write_text(text)
    for arguments in (("sync", world.laptop.folder), ("status",), ("link", world.url, world.home / "phone")):
        code, told = cli(*arguments)
        check_refusal(told, "usage", str(records), what, hint="Correct the file")
        assert code == 2
    assert records.read_text() == text
    assert (world.home / "phone").exists() is False


def test_a_damaged_settings_file_or_variable(world, monkeypatch, check_refusal):
    (world.home / "config" / "settings.toml").write_text("settle_s = 1\nsettel_s = 2\n")
    check_refusal(world.laptop.sync(exit_code=2), "usage", "line 2", "'settel_s'", hint="settle_s")
    (world.home / "config" / "settings.toml").unlink()
    monkeypatch.setenv("BUCKETDRIVE_SETTLE_S", "soon")
    check_refusal(world.laptop.sync(exit_code=2), "usage", "BUCKETDRIVE_SETTLE_S", "'soon'", hint="number")


def test_another_process_that_works_on_the_drive(world, check_refusal):
    world.laptop.start(FILES)
    world.laptop.change({"a": "a2"})
    other = State.open(world.state_folder(world.laptop))
    try:
        check_refusal(world.laptop.sync(exit_code=5), "busy", "Another BucketDrive process", hint="Wait")
        assert world.laptop.run("status", world.laptop.folder)["drives"][0]["files"] == 2
    finally:
        other.close()
    assert world.bucket.tree() == FILES
    assert world.laptop.sync()["uploaded"] == 1
