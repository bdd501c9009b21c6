"""Ignore rules: `.driveignore` files in the exact syntax of .gitignore (spec §2.10).

A pattern's wildcards are pathspec's. What a pattern is about is decided here as git does it, one path at a time:
parents first, the file nearest to the path first, the last matching line of a file first. (Asked about whole paths,
pathspec 1.1 differs from git for one random rule set in five, mostly where `!` meets a folder.)
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from bucketdrive.model.paths import RESERVED

DEFAULT_PATTERNS = (
    ".DS_Store",
    "._*",
    ".Spotlight-V100",
    ".Trashes",
    ".fseventsd",
    "Thumbs.db",
    "desktop.ini",
    "~$*",
    ".~lock.*#",
    "*.swp",
    "~*.tmp",
    ".nfs*",
    ".fuse_hidden*",
    "*.part",
    "*.crdownload",
)
"""Ignored unless a `.driveignore` brings them back with `!pattern`."""

_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": " \t\r\n\v\f",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_POSIX_CLASS = re.compile(r"\[:(\w+):\]")
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")


class IgnoreRules:
    """All ignore rules of a drive; a scan fills it (`enter`) and asks it (`skips`).

    The reserved name is always passed over, at every level and in any case.
    """

    def __init__(self) -> None:
        self._files: dict[str, _RuleFile] = {"": _rule_file(DEFAULT_PATTERNS)}
        self._chains: dict[str, tuple[tuple[int, _RuleFile], ...]] = {}
        self._folders: dict[str, bool] = {"": False}

    def enter(self, folder: str, rules: bytes) -> None:
        """Take up the ignore file of `folder` (empty text at the top). Damage in it never raises: such lines are void.

        At the top the default patterns come first, so that `!pattern` brings them back.
        """
        lines = [line.removesuffix("\r") for line in rules.decode("utf-8-sig", "surrogateescape").split("\n")]
        self._files[folder] = _rule_file(tuple(lines) if folder else (*DEFAULT_PATTERNS, *lines))
        self._chains.clear()
        self._folders = {"": False}

    def skips(self, name: str, *, is_dir: bool) -> bool:
        """Whether to pass over `name`, none of whose parents is passed over."""
        folder, _, base = name.rpartition("/")
        if len(base) == len(RESERVED) and base.casefold() == RESERVED:
            return True
        for start, rules in self._chain(folder):
            verdict = rules.verdict(name[start:], base, is_dir=is_dir)
            if verdict is not None:
                return verdict
        return False

    def explain(self, path: str, *, is_dir: bool) -> str:
        """Which rule passes over `path` or a folder above it, in words; empty where none does."""
        name = ""
        for part in path.split("/"):
            name = f"{name}/{part}" if name else part
            if self.skips(name, is_dir=is_dir or name != path):
                return f"{self._rule_about(name, is_dir=is_dir or name != path)} excludes {name}"
        return ""

    def _rule_about(self, name: str, *, is_dir: bool) -> str:
        folder, _, base = name.rpartition("/")
        for start, rules in self._chain(folder):
            found = rules.deciding(name[start:], base, is_dir=is_dir)
            if found is not None:
                at = f"{name[:start]}.driveignore"
                return (
                    f"`{found.line}`, a default rule," if found.line in DEFAULT_PATTERNS else f"`{found.line}` in {at}"
                )
        return "the reserved name"

    def skips_key(self, path: str) -> bool:
        """Whether to pass over a path of the bucket, of whose parents nothing is known; a folder's ends with `/`."""
        name = path.removesuffix("/")
        return self._skips_folder(name.rpartition("/")[0]) or self.skips(name, is_dir=name != path)

    def _skips_folder(self, folder: str) -> bool:
        """Whether `folder` or one above it is passed over; remembered."""
        known = self._folders.get(folder)
        if known is not None:
            return known
        missing = []
        while folder not in self._folders:
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        skipped = self._folders[folder]
        for child in reversed(missing):
            skipped = self._folders[child] = skipped or self.skips(child, is_dir=True)
        return skipped

    def _chain(self, folder: str) -> tuple[tuple[int, "_RuleFile"], ...]:
        """The rule files that count in `folder`, nearest first, each with the length of its own path."""
        chain = self._chains.get(folder)
        if chain is None:
            above = (at for at in _folder_and_above(folder) if at in self._files)
            chain = tuple((len(at) + 1 if at else 0, self._files[at]) for at in above)
            self._chains[folder] = chain
        return chain


