"""Requests signed in headers (SigV4), over one pool of connections, on the bucket's threads.

Knows HTTP and signatures, not operations: those are in `bucket.py`. Keys travel exactly as they are: the path is quoted
once, for the signature and for the wire, and nobody normalises it.
"""

import asyncio
import io
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
)

from bucketdrive.bucket.s3.keys import current_keys
from bucketdrive.bucket.s3.refusals import Intent, Refusal, error_for, error_for_no_contact, error_for_silence

THREADS = 64
"""Requests in flight at most; as many connections are kept."""

_TIMEOUT = urllib3.Timeout(connect=10, read=60)
_SLICE_BYTES = 64 * 1024
"""How much is handed to the socket at once. Its timeout is for one `sendall`: a body in one piece needs a fast line."""

_LATE_STATUS = {"PreconditionFailed": 412, "ConditionalRequestConflict": 409, "NoSuchKey": 404, "SlowDown": 503}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a bucket answers: `origin` is scheme, host and port, `base_path` what stands before each key's `/`."""

    origin: str
    base_path: str
    region: str
    ca_certificates: str = ""
    proxy_url: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the bucket, or to `key` in it. `query` needs no order; `intent` says what its failure means."""

    intent: Intent
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply with a 2xx status, or 304. Header names are in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class SignedClient:
    """Sends signed requests to one bucket. Neither retries nor follows redirects."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials, executor: ThreadPoolExecutor) -> None:
        self._endpoint = endpoint
        self._credentials = credentials
        self._executor = executor
        self._host = urlsplit(endpoint.origin).netloc
        options = {"maxsize": THREADS, "timeout": _TIMEOUT, "blocksize": _SLICE_BYTES}
        if endpoint.ca_certificates:
            options["ca_cert_data"] = endpoint.ca_certificates
        proxy = endpoint.proxy_url
        self._pools = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
        self._pool = self._pools.connection_from_url(endpoint.origin, pool_kwargs=options)

    async def send(self, request: Request) -> Reply:
        """Send a request and wait for the whole reply.

        Raises:
            BucketDriveError: any of the errors in `refusals`.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._exchange, request)

    def close(self) -> None:
        """Close the idle connections. Requests under way end on their own."""
        self._pools.clear()

    def _exchange(self, request: Request) -> Reply:
        reply = self._transmit(request)
        if reply.status in {200, 201, 202, 204, 206, 304} and not _is_late_error(reply):
            return reply
        if request.intent.method == "HEAD" and reply.status in {400, 403}:
            reply = self._transmit(_as_get(request))  # a HEAD says only a number: GET says why
            if reply.status < 300:
                return Reply(reply.status, reply.headers, b"")
        raise error_for(_refusal(reply), request.intent)

    def _transmit(self, request: Request) -> Reply:
        intent = request.intent
        key = "/" + quote(intent.key, safe="/~") if intent.key or self._endpoint.base_path == "" else ""
        target = self._endpoint.base_path + key
        if request.query:
            target += "?" + urlencode(request.query, quote_via=quote, safe="~")
        headers = self._sign(request, target)
        try:
            response = self._pool.urlopen(
                intent.method,
                target,
                body=io.BytesIO(request.body) if request.body else None,
                headers=headers,
                retries=False,
                redirect=False,
                decode_content=False,
            )
            return Reply(response.status, response.headers, response.data)
        except (NewConnectionError, ConnectTimeoutError, ProxyError) as exc:
            raise error_for_no_contact(intent, self._endpoint.origin, _why(exc)) from exc
        except (HTTPError, OSError) as exc:
            why = _why(exc)
            if "certificate verify failed" in why:
                raise error_for_no_contact(intent, self._endpoint.origin, why) from exc
            raise error_for_silence(intent, why) from exc

    def _sign(self, request: Request, target: str) -> dict[str, str]:
        headers = {**request.headers, "Host": self._host}
        signed = AWSRequest(request.intent.method, self._endpoint.origin + target, headers, request.body)
        S3SigV4Auth(current_keys(self._credentials), "s3", self._endpoint.region).add_auth(signed)
        length = {"Content-Length": str(len(request.body))} if request.body else {}
        return {**dict(signed.headers.items()), **length, "User-Agent": "bucketdrive"}


def result_fields(body: bytes) -> dict[str, str]:
    """The fields of a small XML document by name, without namespaces; empty where the body is none."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - Python's expat limits entity expansion
    except ET.ParseError:
        return {}
    return {child.tag.rpartition("}")[2]: child.text or "" for child in root}


def _is_late_error(reply: Reply) -> bool:
    """CopyObject and CompleteMultipartUpload may say 200 first and fail later (AWS API reference)."""
    return reply.status == 200 and b"<Error>" in reply.body[:200] and "Code" in result_fields(reply.body)


def _refusal(reply: Reply) -> Refusal:
    fields = result_fields(reply.body)
    code, retry_after = fields.get("Code", ""), reply.headers.get("retry-after", "")
    return Refusal(
        status=_LATE_STATUS.get(code, 500) if reply.status == 200 else reply.status,
        code=code,
        message=fields.get("Message", ""),
        retry_after_s=float(retry_after) if retry_after.isdigit() else 0.0,
        is_delete_marker=reply.headers.get("x-amz-delete-marker", "") == "true",
        region=fields.get("Region", "") or reply.headers.get("x-amz-bucket-region", ""),
    )


def _as_get(request: Request) -> Request:
    intent = Intent("GET", request.intent.key, pins_version=request.intent.pins_version)
    if intent.key:
        return Request(intent, request.query, {**request.headers, "Range": "bytes=0-0"})
    return Request(intent, {"list-type": "2", "max-keys": "1"}, request.headers)


def _why(error: Exception) -> str:
    """The cause in a few words: urllib3 wraps it several times, with addresses of objects."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None and isinstance(inner, Exception):
        cause = inner
    return str(cause.args[-1] if cause.args else "") or type(cause).__name__
