"""Rule L on version lists, newest first: whose version is this, and what does it mean (scenarios 26 to 31)."""

from bucketdrive.model.attempts import Attempt, Deed
from bucketdrive.model.entries import Fingerprint, SyncedFile, VersionRow
from bucketdrive.model.format import FileMeta, path_mark
from bucketdrive.model.paths import RelPath
from bucketdrive.rules.lineage import (
    Advance,
    Settled,
    UndoZombie,
    audit_range,
    buried_versions,
    credible_bases,
    judge,
    place_of_base,
    worth_asking,
)

SIZE = 5


def version(version_id, etag="", size=SIZE):
    is_marker = version_id.startswith("m")
    return VersionRow(
        "p", version_id, False, is_marker, "" if is_marker else etag or f"etag of {version_id}", size, 0.0
    )


def history(*version_ids):
    return [version(version_id) for version_id in version_ids]


def base(version_id, etag=""):
    fingerprint = Fingerprint(SIZE, 1, 1, 1, 0o644)
    return SyncedFile("sha", SIZE, etag or f"etag of {version_id}", version_id, fingerprint, is_fp_safe=True)


def attempt(op, on="", size=SIZE):
    return Attempt(op, Deed.UPLOAD, RelPath("p"), "sha", size, base_version=on)


def test_26_an_upload_whose_reply_was_lost_becomes_the_base():
    ours = attempt("op2", on="v1")
    versions = history("v2", "v1")
    assert worth_asking(versions, base("v1"), [ours]) == versions[:1]
    assert judge(versions, base("v1"), [ours], {"v2": "op2"}) == Advance(ours, versions[0])


def test_27_of_several_own_uploads_above_the_base_the_newest_becomes_the_base():
    second, third = attempt("op2", on="v1"), attempt("op3", on="v2")
    versions = history("v3", "v2", "v1")
    assert judge(versions, base("v1"), [second, third], {"v2": "op2", "v3": "op3"}) == Advance(third, versions[0])


def test_28_an_own_upload_below_another_devices_version_becomes_the_base():
    ours = attempt("op2", on="v1")
    versions = history("v3", "v2", "v1")
    assert worth_asking(versions, base("v1"), [ours]) == versions[:2]
    assert judge(versions, base("v1"), [ours], {"v2": "op2", "v3": "theirs"}) == Advance(ours, versions[1])


def test_28_an_own_upload_below_a_delete_marker_becomes_the_base():
    ours = attempt("op2", on="v1")
    versions = history("m3", "v2", "v1")
    assert judge(versions, base("v1"), [ours], {"v2": "op2"}) == Advance(ours, versions[1])


def test_29_a_late_creation_of_what_was_never_agreed_on_becomes_the_base_so_that_its_deletion_here_counts():
    ours = attempt("op1")
    versions = history("v1")
    assert judge(versions, None, [ours], {"v1": "op1"}) == Advance(ours, versions[0])


def test_29_a_late_creation_on_the_marker_of_a_later_deletion_is_undone():
    ours = attempt("op1")
    versions = history("v4", "m3", "v2")
    assert judge(versions, base("v2"), [ours], {"v4": "op1"}) == UndoZombie(ours, versions[0])


def test_29_a_late_creation_that_somebody_built_on_is_an_ordinary_change():
    ours = attempt("op1")
    versions = history("v5", "v4", "m3", "v2")
    assert judge(versions, base("v2"), [ours], {"v4": "op1", "v5": "theirs"}) == Settled(ours)


def test_30_a_late_upload_on_top_of_our_newer_one_is_an_ordinary_change():
    ours = attempt("op2", on="v1")
    versions = history("v4", "v3", "v1")
    assert judge(versions, base("v3"), [ours], {"v4": "op2"}) == Settled(ours)


def test_30_a_late_upload_that_was_refused_leaves_nothing_to_ask():
    ours = attempt("op2", on="v1")
    versions = history("v3", "v1")
    assert worth_asking(versions, base("v3"), [ours]) == []
    assert judge(versions, base("v3"), [ours], {}) is None


def test_31_a_deletion_whose_reply_was_lost_is_only_a_marker():
    versions = history("m2", "v1")
    assert worth_asking(versions, base("v1"), []) == []
    assert judge(versions, base("v1"), [], {}) is None


def test_an_edit_put_over_a_marker_is_not_undone_when_its_reply_was_lost():
    ours = attempt("op3", on="m2")
    versions = history("v3", "m2", "v1")
    assert judge(versions, base("v1"), [ours], {"v3": "op3"}) == Advance(ours, versions[0])


