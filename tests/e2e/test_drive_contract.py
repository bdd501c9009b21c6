"""What `Drive` promises, `RemoteDrive` does: the same answers and the same errors, in this process or by a daemon."""

import pytest

from bucketdrive.drive.drive import Drive
from bucketdrive.errors import NoSuchPathError, UsageError
from bucketdrive.httpapi.remote import RemoteDrive
from bucketdrive.model.history import Which
from bucketdrive.model.reports import DriveStatus

GONE = None


@pytest.fixture(params=["in this process", "by a daemon"])
def drive(request, world, daemon_here):
    """The laptop's drive; nothing is synced but what is asked for: a daemon's is paused."""
    if request.param == "in this process":
        with Drive.open(world.laptop.folder) as drive:
            yield drive
        return
    with daemon_here(world.laptop.folder) as daemon:
        [root_id] = daemon.ask("GET", "/")["drives"]
        drive = RemoteDrive(daemon, root_id, (world.laptop.folder, world.url))
        drive.pause()
        yield drive


def counts(report):
    names = ("uploaded", "downloaded", "deleted_here", "deleted_in_bucket", "moved", "conflicts", "held", "failed")
    return {name: found for name in names if (found := getattr(report, name))}


class TestDrive:
    def test_a_sync_tells_what_it_did_and_what_it_cost(self, drive, world):
        world.laptop.change({"a": "one", "d/b": "two"})
        dry = drive.sync(dry_run=True)
        assert (len(dry.planned), world.bucket.tree()) == (2, {})
        report = drive.sync()
        assert (report.drive, report.planned, counts(report)) == (world.url, None, {"uploaded": 2})
        assert report.requests["PutObject"] >= 2
        assert report.bytes_sent > 6
        assert world.bucket.tree() == {"a": "one", "d/b": "two"}
        assert counts(drive.sync()) == {}

    def test_it_says_where_it_is(self, drive, world):
        assert (drive.folder, drive.url) == (world.laptop.folder, world.url)

    def test_the_past_is_told_and_comes_back(self, drive, world):
        world.laptop.change({"a": "one"})
        drive.sync()
        world.laptop.change({"a": "two!"})
        drive.sync()
        newest, oldest = drive.versions("a")
        assert [(v.size, v.is_latest, v.device) for v in (newest, oldest)] == [
            (4, True, "laptop"),
            (3, False, "laptop"),
        ]
        assert newest.modified >= oldest.modified > 1.7e9
        assert [(entry.path, entry.size) for entry in drive.ls()] == [("a", 4)]
        assert counts(drive.restore("a", oldest.version_id)) == {"downloaded": 1}
        assert world.laptop.tree() == {"a": "one"}
        world.laptop.change({"a": GONE})
        drive.sync()
        [deleted] = drive.trash().deleted
        assert (deleted.path, deleted.size, deleted.by, deleted.expiry) == ("a", 3, "laptop", "never")
        assert drive.ls() == []

    def test_the_trash_is_read_in_pages_and_brought_back(self, drive, world):
        texts = {"a": "one", "d/é": "two", "d/c": "three", "e": "four"}
        world.laptop.change(texts)
        drive.sync()
        world.laptop.change(dict.fromkeys(texts))
        drive.sync()
        page = drive.trash(limit=3)
        assert ([deleted.path for deleted in page.deleted], page.next) == (["a", "d/c", "d/é"], "d/é")
        assert [deleted.path for deleted in drive.trash("", None, 3, page.next).deleted] == ["e"]
        assert [deleted.path for deleted in drive.trash("d", Which("1h", "", "laptop")).deleted] == ["d/c", "d/é"]
        assert drive.trash(which=Which(by="desktop")).deleted == []
        assert len(drive.undelete(["d/é", "a"], dry_run=True).planned) == 2
        report = drive.undelete(["d/é", "a"])
        assert (counts(report), report.notes) == ({"downloaded": 2}, ["2 of 2 deleted files came back."])
        assert counts(drive.undelete()) == {"downloaded": 2}
        assert world.laptop.tree() == world.bucket.tree() == texts
        with pytest.raises(NoSuchPathError):
            drive.undelete(["never"])

    def test_how_long_the_past_is_kept_is_told(self, drive, world):
        rule = {"Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 9}}
        world.bucket.s3.put_bucket_lifecycle_configuration(
            Bucket=world.bucket.name, LifecycleConfiguration={"Rules": [{"ID": "nine", **rule}]}
        )
        found = drive.retention()
        assert (found.drive, found.versions_days, found.deleted_days, len(found.rules)) == (world.url, 9, 9, 1)

    def test_status_is_evidence(self, drive, world, wait_for):
        world.laptop.change({"a": "one", "odd\x7fname": "o"})
        drive.sync()
        if isinstance(drive, RemoteDrive):
            assert drive.resume().state != "paused"
        wait_for(lambda: (drive.status().state, drive.status().pending) == ("needs you", 0))
        status = drive.status()
        assert isinstance(status, DriveStatus)
        assert (status.files, status.size_bytes, [held.path for held in status.held]) == (1, 3, ["odd\x7fname"])
        assert status.verified_at == status.synced_at > 1.7e9
        world.laptop.change({"odd\x7fname": GONE})
        drive.sync()
        wait_for(lambda: drive.status().state == "up to date")

    def test_verify_compares_and_tells_differences(self, drive, world):
        world.laptop.change({"a": "one"})
        drive.sync()
        assert (drive.verify().files, drive.verify(full=True).differences) == (1, [])
        world.laptop.change({"a": "two"})
        assert [difference.path for difference in drive.verify().differences] == ["a"]

    def test_a_conflict_is_listed_and_settled(self, drive, world, copy_name):
        world.laptop.change({"a": "base"})
        drive.sync()
        world.desktop.sync()
        world.desktop.change({"a": "theirs"})
        world.desktop.sync()
        world.laptop.change({"a": "mine"})
        assert drive.sync().conflicts == ["a"]
        [copy] = drive.conflicts()
        assert (copy.path, copy.of) == (copy_name("a", "laptop", "mine"), "a")
        assert (copy.base.device, copy.mine.device, copy.theirs.device) == ("laptop", "laptop", "desktop")
        drive.settle("a", "mine")
        assert (drive.conflicts(), world.bucket.tree()) == ([], {"a": "mine"})

    def test_held_deletions_are_denied_or_approved(self, drive, world):
        files = {f"{number}": "x" for number in range(60)}
        world.laptop.change(files)
        drive.sync()
        world.laptop.change(dict.fromkeys(files))
        assert len(drive.sync().held) == 60
        assert (drive.status().approvals, drive.deny()) == (60, 60)
        drive.sync()
        assert world.laptop.tree() == files
        world.laptop.change(dict.fromkeys(files))
        drive.sync()
        assert drive.approve() == 60
        drive.sync()
        assert world.bucket.tree() == {}

    def test_a_path_is_explained(self, drive, world):
        world.laptop.change({"a": "one"})
        why = drive.why("a")
        assert (why.agreed.what, why.here.size, why.bucket.what) == ("nothing", 3, "nothing")
        assert why.will == [f"upload: a ({why.rule})"]

    def test_the_log_is_read_on_from_any_line(self, drive, world):
        world.laptop.change({"a": "one"})
        drive.sync()
        [first] = drive.log()
        world.laptop.change({"a": GONE})
        drive.sync()
        assert [line.op for line in drive.log()] == ["upload", "delete-in-bucket"]
        assert [line.op for line in drive.log(after=first.id)] == ["delete-in-bucket"]
        assert first.at > 1.7e9

    def test_errors_are_of_the_same_class_with_all_that_they_say(self, drive):
        with pytest.raises(NoSuchPathError) as missing:
            drive.versions("never/was")
        assert (missing.value.path, missing.value.exit_code) == ("never/was", 3)
        assert "trash" in missing.value.hint
        with pytest.raises(UsageError, match="moment"):
            drive.ls(as_of="nonsense")
        with pytest.raises(UsageError):
            drive.restore("a", "v1", "2h")
