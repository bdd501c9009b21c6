"""What a drive's bucket does, what its credentials may do, how its folder and state are, and what to do about each.

Destroys nothing to find out, and writes nothing but two empty files in `.bucketdrive/tmp`, which are gone at the end.
"""

import json

from bucketdrive.disk.folder import Folder
from bucketdrive.drive.assembly import Store, SystemChance, location_of, open_store
from bucketdrive.drive.checks import describe_class, may_destroy
from bucketdrive.drive.clock import SystemClock
from bucketdrive.drive.health import examine_folder, examine_state
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import load_settings, state_dir
from bucketdrive.errors import AccessDeniedError, BucketDriveError, DriveError, NoSuchObjectError
from bucketdrive.model.format import read_drive_info
from bucketdrive.model.paths import KeySpace
from bucketdrive.model.reports import DoctorReport, Finding, Level, StoreFacts
from bucketdrive.rules.guards import check_remote_root
from bucketdrive.rules.retention import (
    days_old_versions_stay,
    days_unfinished_uploads_stay,
    describe_expiration,
    expiring_rules,
)
from bucketdrive.state.glance import Glance, glance

_SKEW_TOLD_S = 5
"""Below, the skew is the time a reply takes and the second to which stores round."""
_SKEW_MAX_S = 300
"""AWS and Ceph refuse requests that are 15 minutes off."""
_POLICY = "docs/guides/credentials.md has a policy for a device"


async def examine(record: DriveRecord) -> DoctorReport:
    """Look at everything. What cannot be looked at is a finding as well.

    Raises:
        UsageError: the settings cannot be read.
    """
    try:
        state: Glance | BucketDriveError | None = glance(state_dir(record.root_id))
    except DriveError as error:
        state = error
    meta = state.meta if isinstance(state, Glance) else {}
    folder = Folder(record.folder)
    try:
        root = await _root_of(folder)
        findings = await examine_folder(folder, record, load_settings(), SystemChance())
    finally:
        folder.close()
    findings += await _examine_store(record, meta.get("drive_id", root), meta.get("facts", ""))
    findings += examine_state(state)
    return DoctorReport(str(record.folder), record.url, meta.get("device", record.device), findings)


async def _root_of(folder: Folder) -> str:
    try:
        return (await folder.root()).drive_id
    except BucketDriveError:  # told by `examine_folder`
        return ""


async def _examine_store(record: DriveRecord, drive_id: str, facts: str) -> list[Finding]:
    try:
        store = open_store(location_of(record), load_settings())
    except BucketDriveError as error:
        return [_failed("bucket", error)]
    keys = KeySpace(record.prefix)
    try:
        await store.bucket.list_objects(keys.prefix, max_keys=1)
    except BucketDriveError as error:
        await store.close()
        return [_failed("bucket", error)]
    try:
        return [
            await _marker(store, keys, drive_id),
            await _versioning(store),
            _behaviour(facts),
            await _power(store, keys),
            *await _lifecycle(store, keys),
            *await _clock(store, keys),
        ]
    except BucketDriveError as error:
        return [_failed("bucket", error)]
    finally:
        await store.close()


def _failed(about: str, error: BucketDriveError) -> Finding:
    return Finding(about, Level.PROBLEM, error.message, error.hint)


async def _marker(store: Store, keys: KeySpace, drive_id: str) -> Finding:
    """Guard G2: whether the prefix is this drive's."""
    try:
        body = await store.bucket.get_object(keys.own_key("drive.json"))
        check_remote_root(drive_id, read_drive_info(body.data).drive_id if body else None)
    except NoSuchObjectError:
        return Finding(
            "bucket",
            Level.PROBLEM,
            "The bucket has no .bucketdrive/drive.json at this prefix: it was emptied, or is another one.",
            "Do not sync. Restore that object; if the bucket was replaced on purpose, link the folder again.",
        )
    except BucketDriveError as error:
        return _failed("bucket", error)
    return Finding("bucket", Level.FINE, "It can be reached, and the prefix holds this drive.")


