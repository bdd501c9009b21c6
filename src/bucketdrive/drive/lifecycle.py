"""What a bucket's lifecycle rules do to a drive."""

from collections.abc import Iterable

from bucketdrive.model.paths import KeySpace
from bucketdrive.ports.bucket import LifecycleRule


def expiring_rules(rules: Iterable[LifecycleRule], keys: KeySpace) -> list[LifecycleRule]:
    """The rules that delete live files of the drive, the soonest first. Those for leftovers of probes do no harm."""
    harmless = keys.own_key("probe/")
    found = [
        rule
        for rule in _in_force(rules, keys)
        if (rule.expiration_days or rule.expiration_date) and not rule.prefix.startswith(harmless)
    ]
    return sorted(found, key=lambda rule: rule.expiration_days)


def days_old_versions_stay(rules: Iterable[LifecycleRule], keys: KeySpace) -> int:
    """After how many days the first old version of a file of the drive may go; 0: they stay for ever."""
    days = [
        rule.noncurrent_days
        for rule in _in_force(rules, keys)
        if rule.noncurrent_days and not rule.prefix.startswith(keys.own_prefix)
    ]
    return min(days, default=0)


def days_unfinished_uploads_stay(rules: Iterable[LifecycleRule], keys: KeySpace) -> int:
    """After how many days the parts of an upload that was never finished go from all of the drive; 0: never."""
    days = [
        rule.abort_multipart_days
        for rule in _in_force(rules, keys)
        if rule.abort_multipart_days and keys.prefix.startswith(rule.prefix)
    ]
    return min(days, default=0)


def _in_force(rules: Iterable[LifecycleRule], keys: KeySpace) -> list[LifecycleRule]:
    """The rules that are on and touch any key of the drive."""
    return [
        rule
        for rule in rules
        if rule.is_enabled and (keys.prefix.startswith(rule.prefix) or rule.prefix.startswith(keys.prefix))
    ]
