"""Is this fit for a drive? Asked at `link`, before anything is written."""

import errno
import os
import re
from collections.abc import Sequence
from pathlib import Path

from bucketdrive.drive.records import DriveRecord
from bucketdrive.errors import AccessDeniedError, GuardError, UnfitStoreError, UsageError
from bucketdrive.model.paths import RESERVED, KeySpace, RelPath
from bucketdrive.model.reports import StoreFacts
from bucketdrive.ports.bucket import AdminBucket, Administers, Reads
from bucketdrive.ports.runtime import Chance
from bucketdrive.rules.names import refusal
from bucketdrive.rules.retention import describe_expiration, expiring_rules

_URL = re.compile(r"s3://([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)


def parse_url(url: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://BUCKET/PREFIX`; the prefix is empty or ends with `/`.

    Raises:
        UsageError: it is no such URL, or the prefix is not one that a drive can have.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise UsageError(
            f"{url!r} does not name a bucket and prefix. Nothing was linked.",
            hint="Write it as s3://BUCKET/PREFIX; a bucket's name has 3 to 63 small letters, digits, dots and hyphens.",
        )
    prefix = (found[2] or "").rstrip("/")
    why = refusal(prefix) if prefix else None
    if why is not None:
        raise UsageError(
            f"The prefix {prefix!r} cannot hold a drive: {why}. Nothing was linked.",
            hint="Choose a prefix of plain names, such as cloud-drive/John.",
        )
    return found[1], f"{prefix}/" if prefix else ""


def check_folder(record: DriveRecord, drives: Sequence[DriveRecord]) -> None:
    """Whether the folder may become (or is) this drive's.

    Raises:
        UsageError: it is a file, cannot be written to, or lies in or around another drive's folder.
    """
    folder = record.folder
    _check_place(folder)
    for other in drives:
        if other.folder == folder:
            if (other.bucket, other.prefix) == (record.bucket, record.prefix):
                continue
            raise UsageError(
                f"{folder} is already linked to {other.url}. Nothing was linked.", hint="Choose another folder."
            )
        if folder.is_relative_to(other.folder) or other.folder.is_relative_to(folder):
            raise UsageError(
                f"{folder} lies inside or around {other.folder}, which is linked to {other.url}. Nothing was linked.",
                hint="Choose a folder outside it.",
            )


def _check_place(folder: Path) -> None:
    """Whether the folder, or the nearest one above it that is there, is one, and may be written to."""
    try:
        nearest = next(place for place in (folder, *folder.parents) if place.exists())
        is_folder = nearest.is_dir()
    except OSError as error:
        raise unusable(folder, error) from error
    if not is_folder:
        raise UsageError(
            f"{nearest} is not a folder. Nothing was linked.", hint="Name a folder, or one that is not there yet."
        )
    if not os.access(nearest, os.W_OK | os.X_OK, effective_ids=True):
        raise unusable(nearest, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def unusable(folder: Path, error: OSError) -> UsageError:
    """The error of a folder that cannot be made or written to."""
    return UsageError(
        f"{folder} cannot be used: {(error.strerror or str(error)).lower()}. Nothing was linked.",
        hint="Give yourself permission to write to it, or choose another folder.",
        path=str(folder),
    )


async def check_versioning(bucket: Administers, *, may_enable: bool) -> list[str]:
    """Whether the bucket keeps versions, turning that on where it may; what a user should know of it.

    Raises:
        UnfitStoreError: it does not.
    """
    try:
        status = await bucket.get_bucket_versioning()
    except AccessDeniedError:
        return [
            "These credentials may not ask whether the bucket keeps versions; each write's reply is checked instead."
        ]
    if status == "Enabled":
        return []
    if not may_enable:
        raise UnfitStoreError(
            f"The bucket keeps no versions (versioning is {status or 'off'}), so an overwritten file would be lost. "
            "Nothing was linked.",
            hint="Turn it on with --enable-versioning, or in the store's console.",
        )
    await bucket.enable_bucket_versioning()
    if await bucket.get_bucket_versioning() != "Enabled":
        raise UnfitStoreError("The store did not turn versioning on. Nothing was linked.", hint="Use another store.")
    return ["Versioning of the bucket was turned on. On AWS, wait 15 minutes before the first sync."]


async def check_lifecycle(bucket: Administers, keys: KeySpace, *, is_accepted: bool) -> list[str]:
    """Whether a lifecycle rule would delete live files.

    Raises:
        UnfitStoreError: one would, and that was not accepted.
    """
    try:
        rules = await bucket.get_bucket_lifecycle()
    except AccessDeniedError:
        return ["These credentials may not read the bucket's lifecycle rules."]
    expiring = expiring_rules(rules, keys)
    if not expiring:
        return []
    what = describe_expiration(expiring[0])
    if not is_accepted:
        raise UnfitStoreError(
            f"{what}; they would vanish from every device. Nothing was linked.",
            hint="Remove that rule's Expiration, or link with --accept-expiration if you want that.",
        )
    return [f"{what}."]


async def check_prefix_is_free(bucket: Reads, keys: KeySpace, not_done: str = "linked") -> None:
    """Whether the prefix lies neither inside nor around another drive's; `not_done`: what nothing was, if it does.

    Raises:
        GuardError: it does.
    """
    outer = [""] if keys.prefix else []
    outer += [f"{folder}/" for folder in RelPath(keys.prefix.rstrip("/")).ancestors()] if keys.prefix else []
    for prefix in outer:
        marker = f"{prefix}{RESERVED}/drive.json"
        try:
            page = await bucket.list_objects(marker, max_keys=1)
        except AccessDeniedError:  # credentials for this prefix alone: what lies around it is not theirs to see
            continue
        if page.rows and page.rows[0].key == marker:
            raise _overlap(f"inside the drive at {prefix or 'the top of the bucket'}", not_done)
    after, is_more = "", True
    while is_more:
        page = await bucket.list_objects(keys.prefix, start_after=after)
        for row in page.rows:
            if row.key.endswith(f"/{RESERVED}/drive.json") and row.key != keys.own_key("drive.json"):
                raise _overlap(f"around the drive at {row.key.removesuffix(f'{RESERVED}/drive.json')}", not_done)
        is_more = page.is_truncated and bool(page.rows)
        after = page.rows[-1].key if page.rows else ""


def _overlap(where: str, not_done: str) -> GuardError:
    return GuardError(
        f"The prefix lies {where}. Nothing was {not_done}: two drives would hold the same files.",
        hint="Choose a prefix beside it.",
    )


async def may_destroy(bucket: AdminBucket, keys: KeySpace, chance: Chance) -> bool | None:
    """Whether the credentials can destroy history; None where the store does not tell.

    Asked at a key that never was, with the id of some version of an old probe.
    """
    page = await bucket.list_object_versions(keys.own_key("probe/"), max_keys=1)
    version_id = page.rows[0].version_id if page.rows else chance.uuid().replace("-", "")
    return await bucket.may_destroy_versions(keys.own_key(f"probe/{chance.uuid()}"), version_id)


def describe_class(facts: StoreFacts) -> list[str]:
    """What a user should know of how a store treats conditions on writes; empty for class A, which honours them all."""
    match facts.store_class:
        case "A":
            return []
        case "B":
            what, instead = "honours conditions on writes but ignores them on deletions", "each deletion"
        case _:
            what, instead = "ignores conditions on writes", "each write"
    note = f"This store {what} (class {facts.store_class}). BucketDrive looks back after {instead} instead: an edit "
    return [note + "that another device overwrote or deleted at the same moment comes back at a later sync."]