async def _versioning(store: Store) -> Finding:
    try:
        status = await store.bucket.get_bucket_versioning()
    except AccessDeniedError:
        return Finding(
            "versions",
            Level.FINE,
            "These credentials may not ask whether the bucket keeps versions; each write's reply is looked at instead.",
        )
    if status == "Enabled":
        return Finding("versions", Level.FINE, "The bucket keeps every version.")
    return Finding(
        "versions",
        Level.PROBLEM,
        f"The bucket keeps no versions (versioning is {status or 'off'}): what is overwritten is lost.",
        "Turn versioning on, in the store's console or with its tools, before the next sync.",
    )


def _behaviour(text: str) -> Finding:
    """What the probe found at `link`."""
    if not text:
        says = "What this store really does with conditions on writes was not tried yet."
        return Finding("store", Level.ADVICE, says, "The next `bucketdrive sync` tries it.")
    facts = StoreFacts.from_json(json.loads(text))
    notes = describe_class(facts)
    if notes:
        to_do = "Nothing has to be done. A store that honours conditions, as AWS S3 does, spares the looking back."
        return Finding("store", Level.ADVICE, notes[0], to_do)
    says = "The store honours conditions on writes and deletions (class A): no device can overwrite an edit unseen."
    if not facts.conditional_copy:
        says += " It ignores them on copies, so what is restored travels through this machine."
    return Finding("store", Level.FINE, says)


async def _power(store: Store, keys: KeySpace) -> Finding:
    """Whether the credentials can destroy history."""
    may = await may_destroy(store.bucket, keys, SystemChance())
    if may is None:
        says = "The store does not tell whether these credentials can destroy old versions."
        return Finding("credentials", Level.ADVICE, says, f"Make sure that they cannot: {_POLICY}.")
    if may:
        return Finding(
            "credentials",
            Level.ADVICE,
            "These credentials can destroy old versions: whoever gets hold of them can delete files for good.",
            f"Give this device credentials without s3:DeleteObjectVersion: {_POLICY}.",
        )
    return Finding("credentials", Level.FINE, "These credentials cannot destroy old versions.")


async def _lifecycle(store: Store, keys: KeySpace) -> list[Finding]:
    try:
        rules = await store.bucket.get_bucket_lifecycle()
    except AccessDeniedError:
        says = "These credentials may not read the bucket's lifecycle rules, so what these delete is not known."
        return [Finding("lifecycle", Level.ADVICE, says, "Look at them with the credentials of the bucket's owner.")]
    findings = [
        Finding(
            "lifecycle",
            Level.PROBLEM,
            f"{describe_expiration(rule)}: they will vanish from every device.",
            "Remove that rule's Expiration, unless you want this.",
        )
        for rule in expiring_rules(rules, keys)
    ]
    if days := days_old_versions_stay(rules, keys):
        says = f"Old versions can be restored for {days} days after they were replaced or deleted, then they are gone."
        findings.append(Finding("lifecycle", Level.FINE, says))
    else:
        says = "Old versions stay for ever, and their storage is paid for."
        to_do = "To let them go after a time: `bucketdrive retention --versions 30d --deleted 180d`."
        findings.append(Finding("lifecycle", Level.ADVICE, says, to_do))
    if not days_unfinished_uploads_stay(rules, keys):
        says = "Parts of large uploads that were interrupted stay in the bucket, unseen, and are paid for."
        to_do = "`bucketdrive retention` sets a rule that clears them away after a week."
        findings.append(Finding("lifecycle", Level.ADVICE, says, to_do))
    return findings


async def _clock(store: Store, keys: KeySpace) -> list[Finding]:
    try:
        told_s = await store.bucket.store_time_s(keys.own_key("drive.json"))
    except NoSuchObjectError:  # told by `_marker`
        return []
    if told_s is None:
        return []
    ahead_s = round(SystemClock().now_s() - told_s)
    if abs(ahead_s) < _SKEW_TOLD_S:
        return [Finding("clock", Level.FINE, "This machine's clock and the store's agree.")]
    way = "ahead of" if ahead_s > 0 else "behind"
    says = (
        f"This machine's clock is {abs(ahead_s):,} seconds {way} the store's. No sync depends on it, but ages given to "
        "--as-of do"
    )
    if abs(ahead_s) < _SKEW_MAX_S:
        return [Finding("clock", Level.ADVICE, f"{says}.", "Let the clock be set from the network.")]
    says += "; stores refuse requests from a quarter of an hour on."
    return [Finding("clock", Level.PROBLEM, says, "Set the clock right.")]
