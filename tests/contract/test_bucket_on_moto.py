"""S3Bucket keeps to the contract of the bucket, on the embedded store; where moto does not, the test says how."""

import asyncio
from itertools import count

import pytest

from bucketdrive.testing.contracts import bucket as contract
from bucketdrive.testing.contracts import bucket_conditions as conditions
from bucketdrive.testing.contracts.bucket_harness import ODD_NAMES, BucketHarness

_numbers = count()
_UNLISTED = {"\n", "\x01", "\r", "\ufffd", "\ufffe"}
"""moto has no route for the first, and lists versions unencoded: the others look alike there."""


def _moto(deviation):
    return pytest.mark.xfail(reason=f"moto 5.2: {deviation}", strict=True)


@pytest.fixture
def harness(embedded_bucket):
    with asyncio.Runner() as runner:
        yield BucketHarness(embedded_bucket, f"{next(_numbers)}/", runner, unlisted_names=_UNLISTED)


class TestObjects(contract.ObjectContract):
    @pytest.mark.parametrize(
        "name",
        [pytest.param(name, marks=_moto("no route for a line feed") if name == "\n" else ()) for name in ODD_NAMES],
    )
    def test_a_key_is_taken_as_it_is(self, harness, name):
        super().test_a_key_is_taken_as_it_is(harness, name)


class TestVersions(contract.VersionContract):
    @_moto("a GET under a marker is a bare 404, a HEAD is not")
    def test_a_get_under_a_marker_tells_of_it(self, harness):
        super().test_a_get_under_a_marker_tells_of_it(harness)

    @_moto("a GET of a marker is a bare 404 instead of 405")
    def test_a_marker_has_no_content(self, harness):
        super().test_a_marker_has_no_content(harness)

    @_moto("no marker for a key that never was")
    def test_a_delete_of_nothing_puts_a_marker(self, harness):
        super().test_a_delete_of_nothing_puts_a_marker(harness)


class TestListings(contract.ListingContract):
    @_moto("a key marker alone passes over one row")
    def test_a_key_marker_alone_passes_over_all_versions_of_that_key(self, harness):
        super().test_a_key_marker_alone_passes_over_all_versions_of_that_key(harness)

    def test_a_key_that_the_store_garbles_is_listed_as_not_sound(self, harness):
        for name in ("a\x01", "b\r", "c"):
            harness.put(name)
        keys = [(row.key.removeprefix(harness.prefix), row.is_sound) for row in harness.versions()]
        assert keys == [("a\ufffd", False), ("b\ufffd", False), ("c", True)]


class TestMultipart(contract.MultipartContract):
    @_moto("a part of what is not there is a 404 without a document")
    def test_a_part_of_what_is_not_there_is_refused(self, harness):
        super().test_a_part_of_what_is_not_there_is_refused(harness)

    @_moto("completing an aborted upload is a 500")
    def test_an_aborted_upload_leaves_nothing_and_may_be_aborted_again(self, harness):
        super().test_an_aborted_upload_leaves_nothing_and_may_be_aborted_again(harness)


class TestSettings(contract.SettingsContract):
    @_moto("drops NewerNoncurrentVersions")
    def test_a_number_of_versions_to_keep_comes_back(self, harness):
        super().test_a_number_of_versions_to_keep_comes_back(harness)


class TestConditionalPut(conditions.ConditionalPutContract):
    @_moto("ignores If-Match where an upload is completed")
    def test_an_upload_is_completed_only_over_the_object_expected(self, harness):
        super().test_an_upload_is_completed_only_over_the_object_expected(harness)


class TestConditionalDelete(conditions.ConditionalDeleteContract): ...


class TestConditionalCopy(conditions.ConditionalCopyContract):
    @_moto("ignores conditions on copies")
    def test_a_copy_is_made_only_where_nothing_is(self, harness):
        super().test_a_copy_is_made_only_where_nothing_is(harness)

    @_moto("ignores conditions on copies")
    def test_a_copy_replaces_only_the_object_expected(self, harness):
        super().test_a_copy_replaces_only_the_object_expected(harness)


class TestUploadOrder(conditions.UploadOrderContract):
    @_moto("orders uploads by completion")
    def test_an_upload_is_not_completed_where_the_object_changed_and_changed_back(self, harness):
        super().test_an_upload_is_not_completed_where_the_object_changed_and_changed_back(harness)