def test_an_attempt_on_the_base_itself_is_not_older_than_the_base():
    ours = attempt("op2", on="v1")
    versions = history("v3", "m2", "v1")
    assert judge(versions, base("v1"), [ours], {"v3": "op2"}) == Advance(ours, versions[0])


def test_a_base_that_is_no_longer_listed_is_older_than_all_that_is():
    versions = history("v9", "v8")
    assert place_of_base(versions, base("v1")) == 2
    ours = attempt("op8", on="v1")
    assert judge(versions, base("v1"), [ours], {"v8": "op8"}) == Advance(ours, versions[1])


def test_without_a_base_everything_listed_is_above_it():
    assert place_of_base(history("v2", "v1"), None) == 2
    assert place_of_base([], base("v1")) == 0


def test_a_base_adopted_from_a_listing_is_the_newest_version_with_its_etag():
    versions = [version("v4"), version("m3"), version("v2", etag="e"), version("v1", etag="e")]
    assert place_of_base(versions, base("", etag="e")) == 2
    assert place_of_base(versions, base("", etag="not listed")) == 4


def test_an_adopted_base_whose_etag_is_unknown_is_no_delete_marker():
    row = SyncedFile("sha", SIZE, "", "", Fingerprint(SIZE, 1, 1, 1, 0o644), is_fp_safe=True)
    assert place_of_base(history("m2", "v1"), row) == 2


def test_only_versions_above_the_base_of_the_right_size_are_asked_for():
    versions = [version("v5", size=9), version("m4"), version("v3"), version("v2", size=9), version("v1")]
    assert [row.version_id for row in worth_asking(versions, base("v2"), [attempt("op")])] == ["v3"]


def test_a_copy_that_carries_our_op_but_another_size_is_not_ours():
    versions = [version("v2", size=9), version("v1")]
    assert judge(versions, base("v1"), [attempt("op2", on="v1")], {"v2": "op2"}) is None


def test_an_op_that_is_not_known_here_is_not_ours():
    assert judge(history("v2", "v1"), base("v1"), [attempt("op2", on="v1")], {"v2": "op of another device"}) is None


def test_an_own_version_at_or_below_the_base_says_nothing_new():
    ours = attempt("op1")
    assert judge(history("v2", "v1"), base("v2"), [ours], {"v1": "op1", "v2": "theirs"}) is None
    assert judge(history("v1"), base("v1"), [ours], {"v1": "op1"}) is None


def claim(op, base="", path="p"):
    return FileMeta(op=op, base=base, written_for=path_mark(path))


def buried(versions, claims):
    return [row.version_id for row in buried_versions(versions, "", credible_bases("p", versions, claims))]


def test_a_version_made_on_an_older_one_than_it_lies_on_buried_what_is_between():
    claims = {"v1": claim("a"), "v2": claim("b", "v1"), "v3": claim("c", "v1")}
    assert buried(history("v3", "v2", "v1"), claims) == ["v2"]
    assert buried(history("v2", "v1"), {"v1": claim("a"), "v2": claim("b")}) == ["v1"]


def test_another_tools_copy_of_an_older_version_onto_the_newest_buries_nothing():
    claims = {"v1": claim("a"), "v2": claim("b", "v1"), "v3": claim("c", "v2")}
    assert buried(history("v4", "v3", "v2", "v1"), claims | {"v4": claims["v1"]}) == []
    assert buried(history("v4", "v3", "v2", "v1"), claims | {"v4": claims["v2"]}) == []


def test_another_tools_copy_of_another_file_buries_nothing():
    assert buried(history("v2", "v1"), {"v1": claim("a"), "v2": claim("b", path="q")}) == []
    assert buried(history("v2", "v1"), {"v1": claim("a"), "v2": FileMeta()}) == []


def test_of_a_creation_over_what_is_live_all_older_versions_are_asked_for_its_original():
    versions = history("v5", "v4", "m3", "v2", "v1")
    claims = {"v5": claim("a"), "v4": FileMeta()}
    assert audit_range(versions, "v4", credible_bases("p", versions, claims)) == len(versions)
    assert buried(versions, claims | {"v2": claim("b", "v1"), "v1": claim("a")}) == []
    created_on_a_marker = history("v4", "m3", "v2", "v1")
    assert audit_range(created_on_a_marker, "m3", {"v4": ""}) == 1
