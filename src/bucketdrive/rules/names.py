"""Names: which a drive can keep, and what a conflict copy is called (spec §2.9, §2.12).

Whether two names clash on a file system that folds case is a question of the tree, and not asked here.
"""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from itertools import chain

from bucketdrive.errors import InternalError
from bucketdrive.model.entries import NameRules
from bucketdrive.model.paths import RESERVED, RelPath

MAX_KEY_BYTES = 1024
"""The longest key S3 keeps, in UTF-8 bytes (object-keys.md)."""

MAX_PART_BYTES = 255
"""The longest name Linux file systems and several stores keep, in UTF-8 bytes."""

_MAX_DEVICE_BYTES = 60
_ORDINAL_BYTES = 3
_UNKNOWN_DEVICE = "elsewhere"

_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\\]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_DEVICE = re.compile(r"[\x00-\x1f\x7f-\x9f()/\ud800-\udfff]")
_STEM_AND_EXT = re.compile(r"(\.*[^.].*?)((?:\.tar)?\.[^.\s]{1,16})?", re.DOTALL)
_CONFLICT = re.compile(
    r"(.+) \(conflict ([^()/]+) ([0-9a-f]{8})(?: [0-9]+)?\)((?:(?:\.tar)?\.[^.\s]{1,16})?)", re.DOTALL
)


def refusal(path: str, prefix_bytes: int = 0) -> str | None:
    """Say why a drive cannot keep `path`, in words for its user; None where it can.

    `prefix_bytes` is the length of the bucket's prefix in front of the path. The path is as `os.fsdecode` or a listing
    gave it, without the `/` that ends a folder's key.
    """
    if (
        path.isascii()
        and path.isprintable()
        and 0 < len(path) <= min(MAX_PART_BYTES, MAX_KEY_BYTES - prefix_bytes)
        and "//" not in path
        and "/." not in path
        and path[0] not in "./"
        and path[-1] != "/"
    ):
        return None  # nearly every path there is: this runs for each key of a listing
    return _refusal_by_parts(path, prefix_bytes)


def _refusal_by_parts(path: str, prefix_bytes: int) -> str | None:
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    if _CONTROL.search(path):
        return "its name has a control character in it"
    if prefix_bytes + size > MAX_KEY_BYTES:
        return f"its key would be longer than the {MAX_KEY_BYTES} bytes a bucket keeps"
    return next(filter(None, map(_refusal_of_part, path.split("/"))), None)


def _refusal_of_part(part: str) -> str | None:
    if part in ("", ".", ".."):
        return "a part of its path is empty, `.` or `..`"
    if len(part) * 4 > MAX_PART_BYTES and len(part.encode()) > MAX_PART_BYTES:
        return f"a part of its path is longer than {MAX_PART_BYTES} bytes"
    if len(part) == len(RESERVED) and part.casefold() == RESERVED:
        return f"names with a part {RESERVED} belong to BucketDrive itself"
    return None


def unkeepable(paths: Iterable[RelPath], here: Container[RelPath], rules: NameRules) -> dict[RelPath, str]:
    """The paths of the bucket that this folder's file system cannot hold, and why (spec §2.9).

    Of several that it would take for one, the one that is `here` already is kept, else the first in the order of UTF-8
    bytes.
    """
    refused: dict[RelPath, str] = {}
    if rules.is_windows:
        refused.update({path: "Windows cannot have a file of this name" for path in paths if _is_barred(path)})
    if rules.folds:
        kept: dict[str, RelPath] = {}
        for path in sorted(paths, key=lambda path: (path not in here, path.encode())):
            first = kept.setdefault(path.fold, path)
            if first != path:
                refused[path] = f"{first} differs from it only in case or normal form, and this disk keeps one of them"
    return refused


def _is_barred(path: str) -> bool:
    return any(
        part[-1:] in (".", " ") or _NOT_ON_WINDOWS.search(part) or _DEVICES.fullmatch(part) for part in path.split("/")
    )


