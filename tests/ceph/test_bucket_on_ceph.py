"""S3Bucket keeps to the contract of the bucket on Ceph 16, of class C; where Ceph does not, the test says how."""

import asyncio
from itertools import count

import pytest

from bucketdrive.bucket.probe import probe
from bucketdrive.drive.assembly import SystemChance
from bucketdrive.errors import ConditionFailedError, UnavailableError
from bucketdrive.model.reports import StoreFacts
from bucketdrive.ports.bucket import IfAbsent, IfMatch
from bucketdrive.testing.contracts import bucket as contract
from bucketdrive.testing.contracts.bucket_harness import BucketHarness
from bucketdrive.testing.contracts.bucket_script import Left, play
from bucketdrive.testing.memory_bucket import MemoryStore

_numbers = count(1)


def _ceph(deviation):
    return pytest.mark.xfail(reason=f"Ceph 16: {deviation}", strict=True)


@pytest.fixture
def harness(bucket):
    with asyncio.Runner() as runner:
        yield BucketHarness(bucket, f"{next(_numbers)}/", runner)


class TestObjects(contract.ObjectContract): ...


class TestVersions(contract.VersionContract):
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

    @_ceph("no version id in the reply to a copy")
    def test_a_copy_names_its_version(self, harness):
        super().test_a_copy_names_its_version(harness)


class TestListings(contract.ListingContract):
    @_ceph("a key marker alone passes over nothing")
    def test_a_key_marker_alone_passes_over_all_versions_of_that_key(self, harness):
        super().test_a_key_marker_alone_passes_over_all_versions_of_that_key(harness)


class TestMultipart(contract.MultipartContract):
    @_ceph("completing an aborted upload is a 500")
    def test_an_aborted_upload_leaves_nothing_and_may_be_aborted_again(self, harness):
        super().test_an_aborted_upload_leaves_nothing_and_may_be_aborted_again(harness)


class TestSettings(contract.SettingsContract):
    @_ceph("drops NewerNoncurrentVersions")
    def test_a_number_of_versions_to_keep_comes_back(self, harness):
        super().test_a_number_of_versions_to_keep_comes_back(harness)


@pytest.mark.parametrize("name", ["a", "dir/"])
def test_if_none_match_is_ignored_if_match_always_fails_and_a_delete_ignores_both(harness, name):
    first = harness.put(name, b"1", IfAbsent())
    second = harness.put(name, b"2", IfAbsent())
    for etag in (second.etag, first.etag):
        with pytest.raises(ConditionFailedError):
            harness.put(name, b"3", IfMatch(etag))
    assert [row.version_id for row in harness.versions()] == [second.version_id, first.version_id]
    harness.delete(name, IfMatch(first.etag))
    assert harness.names() == []


def test_a_probe_finds_that_it_is_of_class_c(harness):
    facts = harness.run(probe(harness.bucket, f"{harness.prefix}probe/", SystemChance()))
    assert (facts, facts.store_class) == (StoreFacts(False, False, False, part_copy=True), "C")
    assert harness.names() == []


def test_bytes_that_were_torn_on_the_way_are_refused(harness, monkeypatch):
    """By the signature, which covers a hash of the body. Then they are sent again: nothing was done."""
    sign = harness.bucket._signed._sign

    def tear(request, target):
        headers = sign(request, target)
        object.__setattr__(request, "body", b"torn")
        return headers

    monkeypatch.setattr(harness.bucket._signed, "_sign", tear)
    with pytest.raises(UnavailableError):
        harness.put("dir/", b"1234")
    monkeypatch.undo()
    assert harness.versions() == []


def test_a_key_is_as_long_as_s3_allows(harness):
    name = "n" * (1024 - len(harness.prefix))
    harness.put(name, b"1")
    assert harness.names() == [name]


@pytest.mark.timeout(180)
def test_it_answers_as_the_bucket_in_memory_of_class_c(bucket):
    play(range(40), 100, MemoryStore("C"), bucket, Left(put_if_match=True, complete_if_match=True))
