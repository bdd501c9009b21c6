"""S3Bucket keeps to the contract of the bucket on Ceph 16, which is of class C; where Ceph does not, the test says how."""

import asyncio
from itertools import count

import pytest

from bucketdrive.bucket.probe import probe
from bucketdrive.drive.assembly import SystemChance
from bucketdrive.testing.contracts import bucket as contract
from bucketdrive.testing.contracts import bucket_conditions as conditions
from bucketdrive.testing.contracts.bucket_harness import BucketHarness

_numbers = count(1)


def _ceph(deviation):
    return pytest.mark.xfail(reason=f"Ceph 16: {deviation}", strict=True)


@pytest.fixture
def harness(bucket):
    with asyncio.Runner() as runner:
        yield BucketHarness(bucket, f"{next(_numbers)}/", runner)


class TestObjects(contract.ObjectContract): ...


class TestVersions(contract.VersionContract): ...


class TestListings(contract.ListingContract): ...


class TestMultipart(contract.MultipartContract): ...


class TestSettings(contract.SettingsContract): ...


class TestConditions(conditions.UnconditionalContract): ...
