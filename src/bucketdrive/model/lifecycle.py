"""A bucket's lifecycle rules: what the store itself lets go, and when."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StorageMove:
    """Objects change their storage class after `days` or on the day `date`; old versions all but `newer_versions`."""

    storage_class: str
    days: int = 0
    date: str = ""
    newer_versions: int = 0


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """One lifecycle rule; zero, False or empty where it has no such part.

    `expiration_date`: the day, such as `2026-11-24`, from which on live files are deleted whatever their age. `tags`,
    `larger_than_bytes` and `smaller_than_bytes` narrow it to some objects. `unknown`: the names of parts that are not
    understood here, so that what it does is not known. `raw`: the rule as the store wrote it, which goes back as it is.
    """

    rule_id: str
    prefix: str
    is_enabled: bool = True
    noncurrent_days: int = 0
    newer_noncurrent_versions: int = 0
    expiration_days: int = 0
    expiration_date: str = ""
    expires_spent_markers: bool = False
    abort_multipart_days: int = 0
    tags: tuple[tuple[str, str], ...] = ()
    larger_than_bytes: int | None = None
    smaller_than_bytes: int | None = None
    moves: tuple[StorageMove, ...] = ()
    noncurrent_moves: tuple[StorageMove, ...] = ()
    unknown: tuple[str, ...] = ()
    raw: str = field(default="", compare=False, repr=False)

    @property
    def is_for_all_objects(self) -> bool:
        """Whether every object under the prefix is meant, whatever its tags and size."""
        return not self.tags and self.larger_than_bytes is None and self.smaller_than_bytes is None

    @property
    def lets_old_versions_go(self) -> bool:
        """Whether it expires noncurrent versions; after 0 days where it only counts them."""
        return bool(self.noncurrent_days or self.newer_noncurrent_versions)

    @property
    def lets_live_files_go(self) -> bool:
        """Whether it deletes current versions."""
        return bool(self.expiration_days or self.expiration_date)

    def may_mean(self, size: int) -> bool:
        """Whether an object of `size` bytes is among those it means, as far as sizes go."""
        is_large = self.larger_than_bytes is None or size > self.larger_than_bytes
        return is_large and (self.smaller_than_bytes is None or size < self.smaller_than_bytes)


def rule_document(rule: LifecycleRule) -> dict[str, Any]:
    """A rule as the AWS CLI writes it in JSON; of what is not understood, nothing is in it."""
    sizes = {"ObjectSizeGreaterThan": rule.larger_than_bytes, "ObjectSizeLessThan": rule.smaller_than_bytes}
    narrowing: dict[str, Any] = {name: size for name, size in sizes.items() if size is not None}
    if rule.tags:
        narrowing["Tags"] = [{"Key": key, "Value": value} for key, value in rule.tags]
    prefix = {"Prefix": rule.prefix}
    parts: dict[str, Any] = {
        "Transitions": [_move(move, "Days") for move in rule.moves],
        "Expiration": _given(
            Days=rule.expiration_days, Date=rule.expiration_date, ExpiredObjectDeleteMarker=rule.expires_spent_markers
        ),
        "NoncurrentVersionTransitions": [_move(move, "NoncurrentDays") for move in rule.noncurrent_moves],
        "NoncurrentVersionExpiration": _given(
            NoncurrentDays=rule.noncurrent_days, NewerNoncurrentVersions=rule.newer_noncurrent_versions
        ),
        "AbortIncompleteMultipartUpload": _given(DaysAfterInitiation=rule.abort_multipart_days),
    }
    return {
        "ID": rule.rule_id,
        "Status": "Enabled" if rule.is_enabled else "Disabled",
        "Filter": {"And": prefix | narrowing} if narrowing else prefix,
        **_given(**parts),
    }


def _move(move: StorageMove, days: str) -> dict[str, Any]:
    found = {days: move.days, "Date": move.date, "StorageClass": move.storage_class}
    return _given(**found, NewerNoncurrentVersions=move.newer_versions)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
