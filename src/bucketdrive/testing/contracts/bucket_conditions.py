"""What every bucket promises, part two: conditions on writes. A store inherits the classes that it honours.

`ConditionalPutContract` and `ConditionalDeleteContract` make class A, the first alone class B, neither class C.
"""
# ruff: noqa: D102, S101  (tests: the name is the sentence, and assert is what they are for)

import pytest

from bucketdrive.errors import ConditionFailedError
from bucketdrive.ports.bucket import IfAbsent, IfMatch, NewObject
from bucketdrive.testing.contracts.bucket_harness import BucketHarness

_NAMES = pytest.mark.parametrize("name", ["a", "dir/"])
"""A key that obstore carries, and one that the signed client does."""


class ConditionalPutContract:
    """Conditions on puts, and on completing uploads in parts."""

    @_NAMES
    def test_a_new_object_is_put_only_where_none_is(self, harness: BucketHarness, name: str) -> None:
        first = harness.put(name, b"1", IfAbsent())
        with pytest.raises(ConditionFailedError):
            harness.put(name, b"1", IfAbsent())
        assert [row.version_id for row in harness.versions()] == [first.version_id]

    @_NAMES
    def test_a_new_object_may_be_put_over_a_marker(self, harness: BucketHarness, name: str) -> None:
        harness.put(name, b"1")
        harness.delete(name)
        harness.put(name, b"2", IfAbsent())
        assert harness.body(name) == b"2"

    @_NAMES
    def test_an_object_is_replaced_only_where_it_is_the_one_expected(self, harness: BucketHarness, name: str) -> None:
        first = harness.put(name, b"1")
        second = harness.put(name, b"2", IfMatch(first.etag))
        with pytest.raises(ConditionFailedError):
            harness.put(name, b"3", IfMatch(first.etag))
        assert [row.version_id for row in harness.versions()] == [second.version_id, first.version_id]

    @_NAMES
    def test_nothing_is_replaced_where_nothing_live_is(self, harness: BucketHarness, name: str) -> None:
        with pytest.raises(ConditionFailedError):
            harness.put(name, b"1", IfMatch("0" * 32))
        first = harness.put(name, b"1")
        harness.delete(name)
        with pytest.raises(ConditionFailedError):
            harness.put(name, b"2", IfMatch(first.etag))
        assert harness.names() == []

    def test_an_upload_is_completed_only_where_no_object_is(self, harness: BucketHarness) -> None:
        upload_id = harness.begin("a")
        parts = [harness.part("a", upload_id, 1, b"1")]
        harness.put("a", b"2")
        with pytest.raises(ConditionFailedError):
            harness.complete("a", upload_id, parts, IfAbsent())
        assert harness.body("a") == b"2"

    def test_an_upload_is_completed_only_over_the_object_expected(self, harness: BucketHarness) -> None:
        first = harness.put("a", b"1")
        harness.put("a", b"2")
        upload_id = harness.begin("a")
        parts = [harness.part("a", upload_id, 1, b"3")]
        with pytest.raises(ConditionFailedError):
            harness.complete("a", upload_id, parts, IfMatch(first.etag))
        assert harness.body("a") == b"2"

    def test_an_upload_is_completed_where_its_condition_holds(self, harness: BucketHarness) -> None:
        first = harness.put("a", b"1")
        for body, condition in ((b"2", IfMatch(first.etag)), (b"3", IfAbsent())):
            upload_id = harness.begin("a")
            if condition == IfAbsent():
                harness.delete("a")
                upload_id = harness.begin("a")
            harness.complete("a", upload_id, [harness.part("a", upload_id, 1, body)], condition)
            assert harness.body("a") == body


class UploadOrderContract:
    """AWS: an upload in parts stands in line where it began."""

    def test_an_upload_is_not_completed_where_the_object_changed_and_changed_back(self, harness: BucketHarness) -> None:
        first = harness.put("a", b"1")
        upload_id = harness.begin("a")
        parts = [harness.part("a", upload_id, 1, b"2")]
        harness.put("a", b"1")
        with pytest.raises(ConditionFailedError):
            harness.complete("a", upload_id, parts, IfMatch(first.etag))


class ConditionalDeleteContract:
    """Conditions on deletes."""

    def test_an_object_is_deleted_only_where_it_is_the_one_expected(self, harness: BucketHarness) -> None:
        first = harness.put("a", b"1")
        second = harness.put("a", b"2")
        with pytest.raises(ConditionFailedError):
            harness.delete("a", IfMatch(first.etag))
        assert harness.body("a") == b"2"
        harness.delete("a", IfMatch(second.etag))
        assert harness.names() == []

    def test_nothing_is_deleted_where_nothing_live_is(self, harness: BucketHarness) -> None:
        with pytest.raises(ConditionFailedError):
            harness.delete("a", IfMatch("0" * 32))
        first = harness.put("a", b"1")
        harness.delete("a")
        with pytest.raises(ConditionFailedError):
            harness.delete("a", IfMatch(first.etag))
        assert len(harness.versions()) == 2


class ConditionalCopyContract:
    """Conditions on copies."""

    def test_a_copy_is_made_only_where_nothing_is(self, harness: BucketHarness) -> None:
        source = harness.put("a", b"1")
        harness.copy("a", source.version_id, "b", NewObject({}, condition=IfAbsent()))
        with pytest.raises(ConditionFailedError):
            harness.copy("a", source.version_id, "b", NewObject({}, condition=IfAbsent()))
        assert len(harness.versions("b")) == 1

    def test_a_copy_replaces_only_the_object_expected(self, harness: BucketHarness) -> None:
        source = harness.put("a", b"1")
        target = harness.put("b", b"2")
        with pytest.raises(ConditionFailedError):
            harness.copy("a", source.version_id, "b", NewObject({}, condition=IfMatch(source.etag)))
        harness.copy("a", source.version_id, "b", NewObject({}, condition=IfMatch(target.etag)))
        assert harness.body("b") == b"1"


class UnconditionalContract:
    """Class C: conditions are passed over without a word."""

    def test_conditions_are_ignored(self, harness: BucketHarness) -> None:
        harness.put("a", b"1", IfAbsent())
        harness.put("a", b"2", IfAbsent())
        harness.put("a", b"3", IfMatch("0" * 32))
        harness.delete("a", IfMatch("0" * 32))
        assert [row.is_delete_marker for row in harness.versions()] == [True, False, False, False]
