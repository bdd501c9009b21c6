"""Contents that say in their own bytes who wrote them, where, and how long they are: a piece of one is known anywhere.

A content is one or more records. A record is a line that names it, blocks of equal length that each name the record and
their own number, and a line that ends it. What happened to contents is in `account`.
"""

import hashlib
import re
from itertools import groupby

_SMALL_BLOCK = 64
_LARGE_BLOCK = 4096
_LARGE_FROM = 256 * 1024

_HEAD = re.compile(rb"soak (?P<tag>\w+#\d+) length (?P<length>\d+) body (?P<body>[0-9a-f]{16}) path (?P<path>[^\n]*)\n")
_BLOCK = re.compile(rb"(\w+#\d+):(\d+) ")


def tag_of(author: str, number: int) -> str:
    """The name of a record: no two have the same."""
    return f"{author}#{number}"


def make_record(tag: str, path: str, length: int) -> bytes:
    """A record of `length` bytes, or of the fewest that it can have."""
    head = f"soak {tag} length {{length:08d}} body {'0' * 16} path {path!a}\n"
    end = f"end {tag}\n".encode()
    length = max(length, len(head.format(length=0)) + len(end))
    body = _body(tag, length - len(head.format(length=0)) - len(end))
    digest = hashlib.sha256(body).hexdigest()[:16]
    return head.format(length=length).replace("0" * 16, digest, 1).encode() + body + end


def _body(tag: str, length: int) -> bytes:
    size = _SMALL_BLOCK if length < _LARGE_FROM else _LARGE_BLOCK
    blocks = (f"{tag}:{number} ".encode().ljust(size - 1, b".") + b"\n" for number in range(-(-length // size)))
    return b"".join(blocks)[:length]


def is_whole(data: bytes) -> bool:
    """Whether these are whole records, one after the other; nothing at all is not."""
    at = 0
    while at < len(data):
        head = _HEAD.match(data, at)
        if head is None:
            return False
        end = at + int(head["length"])
        tail = b"end " + head["tag"] + b"\n"
        body = data[head.end() : end - len(tail)]
        if data[end - len(tail) : end] != tail or hashlib.sha256(body).hexdigest()[:16].encode() != head["body"]:
            return False
        at = end
    return bool(data)


def describe(data: bytes) -> str:
    """What a content is made of, for whoever looks into a finding: `laptop#1 blocks 0-5, then desktop#3 blocks 6-9`."""
    found = [(match[1].decode(), int(match[2])) for match in _BLOCK.finditer(data)]
    runs = [(tag, [number for _, number in group]) for tag, group in groupby(found, key=lambda item: item[0])]
    said = ", then ".join(f"{tag} blocks {numbers[0]}-{numbers[-1]}" for tag, numbers in runs[:20])
    kind = "whole records" if is_whole(data) else "not whole"
    return f"{len(data):,} bytes, {kind}: {said or repr(data[:60])}"


def digest_of(data: bytes) -> str:
    """The name of a content in every account: its SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
