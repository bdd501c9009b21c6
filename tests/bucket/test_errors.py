"""What a store's refusals, and silence, become. A tiny server answers whatever the test says."""

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bucketdrive.bucket.s3.connect import S3Location, connect
from bucketdrive.errors import (
    AccessDeniedError,
    ConditionFailedError,
    CredentialsError,
    DriveError,
    NameRefusedError,
    NoSuchBucketError,
    NoSuchObjectError,
    UnavailableError,
    UnfitStoreError,
    UnknownOutcomeError,
    UsageError,
)
from bucketdrive.ports.bucket import IfAbsent, IfMatch, NewObject, Part


class CannedServer(ThreadingHTTPServer):
    """Answers every request with `status`, `headers` and `body`; drops the connection where `status` is 0."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), CannedHandler)
        self.status, self.headers, self.body, self.methods = 200, {}, b"", []

    def say(self, status, code="", **headers):
        document = f"<Error><Code>{code}</Code><Message>m</Message><Region>eu-west-1</Region></Error>".encode()
        self.status, self.body = status, document if code else b""
        self.headers = {name.replace("_", "-"): text for name, text in headers.items()}


class CannedHandler(BaseHTTPRequestHandler):
    def _answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.methods.append(self.command)
        if self.server.status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(self.server.status)
        for name, text in self.server.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.server.body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _answer  # noqa: N815 - names that http.server calls

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def canned():
    with CannedServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module", autouse=True)
def _chain(tmp_path_factory):
    """Credentials for all tests, and nothing else of the machine's AWS settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_CONFIG_FILE", str(tmp_path_factory.mktemp("aws") / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path_factory.mktemp("aws") / "credentials"))
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="module")
def bucket(canned):
    bucket = connect(S3Location("bucket", endpoint_url=f"http://127.0.0.1:{canned.server_port}"))
    yield bucket
    asyncio.run(bucket.aclose())


def failure(bucket, call):
    """The error of a call, which must be one."""

    async def attempt():
        await call(bucket)

    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller compares it
        asyncio.run(attempt())
    return caught.value


def put(bucket, condition=None, key="k"):
    return bucket.put_object(key, b"x", NewObject({}, condition=condition))


CALLS = {
    "list": lambda bucket: bucket.list_objects(""),
    "get": lambda bucket: bucket.get_object("k"),
    "get by the signed client": lambda bucket: bucket.get_object("k/"),
    "put": put,
    "put by the signed client": lambda bucket: put(bucket, key="k/"),
    "copy": lambda bucket: bucket.copy_object("k", "v", "l", NewObject({})),
    "settings": lambda bucket: bucket.get_bucket_versioning(),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchBucket", NoSuchBucketError),
        (403, "AccessDenied", AccessDeniedError),
        (403, "InvalidAccessKeyId", CredentialsError),
        (403, "SignatureDoesNotMatch", CredentialsError),
        (400, "ExpiredToken", CredentialsError),
        (403, "RequestTimeTooSkewed", CredentialsError),
        (301, "PermanentRedirect", DriveError),
        (503, "SlowDown", UnavailableError),
        (429, "", UnavailableError),
        (501, "NotImplemented", UnfitStoreError),
    ],
)
def test_a_refusal_means_the_same_for_every_request(canned, bucket, call, status, code, kind):
    canned.say(status, code)
    error = failure(bucket, CALLS[call])
    assert type(error) is kind
    assert error.message.endswith("done.")


@pytest.mark.parametrize("status", [0, 500, 502, 504])
@pytest.mark.parametrize("call", CALLS)
def test_a_write_that_got_no_answer_is_of_unknown_outcome_and_is_not_repeated(canned, bucket, call, status):
    canned.say(status, "InternalError" if status else "")
    canned.methods.clear()
    error = failure(bucket, CALLS[call])
    assert type(error) is (UnknownOutcomeError if "put" in call or call == "copy" else UnavailableError)
    if "put" in call or call == "copy":
        assert canned.methods == ["PUT"]


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize("key", ["k", "k/"])
@pytest.mark.parametrize("condition", [IfAbsent(), IfMatch("0" * 32)])
def test_a_failed_condition_is_told_and_not_repeated(canned, bucket, key, condition, status):
    canned.say(status, "ConditionalRequestConflict")
    canned.methods.clear()
    error = failure(bucket, lambda bucket: put(bucket, condition, key))
    assert type(error) is ConditionFailedError
    assert canned.methods == ["PUT"]


