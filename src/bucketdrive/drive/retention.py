"""How long a drive's past is kept: read from the bucket's lifecycle rules, and set there.

Setting is for whoever runs the bucket: it needs credentials that may write lifecycle rules, which a device has not. So
it opens no drive and goes through no daemon; `profile` names the credentials.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bucketdrive.drive.assembly import location_of, open_store
from bucketdrive.drive.checks import check_prefix_is_free
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import load_settings
from bucketdrive.errors import (
    AccessDeniedError,
    BucketDriveError,
    CredentialsError,
    DriveError,
    NoSuchBucketError,
    PreconditionError,
    UnfitStoreError,
)
from bucketdrive.model.lifecycle import LifecycleRule, rule_document
from bucketdrive.model.paths import KeySpace
from bucketdrive.model.retention import RetentionReport
from bucketdrive.ports.bucket import AdminBucket, Administers
from bucketdrive.rules.retention import expiring_rules, retention_of, rules_in_force
from bucketdrive.rules.retention_wish import (
    Wish,
    check_wish,
    is_own,
    merged,
    parse_days,
    rules_for,
    trial_rules,
    wish_from,
)
from bucketdrive.rules.retention_words import (
    days_text,
    describe_difference,
    describe_retention,
    describe_rule,
    describe_warnings,
)

_NOT_KNOWN = (
    "These credentials may not read the bucket's lifecycle rules, so how long old versions and deleted files can be "
    "had is not known here. Name others that may: bucketdrive retention --profile NAME."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asked for: ages such as `30d`; what is empty or None stays as it is."""

    versions: str = ""
    deleted: str = ""
    keep_last: int | None = None

    def onto(self, known: Wish) -> Wish:
        """What is wanted then.

        Raises:
            UsageError: it cannot be told to any store.
        """
        wish = Wish(
            parse_days(self.versions) if self.versions else known.versions_days,
            parse_days(self.deleted) if self.deleted else known.deleted_days,
            known.keep_last if self.keep_last is None else self.keep_last,
        )
        if self.keep_last is None and not wish.needs_counting:
            wish = replace(wish, keep_last=0)
        check_wish(wish)
        return wish


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be set, as it was shown: the rules that there are, what is wanted, and a report of how it would be."""

    before: tuple[LifecycleRule, ...]
    wish: Wish
    report: RetentionReport


async def read_retention(bucket: Administers, record: DriveRecord) -> RetentionReport:
    """What the rules mean for a drive; where they may not be read, a report that says so."""
    keys = KeySpace(record.prefix)
    try:
        return _report(await bucket.get_bucket_lifecycle(), keys, record.url)
    except AccessDeniedError:
        return RetentionReport(
            record.url,
            is_known=False,
            says=[_NOT_KNOWN],
        )


async def read_rules(bucket: Administers) -> list[LifecycleRule] | None:
    """A bucket's lifecycle rules; None where these credentials may not read them, or the store has none to read."""
    try:
        return await bucket.get_bucket_lifecycle()
    except (AccessDeniedError, UnfitStoreError):
        return None


async def propose_retention(bucket: AdminBucket, record: DriveRecord, asked: Asked) -> Proposal:
    """What rules would be set, and what they would mean. Writes nothing.

    Raises:
        UsageError: it cannot be done by any store. GuardError: another drive lies inside or around this one.
        AccessDeniedError: the rules may not be read; says what an operator can do instead.
    """
    keys = KeySpace(record.prefix)
    asked.onto(Wish())  # what cannot be understood is told before anything is asked of the store
    try:
        before = await bucket.get_bucket_lifecycle()
    except AccessDeniedError as error:
        raise _denied(record, rules_for(asked.onto(Wish()), keys, counts=True), are_all=False) from error
    wish = asked.onto(wish_from(before, keys))
    await check_prefix_is_free(bucket, keys, "changed")
    after = merged(before, rules_for(wish, keys, counts=True), keys)
    report = _report(after, keys, record.url)
    changes = [] if _same(before, after) else describe_difference(before, after, keys)
    return Proposal(
        tuple(before),
        wish,
        replace(report, changes=changes, shortfalls=[*_longer(wish), *_shortened(after, wish, keys)]),
    )


