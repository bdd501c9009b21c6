"""The bucket in memory keeps to the contract of the bucket, in each of its classes."""

import asyncio

import pytest

from bucketdrive.testing.contracts import bucket as contract
from bucketdrive.testing.contracts import bucket_conditions as conditions
from bucketdrive.testing.contracts.bucket_harness import BucketHarness
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore


def _ceph(deviation):
    return pytest.mark.xfail(reason=f"class C, as Ceph 16: {deviation}", strict=True)


@pytest.fixture
def store_class():
    return "A"


@pytest.fixture
def harness(store_class):
    with asyncio.Runner() as runner:
        yield BucketHarness(MemoryBucket(MemoryStore(store_class)), "p/", runner)


class TestObjects(contract.ObjectContract): ...


class TestVersions(contract.VersionContract): ...


class TestListings(contract.ListingContract): ...


class TestMultipart(contract.MultipartContract): ...


class TestSettings(contract.SettingsContract): ...


class TestConditionalPut(conditions.ConditionalPutContract): ...


class TestConditionalDelete(conditions.ConditionalDeleteContract): ...


class TestConditionalCopy(conditions.ConditionalCopyContract): ...


class TestUploadOrder(conditions.UploadOrderContract): ...


class TestClassB(conditions.ConditionalPutContract):
    @pytest.fixture
    def store_class(self):
        return "B"

    def test_a_condition_on_a_delete_is_ignored(self, harness):
        harness.put("a", b"1")
        harness.delete("a", conditions.IfMatch("0" * 32))
        assert harness.names() == []


class TestClassC(conditions.UnconditionalContract, contract.VersionContract):
    @pytest.fixture
    def store_class(self):
        return "C"

    @_ceph("no version id in the reply to a copy")
    def test_a_copy_names_its_version(self, harness):
        super().test_a_copy_names_its_version(harness)

    @_ceph("a HEAD under a marker is a bare 404")
    def test_a_head_under_a_marker_tells_of_it(self, harness):
        super().test_a_head_under_a_marker_tells_of_it(harness)

    @_ceph("a GET under a marker is a bare 404")
    def test_a_get_under_a_marker_tells_of_it(self, harness):
        super().test_a_get_under_a_marker_tells_of_it(harness)

    @_ceph("a GET of a marker is a bare 404 instead of 405")
    def test_a_marker_has_no_content(self, harness):
        super().test_a_marker_has_no_content(harness)

    @_ceph("no second marker over a marker")
    def test_a_delete_of_what_is_deleted_puts_another_marker(self, harness):
        super().test_a_delete_of_what_is_deleted_puts_another_marker(harness)
