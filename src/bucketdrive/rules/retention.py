"""What a bucket's lifecycle rules mean for a drive: how long an old version and a deleted file can still be had.

A version is old (noncurrent) from the moment at which the next version or a delete marker was put on top of it. A rule
lets it go when it has been old for the rule's days, and when so many newer old versions are there as the rule names;
rules do not know of each other: whichever comes first counts. S3 cannot tell the versions of a deleted file from the
old versions of a live one; but the last content of a deleted file is the newest of its old versions.

Days end at midnight UTC: AWS rounds up to the next one, Ceph counts whole days that are over (spec s3.md §1.12). The
store may act later than that, and never earlier.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bucketdrive.model.lifecycle import LifecycleRule
from bucketdrive.model.paths import KeySpace

DAY_S = 86_400
NEVER_S = math.inf


@dataclass(frozen=True, slots=True)
class Step:
    """How long an old version stays that has at least `newer` newer old ones, in days; None: for ever."""

    newer: int
    days: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """Files that may go sooner than the others: `where`, in words, by which rule, and how long their versions stay."""

    rule_id: str
    where: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """What rules mean for a drive.

    `steps`: for every file, by how many newer old versions there are, ascending from 0. `parts`: files that rules with
    a longer prefix, tags or sizes let go sooner. `spent_markers_go`: a marker goes when nothing is below it any more.
    `unfinished_uploads_days`: when parts of an upload that was broken off go; None: never.
    """

    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    spent_markers_go: bool
    unfinished_uploads_days: int | None

    @property
    def versions_days(self) -> int | None:
        """How long any old version stays at least; None: for ever."""
        return self.steps[-1].days

    @property
    def deleted_days(self) -> int | None:
        """How long the last content of a deleted file stays at least; None: for ever."""
        return self.steps[0].days

    @property
    def keep_last(self) -> int:
        """So many of the newest old versions of each file stay longer than the others."""
        return self.steps[-1].newer


@dataclass(frozen=True, slots=True)
class Expires:
    """From when on the store may let a version go; `NEVER_S`: never. `may_be_sooner`: a rule for tags may mean it."""

    at_s: float
    may_be_sooner: bool = False


def retention_of(rules: Iterable[LifecycleRule], keys: KeySpace) -> Retention:
    """What the rules of a bucket mean for the files of a drive. Rules that are off, or for other keys, mean nothing."""
    found = [rule for rule in rules_in_force(rules, keys) if not rule.prefix.startswith(keys.own_prefix)]
    whole = [rule for rule in found if is_for_all_of(rule, keys)]
    going = [rule for rule in whole if rule.lets_old_versions_go]
    steps = _steps(going)
    parts = [
        Part(rule.rule_id, _where(rule, keys), _steps([*going, rule]))
        for rule in found
        if rule not in whole and rule.lets_old_versions_go and _steps([*going, rule]) != steps
    ]
    uploads = days_unfinished_uploads_stay(found, keys)
    return Retention(steps, tuple(parts), any(rule.expires_spent_markers for rule in whole), uploads or None)


def expires(rules: Iterable[LifecycleRule], key: str, size: int, old_since_s: float, newer: int) -> Expires:
    """From when on an old version of `key` may go.

    `old_since_s`: when what is on top of it was put there, by the store's time; `newer`: how many newer old versions
    and markers there are. What tags it has, nobody asks.
    """
    meant = [
        rule
        for rule in rules
        if rule.is_enabled
        and rule.lets_old_versions_go
        and key.startswith(rule.prefix)
        and rule.newer_noncurrent_versions <= newer
        and rule.may_mean(size)
    ]
    sure = min((_end_s(old_since_s, rule.noncurrent_days) for rule in meant if not rule.tags), default=NEVER_S)
    tagged = min((_end_s(old_since_s, rule.noncurrent_days) for rule in meant if rule.tags), default=NEVER_S)
    return Expires(sure, tagged < sure)


def expiring_rules(rules: Iterable[LifecycleRule], keys: KeySpace) -> list[LifecycleRule]:
    """The rules that delete live files of the drive, the soonest first. Those for leftovers of probes do no harm."""
    harmless = keys.own_key("probe/")
    found = [
        rule for rule in rules_in_force(rules, keys) if rule.lets_live_files_go and not rule.prefix.startswith(harmless)
    ]
    return sorted(found, key=lambda rule: rule.expiration_days)


def describe_expiration(rule: LifecycleRule) -> str:
    """What a rule does that deletes live files, as the beginning of a sentence."""
    days = f"{rule.expiration_days} days after they were written"
    when = days if rule.expiration_days else f"on {rule.expiration_date}"
    narrowed = _narrowed(rule)
    return f"A lifecycle rule of the bucket{_named(rule)} deletes files {f'{narrowed} ' if narrowed else ''}{when}"


def days_old_versions_stay(rules: Iterable[LifecycleRule], keys: KeySpace) -> int:
    """After how many days the first old version of a file of the drive may go; 0: they stay for ever."""
    retention = retention_of(rules, keys)
    ends = [steps[-1].days for steps in (retention.steps, *(part.steps for part in retention.parts))]
    return min((days for days in ends if days is not None), default=0)


def days_unfinished_uploads_stay(rules: Iterable[LifecycleRule], keys: KeySpace) -> int:
    """After how many days the parts of an upload that was never finished go from all of the drive; 0: never."""
    days = [
        rule.abort_multipart_days
        for rule in rules_in_force(rules, keys)
        if rule.abort_multipart_days and is_for_all_of(rule, keys)
    ]
    return min(days, default=0)


def is_for_all_of(rule: LifecycleRule, keys: KeySpace) -> bool:
    """Whether a rule means every object of the drive."""
    return keys.prefix.startswith(rule.prefix) and rule.is_for_all_objects


def describe_where(rule: LifecycleRule, keys: KeySpace) -> str:
    """Which files of the drive a rule means, in words; empty for all of them."""
    return "" if is_for_all_of(rule, keys) else _where(rule, keys)


def rules_in_force(rules: Iterable[LifecycleRule], keys: KeySpace) -> list[LifecycleRule]:
    """The rules that are on and mean any object of the drive, our own small objects included."""
    return [
        rule
        for rule in rules
        if rule.is_enabled and (keys.prefix.startswith(rule.prefix) or rule.prefix.startswith(keys.prefix))
    ]


def _steps(rules: Sequence[LifecycleRule]) -> tuple[Step, ...]:
    """How long old versions stay, by how many newer ones there are: the shortest rule that applies counts."""
    steps: list[Step] = []
    for newer in sorted({0, *(rule.newer_noncurrent_versions for rule in rules)}):
        days = [rule.noncurrent_days for rule in rules if rule.newer_noncurrent_versions <= newer]
        step = Step(newer, min(days, default=None))
        if not steps or steps[-1].days != step.days:
            steps.append(step)
    return tuple(steps)


def _end_s(since_s: float, days: int) -> float:
    return math.ceil((since_s + days * DAY_S) / DAY_S) * DAY_S


def _where(rule: LifecycleRule, keys: KeySpace) -> str:
    below = rule.prefix.removeprefix(keys.prefix) if rule.prefix.startswith(keys.prefix) else ""
    place = f"below {below}" if below.endswith("/") else f"whose path begins with {below}" if below else ""
    return " ".join(filter(None, (place, _narrowed(rule))))


def _narrowed(rule: LifecycleRule) -> str:
    """Which objects under its prefix a rule means, in words; empty for all of them."""
    words = [f"tagged {' and '.join(f'{key}={value}' for key, value in rule.tags)}"] if rule.tags else []
    words += [f"larger than {rule.larger_than_bytes:,} bytes"] if rule.larger_than_bytes is not None else []
    words += [f"smaller than {rule.smaller_than_bytes:,} bytes"] if rule.smaller_than_bytes is not None else []
    return ", ".join(words)


def _named(rule: LifecycleRule) -> str:
    return f" ({rule.rule_id})" if rule.rule_id else ""