def conflict_name(path: RelPath, device: str, sha256: str) -> RelPath:
    """Name the conflict copy of `path` that holds the content `sha256` (hex) written by `device`.

    The name follows from its arguments alone, so every device and every retry finds the same one; a conflict copy of a
    conflict copy has one suffix, not two.
    """
    stem, ext = _without_suffix(path.name)
    return _sibling(path, stem, f"{_device_in_name(device)} {sha256[:8].lower()}", "", ext)


def with_ordinal(path: RelPath, number: int) -> RelPath:
    """Name the next candidate where the conflict copy's name is taken by other content: `number` is 2 to 99.

    Raises:
        InternalError: `path` is not a conflict copy's name.
    """
    found = _CONFLICT.fullmatch(path.name)
    if found is None:
        raise InternalError(f"{path} is not the name of a conflict copy, so it has no next one.", path=path)
    stem, device, hash8, ext = found.groups()
    return _sibling(path, stem, f"{device} {hash8}", f" {number}", ext)


def conflict_names(path: RelPath, device: str, sha256: str) -> Iterator[RelPath]:
    """Names for a conflict copy in the order in which to try them, never `path` itself: plain, then with ordinals."""
    copy = conflict_name(path, device, sha256)
    for name in chain((copy,), (with_ordinal(copy, number) for number in range(2, 100))):
        if name != path:
            yield name


def is_conflict_name(name: str) -> bool:
    """Whether a name, or the last part of a path, is one that `conflict_name` makes."""
    return _CONFLICT.fullmatch(name.rpartition("/")[2]) is not None


def origin_of(path: str) -> tuple[str, str] | None:
    """Of what file a conflict copy is one, and of which device its content; None for another file's path.

    A name that had to be cut to fit tells of a file that has the cut name.
    """
    folder, slash, name = path.rpartition("/")
    found = _CONFLICT.fullmatch(name)
    return (f"{folder}{slash}{found[1]}{found[4]}", found[2]) if found else None


def numbered_name(path: RelPath, number: int) -> RelPath:
    """An ordinary name beside `path` for a second file of that name: `report (2).pdf`."""
    stem, ext = _without_suffix(path.name)
    behind = f" ({number}){ext}"
    name = _cut(stem, MAX_PART_BYTES - len(behind.encode())) + behind
    parent = path.parent
    return parent.child(name) if parent else RelPath(name)


def _without_suffix(name: str) -> tuple[str, str]:
    """Stem and extension of a name, without the suffix of a conflict copy."""
    if conflict := _CONFLICT.fullmatch(name):
        return conflict[1], conflict[4]
    plain = _STEM_AND_EXT.fullmatch(name)
    return (plain[1], plain[2] or "") if plain else (name, "")


def _sibling(path: RelPath, stem: str, origin: str, ordinal: str, ext: str) -> RelPath:
    """The path beside `path` whose name is put together so that it fits; what is too long is cut from the stem.

    Room for an ordinal is left in any case: with one or without, a name has the same stem.
    """
    before, behind = f" (conflict {origin}", unicodedata.normalize("NFC", f"){ext}")
    room = MAX_PART_BYTES - len((before + behind).encode()) - _ORDINAL_BYTES
    name = _cut(unicodedata.normalize("NFC", stem), room) + before + ordinal + behind
    parent = path.parent
    return parent.child(name) if parent else RelPath(name)


def _device_in_name(device: str) -> str:
    text = " ".join(_NOT_IN_DEVICE.sub(" ", unicodedata.normalize("NFC", device)).split())
    return _cut(text, _MAX_DEVICE_BYTES).rstrip() or _UNKNOWN_DEVICE


def _cut(text: str, max_bytes: int) -> str:
    """As much of `text` as fits, cut between code points."""
    return text.encode()[:max_bytes].decode(errors="ignore")
