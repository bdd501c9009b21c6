"""Bucket settings by botocore's own client: rare requests with involved documents. Blocking; `bucket.py` runs it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from bucketdrive.bucket.s3.refusals import Intent, Refusal, error_for, error_for_no_contact, error_for_silence

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_Reply = TypeVar("_Reply")


class BucketSettings:
    """Creates a bucket, and reads and writes its versioning."""

    def __init__(self, session: botocore.session.Session, bucket: str, endpoint_url: str, region: str) -> None:
        self._bucket = bucket
        self._endpoint_url = endpoint_url
        self._region = region
        config = Config(
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path" if endpoint_url else "auto"},
        )
        client = session.create_client("s3", region_name=region, endpoint_url=endpoint_url or None, config=config)
        self._client = cast("S3Client", client)

    def create(self) -> None:
        """CreateBucket; no error where it is ours already."""
        place = {"LocationConstraint": self._region} if self._region != "us-east-1" else {}
        options = {"CreateBucketConfiguration": place} if place else {}
        create = cast("Callable[..., object]", self._client.create_bucket)
        self._ask(lambda: create(Bucket=self._bucket, **options), "PUT", fine="BucketAlreadyOwnedByYou")

    def versioning(self) -> str:
        """GetBucketVersioning."""
        reply = self._ask(lambda: self._client.get_bucket_versioning(Bucket=self._bucket), "GET")
        return reply.get("Status", "") if reply else ""

    def enable_versioning(self) -> None:
        """PutBucketVersioning."""
        self._ask(
            lambda: self._client.put_bucket_versioning(
                Bucket=self._bucket, VersioningConfiguration={"Status": "Enabled"}
            ),
            "PUT",
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, request: Callable[[], _Reply], method: str, *, fine: str = "") -> _Reply | None:
        """The reply; None where it is the error code `fine`."""
        intent = Intent(method, is_write=method == "PUT")
        try:
            return request()
        except ClientError as exc:
            error: dict[str, str] = cast("dict[str, str]", exc.response.get("Error", {}))
            code = error.get("Code", "")
            if fine and code == fine:
                return None
            status = exc.response["ResponseMetadata"]["HTTPStatusCode"]
            refusal = Refusal(status, code=code, message=error.get("Message", ""), region=error.get("Region", ""))
            raise error_for(refusal, intent) from exc
        except (EndpointConnectionError, ConnectTimeoutError) as exc:
            raise error_for_no_contact(intent, self._endpoint_url or "AWS", str(exc)) from exc
        except BotoCoreError as exc:
            raise error_for_silence(intent, str(exc)) from exc