async def set_retention(bucket: AdminBucket, record: DriveRecord, proposal: Proposal) -> RetentionReport:
    """Set what was proposed, and tell what the store really keeps.

    No rule that counts on a number of versions is in force before the store has shown that it keeps such numbers.

    Raises:
        PreconditionError: somebody changed the rules since they were shown; nothing was changed.
        AccessDeniedError: the rules may not be written; says what an operator can do instead.
        UnfitStoreError: the store made of the rules what would let versions go sooner; they are as before.
    """
    keys, wish = KeySpace(record.prefix), proposal.wish
    before = await bucket.get_bucket_lifecycle()
    if not _same(before, proposal.before):
        raise PreconditionError(
            "Somebody changed the bucket's lifecycle rules meanwhile. Nothing was changed.", hint="Run it again."
        )
    wanted = merged(before, rules_for(wish, keys, counts=True), keys)
    try:
        counts = not wish.needs_counting or _same(before, wanted) or await _counts_versions(bucket, before, keys)
        after = merged(before, rules_for(wish, keys, counts=counts), keys)
        if not _same(before, after) or (wish.needs_counting and not counts):
            await _put(bucket, after, before)
    except AccessDeniedError as error:
        raise _denied(record, wanted, are_all=True) from error
    kept = await bucket.get_bucket_lifecycle()
    if _goes_sooner([rule for rule in kept if is_own(rule, keys)], wish, keys):
        await bucket.put_bucket_lifecycle(before)
        raise UnfitStoreError(
            "The store keeps other rules than it was given, which would let versions go sooner than asked. The "
            "rules are again what they were.",
            hint="Use this store without retention, or set rules with its own tools.",
        )
    shortfalls = [*_longer(wish), *_not_kept(kept, after, before, keys), *_shortened(kept, wish, keys)]
    if not counts:
        shortfalls.insert(0, _cannot_count(wish))
    changes = describe_difference(before, kept, keys)
    return replace(_report(kept, keys, record.url), changes=changes, is_set=True, shortfalls=shortfalls)


async def _put(bucket: AdminBucket, rules: list[LifecycleRule], before: list[LifecycleRule]) -> None:
    """Put `rules`; where they are refused, those from `before` again, since a trial may have been put meanwhile."""
    try:
        await bucket.put_bucket_lifecycle(rules)
    except DriveError:
        with suppress(BucketDriveError):
            await bucket.put_bucket_lifecycle(before)
        raise


async def _counts_versions(bucket: AdminBucket, before: Sequence[LifecycleRule], keys: KeySpace) -> bool:
    """Whether the store keeps a rule pair with a number of versions, by one that is off and means no file."""
    trial = trial_rules(keys)
    try:
        await bucket.put_bucket_lifecycle([*(rule for rule in before if rule not in trial), *trial])
    except (AccessDeniedError, CredentialsError, NoSuchBucketError):
        raise
    except DriveError:  # it has no such thing, and says so
        return False
    kept = await bucket.get_bucket_lifecycle()
    return all(rule in kept for rule in trial)


def _report(rules: Sequence[LifecycleRule], keys: KeySpace, drive: str) -> RetentionReport:
    retention = retention_of(rules, keys)
    ends = [retention.steps, *(part.steps for part in retention.parts)]
    return RetentionReport(
        drive,
        versions_days=_shortest(steps[-1].days for steps in ends),
        deleted_days=_shortest(steps[0].days for steps in ends),
        keep_last=retention.keep_last,
        spent_markers_go=retention.spent_markers_go,
        unfinished_uploads_days=retention.unfinished_uploads_days,
        deletes_live_files=bool(expiring_rules(rules, keys)),
        says=describe_retention(retention),
        warnings=describe_warnings(rules, keys),
        rules=[describe_rule(rule, keys) for rule in rules_in_force(rules, keys)],
    )


def _shortest(days: Iterable[int | None]) -> int | None:
    return min((one for one in days if one is not None), default=None)


def _goes_sooner(rules: Sequence[LifecycleRule], wish: Wish, keys: KeySpace) -> bool:
    kept = retention_of(rules, keys)
    pairs = [(kept.versions_days, wish.versions_days), (kept.deleted_days, wish.deleted_days_really)]
    return any(days is not None and (asked is None or days < asked) for days, asked in pairs)


def _shortened(rules: Sequence[LifecycleRule], wish: Wish, keys: KeySpace) -> list[str]:
    """What rules of others let go sooner than was asked."""
    others = [rule for rule in rules_in_force(rules, keys) if not is_own(rule, keys)]
    return [
        f"A rule of somebody else lets versions go sooner than asked: {describe_rule(rule, keys)}."
        for rule in others
        if _goes_sooner([_for_all(rule, keys)], wish, keys) and not rule.prefix.startswith(keys.own_prefix)
    ]


