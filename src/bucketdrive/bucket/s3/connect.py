"""From a location to a bucket: the AWS chain (environment, profiles, logins), endpoints, certificates, proxies.

Importing this module is cheap; the vendors' libraries (a third of a second) are loaded by `connect`.
"""

from dataclasses import dataclass, replace
from os import environ  # noqa: TID251 - the AWS chain is read here and nowhere else
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bucketdrive.errors import CredentialsError, UsageError

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from botocore.session import Session

    from bucketdrive.bucket.s3.bucket import S3Bucket
    from bucketdrive.bucket.s3.signed import Endpoint

_CREDENTIALS_HINT = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile or AWS_PROFILE, "
    "or log in with the AWS CLI."
)


@dataclass(frozen=True, slots=True)
class S3Location:
    """Where a bucket is. Empty parts are found by the AWS chain, as the AWS CLI does."""

    bucket: str
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""


def connect(location: S3Location) -> "S3Bucket":
    """Open a bucket. No request is made, but a login or a role may be asked for keys.

    Raises:
        CredentialsError: the chain has no credentials.
        UsageError: the profile does not exist, or the endpoint is no URL.
    """
    import botocore.exceptions  # noqa: PLC0415 - a third of a second that only an open bucket is worth
    import botocore.session  # noqa: PLC0415 - as above

    try:
        session = botocore.session.Session(profile=location.profile or None)
        credentials = session.get_credentials()
        region = location.region or environ.get("AWS_REGION", "") or session.get_config_variable("region")
        endpoint_url = location.endpoint_url or _configured_endpoint(session)
    except botocore.exceptions.ProfileNotFound as exc:
        raise UsageError(f"{exc}. Nothing was done.", hint="Profiles stand in ~/.aws/config.") from exc
    except botocore.exceptions.BotoCoreError as exc:
        raise CredentialsError(
            f"No credentials could be had ({exc}). Nothing was done.", hint=_CREDENTIALS_HINT
        ) from exc
    if credentials is None:
        raise CredentialsError("No credentials were found. Nothing was done.", hint=_CREDENTIALS_HINT)
    return _assemble(session, credentials, replace(location, endpoint_url=endpoint_url, region=region or "us-east-1"))


def _assemble(session: "Session", credentials: "Credentials", location: S3Location) -> "S3Bucket":
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - with the rest

    from bucketdrive.bucket.s3.bodies import Bodies  # noqa: PLC0415 - imports obstore
    from bucketdrive.bucket.s3.bucket import S3Bucket  # noqa: PLC0415 - imports all of them
    from bucketdrive.bucket.s3.settings import BucketSettings  # noqa: PLC0415 - imports botocore
    from bucketdrive.bucket.s3.signed import THREADS, SignedClient  # noqa: PLC0415 - imports urllib3

    bucket, region = location.bucket, location.region
    endpoint = _endpoint(session, location)
    executor = ThreadPoolExecutor(THREADS, thread_name_prefix="bucketdrive-s3")
    return S3Bucket(
        bucket,
        SignedClient(endpoint, credentials, executor),
        Bodies(bucket, endpoint, credentials),
        lambda: BucketSettings(session, bucket, location.endpoint_url, region),
        executor,
    )


def _configured_endpoint(session: "Session") -> str:
    """AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or what the profile says."""
    from botocore.configprovider import ConfiguredEndpointProvider  # noqa: PLC0415 - imports botocore

    provider = ConfiguredEndpointProvider(
        full_config=session.full_config, scoped_config=session.get_scoped_config(), client_name="s3"
    )
    return str(provider.provide() or "")


def _endpoint(session: "Session", location: S3Location) -> "Endpoint":
    """AWS is asked by host (`BUCKET.s3.…`), all others by path; so are buckets with dots, whose certificate fails."""
    from botocore.utils import get_environ_proxies  # noqa: PLC0415 - imports botocore

    from bucketdrive.bucket.s3.signed import Endpoint  # noqa: PLC0415 - imports urllib3

    bucket, region, endpoint_url = location.bucket, location.region, location.endpoint_url
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    url = urlsplit(endpoint_url or f"https://s3.{region}.{suffix}")
    if url.scheme not in {"http", "https"} or not url.netloc:
        raise UsageError(f"{endpoint_url} is not the URL of an endpoint.", hint="It looks like https://s3.example.org.")
    certificates = session.get_config_variable("ca_bundle")
    proxies = get_environ_proxies(url.geturl()) if url.scheme == "https" else {}
    is_virtual = not endpoint_url and "." not in bucket
    return Endpoint(
        origin=f"{url.scheme}://{bucket + '.' if is_virtual else ''}{url.netloc}",
        base_path="" if is_virtual else f"{url.path.rstrip('/')}/{bucket}",
        region=region,
        ca_certificates=Path(certificates).read_text("ascii") if certificates else "",
        proxy_url=proxies.get("https", ""),
    )