def _folder_and_above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A `line` of an ignore file. `on_name`: it is about the last part of a path, wherever that is."""

    line: str
    regex: re.Pattern[str]
    is_negated: bool
    is_dir_only: bool
    on_name: bool


class _RuleFile:
    """The patterns of one ignore file, the last one first, for paths relative to that file's folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        patterns = [pattern for pattern in map(_read_line, lines) if pattern]
        self._patterns = tuple(reversed(patterns))
        self._names = _any_of(pattern.regex for pattern in patterns if pattern.on_name)
        self._paths = _any_of(pattern.regex for pattern in patterns if not pattern.on_name)

    def verdict(self, path: str, name: str, *, is_dir: bool) -> bool | None:
        """Whether `path`, whose last part is `name`, is ignored; None where no pattern is about it."""
        found = self.deciding(path, name, is_dir=is_dir)
        return None if found is None else not found.is_negated

    def deciding(self, path: str, name: str, *, is_dir: bool) -> _Pattern | None:
        """The pattern that decides about `path`, whose last part is `name`; None where none is about it."""
        is_hit = (self._names and self._names.fullmatch(name)) or (self._paths and self._paths.fullmatch(path))
        if not is_hit:
            return None
        for pattern in self._patterns:
            if (is_dir or not pattern.is_dir_only) and pattern.regex.fullmatch(name if pattern.on_name else path):
                return pattern
        return None


@lru_cache(64)
def _rule_file(lines: tuple[str, ...]) -> _RuleFile:
    """Files change rarely, scans come often: a file is compiled once."""
    return _RuleFile(lines)


def _any_of(regexes: Iterable[re.Pattern[str]]) -> re.Pattern[str] | None:
    """One expression that matches where any of `regexes` does: nearly every path is about none of them."""
    sources = [regex.pattern for regex in regexes]
    return _compile("|".join(f"(?:{source})" for source in sources)) if sources else None


def _read_line(line: str) -> _Pattern | None:
    """Understand a line; None for an empty one, a comment, and one that git would take no notice of either."""
    text = line.rstrip(" ")
    if text != line and (len(text) - len(text.rstrip("\\"))) % 2:
        text += " "  # the first of the trailing spaces is escaped, and stays
    if not text or text.startswith("#"):
        return None
    is_negated = text.startswith("!")
    body = text[1:] if is_negated else text
    is_dir_only = body.endswith("/")
    body = _POSIX_CLASS.sub(lambda found: _POSIX_CLASSES.get(found[1], ""), body.removesuffix("/"))
    on_name = "/" not in body
    try:
        source, _ = GitIgnoreSpecPattern.pattern_to_regex(f"/{body.removeprefix('/')}")
        regex = _compile(_whole_path(source)) if source else None
    except (ValueError, re.error):
        return None
    return _Pattern(line, regex, is_negated, is_dir_only, on_name) if regex else None


def _whole_path(source: str) -> str:
    """Make of pathspec's expression, which may end anywhere above the path asked for, one for the whole path."""
    if source == "." or source.endswith("/"):  # for `*`, and for what ends with `/**`
        source += ".*" if source == "." else ".+"
    return _NAMED_GROUP.sub("(?:", source)


def _compile(source: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[` and the like: literal, as git takes them
        return re.compile(source, re.DOTALL)
