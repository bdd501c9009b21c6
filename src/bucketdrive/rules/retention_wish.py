"""What a user wants to be kept, as lifecycle rules of ours beside those of others.

Two ages are wanted, and S3 has one: that of a noncurrent version. So the newest old versions of each file, among which
the last content of a deleted file always is, go by a rule of their own:

    old versions      NoncurrentDays = versions, NewerNoncurrentVersions = keep-last
    deleted files     NoncurrentDays = deleted

A store that drops the number (Ceph 16) would let all go after the shorter age: there one rule, with the longer one, is
all that keeps what was asked. Nothing here ever lets a version go sooner than was asked.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bucketdrive.errors import UsageError
from bucketdrive.model.lifecycle import LifecycleRule
from bucketdrive.model.paths import KeySpace

UPLOADS_DAYS = 7
"""So long an upload that was broken off may be gone on with; then its parts are cleared away."""

_MOST_KEPT = 100
"""What AWS takes as NewerNoncurrentVersions."""
_FEWEST_KEPT = 2
"""One more than needed: stores may count a marker that was put upon a marker as an old version."""
_MOST_RULES = 1000
_AGE = re.compile(r"([0-9]{1,5})([dwy])")
_UNITS_DAYS = {"d": 1, "w": 7, "y": 365}
FOREVER = "forever"


@dataclass(frozen=True, slots=True)
class Wish:
    """How long things are to be had at least, in days; None: for ever.

    `keep_last`: so many of the newest old versions of each file stay as long as deleted files do.
    """

    versions_days: int | None = None
    deleted_days: int | None = None
    keep_last: int = 0

    @property
    def deleted_days_really(self) -> int | None:
        """A deleted file's versions stay as long as old versions of live ones: a store cannot tell them apart."""
        if self.versions_days is None or self.deleted_days is None:
            return None
        return max(self.versions_days, self.deleted_days)

    @property
    def needs_counting(self) -> bool:
        """Whether the store must count versions to do just this."""
        return self.versions_days is not None and self.deleted_days_really != self.versions_days


def parse_days(text: str) -> int | None:
    """The days that `30d`, `26w`, `1y` or `forever` mean; None: for ever.

    Raises:
        UsageError: it is no such age.
    """
    if text == FOREVER:
        return None
    found = _AGE.fullmatch(text)
    days = int(found[1]) * _UNITS_DAYS[found[2]] if found else 0
    if not days:
        raise UsageError(
            f"{text!r} is no age that a store can keep. Nothing was changed.",
            hint="Write days, weeks or years, such as 30d, 26w or 1y, or: forever. Stores count in whole days.",
        )
    return days


def wish_from(rules: Sequence[LifecycleRule], keys: KeySpace) -> Wish:
    """What our own rules of a drive say was wished for the last time; without any: for ever."""
    own = {rule.rule_id: rule for rule in rules if is_own(rule, keys)}
    versions, deleted = (own.get(rule_id(kind, keys)) for kind in ("versions", "deleted"))
    deleted_days = deleted.noncurrent_days if deleted else None
    if versions is None:
        return Wish(deleted_days, deleted_days)
    is_for_all = not versions.newer_noncurrent_versions
    return Wish(
        versions.noncurrent_days,
        versions.noncurrent_days if is_for_all else deleted_days,
        versions.newer_noncurrent_versions,
    )


def check_wish(wish: Wish) -> None:
    """Whether a store can be told this at all.

    Raises:
        UsageError: it cannot; says what comes nearest.
    """
    if wish.versions_days is None and wish.deleted_days is not None:
        raise UsageError(
            "Deleted files cannot go while old versions stay for ever: to a store both are old versions. Nothing was "
            "changed.",
            hint="Name --versions too, such as --versions 30d, and --keep-last.",
        )
    if not 0 <= wish.keep_last <= _MOST_KEPT:
        raise UsageError(
            f"--keep-last {wish.keep_last} cannot be set. Nothing was changed.",
            hint=f"Stores count up to {_MOST_KEPT} versions.",
        )
    if wish.keep_last and not wish.needs_counting:
        raise UsageError(
            "--keep-last keeps the newest old versions as long as deleted files, which here is no longer than all "
            "others stay. Nothing was changed.",
            hint="Name a longer --deleted, or: --deleted forever. Or leave --keep-last at 0.",
        )


def rules_for(wish: Wish, keys: KeySpace, *, counts: bool) -> list[LifecycleRule]:
    """Our own rules for a drive. `counts`: whether the store keeps a number of versions in its rules.

    Where it does not, what needs one stays as long as the longer of the ages.
    """
    tidy = LifecycleRule(
        rule_id("tidy", keys), keys.prefix, expires_spent_markers=True, abort_multipart_days=UPLOADS_DAYS
    )
    versions_days, deleted_days = wish.versions_days, wish.deleted_days_really
    versions, deleted = rule_id("versions", keys), rule_id("deleted", keys)
    if versions_days is None:
        return [tidy]
    if wish.needs_counting and counts:
        kept = max(wish.keep_last, _FEWEST_KEPT)
        rules = [LifecycleRule(versions, keys.prefix, noncurrent_days=versions_days, newer_noncurrent_versions=kept)]
        if deleted_days is not None:
            rules.append(LifecycleRule(deleted, keys.prefix, noncurrent_days=deleted_days))
        return [*rules, tidy]
    if deleted_days is None:
        return [tidy]
    return [LifecycleRule(versions, keys.prefix, noncurrent_days=deleted_days), tidy]


def merged(rules: Sequence[LifecycleRule], own: Sequence[LifecycleRule], keys: KeySpace) -> list[LifecycleRule]:
    """A bucket's rules with `own` in the place of those that were ours; all others stay, as they are and in order.

    Raises:
        UsageError: they would be more than a bucket can have.
    """
    others = [rule for rule in rules if not is_own(rule, keys)]
    if len(others) + len(own) > _MOST_RULES:
        raise UsageError(
            f"The bucket has {len(rules):,} lifecycle rules, and can have {_MOST_RULES:,}. Nothing was changed.",
            hint="Remove some, or set one rule for the prefix that is common to many drives.",
        )
    known = {rule: rule for rule in rules}
    return [*others, *(known.get(rule, rule) for rule in own)]


def rule_id(kind: str, keys: KeySpace) -> str:
    """The name of our rule of a kind for a drive: of the prefix, so that drives of one bucket have their own."""
    return f"bucketdrive-{kind}-{hashlib.sha256(keys.prefix.encode()).hexdigest()[:12]}"


def is_own(rule: LifecycleRule, keys: KeySpace) -> bool:
    """Whether a rule is one that we made for this drive."""
    return rule.rule_id in {rule_id(kind, keys) for kind in ("versions", "deleted", "tidy", "trial", "trial-2")}


def trial_rules(keys: KeySpace) -> list[LifecycleRule]:
    """A rule pair that shows whether a store can keep such: both are off, and for leftovers of probes only."""
    counting = LifecycleRule(
        rule_id("trial", keys),
        keys.own_key("probe/"),
        is_enabled=False,
        noncurrent_days=30,
        newer_noncurrent_versions=_FEWEST_KEPT,
    )
    return [counting, replace(counting, rule_id=rule_id("trial-2", keys), newer_noncurrent_versions=0)]
