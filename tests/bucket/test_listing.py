"""Listings as stores print them, and what becomes of them."""

import pytest

from bucketdrive.bucket.s3.listing import read_objects, read_versions
from bucketdrive.errors import UnavailableError
from bucketdrive.model.entries import ObjectRow, VersionRow

ENCODED = "<EncodingType>url</EncodingType>"


def objects(*keys, encoding=ENCODED, truncated="false"):
    rows = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-24T08:15:00.250Z</LastModified>"
        "<ETag>&quot;abc&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<IsTruncated>{truncated}</IsTruncated>{encoding}{rows}</ListBucketResult>"
    ).encode()


def version(key, version_id, latest="false", at="00:00.000"):
    return (
        f"<Version><Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>{latest}</IsLatest>"
        f"<LastModified>1970-01-01T00:{at}Z</LastModified><ETag>&quot;{version_id}&quot;</ETag><Size>1</Size>"
        "<Owner><ID>o</ID></Owner></Version>"
    )


def marker(key, version_id, latest="false", at="00:00.000"):
    return (
        f"<DeleteMarker><Key>{key}</Key><VersionId>{version_id}</VersionId><IsLatest>{latest}</IsLatest>"
        f"<LastModified>1970-01-01T00:{at}Z</LastModified></DeleteMarker>"
    )


def versions(*rows, truncated="false"):
    return f"<R><IsTruncated>{truncated}</IsTruncated>{ENCODED}{''.join(rows)}</R>".encode()


def ids(page):
    return [row.version_id for row in page.rows]


def test_an_object_row_is_read_whole():
    page = read_objects(objects("a%2Fb+c%2Bd", truncated="true"))
    assert page.rows == (ObjectRow("a/b c+d", "abc", 7, 1795508100.25),)
    assert page.is_truncated


def test_keys_are_decoded_only_where_the_store_says_that_they_are_encoded():
    assert [row.key for row in read_objects(objects("100%2525", "a+b")).rows] == ["100%25", "a b"]
    assert [row.key for row in read_objects(objects("100%25", "a+b", encoding="")).rows] == ["100%25", "a+b"]


@pytest.mark.parametrize("sign", ["\x01", "&#1;", "&#x1F;", "&#65535;", "&#xFFFE;", "\uffff", "&#xD800;", "\r"])
def test_a_character_xml_cannot_carry_makes_only_its_row_unsound(sign):
    page = read_objects(objects("before", f"a{sign}b", "behind", encoding=""))
    assert [(row.key, row.is_sound) for row in page.rows] == [("before", True), ("a\ufffdb", False), ("behind", True)]


def test_such_a_character_is_borne_even_where_the_store_claims_an_encoding():
    page = read_objects(objects("a\x01b", "c"))
    assert [(row.key, row.is_sound) for row in page.rows] == [("a\ufffdb", False), ("c", True)]


def test_bytes_that_are_not_utf8_make_only_their_row_unsound():
    page = read_objects(objects("a?b", "c", encoding="").replace(b"?b", b"\xff\xfeb"))
    assert [row.is_sound for row in page.rows] == [False, True]
    assert [row.is_sound for row in read_objects(objects("a%FFb", "c")).rows] == [False, True]


def test_an_encoded_replacement_character_is_a_key_like_any_other():
    assert read_objects(objects("a%EF%BF%BD")).rows[0] == ObjectRow("a\ufffd", "abc", 7, 1795508100.25)


def test_legal_references_are_read():
    assert read_objects(objects("a&#13;&#x9;&amp;", encoding="")).rows[0].key == "a\r\t&"


def test_a_truncated_page_ends_with_a_key_from_which_the_next_can_begin():
    page = read_objects(objects("a", "b\x01", encoding="", truncated="true"))
    assert [row.key for row in page.rows] == ["a"]
    with pytest.raises(UnavailableError):
        read_objects(objects("b\x01", encoding="", truncated="true"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"<R><Contents><Key>a</Key></Contents></R>"])
def test_what_is_no_listing_is_not_understood(body):
    with pytest.raises(UnavailableError):
        read_objects(body)


