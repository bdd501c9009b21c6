"""What counts as changed, what is read, and what the sides of a path are taken for."""

import pytest

from bucketdrive.model.entries import (
    Fingerprint,
    Hashed,
    LocalDir,
    LocalFile,
    LocalSpecial,
    LocalUnknown,
    RemoteFile,
    SyncedDir,
    SyncedFile,
)
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import Record
from bucketdrive.rules.changes import Classifier, Observed, changed_paths, same_content, to_confirm, to_hash
from bucketdrive.rules.planner import make_plan, undecided
from bucketdrive.rules.reconcile import Below, Content, Local, Remote

P = RelPath("p")
MD5, OTHER_MD5 = "0" * 32, "f" * 32
NOW_NS, GRAIN_NS = 10_000_000_000, 20_000_000


def fingerprint(size=5, mtime_ns=1, ctime_ns=1, inode=1):
    return Fingerprint(size, mtime_ns, ctime_ns, inode, 0o644)


def row(*, is_fp_safe=True, etag=MD5, size=5):
    return SyncedFile("sha", size, etag, "v1", fingerprint(size), is_fp_safe)


def seen_of(*, synced=None, local=None, live=None, **more):
    def keyed(entry):
        return {} if entry is None else {P: entry}

    return Observed(keyed(synced), keyed(local), keyed(live), more.pop("folder_markers", {}), **more)


def sides(seen):
    return Classifier(seen, changed_paths(seen)).sides(P)


def test_a_clean_file_that_is_live_as_agreed_is_not_looked_at():
    seen = seen_of(synced=row(), local=LocalFile(fingerprint()), live=RemoteFile(MD5, 5))
    assert changed_paths(seen) == set()
    assert to_hash(seen, set()) == to_confirm(seen) == []


@pytest.mark.parametrize("moved", ["size", "mtime_ns", "ctime_ns", "inode"])
def test_any_part_of_the_fingerprint_that_differs_makes_a_file_changed(moved):
    seen = seen_of(synced=row(), local=LocalFile(fingerprint(**{moved: 9})), live=RemoteFile(MD5, 5))
    assert changed_paths(seen) == {P}


def test_a_file_of_another_size_than_agreed_needs_no_reading():
    seen = seen_of(synced=row(), local=LocalFile(fingerprint(size=9)), live=RemoteFile(MD5, 5))
    assert to_hash(seen, {P}) == []
    assert sides(seen).local is Local.FILE


def test_a_racy_row_is_read_again_even_if_the_fingerprint_is_equal():
    seen = seen_of(synced=row(is_fp_safe=False), local=LocalFile(fingerprint()), live=RemoteFile(MD5, 5))
    assert changed_paths(seen) == {P}
    assert to_hash(seen, {P}) == [P]
    assert sides(seen).local is Local.UNKNOWN
    seen.hashes[P] = Hashed("sha", MD5, fingerprint())
    assert sides(seen).local is Local.SAME


def test_a_reading_of_another_fingerprint_than_the_one_seen_decides_nothing():
    seen = seen_of(synced=row(is_fp_safe=False), local=LocalFile(fingerprint()), live=RemoteFile(MD5, 5))
    seen.hashes[P] = Hashed("sha", MD5, fingerprint(mtime_ns=2))
    assert sides(seen).local is Local.UNKNOWN


@pytest.mark.parametrize(("age_ns", "is_safe"), [(GRAIN_NS + 1, True), (GRAIN_NS, False), (0, False), (-1, False)])
@pytest.mark.parametrize("part", ["mtime_ns", "ctime_ns"])
def test_a_fingerprint_is_safe_only_if_older_than_the_clocks_grain_when_hashing_began(age_ns, is_safe, part):
    now = fingerprint(**{part: NOW_NS - age_ns})
    seen = seen_of(synced=row(), local=LocalFile(now), live=RemoteFile(MD5, 5), hashes={P: Hashed("sha", MD5, now)})
    plan = make_plan(seen, changed_paths(seen), NOW_NS, GRAIN_NS)
    assert plan.actions == (Record(P, "unchanged", row().with_fingerprint(now, is_safe=is_safe)),)


def test_a_racy_row_that_turns_out_clean_is_made_safe_once_and_then_left_alone():
    seen = seen_of(synced=row(is_fp_safe=False), local=LocalFile(fingerprint()), live=RemoteFile(MD5, 5))
    seen.hashes[P] = Hashed("sha", MD5, fingerprint())
    plan = make_plan(seen, changed_paths(seen), NOW_NS, GRAIN_NS)
    assert [action.entry for action in plan.actions] == [row()]
    seen.synced[P] = row()
    assert changed_paths(seen) == set()


def test_a_key_that_a_listing_does_not_show_is_unknown_until_its_versions_tell():
    seen = seen_of(synced=row(), local=LocalFile(fingerprint()))
    assert to_confirm(seen) == [P]
    assert sides(seen).remote is Remote.UNKNOWN
    seen.deleted[P] = "m1"
    assert sides(seen).remote is Remote.DELETED
    seen.deleted.clear()
    seen.vanished.add(P)
    assert sides(seen).remote is Remote.VANISHED


