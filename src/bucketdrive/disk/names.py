"""Names and places as the parts they are walked by, checked: the first thing every method of a disk does.

Used by the real folder and by the one in memory. What a drive may keep is decided elsewhere (`rules.names`); here only
what cannot be walked at all, or would lead out of the folder, is refused.
"""

import os
from collections.abc import Collection

from bucketdrive.disk.failures import unreadable
from bucketdrive.errors import InternalError, UnreadableError
from bucketdrive.model.paths import RESERVED

AREAS = ("tmp", "quarantine")
"""The folders of `.bucketdrive/` that hold places."""

MAX_PART_BYTES = 255
"""The longest part of a path on any file system of Linux (NAME_MAX, limits.h)."""

_NEVER = frozenset({"", ".", ".."})


def parts_of(name: str) -> list[str]:
    """The parts of a user's path, from the top.

    Raises:
        UnreadableError: it is absolute, has an empty, `.`, `..` or overlong part or a NUL, cannot be encoded, or lies
            in `.bucketdrive`.
    """
    parts = _split(name)
    if parts[0] == RESERVED:
        raise unreadable(name, "is BucketDrive's own")
    return parts


def own_parts(place: str) -> list[str]:
    """The parts of a place, from the top of the folder: `.bucketdrive` comes first.

    Raises:
        InternalError: it begins with neither `tmp/` nor `quarantine/`.
        UnreadableError: it has an empty, `.`, `..` or overlong part or a NUL, or cannot be encoded.
    """
    parts = _split(place)
    if parts[0] not in AREAS or len(parts) == 1:
        raise InternalError(f"{place!r} is no place below .bucketdrive/. Nothing was done.", path=place)
    return [RESERVED, *parts]


def draft_parts(parts: list[str]) -> list[str]:
    """Where a file grows that is to appear whole at the place of `parts`: itself in `tmp/`, else `tmp/` and its op."""
    return parts if parts[1] == "tmp" else [RESERVED, "tmp", parts[2]]


Branches = dict[str, "Branches | None"]
"""Names as a tree, by their parts; None stands for all that is there and below."""


def branches_of(names: Collection[str]) -> Branches:
    """Names as a tree. Those that cannot be walked, or are ours, are left out."""
    tree: Branches = {}
    for name in sorted(names, key=lambda name: name.count("/")):
        try:
            *above, last = parts_of(name)
        except UnreadableError:
            continue
        branch: Branches | None = tree
        for part in above:
            branch = branch.setdefault(part, {}) if branch is not None else None
        if branch is not None:
            branch[last] = None
    return tree


def _split(name: str) -> list[str]:
    parts = name.split("/")
    try:
        is_sound = "\0" not in name and _NEVER.isdisjoint(parts) and not any(map(_is_too_long, parts))
    except UnicodeEncodeError:
        is_sound = False
    if not is_sound:
        raise unreadable(name, "is not a name this disk can hold")
    return parts


def _is_too_long(part: str) -> bool:
    return not (part.isascii() and len(part) <= MAX_PART_BYTES) and len(os.fsencode(part)) > MAX_PART_BYTES
