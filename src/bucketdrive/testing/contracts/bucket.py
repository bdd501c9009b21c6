"""What every bucket promises, part one: objects, versions, listings, uploads in parts, settings.

A test module inherits from the classes and gives them a fixture `harness`. A store that is known to break a promise has
that test overridden by an expected failure with the reason. `bucket_conditions` has part two.
"""
# ruff: noqa: D102, S101  (tests: the name is the sentence, and assert is what they are for)

from hashlib import md5

import pytest

from bucketdrive.errors import NoSuchObjectError, PreconditionError
from bucketdrive.model.lifecycle import LifecycleRule, StorageMove
from bucketdrive.ports.bucket import NewObject, VersionRange
from bucketdrive.testing.contracts.bucket_harness import ODD_NAMES, PART_BYTES, BucketHarness


def _md5(body: bytes) -> str:
    return md5(body, usedforsecurity=False).hexdigest()


class ObjectContract:
    """Put, get, head, delete."""

    @pytest.mark.parametrize("size", [0, 1, PART_BYTES])
    def test_a_body_comes_back_as_it_was_put(self, harness: BucketHarness, size: int) -> None:
        body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        written = harness.put("a", body)
        found = harness.get("a")
        assert found is not None
        assert found.data == body
        assert written.etag == found.head.etag == _md5(body)
        assert (found.head.size, found.head.version_id) == (size, written.version_id)
        assert harness.head("a") == found.head

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_a_key_is_taken_as_it_is(self, harness: BucketHarness, name: str) -> None:
        written = harness.put(name, name.encode(), metadata={"n": "1"})
        assert harness.body(name) == name.encode()
        assert harness.head(name).metadata == {"n": "1"}
        copied = harness.copy(name, written.version_id, f"{name}copy", NewObject({"n": "2"}))
        assert harness.head(f"{name}copy", copied.version_id).metadata == {"n": "2"}
        harness.delete(name)
        assert harness.names() == [f"{name}copy"]

    def test_metadata_comes_back_as_it_was_put(self, harness: BucketHarness) -> None:
        metadata = {"mtime": "1700000000.123456789", "bucketdrive-device": "a%20b (c)", "mode": "33188"}
        harness.put("a", b"a", metadata=metadata)
        found = harness.get("a")
        assert found is not None
        assert found.head.metadata == metadata
        assert harness.head("a").metadata == metadata

    def test_a_range_is_cut_and_the_size_is_that_of_the_whole(self, harness: BucketHarness) -> None:
        harness.put("a", b"0123456789")
        for name in ("a", "dir/"):
            harness.put(name, b"0123456789")
            found = harness.get(name, byte_range=(2, 5))
            assert found is not None
            assert (found.data, found.head.size) == (b"234", 10)
            assert harness.body(name, byte_range=(8, 100)) == b"89"

    def test_an_object_that_is_as_known_is_not_sent(self, harness: BucketHarness) -> None:
        first = harness.put("a", b"1")
        assert harness.get("a", if_none_match=first.etag) is None
        second = harness.put("a", b"2")
        assert harness.body("a", if_none_match=first.etag) == b"2"
        assert harness.get("a", if_none_match=second.etag) is None

    def test_a_read_that_expects_another_object_fails(self, harness: BucketHarness) -> None:
        first = harness.put("a", b"1")
        assert harness.body("a", if_match=first.etag) == b"1"
        harness.put("a", b"2")
        with pytest.raises(PreconditionError):
            harness.get("a", if_match=first.etag)

    def test_what_is_not_there_is_not_found(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        for ask in (harness.get, harness.head):
            for name in ("b", "b/"):
                with pytest.raises(NoSuchObjectError) as caught:
                    ask(name)
                assert not caught.value.is_delete_marker
            with pytest.raises(NoSuchObjectError):
                ask("a", version_id="no-such-version")


class VersionContract:
    """What stays when something is overwritten or deleted."""

    def test_each_put_makes_a_version_that_stays(self, harness: BucketHarness) -> None:
        ids = [harness.put("a", body).version_id for body in (b"1", b"2", b"3")]
        assert len(set(ids)) == 3
        assert "" not in ids
        assert [harness.body("a", version_id=version_id) for version_id in ids] == [b"1", b"2", b"3"]
        assert harness.head("a", ids[0]).version_id == ids[0]

    def test_a_delete_puts_a_marker_and_keeps_the_versions(self, harness: BucketHarness) -> None:
        put = harness.put("a", b"1")
        marker = harness.delete("a")
        rows = harness.versions("a")
        assert [(row.version_id, row.is_delete_marker, row.is_latest) for row in rows] == [
            (marker.version_id, True, True),
            (put.version_id, False, False),
        ]
        assert [(row.etag, row.size) for row in rows] == [("", 0), (put.etag, 1)]
        assert harness.body("a", version_id=put.version_id) == b"1"
        assert harness.names() == []

    def test_a_head_under_a_marker_tells_of_it(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        harness.delete("a")
        with pytest.raises(NoSuchObjectError) as caught:
            harness.head("a")
        assert caught.value.is_delete_marker

    def test_a_get_under_a_marker_tells_of_it(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        harness.delete("a")
        with pytest.raises(NoSuchObjectError) as caught:
            harness.get("a")
        assert caught.value.is_delete_marker

    def test_a_marker_has_no_content(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        marker = harness.delete("a")
        for ask in (harness.get, harness.head):
            with pytest.raises(NoSuchObjectError) as caught:
                ask("a", version_id=marker.version_id)
            assert caught.value.is_delete_marker

    def test_a_delete_of_nothing_puts_a_marker(self, harness: BucketHarness) -> None:
        marker = harness.delete("never")
        assert [(row.version_id, row.is_delete_marker) for row in harness.versions("never")] == [
            (marker.version_id, True)
        ]

    def test_a_delete_of_what_is_deleted_puts_another_marker(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        harness.delete("a")
        harness.delete("a")
        assert [row.is_delete_marker for row in harness.versions("a")] == [True, True, False]

    def test_a_copy_brings_an_old_version_back_on_top(self, harness: BucketHarness) -> None:
        first = harness.put("a", b"1", metadata={"n": "1"})
        harness.put("a", b"2")
        copied = harness.copy("a", first.version_id, "a", NewObject({"n": "3"}))
        found = harness.get("a")
        assert found is not None
        assert (found.data, found.head.metadata) == (b"1", {"n": "3"})
        assert copied.etag == first.etag

    def test_a_copy_names_its_version(self, harness: BucketHarness) -> None:
        copied = harness.copy("a", harness.put("a", b"1").version_id, "b", NewObject({}))
        assert copied.version_id == harness.head("b").version_id

    def test_a_copy_of_nothing_fails(self, harness: BucketHarness) -> None:
        put = harness.put("a", b"1")
        for source, version_id in (("a", "no-such-version"), ("b", put.version_id)):
            with pytest.raises(NoSuchObjectError):
                harness.copy(source, version_id, "c", NewObject({}))
        assert harness.names() == ["a"]


class ListingContract:
    """Listings: complete, in order, page by page."""

    @pytest.mark.parametrize("page_size", [1, 2, 1000])
    def test_odd_keys_are_listed_once_and_in_the_order_of_their_bytes(
        self, harness: BucketHarness, page_size: int
    ) -> None:
        for name in harness.odd_names:
            harness.put(name)
        expected = sorted(harness.odd_names, key=str.encode)
        assert harness.names(page_size) == expected
        assert [row.key.removeprefix(harness.prefix) for row in harness.versions(page_size=page_size)] == expected

    @pytest.mark.parametrize("page_size", [1, 2, 3, 1000])
    def test_versions_are_listed_once_newest_first_with_markers_in_place(
        self, harness: BucketHarness, page_size: int
    ) -> None:
        expected = []
        for name in ("a", "a/b", "a b"):
            ids = [harness.put(name, b"1").version_id, harness.delete(name).version_id]
            ids += [harness.put(name, b"2").version_id, harness.put(name, b"3").version_id]
            expected.append((name, ids[::-1]))
        rows = harness.versions(page_size=page_size)
        wanted = [(harness.prefix + name, version_id) for name, ids in sorted(expected) for version_id in ids]
        assert [(row.key, row.version_id) for row in rows] == wanted
        assert [row.is_latest for row in rows] == [True, False, False, False] * 3
        assert [row.is_delete_marker for row in rows] == [False, False, True, False] * 3

    def test_a_marker_on_top_is_listed_first(self, harness: BucketHarness) -> None:
        put, marker = harness.put("a", b"1"), harness.delete("a")
        assert [row.version_id for row in harness.versions("a")] == [marker.version_id, put.version_id]

    def test_a_key_marker_alone_passes_over_all_versions_of_that_key(self, harness: BucketHarness) -> None:
        for name in ("a", "a", "b", "c"):
            harness.put(name)
        page = harness.run(harness.bucket.list_object_versions(harness.prefix, key_marker=harness.prefix + "a"))
        assert [row.key.removeprefix(harness.prefix) for row in page.rows] == ["b", "c"]

    def test_a_listing_begins_after_any_key_asked_for(self, harness: BucketHarness) -> None:
        for name in ("a", "b", "d"):
            harness.put(name)
        assert harness.names(after="b") == ["d"]
        assert harness.names(after="c") == ["d"]

    def test_only_keys_with_the_prefix_are_listed(self, harness: BucketHarness) -> None:
        for name in ("p/1", "p2", "q"):
            harness.put(name)
        page = harness.run(harness.bucket.list_objects(harness.prefix + "p/"))
        assert [row.key for row in page.rows] == [harness.prefix + "p/1"]
        assert len(harness.versions("p")) == 2

    def test_a_row_tells_etag_and_size(self, harness: BucketHarness) -> None:
        written = harness.put("a", b"12")
        page = harness.run(harness.bucket.list_objects(harness.prefix))
        assert [(row.etag, row.size, row.is_sound) for row in page.rows] == [(written.etag, 2, True)]
        assert [(row.etag, row.size, row.is_sound) for row in harness.versions()] == [(written.etag, 2, True)]


class MultipartContract:
    """Uploads in parts."""

    def test_parts_become_one_object(self, harness: BucketHarness) -> None:
        first, last = b"a" * PART_BYTES, b"z"
        upload_id = harness.begin("a", {"n": "1"})
        parts = [harness.part("a", upload_id, 1, first), harness.part("a", upload_id, 2, last)]
        assert [part.etag for part in parts] == [_md5(first), _md5(last)]
        assert harness.names() == []
        written = harness.complete("a", upload_id, parts)
        head = harness.head("a")
        assert (head.size, head.metadata, head.version_id) == (PART_BYTES + 1, {"n": "1"}, written.version_id)
        assert head.etag == _md5(bytes.fromhex(_md5(first) + _md5(last))) + "-2"
        assert harness.body("a", byte_range=(PART_BYTES - 1, PART_BYTES + 1)) == b"az"

    def test_of_a_part_sent_twice_the_last_counts(self, harness: BucketHarness) -> None:
        upload_id = harness.begin("dir//a")
        harness.part("dir//a", upload_id, 1, b"1")
        harness.complete("dir//a", upload_id, [harness.part("dir//a", upload_id, 1, b"2")])
        assert harness.body("dir//a") == b"2"

    def test_parts_are_copied_from_a_pinned_version(self, harness: BucketHarness) -> None:
        source = harness.put("dir//a b", b"x" * PART_BYTES + b"yz")
        harness.put("dir//a b", b"newer")
        upload_id = harness.begin("a", {"n": "1"})
        ranges = [(0, PART_BYTES), (PART_BYTES + 1, PART_BYTES + 2)]
        pieces = [VersionRange("dir//a b", source.version_id, *piece) for piece in ranges]
        parts = [harness.part_copy("a", upload_id, number, piece) for number, piece in enumerate(pieces, 1)]
        assert [part.etag for part in parts] == [_md5(b"x" * PART_BYTES), _md5(b"z")]
        harness.complete("a", upload_id, parts)
        assert (harness.body("a"), harness.head("a").metadata) == (b"x" * PART_BYTES + b"z", {"n": "1"})

    def test_a_whole_version_is_a_part(self, harness: BucketHarness) -> None:
        source = harness.put("a", b"1")
        upload_id = harness.begin("b")
        part = harness.part_copy("b", upload_id, 1, VersionRange("a", source.version_id))
        harness.complete("b", upload_id, [part])
        assert harness.body("b") == b"1"

    def test_a_part_of_what_is_not_there_is_refused(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        harness.delete("a")
        upload_id = harness.begin("b")
        with pytest.raises(NoSuchObjectError):
            harness.part_copy("b", upload_id, 1, VersionRange("a", ""))
        harness.abort("b", upload_id)

    def test_an_aborted_upload_leaves_nothing_and_may_be_aborted_again(self, harness: BucketHarness) -> None:
        upload_id = harness.begin("a")
        part = harness.part("a", upload_id, 1, b"1")
        harness.abort("a", upload_id)
        harness.abort("a", upload_id)
        with pytest.raises(NoSuchObjectError):
            harness.complete("a", upload_id, [part])
        assert harness.versions() == []


class SettingsContract:
    """Settings of the whole bucket."""

    def test_the_bucket_is_there_and_keeps_versions(self, harness: BucketHarness) -> None:
        harness.run(harness.bucket.head_bucket())
        harness.run(harness.bucket.enable_bucket_versioning())
        assert harness.run(harness.bucket.get_bucket_versioning()) == "Enabled"

    def test_the_store_tells_its_time_in_whole_seconds(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        told = harness.run(harness.bucket.store_time_s(harness.prefix + "a"))
        assert told is None or (told == int(told) and abs(told - harness.head("a").modified_s) < 60)
        with pytest.raises(NoSuchObjectError):
            harness.run(harness.bucket.store_time_s(harness.prefix + "b"))

    def test_asking_whether_versions_may_be_destroyed_destroys_none(self, harness: BucketHarness) -> None:
        written = harness.put("a", b"1")
        harness.put("a", b"2")
        before = harness.versions("a")
        answer = harness.run(harness.bucket.may_destroy_versions(harness.prefix + "never", written.version_id))
        assert answer in (True, False, None)
        assert harness.versions("a") == before

    def test_making_a_bucket_that_is_ours_changes_nothing(self, harness: BucketHarness) -> None:
        harness.put("a", b"1")
        harness.run(harness.bucket.create_bucket())
        assert harness.body("a") == b"1"

    def test_lifecycle_rules_come_back_as_they_were_put(self, harness: BucketHarness) -> None:
        rules = [
            LifecycleRule("keep", "p/", noncurrent_days=30, abort_multipart_days=7),
            LifecycleRule("markers", "", is_enabled=False, expires_spent_markers=True),
            LifecycleRule("current", "q/", expiration_days=5),
            LifecycleRule("day", "r/", expiration_date="2040-01-01"),
        ]
        self._put_and_compare(harness, rules)

    def test_a_number_of_versions_to_keep_comes_back(self, harness: BucketHarness) -> None:
        self._put_and_compare(harness, [LifecycleRule("few", "p/", noncurrent_days=30, newer_noncurrent_versions=5)])

    def test_rules_for_some_objects_and_other_storage_come_back_as_they_were_put(self, harness: BucketHarness) -> None:
        rules = [
            LifecycleRule("tag", "p/", noncurrent_days=3, tags=(("a", "1"),)),
            LifecycleRule("tags", "q/", noncurrent_days=3, tags=(("a", "1"), ("b", "<&>"))),
            LifecycleRule("cold", "r/", noncurrent_moves=(StorageMove("STANDARD_IA", 30),)),
        ]
        self._put_and_compare(harness, rules)

    def test_a_rule_that_was_read_stays_as_the_store_has_it_when_others_come(self, harness: BucketHarness) -> None:
        tagged = LifecycleRule("tagged", "p/", noncurrent_days=3, tags=(("a", "1"), ("b", "2")))
        harness.run(harness.bucket.put_bucket_lifecycle([tagged]))
        read = harness.run(harness.bucket.get_bucket_lifecycle())
        harness.run(harness.bucket.put_bucket_lifecycle([*read, LifecycleRule("new", "q/", noncurrent_days=30)]))
        again = {rule.rule_id: rule for rule in harness.run(harness.bucket.get_bucket_lifecycle())}
        assert sorted(again) == ["new", "tagged"]
        assert (again["tagged"], again["tagged"].raw) == (read[0], read[0].raw)

    def test_without_rules_a_bucket_has_none(self, harness: BucketHarness) -> None:
        self._put_and_compare(harness, [LifecycleRule("keep", "p/", noncurrent_days=30)])
        self._put_and_compare(harness, [])

    def test_a_version_is_destroyed_and_what_is_gone_is_no_error(self, harness: BucketHarness) -> None:
        first, second = harness.put("dir//a \x01", b"1"), harness.put("dir//a \x01", b"2")
        marker = harness.delete("dir//a \x01")
        other = harness.put("dir", b"3")
        for version_id in (first.version_id, first.version_id, marker.version_id):
            harness.run(harness.bucket.delete_object_version(harness.prefix + "dir//a \x01", version_id))
        found = [(row.version_id, row.is_latest) for row in harness.versions("dir")]
        assert found == [(other.version_id, True), (second.version_id, True)]
        assert harness.body("dir//a \x01") == b"2"

    def _put_and_compare(self, harness: BucketHarness, rules: list[LifecycleRule]) -> None:
        harness.run(harness.bucket.put_bucket_lifecycle(rules))
        found = harness.run(harness.bucket.get_bucket_lifecycle())
        assert sorted(found, key=lambda rule: rule.rule_id) == sorted(rules, key=lambda rule: rule.rule_id)