def test_a_late_error_in_a_reply_of_200_is_an_error(canned, bucket):
    canned.say(200, "PreconditionFailed")
    assert type(failure(bucket, CALLS["copy"])) is ConditionFailedError
    canned.say(200, "InternalError")
    parts = [Part(1, "e")]
    error = failure(bucket, lambda bucket: bucket.complete_multipart_upload("k", "u", parts, condition=IfAbsent()))
    assert type(error) is UnknownOutcomeError


def test_the_time_a_store_asks_for_is_passed_on(canned, bucket):
    canned.say(503, "SlowDown", Retry_After="7")
    assert failure(bucket, CALLS["list"]).retry_after_s == 7


def test_a_wrong_region_is_named(canned, bucket):
    canned.say(301, "PermanentRedirect")
    error = failure(bucket, CALLS["list"])
    assert "eu-west-1" in error.message
    assert "--region" in error.hint


def test_a_marker_by_its_version_id_is_no_object(canned, bucket):
    canned.say(405, "MethodNotAllowed")
    error = failure(bucket, lambda bucket: bucket.get_object("k", version_id="m"))
    assert type(error) is NoSuchObjectError
    assert error.is_delete_marker


def test_a_name_the_store_cannot_keep_is_that_paths_error(canned, bucket):
    canned.say(400, "KeyTooLongError")
    error = failure(bucket, put)
    assert type(error) is NameRefusedError
    assert error.path == "k"


def test_a_404_that_is_not_of_s3_is_no_absence(canned, bucket):
    canned.say(404)
    assert type(failure(bucket, CALLS["get"])) is DriveError


def test_a_refused_head_asks_again_for_the_reason(canned, bucket):
    canned.say(403, "InvalidAccessKeyId")
    for call in (lambda bucket: bucket.head_object("k"), lambda bucket: bucket.head_bucket()):
        assert type(failure(bucket, call)) is CredentialsError


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_an_endpoint_that_is_not_there_was_not_asked(url):
    bucket = connect(S3Location("bucket", endpoint_url=url))
    errors = [failure(bucket, call) for call in CALLS.values()]
    asyncio.run(bucket.aclose())
    assert [type(error) for error in errors] == [UnavailableError] * len(CALLS)
    assert all("cannot be reached" in error.message for error in errors)


def test_missing_credentials_are_told_before_any_request(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsError) as caught:
        connect(S3Location("bucket"))
    assert "AWS_PROFILE" in caught.value.hint


def test_a_profile_or_endpoint_that_makes_no_sense_is_a_wrong_call():
    with pytest.raises(UsageError):
        connect(S3Location("bucket", profile="nobody"))
    with pytest.raises(UsageError):
        connect(S3Location("bucket", endpoint_url="localhost:9000"))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (204, "", True),
        (404, "NoSuchVersion", True),
        (400, "InvalidArgument", True),
        (403, "AccessDenied", False),
        (501, "NotImplemented", None),
        (405, "MethodNotAllowed", None),
    ],
)
def test_only_a_want_of_permission_means_that_history_cannot_be_destroyed(canned, bucket, status, code, expected):
    canned.say(status, code)
    assert asyncio.run(bucket.may_destroy_versions("never", "v")) is expected


def test_wrong_credentials_do_not_tell_what_right_ones_may_do(canned, bucket):
    canned.say(403, "InvalidAccessKeyId")
    assert isinstance(failure(bucket, lambda bucket: bucket.may_destroy_versions("never", "v")), CredentialsError)
