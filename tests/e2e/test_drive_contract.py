"""What `Drive` promises, `RemoteDrive` does: the same answers and the same errors, in this process or by a daemon."""

from datetime import UTC, datetime

import pytest

from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.drive import Drive
from bucketdrive.errors import ConditionFailedError, NoSuchPathError, NoSuchRunError, TransientError, UsageError
from bucketdrive.httpapi.remote import RemoteDrive
from bucketdrive.model.reports import DriveStatus
from bucketdrive.model.trash import Which

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


def next_second():
    """Wait for the next whole second, since stores tell times no finer; the one before it, in ISO 8601."""
    clock = SystemClock()
    began = int(clock.now_s())
    while int(clock.now_s()) == began:
        pass
    return datetime.fromtimestamp(began, UTC).isoformat()


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

    def test_the_bytes_of_any_version_are_read_piece_by_piece(self, drive, world):
        large = "0123456789" * 900_000
        world.laptop.change({"a": large, "empty": "", "d/b": "two"})
        drive.sync()
        world.laptop.change({"a": "small now"})
        drive.sync()
        newest, oldest = drive.versions("a")
        pieces = list(drive.cat("a", oldest.version_id))
        assert (b"".join(pieces).decode(), len(pieces) > 1) == (large, True)
        assert b"".join(drive.cat("a")) == b"small now"
        assert b"".join(drive.cat("a", newest.version_id)) == b"small now"
        assert list(drive.cat("empty")) == []
        some = drive.cat("a", oldest.version_id)
        assert next(some).startswith(b"0123")
        some.close()
        for arguments, what in (
            (("never",), "neither"),
            (("d",), "is a folder"),
            (("a", "no-such"), "has no version"),
            (("a", "", "2h"), "did not exist"),
        ):
            with pytest.raises(NoSuchPathError, match=f"{what}.* Nothing was read"):
                drive.cat(*arguments)
        with pytest.raises(UsageError):
            drive.cat("a", newest.version_id, "2h")

    def test_a_version_that_is_destroyed_while_it_is_read_breaks_off_with_an_error(self, drive, world):
        world.laptop.change({"a": "0123456789" * 2_000_000})
        drive.sync()
        pieces = drive.cat("a")
        assert len(next(pieces)) > 0
        world.bucket.destroy("a")
        with pytest.raises((NoSuchPathError, TransientError)):
            list(pieces)

    def test_two_moments_are_compared(self, drive, world):
        world.laptop.change({"a": "one", "b": "two"})
        drive.sync()
        world.laptop.change({"a": GONE, "d/c": "three"})
        drive.sync()
        since_then = drive.diff("", "1h")
        assert [(change.path, change.what, change.before) for change in since_then.changes] == [
            ("b", "added", None),
            ("d/c", "added", None),
        ]
        assert since_then.changes[0].after == next(entry for entry in drive.ls() if entry.path == "b")
        assert (since_then.counts["added"], since_then.until) == (2, 0.0)
        assert drive.diff("", "2h", "1h").changes == []
        assert drive.diff("", "2h", "1h").until - drive.diff("", "2h", "1h").since == pytest.approx(3600, abs=1)
        with pytest.raises(NoSuchPathError, match="Nothing was compared"):
            drive.diff("never", "1h")
        with pytest.raises(UsageError, match="before the first"):
            drive.diff("", "1h", "2h")

    def test_moments_in_which_much_happened_are_offered(self, drive, world):
        assert drive.moments() == []
        world.laptop.change({f"d/{number}": "x" for number in range(12)})
        drive.sync()
        [moment] = drive.moments()
        assert (moment.new, moment.changed, moment.deleted, moment.folder, moment.sample) == (12, 0, 0, "d", "d/0")
        assert [(share.device, share.files) for share in moment.devices] == [("laptop", 12)]
        assert 0 <= moment.ended - moment.began < 60
        assert drive.ls(as_of=moment.as_of) == []
        assert (drive.moments(least=13), drive.moments("d/3"), drive.moments(before="1h")) == ([], [], [])
        assert [one.new for one in drive.moments("d/3", 1, 1)] == [1]
        with pytest.raises(UsageError):
            drive.moments(before="nonsense")

    def test_what_all_devices_did_is_told(self, drive, world):
        assert drive.deeds() == []
        world.laptop.change({"a": "one"})
        drive.sync()
        world.desktop.sync()
        world.desktop.change({"a": GONE})
        world.desktop.sync()
        made, deleted = drive.deeds()
        assert [(one.device, one.op, one.path) for one in (made, deleted)] == [
            ("laptop", "put", "a"),
            ("desktop", "delete", "a"),
        ]
        [version], [marker] = world.bucket.rows("a")
        assert (made.version_id, deleted.version_id) == (version["VersionId"], marker["VersionId"])
        assert (deleted.at >= made.at > 1.7e9, drive.deeds(1)) == (True, [deleted])

    def test_a_restore_is_planned_and_only_the_plan_that_was_shown_is_done(self, drive, world):
        world.laptop.change({"d/a": "one"})
        assert drive.sync().run == 1
        then = next_second()
        world.laptop.change({"d/a": GONE, "d/b": "two"})
        drive.sync()
        plan = drive.plan_restore("d", as_of=then, exact=True)
        shown = [[change.path for change in changes] for changes in (plan.comes_back, plan.replaced, plan.removed)]
        assert (plan.drive, shown) == (world.url, [["d/a"], [], ["d/b"]])
        world.laptop.change({"d/c": "three"})
        with pytest.raises(ConditionFailedError, match="another now"):
            drive.restore("d", as_of=then, exact=True, plan_id=plan.plan_id)
        assert world.bucket.tree() == {"d/b": "two", "d/c": "three"}
        plan = drive.plan_restore("d", as_of=then, exact=True)
        report = drive.restore("d", as_of=then, exact=True, plan_id=plan.plan_id)
        assert (report.restored, report.deleted_in_bucket, report.run > 0) == (1, 2, True)
        assert world.laptop.tree() == world.bucket.tree() == {"d/a": "one"}

    def test_a_run_is_taken_back(self, drive, world):
        world.laptop.change({"a": "one"})
        drive.sync()
        world.laptop.change({"a": "two", "b": "new"})
        run = drive.sync().run
        plan = drive.plan_undo([run])
        assert ([change.path for change in plan.replaced], [change.path for change in plan.removed]) == (["a"], ["b"])
        assert drive.plan_undo() == plan
        undone = drive.undo([run], plan_id=plan.plan_id)
        assert (undone.restored, undone.deleted_in_bucket, world.laptop.tree()) == (1, 1, {"a": "one"})
        assert counts(drive.undo()) == {"downloaded": 2}
        assert world.laptop.tree() == world.bucket.tree() == {"a": "two", "b": "new"}
        with pytest.raises(NoSuchRunError, match="no run 99"):
            drive.undo([99])

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
        with pytest.raises(UsageError, match="moment"):
            drive.plan_restore("a", exact=True)
