"""Buckets that are not there, not ours, not fit, or hold what no folder can: what is said, and that nothing is lost."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bucketdrive.model.format import DriveInfo, write_drive_info

FILES = {"a": "a1", "d/b": "b1"}


def link(cli, url, folder, *options):
    return cli("link", url, folder, "--device", "phone", *options)


@contextmanager
def store_that_answers(status, code):
    """A store whose only reply is this refusal."""

    class Handler(BaseHTTPRequestHandler):
        def refuse(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = refuse  # noqa: N815  the names are http.server's

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_bucket_that_is_not_there(place, world, cli, check_refusal):
    code, told = link(cli, "s3://no-such-bucket-here/x", place / "phone")
    check_refusal(told, "no-such-bucket", "no bucket named no-such-bucket-here", hint="--create-bucket")
    assert (code, (place / "phone").exists()) == (3, False)
    world.laptop.change(FILES)
    records = world.home / "config" / "drives.toml"
    records.write_text(records.read_text().replace(world.bucket.name, "no-such-bucket-here"))
    check_refusal(world.laptop.sync(exit_code=3), "no-such-bucket", "does not exist", hint="Check its name")
    assert world.laptop.tree() == FILES


def test_no_credentials(world, cli, monkeypatch, check_refusal):
    world.laptop.change(FILES)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, told = link(cli, world.url, world.home / "phone")
    check_refusal(told, "credentials", "No credentials were found", hint="AWS_ACCESS_KEY_ID")
    assert (code, (world.home / "phone").exists()) == (1, False)
    check_refusal(world.laptop.sync(exit_code=1), "credentials", "No credentials", hint="AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    check_refusal(world.laptop.sync(exit_code=2), "usage", "no-such-profile", hint="~/.aws/config")
    assert (world.laptop.tree(), world.bucket.tree()) == (FILES, {})


REFUSALS = {
    "AccessDenied": ("access-denied", "lack this permission"),
    "InvalidAccessKeyId": ("credentials", "Renew or correct them"),
    "SignatureDoesNotMatch": ("credentials", "Renew or correct them"),
    "RequestTimeTooSkewed": ("credentials", "Set the clock right"),
}


def test_access_denied(world, cli, monkeypatch, check_refusal):
    world.laptop.start(FILES)
    world.laptop.change({"a": None, "new": "n1"})
    for code, (error, hint) in REFUSALS.items():
        with store_that_answers(403, code) as address:
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
            check_refusal(world.laptop.sync(exit_code=1), error, hint=hint)
            ended, told = link(cli, world.url, world.home / "phone")
        check_refusal(told, error, hint=hint)
        assert (ended, (world.home / "phone").exists()) == (1, False)
    assert world.laptop.tree() == {"d/b": "b1", "new": "n1"}
    assert world.bucket.tree() == FILES


def test_an_endpoint_that_cannot_be_reached_or_is_no_store(world, monkeypatch, check_refusal):
    world.laptop.start(FILES)
    world.laptop.change({"a": None, "new": "n1"})
    with store_that_answers(404, "") as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
        told = world.laptop.sync(exit_code=1)
    check_refusal(told, "drive", "404 without S3's error document", hint="Is the endpoint an S3 store?")
    check_refusal(world.laptop.sync(exit_code=5), "unavailable", f"{address} cannot be reached", hint="network")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "not-a-url")
    assert world.laptop.sync(exit_code=2)["error"] == "usage"
    assert world.laptop.tree() == {"d/b": "b1", "new": "n1"}
    assert world.bucket.tree() == FILES


def test_a_bucket_that_keeps_no_versions(place, s3, cli, check_refusal):
    s3.create_bucket(Bucket="forgetful")
    code, told = link(cli, "s3://forgetful/x", place / "phone")
    check_refusal(told, "unfit-store", "keeps no versions", hint="--enable-versioning")
    assert (code, (place / "phone").exists()) == (1, False)
    assert s3.list_objects_v2(Bucket="forgetful")["KeyCount"] == 0
    assert "Status" not in s3.get_bucket_versioning(Bucket="forgetful")
    code, told = link(cli, "s3://forgetful/x", place / "phone", "--enable-versioning")
    assert (code, told["is_new"]) == (0, True)
    assert s3.get_bucket_versioning(Bucket="forgetful")["Status"] == "Enabled"


def test_a_lifecycle_rule_that_would_delete_live_files(place, fresh_bucket, cli, check_refusal):
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
    fresh_bucket.s3.put_bucket_lifecycle_configuration(
        Bucket=fresh_bucket.name, LifecycleConfiguration={"Rules": [rule]}
    )
    code, told = link(cli, f"s3://{fresh_bucket.name}/x", place / "phone")
    check_refusal(told, "unfit-store", "(tidy) deletes files 30 days after", hint="--accept-expiration")
    assert (code, (place / "phone").exists()) == (1, False)
    code, told = link(cli, f"s3://{fresh_bucket.name}/x", place / "phone", "--accept-expiration")
    assert (code, "(tidy) deletes files 30 days after" in told["notes"][0]) == (0, True)


FOREIGN = {
    "../../escaped": "a part of its path is empty, `.` or `..`",
    "..": "a part of its path is empty, `.` or `..`",
    "a/../../escaped": "a part of its path is empty, `.` or `..`",
    "a//b": "a part of its path is empty, `.` or `..`",
    "/etc/escaped": "a part of its path is empty, `.` or `..`",
    "./b": "a part of its path is empty, `.` or `..`",
    "x\x01y": "its name has a control character in it",
    "tab\ty": "its name has a control character in it",
    "delete\x7f": "its name has a control character in it",
    "n" * 256: "a part of its path is longer than 255 bytes",
    "é" * 128: "a part of its path is longer than 255 bytes",
    "d/.bucketdrive/root.json": "belong to BucketDrive itself",
    ".BucketDrive/root.json": "belong to BucketDrive itself",
    "marker/": "a folder's marker with content in it",
}


def test_keys_that_no_folder_can_hold_are_held_and_nothing_is_written_outside(world):
    world.laptop.start(FILES)
    for key in FOREIGN:
        world.bucket.put(key, "foreign")
    world.bucket.put("good", "g1")
    marker = (world.laptop.folder / ".bucketdrive" / "root.json").read_bytes()
    report = world.laptop.sync(exit_code=4)
    held = {entry["path"]: entry["reason"] for entry in report["held"]}
    assert sorted(held) == sorted(FOREIGN)
    assert [key for key, reason in FOREIGN.items() if reason not in held[key]] == []
    assert (report["downloaded"], report["uploaded"], report["deleted_in_bucket"]) == (1, 0, 0)
    assert world.laptop.tree() == FILES | {"good": "g1"}
    assert (world.laptop.folder / ".bucketdrive" / "root.json").read_bytes() == marker
    assert set(world.bucket.keys()) == {*FILES, *FOREIGN, "good"}
    assert list(world.home.rglob("*escaped*")) == []


def test_names_that_no_bucket_can_hold_are_held_and_stay_where_they_are(world):
    deep = "/".join(["d" * 200] * 5)
    names = {"line\nfeed": "l1", f"{deep}/{'n' * 50}": "n1", "d/.bucketdrive/x": "x1"}
    world.laptop.change(names | FILES)
    not_utf8 = bytes(world.laptop.folder) + b"/latin\xe9"
    with open(not_utf8, "wb") as file:  # noqa: PTH123  a name that no text can be
        file.write(b"u1")
    report = world.laptop.sync(exit_code=4)
    held = {entry["path"]: entry["reason"] for entry in report["held"]}
    assert held["line\nfeed"] == "its name has a control character in it"
    assert held["latin?"] == "its name is not valid UTF-8"
    assert "longer than the 1024 bytes" in held[f"{deep}/{'n' * 50}"]
    assert set(world.bucket.keys()) == set(FILES)
    assert {name: (world.laptop.folder / name).read_text() for name in names} == names


def test_a_bucket_that_holds_another_drive_stops_the_drive(world, check_refusal):
    world.laptop.start(FILES)
    key = "home/.bucketdrive/drive.json"
    stranger = write_drive_info(DriveInfo("another-drive", created="2026-01-01T00:00:00.000Z"))
    world.bucket.s3.put_object(Bucket=world.bucket.name, Key=key, Body=stranger)
    for path in FILES:
        world.bucket.delete(path)
    check_refusal(world.laptop.sync(exit_code=7), "guard", "holds another drive", hint="Check the bucket")
    world.bucket.s3.put_object(Bucket=world.bucket.name, Key=key, Body=b"not json")
    check_refusal(world.laptop.sync(exit_code=7), "guard", "cannot be read", hint="Restore an earlier version")
    newer = json.loads(stranger) | {"bucketdrive": 99}
    world.bucket.s3.put_object(Bucket=world.bucket.name, Key=key, Body=json.dumps(newer).encode())
    check_refusal(world.laptop.sync(exit_code=7), "guard", "has format 99", hint="Install a newer")
    assert world.laptop.tree() == FILES


def test_a_prefix_inside_or_around_another_drives_is_refused(world, cli, check_refusal):
    inside = f"s3://{world.bucket.name}/home/deeper/still"
    code, told = link(cli, inside, world.home / "phone")
    check_refusal(told, "guard", "inside the drive at home/", hint="Choose a prefix beside it")
    assert code == 7
    code, told = link(cli, f"s3://{world.bucket.name}", world.home / "phone")
    check_refusal(told, "guard", "around the drive at home/", hint="Choose a prefix beside it")
    assert (code, (world.home / "phone").exists()) == (7, False)
    assert link(cli, f"s3://{world.bucket.name}/homestead", world.home / "phone")[0] == 0
