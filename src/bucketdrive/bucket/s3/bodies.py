"""Bodies up and down by obstore (Rust), at a quarter of the CPU of other clients.

It strips or refuses some keys: ask `carries` first. Its errors conflate: what a failed GET means is left to a second,
signed request; a PUT must not be repeated, so its failure is read from obstore's words.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import obstore
from botocore.credentials import Credentials
from obstore.exceptions import BaseError, NotModifiedError, UnauthenticatedError
from obstore.store import S3Store

from bucketdrive.bucket.s3.keys import current_keys
from bucketdrive.bucket.s3.refusals import Intent, Refusal, error_for, error_for_no_contact, error_for_silence
from bucketdrive.bucket.s3.signed import Endpoint
from bucketdrive.errors import BucketDriveError, CredentialsError
from bucketdrive.model.entries import ObjectHead
from bucketdrive.ports.bucket import IfAbsent, IfMatch, NewObject, ObjectBody, Written

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore import GetOptions, PutMode
    from obstore.store import ClientConfig, S3Credential

_ODD_KEY = re.compile(r"[\x00-\x1f\x7f]|(?:^|/)\.{0,2}(?:/|$)")
"""Control characters, and parts that are empty, `.` or `..`."""

_STATUS = re.compile(r"^ +status: (\d{3}),$", re.MULTILINE)
_NO_CONTACT = re.compile(r"^ +kind: Connect,$", re.MULTILINE)
_CODE = re.compile(r"<Code>(\w+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
"""obstore tells status and body only in the debug form of its error. None of the keys it is given has a line break."""

_FAILURES = (BaseError, OSError, ValueError)
"""What obstore raises."""

_PATIENCE_S = 60.0
_SLOWEST_BYTES_PER_S = 25_000
_LONGEST = timedelta(hours=6)
"""obstore's own limit, which is the same for every size; ours comes first."""


class Unclear(Exception):  # noqa: N818 - a reply, not a fault: the caller asks again
    """A GET failed; obstore cannot say exactly why."""


def carries(key: str) -> bool:
    """Whether obstore takes this key as it is."""
    return _ODD_KEY.search(key) is None


class Bodies:
    """PUT and GET of whole objects and ranges. Neither retries nor splits."""

    def __init__(self, bucket: str, endpoint: Endpoint, credentials: Credentials) -> None:
        self._origin = endpoint.origin
        options: ClientConfig = {
            "allow_http": endpoint.origin.startswith("http://"),
            "connect_timeout": timedelta(seconds=10),
            "timeout": _LONGEST,
        }
        if endpoint.ca_certificates:
            options["root_certificate"] = endpoint.ca_certificates
        if endpoint.proxy_url:
            options["proxy_url"] = endpoint.proxy_url
        url = endpoint.origin + endpoint.base_path
        is_virtual = not endpoint.base_path
        if not is_virtual:
            url = url.removesuffix("/" + bucket)
        self._store = S3Store(
            bucket,
            config={
                "region": endpoint.region,
                "endpoint": url,
                "aws_endpoint_url_s3": url,  # AWS_ENDPOINT_URL_S3 in the environment would win over `endpoint`
                "virtual_hosted_style_request": is_virtual,
                "checksum_algorithm": "sha256",
                "conditional_put": "etag",
            },
            client_options=options,
            retry_config={"max_retries": 0, "retry_timeout": _LONGEST},
            credential_provider=_provider(credentials),
        )

    async def put(self, key: str, body: bytes, new: NewObject) -> Written:
        """PutObject.

        Raises:
            BucketDriveError: any of the errors in `refusals`.
        """
        intent = Intent("PUT", key, is_write=True, expects_version=isinstance(new.condition, IfMatch))
        try:
            async with asyncio.timeout(_patience_s(len(body))):
                result = await obstore.put_async(
                    self._store,
                    key,
                    body,
                    attributes={"Content-Type": new.content_type, **new.metadata},
                    mode=_mode(new),
                    use_multipart=False,
                )
        except TimeoutError as exc:
            raise error_for_silence(intent, "timed out") from exc
        except _FAILURES as exc:
            raise self._error(exc, intent) from exc
        return Written(result["version"] or "", (result["e_tag"] or "").strip('"'))

    async def get(self, key: str, options: "GetOptions") -> ObjectBody | None:
        """GetObject; None where it is not modified.

        Raises:
            Unclear: it failed; a signed request will say why.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                result = await obstore.get_async(self._store, key, options=options)
            meta, attributes = result.meta, result.attributes
            first, end = result.range
            async with asyncio.timeout(_patience_s(end - first)):
                data = (await result.bytes_async()).to_bytes()
        except NotModifiedError:
            return None
        except _FAILURES as exc:
            raise Unclear(str(exc)) from exc
        metadata = {name: text for name, text in attributes.items() if name == name.lower()}
        etag, version_id = (meta["e_tag"] or "").strip('"'), meta["version"] or ""
        head = ObjectHead(etag, meta["size"], version_id, meta["last_modified"].timestamp(), metadata)
        return ObjectBody(data, head)

    def _error(self, error: Exception, intent: Intent) -> BucketDriveError:
        words = str(error)
        summary = words.partition("\n")[0]
        if _NO_CONTACT.search(words):
            return error_for_no_contact(intent, self._origin, summary)
        status = _STATUS.search(words)
        if status is None and isinstance(error, UnauthenticatedError):
            return CredentialsError(
                f"The credentials cannot be renewed ({summary}). Nothing was done.", hint="Log in again."
            )
        if status is None and "Received redirect" in summary:
            return error_for(Refusal(301), intent)
        if status is None:
            return error_for_silence(intent, summary)
        code, message = _CODE.search(words, status.end()), _MESSAGE.search(words, status.end())
        refusal = Refusal(
            int(status.group(1)), code=code.group(1) if code else "", message=message.group(1) if message else ""
        )
        return error_for(refusal, intent)


def _mode(new: NewObject) -> "PutMode":
    match new.condition:
        case IfAbsent():
            return "create"
        case IfMatch(etag):
            return {"e_tag": f'"{etag}"'}
        case None:
            return "overwrite"


def _patience_s(size: int) -> float:
    return _PATIENCE_S + size / _SLOWEST_BYTES_PER_S


def _provider(credentials: Credentials) -> "Callable[[], S3Credential]":
    """Keys for obstore, stale as soon as given, so that it asks each time and botocore alone decides about renewal."""
    stale = datetime.fromtimestamp(0, UTC)

    def current() -> "S3Credential":
        keys = current_keys(credentials)
        return {
            "access_key_id": keys.access_key or "",
            "secret_access_key": keys.secret_key or "",
            "token": keys.token,
            "expires_at": stale,
        }

    return current
