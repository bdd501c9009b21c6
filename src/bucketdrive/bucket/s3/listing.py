"""Reads the XML of ListObjectsV2 and ListObjectVersions, in the store's own order (spec `s3.md` §1.5, §1.9).

Own code because order and odd keys matter: botocore tears versions and markers apart, and other readers give up a whole
page for one character that XML cannot carry.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter
from typing import TypeVar
from urllib.parse import unquote_plus

from bucketdrive.errors import UnavailableError
from bucketdrive.model.entries import ObjectRow, VersionRow
from bucketdrive.ports.bucket import ObjectPage, VersionPage

_NAMESPACE = re.compile(rb'\sxmlns="[^"]*"')
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\ufffe\uffff]"
    "|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45])|x0*(?:[0-8bc]|1?[ef]|1[0-9a-d]|fff[ef]|d[89a-f][0-9a-f]{2}));",
    re.IGNORECASE,
)
"""What XML 1.0 forbids, raw or as a reference; also a raw CR, which a parser would turn into LF."""
_LOST = "\ufffd"
_LOST_QUOTED = "%EF%BF%BD"

_OWNER = r"(?:<Owner>(?:<\w+>[^<]*</\w+>)*</Owner>)?"
_PLAIN_VERSION = re.compile(
    rf"<(?:Version|(DeleteMarker))>{_OWNER}<Key>([^<&\x00-\x1f\ufffe\uffff]+)</Key><VersionId>([^<&]+)</VersionId>"
    r"<IsLatest>(?:(true)|false)</IsLatest><LastModified>([^<]*)</LastModified>"
    r"(?:<ETag>(?:&quot;|\")?([^<&\"]*)(?:&quot;|\")?</ETag>)?"
    r"(?:<Checksum\w+>[^<]*</Checksum\w+>)*(?:<Size>([0-9]+)</Size>)?(?:<StorageClass>[^<]*</StorageClass>)?"
    rf"{_OWNER}(?:<Type>[^<]*</Type>)?</(?:Version|DeleteMarker)>"
)
"""A version or marker as AWS and Ceph write it; to match them costs a third of what a parser does."""

_Row = TypeVar("_Row", ObjectRow, VersionRow)


def read_objects(body: bytes) -> ObjectPage:
    """The page in a ListObjectsV2 reply.

    Raises:
        UnavailableError: it cannot be understood.
    """
    rows, is_truncated = _read(body, {"Contents"}, _object_row)
    return ObjectPage(_resumable(rows, is_truncated=is_truncated), is_truncated)


def read_versions(body: bytes, *, is_interleaved: bool = True) -> VersionPage:
    """The page in a ListObjectVersions reply.

    `is_interleaved` false: the store is known to print all versions, then all markers; their order is then recovered
    from LastModified, as far as that goes. A page that is evidently so is put in order unasked.

    Raises:
        UnavailableError: it cannot be understood.
    """
    rows, is_truncated = _read_plain(body) or _read(body, {"Version", "DeleteMarker"}, _version_row)
    if not is_interleaved or _is_out_of_order(rows):
        rows.sort(key=lambda row: (row.key, not row.is_latest, -row.modified_s))
    return VersionPage(_resumable(rows, is_truncated=is_truncated), is_truncated)


def _resumable(rows: list[_Row], *, is_truncated: bool) -> tuple[_Row, ...]:
    """The rows up to the last whose key is known: from there the next page begins, with those left out here."""
    if not is_truncated:
        return tuple(rows)
    end = next((number for number in range(len(rows), 0, -1) if rows[number - 1].is_sound), 0)
    if end == 0:
        raise UnavailableError("A page of a listing has no key that can be read. The listing is not complete.")
    return tuple(rows[:end])


def _read_plain(body: bytes) -> tuple[list[VersionRow], bool] | None:
    """What a page of plain XML says, with its keys encoded; None for all else, which a parser has to read."""
    if b"<EncodingType>url</EncodingType>" not in body or b"<!" in body:
        return None
    try:
        text = body.decode()
        rows = list(_plain_rows(text))
    except ValueError:
        return None
    is_whole = text.rstrip().endswith("</ListVersionsResult>")
    if not is_whole or len(rows) != text.count("<Version>") + text.count("<DeleteMarker>"):
        return None
    return rows, "<IsTruncated>true</IsTruncated>" in text


def _plain_rows(text: str) -> Iterator[VersionRow]:
    listed, key, is_sound = "", "", True
    for marker, quoted, version_id, is_latest, modified, etag, size in _PLAIN_VERSION.findall(text):
        if quoted != listed:  # the versions of a key come together
            key, is_sound = _key(quoted, is_encoded=True)
            listed = quoted
        modified_s = datetime.fromisoformat(modified).timestamp()
        yield VersionRow(key, version_id, bool(is_latest), bool(marker), etag, int(size or 0), modified_s, is_sound)


def _read(body: bytes, tags: set[str], row: Callable[[ET.Element, bool], _Row]) -> tuple[list[_Row], bool]:
    is_encoded = b"<EncodingType>url</EncodingType>" in body
    body = _NAMESPACE.sub(b"", body, count=1)
    try:
        root = _parse(body, is_encoded=is_encoded)
        rows = [row(element, is_encoded) for element in root if element.tag in tags]
    except (ET.ParseError, KeyError, ValueError) as exc:
        raise UnavailableError(f"A listing of the bucket cannot be understood ({exc!r}). Nothing was read.") from exc
    return rows, root.findtext("IsTruncated") == "true"


def _parse(body: bytes, *, is_encoded: bool) -> ET.Element:
    """Parse, with what XML cannot carry replaced by U+FFFD; looked for only where it may be, as it costs time."""
    if is_encoded:
        try:
            return ET.fromstring(body)  # noqa: S314 - Python's expat limits entity expansion
        except ET.ParseError:
            pass
    return ET.fromstring(_FORBIDDEN.sub(_LOST, body.decode("utf-8", errors="replace")))  # noqa: S314 - as above


def _object_row(element: ET.Element, is_encoded: bool) -> ObjectRow:  # noqa: FBT001 - called for each key
    fields = {child.tag: child.text or "" for child in element}
    key, is_sound = _key(fields["Key"], is_encoded=is_encoded)
    return ObjectRow(key, fields["ETag"].strip('"'), int(fields["Size"]), _seconds(fields["LastModified"]), is_sound)


def _version_row(element: ET.Element, is_encoded: bool) -> VersionRow:  # noqa: FBT001 - called for each version
    fields = {child.tag: child.text or "" for child in element}
    key, is_sound = _key(fields["Key"], is_encoded=is_encoded)
    return VersionRow(
        key=key,
        version_id=fields["VersionId"],
        is_latest=fields["IsLatest"] == "true",
        is_delete_marker=element.tag == "DeleteMarker",
        etag=fields.get("ETag", "").strip('"'),
        size=int(fields.get("Size") or 0),
        modified_s=_seconds(fields["LastModified"]),
        is_sound=is_sound,
    )


def _key(text: str, *, is_encoded: bool) -> tuple[str, bool]:
    """A key, and whether it is what the store has: no character was lost on the way."""
    plain = text.replace("%2F", "/") if is_encoded else text
    if not is_encoded or ("%" not in plain and "+" not in plain):  # nearly all, and five times as fast
        return plain, _LOST not in plain
    key = unquote_plus(text)
    return key, _LOST not in key or key.count(_LOST) == text.upper().count(_LOST_QUOTED)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _is_out_of_order(rows: list[VersionRow]) -> bool:
    """Keys not ascending, or a key's latest version not first: a store that does not interleave."""
    if any(row.key > following.key for row, following in pairwise(rows) if row.is_sound and following.is_sound):
        return True
    return any(any(row.is_latest for row in list(group)[1:]) for _, group in groupby(rows, attrgetter("key")))
