"""Buckets on Ceph. Every test in this folder needs it."""

import asyncio
import os
from itertools import count

import boto3
import pytest
from botocore.config import Config

from bucketdrive.bucket.s3.connect import S3Location, connect

_numbers = count(1)


def pytest_collection_modifyitems(items):
    """Mark the tests of this folder."""
    for item in items:
        if item.path.parent.name == "ceph":
            item.add_marker(pytest.mark.ceph)


def variables_of(store, user):
    """The environment under which any S3 tool is `user`."""
    return {
        "AWS_ENDPOINT_URL_S3": store.endpoint_url,
        "AWS_REGION": store.region,
        "AWS_ACCESS_KEY_ID": user.access_key,
        "AWS_SECRET_ACCESS_KEY": user.secret_key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@pytest.fixture(scope="session")
def owner(ceph):
    """A client of the user whose buckets these are."""
    return boto3.client(
        "s3",
        endpoint_url=ceph.endpoint_url,
        region_name=ceph.region,
        aws_access_key_id=ceph.user.access_key,
        aws_secret_access_key=ceph.user.secret_key,
        config=Config(request_checksum_calculation="when_required", response_checksum_validation="when_required"),
    )


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
def bucket(ceph, make_bucket):
    """A bucket port to a new bucket."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        for name, value in variables_of(ceph, ceph.user).items():
            patch.setenv(name, value)
        bucket = connect(S3Location(make_bucket()))
        yield bucket
        runner.run(bucket.aclose())
