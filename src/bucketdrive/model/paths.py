"""Paths inside a drive and the keys they stand for.

A path is text: parts joined by `/`, relative to the drive's folder. Whether a path may be kept on a side is a decision
(`rules.names`); here is only its shape. Normal form: new paths are NFC; a key that is in the bucket keeps its bytes.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from bucketdrive.errors import NameRefusedError

RESERVED = ".bucketdrive"
"""The name, at every level and in any case, that belongs to BucketDrive."""


class RelPath(str):
    """A path inside a drive, as text that is never empty and has no empty, `.` or `..` part.

    `RelPath(text)` trusts its caller, for text that was read from a checked source; `RelPath.parse` checks.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Make a path of what a user or another program wrote; a trailing `/` is dropped and the text made NFC.

        Raises:
            NameRefusedError: it is empty, absolute, or has an empty, `.` or `..` part.
        """
        shape = unicodedata.normalize("NFC", text).removesuffix("/")
        if not shape or any(part in ("", ".", "..") for part in shape.split("/")):
            raise NameRefusedError(
                f"{text!r} is not a path inside the drive.",
                hint="Give a path relative to the drive's folder, such as notes/today.txt.",
                path=text,
            )
        return cls(shape)

    @property
    def parent(self) -> "RelPath | None":
        """The folder it is in, or None at the top."""
        head, _, _ = self.rpartition("/")
        return RelPath(head) if head else None

    @property
    def name(self) -> str:
        """The last part."""
        return self.rpartition("/")[2]

    def ancestors(self) -> Iterator["RelPath"]:
        """The folders above it, nearest first."""
        end = self.rfind("/")
        while end > 0:
            yield RelPath(self[:end])
            end = self.rfind("/", 0, end)

    def child(self, name: str) -> "RelPath":
        """The path of `name` in this folder."""
        return RelPath(f"{self}/{name}")

    @property
    def fold(self) -> str:
        """What file systems that fold case and normal forms take it for (spec §2.9)."""
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", self).casefold())


def ancestors_of(paths: Iterable[str]) -> set[RelPath]:
    """Every folder above any of `paths`."""
    folders: set[RelPath] = set()
    for path in paths:
        for folder in RelPath(path).ancestors():
            if folder in folders:
                break
            folders.add(folder)
    return folders


@dataclass(frozen=True, slots=True)
class KeySpace:
    """How the keys of a drive are made from its prefix, which is empty or ends with `/`."""

    prefix: str

    def key(self, path: str) -> str:
        """The key of a file."""
        return self.prefix + path

    def folder_key(self, path: str) -> str:
        """The key of a folder's marker, and the prefix of all that is below it."""
        return f"{self.prefix}{path}/"

    def own_key(self, name: str) -> str:
        """The key of one of our own objects, such as `drive.json`."""
        return f"{self.prefix}{RESERVED}/{name}"

    @property
    def own_prefix(self) -> str:
        """The prefix of all our own objects; `~` sorts behind every name we use there."""
        return f"{self.prefix}{RESERVED}/"

    def tail(self, key: str) -> str:
        """What follows the prefix in a key of this drive."""
        return key[len(self.prefix) :]
