"""The bucket format: what other tools write is understood or treated as absent; our own objects survive damage."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bucketdrive.errors import GuardError
from bucketdrive.model.format import (
    FORMAT,
    DeviceInfo,
    DriveInfo,
    FileMeta,
    JournalEntry,
    journal_name,
    path_mark,
    read_doorbell,
    read_drive_info,
    read_metadata,
    write_device_info,
    write_doorbell,
    write_drive_info,
    write_journal,
    write_metadata,
)

SHA = "ab" * 32
SECOND = 1_000_000_000


def test_what_we_write_we_read_again():
    meta = FileMeta(1_700_000_000_123_456_789, SHA, 0o755, "Ana's laptop (büro) 100%", "op-1", "v1")
    fields = write_metadata(meta, "ordner/ü.txt")
    assert fields["mtime"] == "1700000000.123456789"
    assert fields["mode"] == "33261"
    assert read_metadata(fields) == replace(meta, written_for=path_mark("ordner/ü.txt"))


@given(
    st.builds(
        FileMeta,
        mtime_ns=st.none() | st.integers(-9 * 10**18, 9 * 10**18),
        sha256=st.sampled_from(["", SHA]),
        mode=st.none() | st.integers(0, 0o777),
        device=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        op=st.sampled_from(["", "op"]),
    )
)
def test_any_metadata_of_ours_is_ascii_and_reads_back(meta):
    fields = write_metadata(meta, "p")
    assert all(name.islower() and value.isascii() and value.isprintable() for name, value in fields.items())
    assert replace(read_metadata(fields), written_for="") == meta


def test_a_creation_is_written_as_base_0_and_read_as_no_base():
    fields = write_metadata(FileMeta(op="op"), "p")
    assert fields == {"bucketdrive-op": "op", "bucketdrive-base": "0", "bucketdrive-path": "148de9c5a7a44d19"}
    assert read_metadata(fields) == FileMeta(op="op", written_for="148de9c5a7a44d19")


def test_what_is_claimed_of_another_path_came_with_a_copy():
    claimed = read_metadata(write_metadata(FileMeta(op="op"), "here"))
    assert claimed.may_be_of("here")
    assert not claimed.may_be_of("there")
    assert FileMeta(op="op").may_be_of("anywhere")


@pytest.mark.parametrize(
    ("fields", "meta"),
    [
        pytest.param({"mtime": "1354040105.123456789"}, FileMeta(1354040105_123456789), id="rclone"),
        pytest.param({"mtime": "1354040105.12", "md5chksum": "x"}, FileMeta(1354040105_120000000), id="rclone, short"),
        pytest.param(
            {"mtime": "1700000000", "mode": "33188", "uid": "1000", "gid": "1000", "ctime": "1700000001"},
            FileMeta(1_700_000_000 * SECOND, mode=0o644),
            id="s3fs",
        ),
        pytest.param(
            {"mtime": "1700000000.5", "mode": "33261"}, FileMeta(1_700_000_000_5 * 10**8, mode=0o755), id="s3fs 1.9"
        ),
        pytest.param(
            {"s3cmd-attrs": "atime:1/ctime:2/gid:0/gname:root/md5:d41d/mode:33188/mtime:1700000000/uid:0/uname:root"},
            FileMeta(1_700_000_000 * SECOND, mode=0o644),
            id="s3cmd",
        ),
        pytest.param({"mtime": "1473937204", "btime": "1473937200"}, FileMeta(1473937204 * SECOND), id="Cyberduck"),
        pytest.param({"mtime": "1473937204000"}, FileMeta(1473937204 * SECOND), id="milliseconds"),
        pytest.param({"mtime": "1.5e9"}, FileMeta(1_500_000_000 * SECOND), id="a float"),
        pytest.param({"mtime": " 1700000000 "}, FileMeta(1_700_000_000 * SECOND), id="blanks around it"),
        pytest.param({"mtime": "0"}, FileMeta(0), id="the epoch itself"),
        pytest.param({"mtime": "0", "s3cmd-attrs": "mtime:5"}, FileMeta(0), id="mtime goes before s3cmd-attrs"),
        pytest.param({"mtime": "-0.5"}, FileMeta(-(SECOND // 2)), id="just before the epoch"),
        pytest.param({"mtime": "-1.25"}, FileMeta(-1_250_000_000), id="before the epoch"),
        pytest.param({"mode": "420"}, FileMeta(mode=0o644), id="permission bits alone"),
        pytest.param({"sha256": SHA.upper()}, FileMeta(sha256=SHA), id="upper case hash"),
    ],
)
def test_the_metadata_of_other_tools_is_understood(fields, meta):
    assert read_metadata(fields) == meta


@pytest.mark.parametrize(
    "mtime",
    [
        "",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "12345678901234567890",
        "-9999999999999",
        "32503680000",
        "9223372036",
        "--5",
        "x",
    ],
)
def test_an_mtime_that_cannot_be_is_absent(mtime):
    assert read_metadata({"mtime": mtime}).mtime_ns is None
    assert read_metadata({"mtime": mtime, "s3cmd-attrs": "mtime:7"}).mtime_ns == 7 * SECOND


@pytest.mark.parametrize("mode", ["", "-1", "16877", "41471", "100644", "0100644", "33188.0", "9999999", "rwx"])
def test_a_mode_that_is_no_regular_files_is_absent(mode):
    assert read_metadata({"mode": mode}).mode is None


@pytest.mark.parametrize("sha256", ["", "ab", SHA + "00", "g" * 64])
def test_a_hash_of_another_shape_is_absent(sha256):
    assert not read_metadata({"sha256": sha256}).sha256


numbers = st.from_regex(r"[-+]?[0-9_]{0,25}(\.[0-9]{0,25})?([eE][-+]?[0-9]{1,4})?", fullmatch=True)
values = st.text(max_size=40) | numbers | st.sampled_from(["nan", "1e400", "%ff%fe", "mtime:1e999/mode:::", "/:/", "٣"])
keys = st.sampled_from(
    ["mtime", "mode", "sha256", "s3cmd-attrs", "bucketdrive-op", "bucketdrive-base", "bucketdrive-device"]
)


@given(st.dictionaries(keys, values))
def test_reading_metadata_never_raises_and_its_times_fit_64_bits(fields):
    meta = read_metadata(fields)
    assert meta.mtime_ns is None or abs(meta.mtime_ns) < 2**63
    assert meta.mode is None or 0 <= meta.mode <= 0o777
    assert len(meta.device) <= 200


def test_drive_info_survives_the_round_trip():
    info = DriveInfo("drive-1", 3, FORMAT, "2026-11-24T08:15:00.000Z")
    assert read_drive_info(write_drive_info(info)) == info


WHOLE = {"bucketdrive": 1, "drive_id": "d", "epoch": 1, "created": ""}
DAMAGED = [b"", b"{", b"null", b"[]", b"3", b'"text"', b"\xff\xfe\x00", b"[" * 100_000, b"<xml/>"]


@pytest.mark.parametrize(
    "data",
    DAMAGED
    + [json.dumps({name: value for name, value in WHOLE.items() if name != gone}).encode() for gone in WHOLE]
    + [json.dumps(WHOLE | {"epoch": value}).encode() for value in ("one", None, [], float("inf"), float("nan"))],
    ids=lambda data: data[:60].decode(errors="replace"),
)
def test_a_damaged_drive_info_stops_the_drive(data):
    with pytest.raises(GuardError, match="Nothing was changed"):
        read_drive_info(data)


def test_a_drive_of_a_newer_format_is_refused():
    with pytest.raises(GuardError, match=f"format {FORMAT + 1}") as error:
        read_drive_info(write_drive_info(DriveInfo("d", format=FORMAT + 1)))
    assert "newer BucketDrive" in error.value.hint


def test_what_a_newer_program_adds_to_drive_info_is_passed_over():
    assert read_drive_info(json.dumps(WHOLE | {"colour": "blue"}).encode()) == DriveInfo("d")


def test_the_doorbell_survives_the_round_trip():
    assert read_doorbell(write_doorbell({"b": 2, "a": 17})) == {"a": 17, "b": 2}


@pytest.mark.parametrize("data", DAMAGED, ids=lambda data: data[:20].decode(errors="replace"))
def test_a_damaged_doorbell_says_nothing(data):
    assert read_doorbell(data) == {}


def test_of_a_partly_damaged_doorbell_the_sound_part_counts():
    assert read_doorbell(b'{"a": 3, "b": "4", "c": null, "d": 1.5, "e": true, "f": [1]}') == {"a": 3}


json_like = st.dictionaries(
    st.text(max_size=5), st.none() | st.floats() | st.integers() | st.lists(st.text(max_size=5))
)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40) | json_like.map(json.dumps).map(str.encode))
def test_reading_a_doorbell_never_raises(data):
    assert isinstance(read_doorbell(data), dict)


def test_a_journal_batch_is_one_line_of_json_for_each_entry():
    entries = [
        JournalEntry("put", "notes/é\n.txt", "v2", "v1", "etag", 5, SHA, 12.5, 7),
        JournalEntry("copy", "b", source="a"),
    ]
    lines = [json.loads(line) for line in write_journal(entries).decode().splitlines()]
    assert lines[0] == {
        "run": 7,
        "op": "put",
        "path": "notes/é\n.txt",
        "version": "v2",
        "base": "v1",
        "etag": "etag",
        "size": 5,
        "sha256": SHA,
        "at": 12.5,
    }
    assert (lines[1]["op"], lines[1]["path"], lines[1]["from"]) == ("copy", "b", "a")
    assert write_journal([]) == b""


def test_journal_names_sort_by_number():
    assert journal_name("dev", 7) == "journal/dev/000000000007"
    assert journal_name("dev", 9) < journal_name("dev", 10)


def test_device_info_names_the_journal_numbers():
    written = json.loads(write_device_info(DeviceInfo("id", "Büro", 3, 9)))
    assert written == {"device_id": "id", "name": "Büro", "first": 3, "last": 9}


def test_an_md5_is_written_as_rclone_does_and_read_back():
    fields = write_metadata(FileMeta(md5="d41d8cd98f00b204e9800998ecf8427e"), "a")
    assert fields["md5chksum"] == "1B2M2Y8AsgTpgAmY7PhCfg=="
    assert read_metadata(fields).md5 == "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize("text", ["", "x", "AAAA", "1B2M2Y8AsgTpgAmY7PhCfg", "é", "1B2M2Y8AsgTpgAmY7PhCfg==AAAA"])
def test_what_is_no_md5_claims_nothing(text):
    assert read_metadata({"md5chksum": text}).md5 == ""
