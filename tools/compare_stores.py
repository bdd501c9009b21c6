"""Asks several S3 stores the same, and prints what they answer as the table of docs/internals/store-differences.md.

    compare_stores.py NAME=URL[,ACCESS_KEY,SECRET_KEY]...

Each store gets a bucket named `compare-…`, which is left behind. Requests are made by hand: SDKs hide differences.
"""

import base64
import hashlib
import re
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

Reply = urllib3.BaseHTTPResponse
VERSION = "x-amz-version-id"
MARKER = "x-amz-delete-marker"


@dataclass
class Bucket:
    """A versioned bucket on a store."""

    url: str
    credentials: Credentials
    name: str = field(default_factory=lambda: f"compare-{uuid.uuid4().hex[:12]}")

    def __post_init__(self) -> None:
        """Make it."""
        self.ask("PUT")
        body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        self.ask("PUT", query={"versioning": ""}, body=body)

    def ask(
        self,
        method: str,
        key: str = "",
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """A signed request to the bucket or a key in it."""
        url = f"{self.url}/{self.name}" + (f"/{quote(key, safe='/~')}" if key else "")
        url += "?" + urlencode(query, quote_via=quote) if query else ""
        request = AWSRequest(method, url, headers or {}, body)
        S3SigV4Auth(self.credentials, "s3", "us-east-1").add_auth(request)
        return urllib3.request(method, url, headers=dict(request.headers.items()), body=body, retries=False)

    def put(self, key: str, body: bytes = b"1", **headers: str) -> Reply:
        """Put an object; see `named` for the headers."""
        return self.ask("PUT", key, body=body, headers=named(headers))

    def deleted(self, key: str) -> str:
        """Put an object and a marker on it; the marker's version id."""
        self.put(key)
        return str(self.ask("DELETE", key).headers.get(VERSION, ""))


def named(headers: dict[str, str]) -> dict[str, str]:
    """Headers by names that Python can have: `_` stands for `-`."""
    return {name.replace("_", "-"): text for name, text in headers.items()}


def code(reply: Reply) -> str:
    """Status and S3's error code."""
    found = re.search(rb"<Code>(\w+)</Code>", reply.data)
    return f"{reply.status} {found[1].decode()}" if found else str(reply.status)


def with_header(reply: Reply, name: str) -> str:
    """Status, and whether a header is there."""
    return f"{code(reply)}, {'with' if reply.headers.get(name) else 'no'} {name}"


def order(bucket: Bucket) -> str:
    """How versions and markers of a key are listed."""
    for _ in range(2):
        bucket.put("order")
        bucket.ask("DELETE", "order")
    body = bucket.ask("GET", query={"versions": "", "prefix": "order"}).data
    tags = re.findall(rb"<(Version|DeleteMarker)>", body)
    return "newest first" if tags == [b"DeleteMarker", b"Version"] * 2 else "all versions, then all markers"


def times(bucket: Bucket) -> str:
    """How fine the times of a listing are."""
    bucket.put("times")
    found = re.search(rb"<LastModified>([^<]*)", bucket.ask("GET", query={"prefix": "times"}).data)
    text = found[1].decode() if found else ""
    digits = len(text.partition(".")[2].rstrip("Z"))
    return f"{digits} digits of a second" if text else "none"


def encoding(kind: str) -> Callable[[Bucket], str]:
    """Which names a listing encodes where it is asked to."""

    def answer(bucket: Bucket) -> str:
        for name in ("a\x01", "b c", "d%25", "e+f"):
            bucket.put(f"{kind}/{name}")
        query = {kind: "2" if kind == "list-type" else "", "prefix": f"{kind}/", "encoding-type": "url"}
        body = bucket.ask("GET", query=query).data
        told = "" if b"<EncodingType>url" in body else "; no `EncodingType`"
        names = [name.decode() for name in re.findall(rb"<Key>[a-z-]*(?:/|%2F)([^<]*)</Key>", body)]
        return f"`{' · '.join(names)}`{told}"

    return answer


def next_key(bucket: Bucket) -> str:
    """How a page says where the next one starts."""
    for name in ("x y", "x z"):
        bucket.put(f"next/{name}")
    query = {"versions": "", "prefix": "next/", "encoding-type": "url", "max-keys": "1"}
    found = re.search(rb"<NextKeyMarker>([^<]*)", bucket.ask("GET", query=query).data)
    return f"`{found[1].decode()}`" if found else "none"


def after_key(bucket: Bucket) -> str:
    """What a key marker alone passes over."""
    for name in ("k/a", "k/a", "k/a", "k/b"):
        bucket.put(name)
    body = bucket.ask("GET", query={"versions": "", "prefix": "k/", "key-marker": "k/a"}).data
    left = len(re.findall(rb"<Key>k(?:/|%2F)a</Key>", body))
    return "all its versions" if left == 0 else f"{3 - left} of its 3 versions"


def racers(bucket: Bucket) -> str:
    """A second creation of a key."""
    bucket.put("twice")
    return code(bucket.put("twice", If_None_Match="*"))


def matching(key: str, etag: str | None, *, is_live: bool) -> Callable[[Bucket], str]:
    """A put with If-Match; `etag` None: the right one."""

    def answer(bucket: Bucket) -> str:
        right = bucket.put(key).headers["etag"]
        if not is_live:
            bucket.ask("DELETE", key)
        return code(bucket.put(key, b"2", If_Match=etag or right))

    return answer


def copy(bucket: Bucket, target: str, **headers: str) -> Reply:
    """Copy a version."""
    put = bucket.put("source")
    source = f"/{bucket.name}/source?versionId={put.headers[VERSION]}"
    return bucket.ask("PUT", target, headers={"x-amz-copy-source": source} | named(headers))


def conditional_copy(bucket: Bucket) -> str:
    """A copy onto a key that is there, which must not be."""
    bucket.put("target")
    return code(copy(bucket, "target", If_None_Match="*"))


def complete(bucket: Bucket, key: str, *, aborted: bool = False, overtaken: bool = False, **headers: str) -> Reply:
    """Begin an upload in parts, send one, and complete it; after it was `aborted`, or an object put meanwhile."""
    found = re.search(rb"<UploadId>([^<]*)", bucket.ask("POST", key, query={"uploads": ""}).data)
    upload = {"uploadId": found[1].decode() if found else ""}
    etag = bucket.ask("PUT", key, query={"partNumber": "1"} | upload, body=b"1").headers["etag"]
    if aborted:
        bucket.ask("DELETE", key, query=upload)
    if overtaken:
        bucket.put(key)
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    document = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    return bucket.ask("POST", key, query=upload, headers=named(headers), body=document)


def complete_over(bucket: Bucket) -> str:
    """Complete an upload where there is an object, which must not be."""
    bucket.put("p1")
    return code(complete(bucket, "p1", If_None_Match="*"))


def complete_over_another(bucket: Bucket) -> str:
    """Complete an upload over another object than the one that it expects."""
    bucket.put("p5")
    return code(complete(bucket, "p5", If_Match='"' + "0" * 32 + '"'))


def copy_of_parts(bucket: Bucket) -> str:
    """The ETag of a copy of an object made of parts."""
    complete(bucket, "p6")
    bucket.ask("PUT", "p7", headers={"x-amz-copy-source": f"/{bucket.name}/p6"})
    return "the same, of parts" if "-1" in bucket.ask("HEAD", "p7").headers["etag"] else "its MD5"


def complete_tells(bucket: Bucket) -> str:
    """What the reply to a completion names."""
    reply = complete(bucket, "p2")
    etag = "an ETag" if re.search(rb"<ETag>[^<]+", reply.data) else "no ETag"
    return f"{etag}, {'a' if reply.headers.get(VERSION) else 'no'} version id"


def complete_overtaken(bucket: Bucket) -> str:
    """Where an upload in parts stands that began before a put and ended after it."""
    complete(bucket, "p4", overtaken=True)
    return "on top of it" if "-1" in bucket.ask("HEAD", "p4").headers["etag"] else "below it"


def few_versions(bucket: Bucket) -> str:
    """Whether a lifecycle rule keeps its number of versions."""
    limits = "<NoncurrentDays>9</NoncurrentDays><NewerNoncurrentVersions>5</NewerNoncurrentVersions>"
    expiry = f"<NoncurrentVersionExpiration>{limits}</NoncurrentVersionExpiration>"
    rule = f"<ID>x</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>{expiry}"
    document = f"<LifecycleConfiguration><Rule>{rule}</Rule></LifecycleConfiguration>".encode()
    put = bucket.ask("PUT", query={"lifecycle": ""}, headers={"Content-MD5": md5(document)}, body=document)
    kept = b"NewerNoncurrentVersions" in bucket.ask("GET", query={"lifecycle": ""}).data
    return code(put) if put.status != 200 else "kept" if kept else "dropped without a word"


def md5(body: bytes) -> str:
    """As the header has it."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def torn(bucket: Bucket) -> str:
    """A body that is not what its MD5 says."""
    return code(bucket.put("torn", b"torn", Content_MD5=md5(b"whole")))


def wrong_sha256(bucket: Bucket) -> str:
    """A body that is not what its checksum says."""
    return code(bucket.put("torn", b"torn", x_amz_checksum_sha256="47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="))


def under_marker(method: str, header: str) -> Callable[[Bucket], str]:
    """A request for a key that is deleted."""

    def answer(bucket: Bucket) -> str:
        bucket.deleted(method)
        return with_header(bucket.ask(method, method), header)

    return answer


def delete_if_match(bucket: Bucket) -> str:
    """A deletion of another version than the one that is there."""
    bucket.put("d")
    return code(bucket.ask("DELETE", "d", headers={"If-Match": '"0123"'}))


def get_version(bucket: Bucket, key: str, version_id: str) -> str:
    """Ask for a version."""
    bucket.put(key)
    return code(bucket.ask("GET", key, query={"versionId": version_id}))


QUESTIONS: list[tuple[str, str, Callable[[Bucket], str]]] = [
    ("PUT `If-None-Match: *`, an object is there", "412", racers),
    ("PUT `If-Match` with its ETag", "200", matching("m1", None, is_live=True)),
    ("PUT `If-Match` with another ETag", "412", matching("m2", '"0123"', is_live=True)),
    ("PUT `If-Match`, a marker is on top", "404 NoSuchKey", matching("m3", None, is_live=False)),
    ("DELETE `If-Match` with another ETag", "412", delete_if_match),
    ("CopyObject `If-None-Match: *`, an object is there", "412", conditional_copy),
    ("CompleteMultipartUpload `If-None-Match: *`, an object is there", "412", complete_over),
    ("CompleteMultipartUpload `If-Match` with another ETag", "412", complete_over_another),
    ("the reply to CompleteMultipartUpload", "an ETag, a version id", complete_tells),
    ("completing an upload that was aborted", "404 NoSuchUpload", lambda b: code(complete(b, "p3", aborted=True))),
    ("an upload in parts, begun before a PUT and completed after it, stands", "below it", complete_overtaken),
    ("the reply to CopyObject", f"200, with {VERSION}", lambda b: with_header(copy(b, "copied"), VERSION)),
    ("the ETag of a copy of what is made of parts", "its MD5", copy_of_parts),
    ("DELETE of what never was", f"204, with {VERSION}", lambda b: with_header(b.ask("DELETE", "never"), VERSION)),
    ("DELETE of what is deleted", f"204, with {VERSION}", under_marker("DELETE", VERSION)),
    ("GET under a marker", f"404 NoSuchKey, with {MARKER}", under_marker("GET", MARKER)),
    ("HEAD under a marker", f"404, with {MARKER}", under_marker("HEAD", MARKER)),
    ("GET of a marker by its id", "405 MethodNotAllowed", lambda b: get_version(b, "m", b.deleted("m"))),
    ("GET of a version id that never was", "400 InvalidArgument", lambda b: get_version(b, "v", "none")),
    ("versions and markers of a key are listed", "newest first", order),
    ("times in listings", "3 digits of a second, all zero", times),
    ("`key-marker` alone passes over", "all its versions", after_key),
    ("ListObjectsV2 with `encoding-type=url`: keys", "encoded", encoding("list-type")),
    ("ListObjectVersions with `encoding-type=url`: keys", "encoded", encoding("versions")),
    ("the same: `NextKeyMarker`", "encoded", next_key),
    ("PUT with a wrong Content-MD5", "400 BadDigest", torn),
    ("PUT with a wrong x-amz-checksum-sha256", "400 BadDigest", wrong_sha256),
    ("NewerNoncurrentVersions in a lifecycle rule", "kept", few_versions),
]
"""What is asked, what AWS documents or was recorded to answer, and how it is found out."""


def main(arguments: list[str]) -> int:
    """Print the table."""
    stores = {}
    for argument in arguments:
        name, _, where = argument.partition("=")
        url, access_key, secret_key = (*where.split(","), "test", "test")[:3]
        stores[name] = Bucket(url, Credentials(access_key, secret_key))
    print("| | AWS |", " | ".join(stores), "|")
    print("|---|---|" + "---|" * len(stores))
    for question, expected, answer in QUESTIONS:
        cells = [answer(bucket).replace("\x01", "\\x01").replace("|", "\\|") for bucket in stores.values()]
        print("|", " | ".join([question, expected, *cells]), "|")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
