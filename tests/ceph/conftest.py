"""Buckets on Ceph. Every test in this folder needs it."""

import asyncio
import os
from itertools import count

import pytest

from bucketdrive.bucket.s3.connect import S3Location, connect

_numbers = count(1)


def pytest_collection_modifyitems(items):
    """Mark the tests of this folder."""
    for item in items:
        if item.path.parent.name == "ceph":
            item.add_marker(pytest.mark.ceph)


@pytest.fixture(scope="session")
def owner(client_of, owner_variables):
    """A client of the user whose buckets these are."""
    return client_of(owner_variables)


@pytest.fixture(scope="session")
def make_bucket(owner):
    """Makes buckets that keep versions; their names."""

    def make():
        name = f"ceph-{os.getpid()}-{next(_numbers)}"
        owner.create_bucket(Bucket=name)
        owner.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    return make


@pytest.fixture(scope="module")
def bucket(owner_variables, make_bucket):
    """A bucket port to a new bucket."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        for name, value in owner_variables.items():
            patch.setenv(name, value)
        bucket = connect(S3Location(make_bucket()))
        yield bucket
        runner.run(bucket.aclose())