def _longer(wish: Wish) -> list[str]:
    """What stays longer than was asked on every store."""
    really = wish.deleted_days_really
    if really == wish.deleted_days:
        return []
    stay, asked = days_text(really), days_text(wish.deleted_days)
    return [f"Deleted files stay as long as old versions, {stay} and not {asked}: a store cannot tell them apart."]


def _for_all(rule: LifecycleRule, keys: KeySpace) -> LifecycleRule:
    return replace(rule, prefix=keys.prefix, tags=(), larger_than_bytes=None, smaller_than_bytes=None)


def _not_kept(
    kept: Sequence[LifecycleRule], after: Sequence[LifecycleRule], before: Sequence[LifecycleRule], keys: KeySpace
) -> list[str]:
    """What the store made of the rules it was given."""
    found = [
        f"The store did not keep a rule as it was given: {describe_rule(rule, keys)}."
        for rule in after
        if rule not in kept
    ]
    raws = {rule.raw for rule in kept}
    return found + [
        f"The store changed a rule of somebody else: {describe_rule(rule, keys)}."
        for rule in before
        if not is_own(rule, keys) and rule in kept and rule.raw not in raws
    ]


def _cannot_count(wish: Wish) -> str:
    days = wish.deleted_days_really
    stay = "for ever" if days is None else f"as long as deleted files, {days_text(days)}"
    return (
        "This store cannot keep a number of versions (it dropped NewerNoncurrentVersions, or refused it), and without "
        f"that the last content of a deleted file would go with the old versions. So all old versions stay {stay}, "
        "which is longer than asked."
    )


def _same(some: Sequence[LifecycleRule], others: Sequence[LifecycleRule]) -> bool:
    """Whether two lists hold the same rules; stores list them in any order."""
    one, other = ({(rule, rule.raw) for rule in rules} for rules in (some, others))
    return len(some) == len(others) and one == other


def _denied(record: DriveRecord, rules: Sequence[LifecycleRule], *, are_all: bool) -> AccessDeniedError:
    """The error that tells what an operator can do; rules that are not `are_all` must be put beside those there are."""
    document = json.dumps({"Rules": [rule_document(rule) for rule in rules]})
    endpoint = f" --endpoint-url {record.endpoint_url}" if record.endpoint_url else ""
    command = f"aws s3api put-bucket-lifecycle-configuration --bucket {record.bucket}{endpoint}"
    how = f"{command} --lifecycle-configuration '{document}'"
    if not are_all:
        how += f", with the rules that `aws s3api get-bucket-lifecycle-configuration --bucket {record.bucket}` shows"
    elif any(rule.unknown for rule in rules):
        how += ", with what the rules of others have beside that"
    deed = "write" if are_all else "read"
    return AccessDeniedError(
        f"These credentials may not {deed} the bucket's lifecycle rules. Nothing was changed. A device need not be "
        "able to: whoever can, can have all versions destroyed.",
        hint=f"Name others that may with --profile NAME, or have an operator run: {how}",
    )


class Keeping:
    """The calls above for a drive of this machine, for callers without an event loop."""

    def __init__(self, record: DriveRecord, profile: str = "") -> None:
        """`profile`: of the AWS configuration; empty: the drive's own."""
        self._record = replace(record, profile=profile) if profile else record

    def read(self) -> RetentionReport:
        """See `read_retention`."""
        return asyncio.run(self._read())

    def propose(self, asked: Asked) -> Proposal:
        """See `propose_retention`."""
        return asyncio.run(self._propose(asked))

    def set(self, proposal: Proposal) -> RetentionReport:
        """See `set_retention`."""
        return asyncio.run(self._set(proposal))

    async def _read(self) -> RetentionReport:
        store = open_store(location_of(self._record), load_settings())
        try:
            return await read_retention(store.bucket, self._record)
        finally:
            await store.close()

    async def _propose(self, asked: Asked) -> Proposal:
        store = open_store(location_of(self._record), load_settings())
        try:
            return await propose_retention(store.bucket, self._record, asked)
        finally:
            await store.close()

    async def _set(self, proposal: Proposal) -> RetentionReport:
        store = open_store(location_of(self._record), load_settings())
        try:
            return await set_retention(store.bucket, self._record, proposal)
        finally:
            await store.close()
