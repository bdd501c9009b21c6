"""What docs/guides/credentials.md promises of a device's credentials. That they suffice to sync, `tests/e2e` shows."""

import json
import re
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "credentials.md"
LIFECYCLE = {
    "Rules": [
        {
            "ID": "forget",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        }
    ]
}


@pytest.fixture(scope="module")
def by_role(owner, make_bucket, device_variables, client_of):
    """A bucket, and a device's client with keys from a role."""
    bucket = make_bucket()
    fill(owner, bucket)
    return bucket, client_of(device_variables(bucket, "home"))


@pytest.fixture(scope="module")
def by_bucket_policy(ceph, owner, make_bucket, device_policy, owner_variables, client_of):
    """A bucket, and the client of another user whom the bucket's policy lets in."""
    bucket = make_bucket()
    fill(owner, bucket)
    policy = json.loads(device_policy(bucket, "home"))
    for statement in policy["Statement"]:
        statement["Principal"] = {"AWS": [f"arn:aws:iam:::user/{ceph.other_user.name}"]}
    _, third = re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    policy["Statement"].append(json.loads(third.replace("BUCKET", bucket).replace("OWNER", ceph.user.name)))
    owner.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    keys = {"AWS_ACCESS_KEY_ID": ceph.other_user.access_key, "AWS_SECRET_ACCESS_KEY": ceph.other_user.secret_key}
    return bucket, client_of(owner_variables | keys)


def fill(owner, bucket):
    for key in ("home/a", "home/old", "other/a"):
        owner.put_object(Bucket=bucket, Key=key, Body=b"v1")
    owner.delete_object(Bucket=bucket, Key="home/old")


@pytest.fixture(params=["by_role", "by_bucket_policy"])
def device(request):
    return request.getfixturevalue(request.param)


def id_of(client, bucket, key, kind="Versions"):
    return client.list_object_versions(Bucket=bucket, Prefix=key)[kind][0]["VersionId"]


def denied(ask, **arguments):
    with pytest.raises(ClientError) as caught:
        ask(**arguments)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_device_reads_adds_and_deletes_under_its_prefix_and_the_owner_can_read_it(device, owner):
    bucket, client = device
    first = client.put_object(Bucket=bucket, Key="home/b", Body=b"v1")["VersionId"]
    client.put_object(Bucket=bucket, Key="home/b", Body=b"v2")
    client.copy_object(Bucket=bucket, Key="home/c", CopySource={"Bucket": bucket, "Key": "home/b", "VersionId": first})
    client.delete_object(Bucket=bucket, Key="home/b")
    assert client.get_object(Bucket=bucket, Key="home/b", VersionId=first)["Body"].read() == b"v1"
    assert owner.get_object(Bucket=bucket, Key="home/c")["Body"].read() == b"v1"
    assert "home/c" in [row["Key"] for row in client.list_objects_v2(Bucket=bucket, Prefix="home/")["Contents"]]


def test_history_cannot_be_destroyed(device, owner):
    bucket, client = device
    before = owner.list_object_versions(Bucket=bucket, Prefix="home/old")
    for kind in ("Versions", "DeleteMarkers"):
        version_id = id_of(client, bucket, "home/old", kind)
        assert denied(client.delete_object, Bucket=bucket, Key="home/old", VersionId=version_id)
        answer = {}
        try:
            wanted = {"Objects": [{"Key": "home/old", "VersionId": version_id}]}
            answer = client.delete_objects(Bucket=bucket, Delete=wanted)
        except ClientError as error:
            answer = {"Errors": [error.response["Error"]]}
        assert answer["Errors"][0]["Code"] == "AccessDenied"
    after = owner.list_object_versions(Bucket=bucket, Prefix="home/old")
    assert [len(after[kind]) for kind in ("Versions", "DeleteMarkers")] == [1, 1]
    assert after["Versions"] == before["Versions"]


def test_nothing_outside_the_prefix_can_be_reached(device):
    bucket, client = device
    there = {"Bucket": bucket, "Key": "other/a"}
    for ask in (client.get_object, client.head_object, client.put_object, client.delete_object):
        assert denied(ask, **there)
    assert denied(client.copy_object, Bucket=bucket, Key="home/stolen", CopySource=there)
    for prefix in ("", "home", "other/"):
        assert denied(client.list_objects_v2, Bucket=bucket, Prefix=prefix)
        assert denied(client.list_object_versions, Bucket=bucket, Prefix=prefix)


def test_settings_of_the_bucket_can_be_neither_read_nor_changed(device):
    bucket, client = device
    assert denied(client.get_bucket_versioning, Bucket=bucket)
    assert denied(client.get_bucket_lifecycle_configuration, Bucket=bucket)
    assert denied(client.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert denied(client.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=LIFECYCLE)
    assert denied(client.put_bucket_policy, Bucket=bucket, Policy='{"Version":"2012-10-17","Statement":[]}')
    assert denied(client.put_bucket_acl, Bucket=bucket, ACL="public-read-write")
    assert denied(client.delete_bucket, Bucket=bucket)


def test_only_a_user_can_create_buckets_of_its_own(by_role, by_bucket_policy):
    bucket, client = by_role
    assert denied(client.create_bucket, Bucket=f"{bucket}-new")
    bucket, client = by_bucket_policy
    assert client.create_bucket(Bucket=f"{bucket}-new")


def test_only_a_user_can_make_its_objects_public(by_role, by_bucket_policy):
    for (bucket, client), may in ((by_role, False), (by_bucket_policy, True)):
        client.put_object(Bucket=bucket, Key="home/p", Body=b"v1")
        change = {"Bucket": bucket, "Key": "home/p", "ACL": "public-read"}
        assert client.put_object_acl(**change) if may else denied(client.put_object_acl, **change)


def test_keys_from_a_role_cannot_copy_parts(by_role):
    bucket, client = by_role
    client.put_object(Bucket=bucket, Key="home/whole", Body=b"v1")
    upload = {"Bucket": bucket, "Key": "home/parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    source = {"Bucket": bucket, "Key": "home/whole"}
    assert denied(client.upload_part_copy, **upload, PartNumber=1, CopySource=source)
    client.abort_multipart_upload(**upload)


def test_a_session_policy_with_white_space_is_refused_by_ceph(ceph, device_policy):
    sts = boto3.client(
        "sts",
        endpoint_url=ceph.endpoint_url,
        region_name=ceph.region,
        aws_access_key_id=ceph.user.access_key,
        aws_secret_access_key=ceph.user.secret_key,
    )
    policy = json.dumps(json.loads(device_policy("bucket", "home")), indent=1)
    with pytest.raises(ClientError) as caught:
        sts.assume_role(RoleArn=ceph.role_arn, RoleSessionName="device", Policy=policy)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_policy_fits_into_a_session_policy(device_policy):
    assert len(device_policy("b" * 63, "p" * 200)) < 2048
