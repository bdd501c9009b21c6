"""Keys on the wire, and the signature over them, checked by a server that computes it again."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bucketdrive.bucket.s3.connect import S3Location, connect
from bucketdrive.errors import CredentialsError
from bucketdrive.ports.bucket import NewObject
from bucketdrive.testing.contracts.bucket_harness import ODD_NAMES


class Recorder(BaseHTTPRequestHandler):
    """Accepts every put and keeps what it was."""

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        server.daemon_threads = True
        server.seen = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _chain(monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def put(server, *keys, profile="", body=b"body"):
    async def work():
        location = S3Location("bucket", endpoint_url=f"http://127.0.0.1:{server.server_port}", profile=profile)
        bucket = connect(location)
        try:
            for key in keys:
                await bucket.put_object(key, body, NewObject({"n": "1"}))
        finally:
            await bucket.aclose()

    server.seen.clear()
    asyncio.run(work())
    return server.seen


def signature_again(server, path, headers, body):
    """The Authorization header that the received request should have."""
    names = headers["Authorization" if "Authorization" in headers else "authorization"].split("SignedHeaders=")[1]
    lower = {name.lower(): text for name, text in headers.items()}
    signed = {name: lower[name] for name in names.partition(",")[0].split(";")}
    request = AWSRequest("PUT", f"http://127.0.0.1:{server.server_port}{path}", signed, body)
    request.context["timestamp"] = lower["x-amz-date"]
    auth = S3SigV4Auth(Credentials("key", "secret"), "s3", "eu-north-1")
    canonical = auth.canonical_request(request)
    return auth.signature(auth.string_to_sign(request, canonical), request), lower["authorization"]


def test_every_key_travels_as_it_is_under_a_signature_that_agrees(server):
    seen = put(server, *ODD_NAMES)
    assert [unquote(path) for path, _, _ in seen] == [f"/bucket/{name}" for name in ODD_NAMES]
    for path, headers, body in seen:
        expected, authorization = signature_again(server, path, headers, body)
        assert authorization.endswith(f"Signature={expected}")


@pytest.mark.parametrize("key", ["a", "a/"])
def test_a_body_goes_with_its_hash_so_that_torn_bytes_are_refused(server, key):
    [(_, headers, body)] = put(server, key, body=b"x" * 1_000_000)
    lower = {name.lower(): text for name, text in headers.items()}
    assert body == b"x" * 1_000_000
    assert {"x-amz-content-sha256", "x-amz-checksum-sha256"} <= set(lower)
    assert "x-amz-content-sha256" in lower["authorization"]


@pytest.mark.parametrize("key", ["a", "a/"])
def test_keys_that_expire_are_renewed(server, tmp_path, monkeypatch, key):
    def offer(key_id, expiration):
        keys = {"Version": 1, "AccessKeyId": key_id, "SecretAccessKey": "s", "SessionToken": "t"}
        (tmp_path / "keys.json").write_text(json.dumps(keys | {"Expiration": expiration}))

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (tmp_path / "config").write_text(f"[profile p]\ncredential_process = /bin/cat {tmp_path}/keys.json\n")
    offer("fresh", "2099-01-01T00:00:00Z")
    [(_, headers, _)] = put(server, key, profile="p")
    assert any("Credential=fresh/" in text for text in headers.values())

    async def expire():
        offer("stale", "2000-01-01T00:00:00Z")
        bucket = connect(S3Location("bucket", endpoint_url=f"http://127.0.0.1:{server.server_port}", profile="p"))
        try:
            await bucket.put_object(key, b"x", NewObject({}))
        finally:
            await bucket.aclose()

    with pytest.raises(CredentialsError):
        asyncio.run(expire())