def test_what_could_not_be_asked_for_is_unknown_even_if_it_was_listed():
    seen = seen_of(synced=row(), live=RemoteFile(MD5, 5), unknown_remote={P})
    assert sides(seen).remote is Remote.UNKNOWN


def test_an_unsynced_file_is_read_only_if_the_bucket_has_its_name_or_it_may_have_been_moved():
    alone = seen_of(local=LocalFile(fingerprint()))
    assert to_hash(alone, {P}) == []
    assert to_hash(seen_of(local=LocalFile(fingerprint()), live=RemoteFile(MD5, 7)), {P}) == [P]
    assert to_hash(seen_of(local=LocalFile(fingerprint()), folder_markers={P: RemoteFile("e", 0)}), {P}) == [P]
    alone.synced[RelPath("gone")] = row()
    assert to_hash(alone, {P}) == [P]
    alone.synced[RelPath("gone")] = row(size=6)
    assert to_hash(alone, {P}) == []


@pytest.mark.parametrize(
    ("etag", "size", "compared", "content"),
    [
        (MD5, 5, {}, Content.SAME),
        (MD5, 6, {}, Content.DIFFERENT),
        (OTHER_MD5, 5, {}, Content.UNKNOWN),
        (MD5 + "-2", 5, {}, Content.UNKNOWN),
        (MD5 + "-2", 5, {P: True}, Content.SAME),
        (MD5 + "-2", 5, {P: False}, Content.DIFFERENT),
        (MD5.upper() + "X", 5, {}, Content.UNKNOWN),
    ],
)
def test_contents_are_equal_only_by_md5_etag_or_by_comparing(etag, size, compared, content):
    hashed = Hashed("sha", MD5, fingerprint())
    seen = seen_of(local=LocalFile(fingerprint()), live=RemoteFile(etag, size), hashes={P: hashed}, compared=compared)
    assert sides(seen).content is content
    assert undecided(seen, {P}) == ([P] if content is Content.UNKNOWN else [])


def test_below_what_cannot_be_looked_at_or_is_no_folder_nothing_counts_as_deleted():
    child = RelPath("p/a/x")
    for above, expected in ((LocalUnknown("denied"), Local.UNKNOWN), (LocalSpecial("symbolic link"), Local.SPECIAL)):
        seen = Observed({child: row()}, {P: above}, {child: RemoteFile(MD5, 5)}, {})
        classifier = Classifier(seen, changed_paths(seen))
        assert classifier.sides(child).local is expected
        assert classifier.sides(P).below is Below.LIVE


def test_below_a_file_there_is_nothing():
    child = RelPath("p/x")
    seen = Observed({child: row()}, {P: LocalFile(fingerprint())}, {child: RemoteFile(MD5, 5)}, {})
    classifier = Classifier(seen, changed_paths(seen))
    assert classifier.sides(child).local is Local.ABSENT
    assert classifier.sides(P).below is Below.DOOMED


def test_what_only_our_own_deletions_remove_is_doomed_and_anything_else_keeps_it_alive():
    x, y, sub = RelPath("p/x"), RelPath("p/y"), RelPath("p/sub")
    marker = RemoteFile("e", 0)
    seen = Observed({P: SyncedDir(), sub: SyncedDir(), x: row()}, {}, {x: RemoteFile(MD5, 5)}, {P: marker, sub: marker})
    assert sides(seen).below is Below.DOOMED
    assert sides(Observed(seen.synced, {}, {}, {P: marker})).below is Below.DOOMED
    assert (
        sides(Observed(seen.synced, {}, seen.live | {y: RemoteFile(MD5, 5)}, seen.folder_markers)).below is Below.LIVE
    )
    assert sides(Observed({P: SyncedDir()}, {}, {}, {sub: marker})).below is Below.LIVE
    assert sides(Observed({}, {}, {}, {P: marker})).below is Below.MARKER


def test_a_folder_that_is_agreed_on_and_still_there_is_looked_at_only_when_it_is_empty_and_has_no_marker():
    x, marker = RelPath("p/x"), RemoteFile("e", 0)
    live = {x: RemoteFile(MD5, 5)}
    synced = {P: SyncedDir()}
    assert P not in changed_paths(Observed(synced, {P: LocalDir(is_empty=False)}, live, {}))
    assert P in changed_paths(Observed(synced, {P: LocalDir(is_empty=True)}, live, {}))
    assert P not in changed_paths(Observed(synced, {P: LocalDir(is_empty=True)}, {}, {P: marker}))


def test_what_went_and_what_came_pair_by_content_and_each_is_used_once():
    gone = {RelPath("a"): ("h", 5), RelPath("b"): ("h", 5), RelPath("c"): ("other", 5)}
    made = {RelPath("z"): ("h", 5), RelPath("y"): ("h", 5), RelPath("x"): ("h", 5), RelPath("w"): ("h", 6)}
    assert list(same_content(gone, made)) == [("a", "x"), ("b", "y")]


def test_empty_files_and_unknown_contents_pair_with_nothing():
    gone = {RelPath("a"): ("h", 0), RelPath("b"): ("", 5)}
    made = {RelPath("x"): ("h", 0), RelPath("y"): ("", 5)}
    assert list(same_content(gone, made)) == []
