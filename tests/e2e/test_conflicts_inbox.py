"""The inbox of conflicts: what it tells of each, and the three ways to settle one."""

import re

import pytest

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
GONE = None


@pytest.fixture
def conflict(world, copy_name):
    """`d/a.txt` was edited on both devices, the laptop's edit came first; the name of the desktop's copy."""
    world.start({"d/a.txt": "base\n"})
    world.laptop.change({"d/a.txt": "theirs, longer\n"})
    world.laptop.sync()
    world.desktop.change({"d/a.txt": "mine!\n"})
    world.desktop.sync(exit_code=4)
    world.laptop.sync()
    return copy_name("d/a.txt", "desktop", "mine!\n")


def test_it_lists_base_mine_and_theirs_with_device_and_time(world, conflict):
    for device in (world.laptop, world.desktop):
        document = device.run("conflicts", device.folder)
        assert document["conflicts"] == [conflict]
        [copy] = document["copies"]
        assert (copy["path"], copy["of"]) == (conflict, "d/a.txt")
        sides = {side: copy[side] for side in ("base", "mine", "theirs")}
        assert {side: (told["device"], told["size"]) for side, told in sides.items()} == {
            "base": ("laptop", 5),
            "mine": ("desktop", 6),
            "theirs": ("laptop", 15),
        }
        assert all(TIME.fullmatch(told["modified"]) for told in sides.values())
        assert sides["theirs"]["version_id"] == world.bucket.rows("d/a.txt")[0][0]["VersionId"]


def test_keeping_mine_puts_it_in_place_and_theirs_stays_a_version(world, conflict):
    report = world.desktop.run("conflicts", conflict, "-C", world.desktop.folder, "--keep", "mine")
    assert (report["moved"], report["conflicts"], report["failed"]) == (1, [], [])
    assert world.settle() == {"d/a.txt": "mine!\n"}
    assert world.bucket.history("d/a.txt") == (["mine!\n", "theirs, longer\n", "base\n"], 0)
    assert world.desktop.run("conflicts", world.desktop.folder) == {"conflicts": [], "copies": []}


def test_keeping_theirs_deletes_the_copy_which_stays_in_the_trash(world, conflict):
    world.laptop.run("conflicts", "d/a.txt", "-C", world.laptop.folder, "--keep", "theirs")
    assert world.settle() == {"d/a.txt": "theirs, longer\n"}
    assert [row["path"] for row in world.laptop.run("trash", world.laptop.folder)["deleted"]] == [conflict]


def test_keeping_both_gives_the_copy_an_ordinary_name_that_is_free(world, conflict):
    world.desktop.change({"d/a (2).txt": "taken"})
    world.desktop.run("conflicts", "d/a.txt", "-C", world.desktop.folder, "--keep", "both")
    assert world.settle() == {"d/a.txt": "theirs, longer\n", "d/a (2).txt": "taken", "d/a (3).txt": "mine!\n"}


def test_an_edit_that_has_not_gone_up_yet_is_a_version_before_it_is_replaced(world, conflict):
    world.desktop.change({"d/a.txt": "edited since"})
    world.desktop.run("conflicts", conflict, "-C", world.desktop.folder, "--keep", "mine")
    assert world.bucket.history("d/a.txt")[0][:2] == ["mine!\n", "edited since"]


def test_where_the_file_was_deleted_mine_takes_its_name(world, conflict):
    world.desktop.change({"d/a.txt": GONE})
    world.desktop.run("conflicts", conflict, "-C", world.desktop.folder, "--keep", "mine")
    assert world.settle() == {"d/a.txt": "mine!\n"}


def test_what_is_no_conflict_is_refused_and_nothing_moves(world, conflict, check_refusal):
    before = world.desktop.tree()
    error = world.desktop.run("conflicts", "d/b.txt", "-C", world.desktop.folder, "--keep", "mine", exit_code=3)
    check_refusal(error, "no-such-path", "d/b.txt", hint="conflicts")
    world.desktop.change({"d/a.txt": "a third"})
    world.laptop.change({"d/a.txt": "a fourth"})
    world.laptop.sync()
    world.desktop.sync(exit_code=4)
    error = world.desktop.run("conflicts", "d/a.txt", "-C", world.desktop.folder, "--keep", "mine", exit_code=2)
    check_refusal(error, "usage", "2 conflict copies", hint="Name one of them")
    assert before.items() - {("d/a.txt", "theirs, longer\n")} <= world.desktop.tree().items()


def test_the_difference_of_texts_is_shown(world, conflict, cli):
    code, printed = cli("conflicts", "d/a.txt", "-C", world.desktop.folder, "--diff", as_json=False)
    assert code == 0
    assert printed.splitlines() == ["--- d/a.txt", f"+++ {conflict}", "@@ -1 +1 @@", "-theirs, longer", "+mine!"]
    (world.desktop.folder / "d" / "a.txt").write_bytes(b"\xff\xfe\x00")
    code, error = cli("conflicts", "d/a.txt", "-C", world.desktop.folder, "--diff")
    assert (code, "is not text" in error["message"]) == (2, True)


def test_people_read_who_wrote_what_and_when(world, conflict, cli):
    code, printed = cli("conflicts", world.desktop.folder, as_json=False)
    assert code == 0
    head, mine, theirs, base = printed.splitlines()
    assert head == f"{conflict}, a conflict copy of d/a.txt"
    assert [line.split()[0] for line in (mine, theirs, base)] == ["mine", "theirs", "base"]
    assert "desktop, 6 B" in mine
    assert "laptop, 15 B" in theirs
