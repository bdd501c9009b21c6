"""What lifecycle rules mean for a drive, in sentences: what stays how long, and what a user must know of."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bucketdrive.model.lifecycle import LifecycleRule, StorageMove
from bucketdrive.model.paths import KeySpace
from bucketdrive.rules.retention import (
    Retention,
    Step,
    describe_expiration,
    describe_where,
    expiring_rules,
    retention_of,
    rules_in_force,
)

_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes whose objects must be fetched from an archive, for hours, before they can be read."""


def describe_retention(retention: Retention) -> list[str]:
    """How long things can be had, from when it counts, and what is cleared away."""
    if retention.steps == (Step(0, None),) and not retention.parts:
        sentences = ["Old versions and deleted files can be had for ever, and their storage is paid for."]
    else:
        sentences = [
            f"Old versions can be had for {_spans(retention.steps)}.",
            f"Deleted files can be had for {_since(retention.deleted_days, 'they were deleted')}.",
        ]
        if retention.keep_last:
            sentences.append(
                "A store cannot tell the last content of a deleted file from the newest old version of a live one: "
                "both stay equally long."
            )
        sentences += [
            f"Files {part.where} go sooner, by rule {part.rule_id!r}: old versions after {_spans(part.steps)}, deleted "
            f"files after {days_text(part.steps[0].days)}."
            for part in retention.parts
        ]
        sentences.append(
            "It counts from when the store got the next version or the deletion; days end at midnight UTC, and the "
            "store may clear away later."
        )
    return [*sentences, *_describe_clearing(retention)]


def describe_warnings(rules: Sequence[LifecycleRule], keys: KeySpace) -> list[str]:
    """What may cost a user files, or time."""
    warnings = [
        f"DANGER: {describe_expiration(rule)}. That is no old version but what is in the drive now: it vanishes from "
        "every device. Remove that rule's Expiration, unless you want this."
        for rule in expiring_rules(rules, keys)
    ]
    for rule in rules_in_force(rules, keys):
        about = f"{where} " if (where := describe_where(rule, keys)) else ""
        if rule.unknown:
            warnings.append(
                f"Rule {rule.rule_id!r} has parts that BucketDrive does not know ({', '.join(rule.unknown)}): what it "
                "does with this drive is not known."
            )
        warnings += [
            f"Files {about}go to {move.storage_class} {_move_time(move)}, by rule {rule.rule_id!r}: a device that "
            "lacks them then cannot download them until somebody fetches them from the archive."
            for move in rule.moves
            if move.storage_class in _ARCHIVES
        ]
        warnings += [
            f"Old versions {about}go to {move.storage_class} {_move_time(move)}, by rule {rule.rule_id!r}: to restore "
            "one it must first be fetched from the archive, which takes hours."
            for move in rule.noncurrent_moves
            if move.storage_class in _ARCHIVES
        ]
    return warnings


def describe_rule(rule: LifecycleRule, keys: KeySpace) -> str:
    """A rule in a line: its name, which keys it means, and what it does."""
    deeds = []
    if rule.lets_old_versions_go:
        but = f", but for the newest {rule.newer_noncurrent_versions}" if rule.newer_noncurrent_versions else ""
        deeds.append(f"old versions go after {days_text(rule.noncurrent_days)}{but}")
    if rule.lets_live_files_go:
        deeds.append(f"LIVE FILES ARE DELETED {_expiration_time(rule)}")
    if rule.expires_spent_markers:
        deeds.append("delete markers go when nothing is below them")
    if rule.abort_multipart_days:
        deeds.append(f"uploads broken off go after {days_text(rule.abort_multipart_days)}")
    deeds += [f"files go to {move.storage_class} {_move_time(move)}" for move in rule.moves]
    deeds += [f"old versions go to {move.storage_class} {_move_time(move)}" for move in rule.noncurrent_moves]
    deeds += [f"and what is not known here: {', '.join(rule.unknown)}"] if rule.unknown else []
    off = "" if rule.is_enabled else " (off)"
    about = f" {where}" if not rule.is_for_all_objects and (where := describe_where(rule, keys)) else ""
    return f"{rule.rule_id or 'a rule without a name'}{off}, for {rule.prefix or 'all keys'}{about}: {'; '.join(deeds)}"


def describe_difference(before: Sequence[LifecycleRule], after: Sequence[LifecycleRule], keys: KeySpace) -> list[str]:
    """What becomes of a bucket's rules, a line each: `-` gone, `+` new; the last says how many stay as they are."""
    gone = [f"- {describe_rule(rule, keys)}" for rule in before if rule not in after]
    new = [f"+ {describe_rule(rule, keys)}" for rule in after if rule not in before]
    stay = sum(rule in after for rule in before)
    rest = [f"  {stay:,} other {'rule stays as it is' if stay == 1 else 'rules stay as they are'}"] if stay else []
    return [*gone, *new, *rest]


def days_text(days: int | None) -> str:
    """`for` so many days, in words."""
    if days is None:
        return "ever"
    return "1 day" if days == 1 else f"{days:,} days"


def meaning_of(rules: Iterable[LifecycleRule], keys: KeySpace) -> list[str]:
    """`describe_retention` of rules."""
    return describe_retention(retention_of(rules, keys))


def _spans(steps: Sequence[Step]) -> str:
    """How long old versions stay: the many first, then the few that stay longer."""
    last = steps[-1]
    first = _since(last.days, "they were replaced")
    longer = [f"the newest {above.newer} of each file for {days_text(step.days)}" for step, above in pairwise(steps)]
    return ", ".join([first, *reversed(longer)])


def _since(days: int | None, event: str) -> str:
    return "ever" if days is None else f"{days_text(days)} after {event}"


def _describe_clearing(retention: Retention) -> list[str]:
    goes = retention.steps != (Step(0, None),) or bool(retention.parts)
    sentences = []
    if goes and not retention.spent_markers_go:
        sentences.append("Delete markers stay when all below them is gone, and slow down listings.")
    if retention.unfinished_uploads_days is None:
        sentences.append("Parts of large uploads that were broken off stay in the bucket, unseen, and are paid for.")
    return sentences


def _expiration_time(rule: LifecycleRule) -> str:
    if rule.expiration_days:
        return f"{days_text(rule.expiration_days)} after they were written"
    return f"on {rule.expiration_date}"


def _move_time(move: StorageMove) -> str:
    return f"on {move.date}" if move.date else f"after {days_text(move.days)}"