def test_versions_and_markers_stay_as_the_store_interleaves_them():
    rows = [version("a", "v3", "true"), marker("a", "m2"), version("a", "v1"), marker("b", "m9", "true")]
    page = read_versions(versions(*rows))
    assert ids(page) == ["v3", "m2", "v1", "m9"]
    assert page.rows[1] == VersionRow("a", "m2", is_latest=False, is_delete_marker=True, etag="", size=0, modified_s=0)


def test_times_that_run_backwards_do_not_disturb_the_order_of_the_store():
    rows = [version("a", "v3", "true", "01:00"), marker("a", "m2", at="05:00"), version("a", "v1", at="09:00")]
    assert ids(read_versions(versions(*rows))) == ["v3", "m2", "v1"]


def test_a_store_that_evidently_does_not_interleave_is_put_in_order_by_time():
    rows = [version("a", "v1", at="00:01"), version("b", "v9", "true"), marker("a", "m2", "true", "00:02")]
    assert ids(read_versions(versions(*rows))) == ["m2", "v1", "v9"]
    rows = [version("a", "v1", at="00:01"), marker("a", "m2", "true", "00:02")]
    assert ids(read_versions(versions(*rows))) == ["m2", "v1"]


def test_a_store_known_not_to_interleave_is_put_in_order_by_time():
    rows = [
        version("a", "v3", "true", "00:03"),
        version("a", "v1", at="00:01.000001"),
        marker("a", "m2", at="00:01.000002"),
    ]
    assert ids(read_versions(versions(*rows), is_interleaved=False)) == ["v3", "m2", "v1"]


AWS = "<Owner><ID>o</ID><DisplayName>d</DisplayName></Owner>"
SHAPES = [  # what follows the LastModified of a version and of a marker, as AWS, Ceph and others write it
    (f"<ETag>&quot;E&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass>{AWS}", AWS),
    (f"<ETag>&quot;E&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><Size>7</Size>{AWS}", ""),
    (f'<ETag>"E"</ETag><Size>7</Size><StorageClass>S</StorageClass>{AWS}<Type>Normal</Type>', f"{AWS}<Type>x</Type>"),
    ("<ETag>E-3</ETag><Size>5368709120</Size>", ""),
    ("<Size>7</Size><ETag>&quot;E&quot;</ETag>", ""),  # in an order that nobody writes: left to the parser
    ("<ETag>&quot;E&amp;&quot;</ETag><Size>7</Size>", ""),
]
KEYS = [
    "a",
    "d%2Fa",
    "d%252Fa",
    "d%2fa",
    "d%2F%41",
    "a%2Fb+c",
    "100%25",
    "%C3%A4",
    "a%FFb",
    "a%EF%BF%BD",
    "a\ufffd",
    "z",
    "a\x01b",
    "a&amp;b",
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("truncated", ["true", "false"])
def test_a_page_that_is_matched_says_what_the_parser_reads_in_it(shape, truncated):
    rows = []
    for key in KEYS:
        for number, tail in enumerate(shape):
            what = ("Version", "DeleteMarker")[number]
            at = f"<LastModified>2026-11-24T08:15:0{number}.250Z</LastModified>"
            head = (
                f"<Key>{key}</Key><VersionId>v{number}</VersionId><IsLatest>{'false' if number else 'true'}</IsLatest>"
            )
            rows.append(f"<{what}>{head}{at}{tail}</{what}>")
    for some in (rows[:6], rows[:24], rows[22:26], rows[26:]):
        inside = f"<IsTruncated>{truncated}</IsTruncated>{ENCODED}{''.join(some)}<MaxKeys>1000</MaxKeys>"
        plain = f'<?xml version="1.0"?><ListVersionsResult xmlns="x">{inside}</ListVersionsResult>'
        parsed = plain.replace("<IsTruncated>", "<!-- read it --><IsTruncated>")
        assert read_versions(plain.encode()) == read_versions(parsed.encode())


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_page_that_was_cut_off_is_not_understood(cut):
    body = (
        f"<ListVersionsResult>{ENCODED}{version('a', 'v2', 'true')}{version('a', 'v1')}</ListVersionsResult>".encode()
    )
    assert ids(read_versions(body)) == ["v2", "v1"]
    with pytest.raises(UnavailableError):
        read_versions(body[:-cut])
