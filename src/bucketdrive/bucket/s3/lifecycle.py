"""Lifecycle rules as XML, in both directions. A rule that was read goes back as it was written, whatever it holds.

Own code because a client that reads rules into a model of its own drops what that model lacks, and putting rules
replaces all of them: what was dropped would be gone from the bucket.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from bucketdrive.errors import UnavailableError
from bucketdrive.model.lifecycle import LifecycleRule, StorageMove

_NAMESPACE = re.compile(rb'\sxmlns="[^"]*"')
_BESIDE = re.compile(rb"<Filter>\s*(<Prefix>[^<]*</Prefix>)\s*<And>")
"""How Ceph 16 writes a prefix with several tags; but it reads that as no prefix, and the rule would be for all keys."""
_RULE = re.compile(rb"<Rule>.*?</Rule>", re.DOTALL)
_FILTER = {"Prefix", "Tag/Key", "Tag/Value", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}
_KNOWN = frozenset(
    {"ID", "Status", "Prefix"}
    | {f"Filter/{part}" for part in _FILTER}
    | {f"Filter/And/{part}" for part in _FILTER}
    | {f"Expiration/{part}" for part in ("Days", "Date", "ExpiredObjectDeleteMarker")}
    | {f"Transition/{part}" for part in ("Days", "Date", "StorageClass")}
    | {f"NoncurrentVersionExpiration/{part}" for part in ("NoncurrentDays", "NewerNoncurrentVersions")}
    | {f"NoncurrentVersionTransition/{part}" for part in ("NoncurrentDays", "NewerNoncurrentVersions", "StorageClass")}
    | {"AbortIncompleteMultipartUpload/DaysAfterInitiation"}
)
"""The parts of a rule that are understood, by the path to their text."""


def read_rules(body: bytes) -> list[LifecycleRule]:
    """The rules of a GetBucketLifecycleConfiguration reply.

    Raises:
        UnavailableError: it cannot be understood.
    """
    body = _BESIDE.sub(rb"<Filter><And>\1", body)
    raws = _RULE.findall(body)
    try:
        elements = [child for child in ET.fromstring(_NAMESPACE.sub(b"", body)) if child.tag == "Rule"]  # noqa: S314
        if len(elements) != len(raws):
            raws = [ET.tostring(element) for element in elements]
        return [_rule(element, raw.decode()) for element, raw in zip(elements, raws, strict=True)]
    except (ET.ParseError, ValueError) as exc:
        raise UnavailableError(f"The bucket's lifecycle rules cannot be understood ({exc}). Nothing was done.") from exc


def write_rules(rules: Iterable[LifecycleRule]) -> bytes:
    """The body of a PutBucketLifecycleConfiguration."""
    texts = "".join(rule.raw or _text(rule) for rule in rules)
    document = f'<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{texts}'
    return f"{document}</LifecycleConfiguration>".encode()


def _rule(element: ET.Element, raw: str) -> LifecycleRule:
    narrowed = element.find("Filter/And")
    if narrowed is None:
        narrowed = element.find("Filter")
    where = narrowed if narrowed is not None else ET.Element("Filter")
    return LifecycleRule(
        rule_id=element.findtext("ID") or "",
        prefix=where.findtext("Prefix") or element.findtext("Prefix") or "",
        is_enabled=element.findtext("Status") == "Enabled",
        noncurrent_days=_number(element, "NoncurrentVersionExpiration/NoncurrentDays") or 0,
        newer_noncurrent_versions=_number(element, "NoncurrentVersionExpiration/NewerNoncurrentVersions") or 0,
        expiration_days=_number(element, "Expiration/Days") or 0,
        expiration_date=(element.findtext("Expiration/Date") or "").strip()[:10],
        expires_spent_markers=element.findtext("Expiration/ExpiredObjectDeleteMarker") == "true",
        abort_multipart_days=_number(element, "AbortIncompleteMultipartUpload/DaysAfterInitiation") or 0,
        tags=tuple((tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in where.findall("Tag")),
        larger_than_bytes=_number(where, "ObjectSizeGreaterThan"),
        smaller_than_bytes=_number(where, "ObjectSizeLessThan"),
        moves=tuple(_move(move, "Days") for move in element.findall("Transition")),
        noncurrent_moves=tuple(
            _move(move, "NoncurrentDays") for move in element.findall("NoncurrentVersionTransition")
        ),
        unknown=tuple(dict.fromkeys(_not_understood(element))),
        raw=raw,
    )


def _move(element: ET.Element, days: str) -> StorageMove:
    return StorageMove(
        element.findtext("StorageClass") or "",
        _number(element, days) or 0,
        (element.findtext("Date") or "").strip()[:10],
        _number(element, "NewerNoncurrentVersions") or 0,
    )


def _number(element: ET.Element, path: str) -> int | None:
    text = (element.findtext(path) or "").strip()
    return int(text) if text else None


def _not_understood(rule: ET.Element) -> Iterator[str]:
    """Parts that are not known, and ages of zero days, which S3 does not have: some store means something by them."""
    for path, text in _leaves(rule, ""):
        if path not in _KNOWN and (text or path not in {"Filter", "Filter/And"}):
            yield path
        elif text == "0" and path in {"NoncurrentVersionExpiration/NoncurrentDays", "Expiration/Days"}:
            yield f"{path} of 0"


def _leaves(element: ET.Element, path: str) -> Iterator[tuple[str, str]]:
    for child in element:
        below = f"{path}{child.tag}"
        if len(child):
            yield from _leaves(child, f"{below}/")
        else:
            yield below, (child.text or "").strip()


def _text(rule: LifecycleRule) -> str:
    expiration = _element("Days", rule.expiration_days)
    expiration += _element("Date", f"{rule.expiration_date}T00:00:00Z" if rule.expiration_date else "")
    expiration += _element("ExpiredObjectDeleteMarker", "true" if rule.expires_spent_markers else "")
    noncurrent = _element("NoncurrentDays", rule.noncurrent_days)
    noncurrent += _element("NewerNoncurrentVersions", rule.newer_noncurrent_versions)
    abort = _element("DaysAfterInitiation", rule.abort_multipart_days)
    parts = [
        f"<ID>{escape(rule.rule_id)}</ID>",
        f"<Filter>{_filter(rule)}</Filter>",
        f"<Status>{'Enabled' if rule.is_enabled else 'Disabled'}</Status>",
        *(_moved("Transition", "Days", move) for move in rule.moves),
        f"<Expiration>{expiration}</Expiration>" if expiration else "",
        *(_moved("NoncurrentVersionTransition", "NoncurrentDays", move) for move in rule.noncurrent_moves),
        f"<NoncurrentVersionExpiration>{noncurrent}</NoncurrentVersionExpiration>" if noncurrent else "",
        f"<AbortIncompleteMultipartUpload>{abort}</AbortIncompleteMultipartUpload>" if abort else "",
    ]
    return f"<Rule>{''.join(parts)}</Rule>"


def _filter(rule: LifecycleRule) -> str:
    tags = (f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in rule.tags)
    sizes = {"ObjectSizeGreaterThan": rule.larger_than_bytes, "ObjectSizeLessThan": rule.smaller_than_bytes}
    narrowing = [*tags, *(f"<{name}>{size}</{name}>" for name, size in sizes.items() if size is not None)]
    prefix = f"<Prefix>{escape(rule.prefix)}</Prefix>"
    return f"<And>{prefix}{''.join(narrowing)}</And>" if narrowing else prefix


def _moved(name: str, days: str, move: StorageMove) -> str:
    date = f"{move.date}T00:00:00Z" if move.date else ""
    inner = _element(days, move.days) + _element("Date", date) + _element("StorageClass", move.storage_class)
    return f"<{name}>{inner}{_element('NewerNoncurrentVersions', move.newer_versions)}</{name}>"


def _element(name: str, value: object) -> str:
    return f"<{name}>{value}</{name}>" if value else ""
