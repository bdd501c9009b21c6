"""The moments of a drive, on a bucket in memory: two devices at work, and another tool."""

from bucketdrive.history.as_of import NOW
from bucketdrive.history.moments import list_moments
from bucketdrive.rules.moments import parse_moment
from bucketdrive.testing.stage import Stage
from bucketdrive.testing.world import PREFIX


def moments(stage, path="", limit=20, least=1, before_s=NOW):
    """(new, changed, deleted, devices, folder, sample) of each, newest first."""
    found = stage.world.run(list_moments(stage.sweeps, path, limit, least, before_s))
    return found, [
        (
            one.new,
            one.changed,
            one.deleted,
            [(share.device, share.files) for share in one.devices],
            one.folder,
            one.sample,
        )
        for one in found
    ]


def played():
    """Twenty files of A; an hour later B deletes all but one of a folder; then another tool overwrites three."""
    stage = Stage("A", "B")
    stage.start_with({f"d/{number:02}": b"1" for number in range(15)} | {f"e/{number}": b"1" for number in range(5)})
    stage.wait(3600)
    for number in range(14):
        stage.folder("B").delete(f"d/{number:02}")
    stage.settle()
    stage.wait(3600)
    for number in range(3):
        stage.world.store.put(f"{PREFIX}e/{number}", b"encrypted")
    stage.wait(3600)
    return stage


def test_moments_tell_what_happened_where_and_by_whom():
    stage = played()
    found, told = moments(stage)
    assert told == [
        (0, 3, 0, [("", 3)], "e", "e/0"),
        (0, 0, 14, [("B", 14)], "d", "d/00"),
        (20, 0, 0, [("A", 20)], "", "d/00"),
    ]
    assert all(one.began <= one.ended < one.began + 60 for one in found)


def test_the_time_that_a_moment_offers_has_all_as_it_was_just_before():
    stage = played()
    encrypted, deleted, first = (parse_moment(one.as_of, stage.world.now_s()) for one in moments(stage)[0])
    assert len(stage.ls(at_s=deleted)) == 20
    assert stage.ls(at_s=encrypted) == {"d/14": 1} | {f"e/{number}": 1 for number in range(5)}
    assert stage.ls(at_s=first) == {}


def test_moments_of_few_files_and_of_other_folders_and_the_oldest_are_left_out():
    stage = played()
    assert [one[2] for one in moments(stage, least=10)[1]] == [14, 0]
    assert [one[2] for one in moments(stage, "d")[1]] == [14, 0]
    assert [one[4] for one in moments(stage, "d/00")[1]] == ["d", "d"]
    assert [one[1] for one in moments(stage, limit=1)[1]] == [3]
    assert moments(stage, least=21) == ([], [])


def test_what_happened_up_to_a_moment_is_known_from_what_is_kept():
    stage = played()
    newest, middle, _ = moments(stage)[0]
    before = stage.requests("ListObjectVersions")
    at_s = parse_moment(newest.as_of, stage.world.now_s())
    assert moments(stage, before_s=at_s)[0][0] == middle
    assert moments(stage, before_s=middle.began - 1)[1] == [(20, 0, 0, [("A", 20)], "", "d/00")]
    assert stage.requests("ListObjectVersions") == before
