"""The end of a soak: whether what was promised was kept. Compares facts, and asks none of the program's own code.

A store that ignores conditional writes (class C) may lose a content from the tree, never from the versions: such a one
is counted and told, and is not wrong.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from soak.account import Account, Note
from soak.contents import digest_of
from soak.hands import RESERVED, files_below
from soak.people import is_conflict_copy
from soak.store import Version


@dataclass(frozen=True, slots=True)
class Tree:
    """Files with their digests, and all folders, of a device or of the bucket."""

    files: dict[str, str]
    folders: frozenset[str]


@dataclass(slots=True)
class Facts:
    """What is there at the end. `set_aside` and `unfinished`: what lies in each device's quarantine and `tmp`."""

    bucket: Tree
    versions: list[Version]
    devices: dict[str, Tree]
    set_aside: dict[str, set[str]] = field(default_factory=dict)
    unfinished: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Verdict:
    """What was found. `wrong` must be empty; the rest is told."""

    wrong: list[str] = field(default_factory=list)
    wanted: int = 0
    in_tree: int = 0
    version_only: list[str] = field(default_factory=list)
    set_aside_only: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    replaced: int = 0
    replaced_lost: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    came_back: int = 0
    conflict_copies: int = 0


def tree_of_keys(live: Mapping[str, str]) -> Tree:
    """The tree that live keys make: a folder is there if a key lies below it, or its marker does."""
    files = {key: digest for key, digest in live.items() if not key.endswith("/")}
    return Tree(files, frozenset(above for key in live for above in _folders_above(key)))


def _folders_above(key: str) -> Iterable[str]:
    parts = key.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def tree_of_folder(folder: Path) -> Tree:
    """What a user sees in a folder. What is neither file nor folder has a digest that no file has."""
    folders = set()
    for parent, names, _ in os.walk(folder):
        names[:] = [name for name in names if name != RESERVED]
        folders |= {(Path(parent) / name).relative_to(folder).as_posix() for name in names}
    files = {}
    for local in files_below(folder):
        is_file = local.is_file() and not local.is_symlink()
        files[local.relative_to(folder).as_posix()] = digest_of(local.read_bytes()) if is_file else "no file"
    return Tree(files, frozenset(folders))


def set_aside(folder: Path) -> set[str]:
    """The contents in a device's quarantine."""
    return {digest_of(local.read_bytes()) for local in files_below(folder / RESERVED / "quarantine")}


def unfinished(folder: Path) -> list[str]:
    """What lies in a device's `tmp`, where nothing may lie when no program runs and all is settled."""
    return [local.name for local in files_below(folder / RESERVED / "tmp")]


def judge(account: Account, facts: Facts) -> Verdict:
    """Whether everything is where it must be."""
    verdict = Verdict()
    verdict.differences = [line for name, tree in facts.devices.items() for line in _differ(name, tree, facts.bucket)]
    verdict.wrong += [f"not equal: {line}" for line in verdict.differences]
    left = [f"{name}: {place}" for name, places in facts.unfinished.items() for place in places]
    verdict.wrong += [f"left over in tmp: {place}" for place in left]
    verdict.wrong += [
        f"nobody wrote this version: {_words(row)}" for row in facts.versions if _is_foreign(row, account)
    ]
    _judge_wanted(account, facts, verdict)
    _judge_replaced(account.replaced, facts, verdict)
    live = facts.bucket.files
    notes = account.notes
    verdict.came_back = sum(digest in notes and notes[digest].is_superseded for digest in live.values())
    verdict.conflict_copies = sum(is_conflict_copy(path) for path in live)
    return verdict


def _differ(name: str, tree: Tree, bucket: Tree) -> list[str]:
    paths = sorted(tree.files.keys() | bucket.files.keys())
    pairs = [(path, tree.files.get(path, "nothing"), bucket.files.get(path, "nothing")) for path in paths]
    found = [
        f"{name} has {here[:12]} at {path!r}, the bucket {there[:12]}" for path, here, there in pairs if here != there
    ]
    found += [f"{name} has a folder {path!r}, the bucket has not" for path in sorted(tree.folders - bucket.folders)]
    return found + [
        f"the bucket has a folder {path!r}, {name} has not" for path in sorted(bucket.folders - tree.folders)
    ]


def _is_foreign(row: Version, account: Account) -> bool:
    return bool(row.digest) and row.digest not in account.notes


def _words(row: Version) -> str:
    return f"{row.key!r} {row.version_id}: {row.what}"


def _judge_wanted(account: Account, facts: Facts, verdict: Verdict) -> None:
    wanted, late = account.wanted, {digest for _, _, digest in account.late}
    in_tree = set(facts.bucket.files.values())
    in_versions = {row.digest for row in facts.versions}
    aside = set().union(*facts.set_aside.values())
    verdict.wanted = len(wanted)
    for digest, note in wanted.items():
        if digest in in_tree:
            verdict.in_tree += 1
        elif digest in in_versions:
            verdict.version_only.append(note.what)
        elif digest in aside:
            verdict.set_aside_only.append(note.what)
            if digest not in late:
                verdict.wrong.append(f"set aside, though no version has it: {note.what}")
        else:
            verdict.lost.append(note.what)
    verdict.wrong += [f"lost: {what}" for what in verdict.lost]


def _judge_replaced(replaced: Mapping[str, Note], facts: Facts, verdict: Verdict) -> None:
    kept = {row.digest for row in facts.versions}.union(*facts.set_aside.values())
    verdict.replaced = len(replaced)
    verdict.replaced_lost = [note.what for digest, note in replaced.items() if digest not in kept]
    verdict.wrong += [f"superseded after it was synced, and no version: {what}" for what in verdict.replaced_lost]
