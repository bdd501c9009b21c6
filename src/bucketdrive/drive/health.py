"""How a drive's folder and its state on this machine are, as findings of `doctor`."""

from bucketdrive.disk.folder import Folder
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import Settings
from bucketdrive.errors import BucketDriveError
from bucketdrive.model.reports import Finding, Level, iso_time
from bucketdrive.ports.runtime import Chance
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.state.glance import Glance


async def examine_folder(folder: Folder, record: DriveRecord, settings: Settings, chance: Chance) -> list[Finding]:
    """The folder and its file system. What cannot be looked at is a finding as well."""
    try:
        return [
            await _fitness(folder, record, chance),
            await _room(folder, settings),
            await _names(folder),
        ]
    except BucketDriveError as error:
        return [Finding("folder", Level.PROBLEM, error.message, error.hint)]


async def _fitness(folder: Folder, record: DriveRecord, chance: Chance) -> Finding:
    fitness = await folder.fitness(chance.uuid())
    if fitness.why_not_writable:
        return Finding(
            "folder",
            Level.PROBLEM,
            f"{record.folder} cannot be written to: {fitness.why_not_writable}.",
            "Give yourself permission to write to it, or mount its disk for writing.",
        )
    if not fitness.is_one_file_system:
        return Finding(
            "folder",
            Level.PROBLEM,
            f"{record.folder}/.bucketdrive lies on another file system, so no file can be moved into place.",
            "Unmount what is mounted at .bucketdrive.",
        )
    if not fitness.may_exchange:
        return Finding(
            "folder",
            Level.ADVICE,
            "The file system cannot swap two files in one step (renameat2). A file that is replaced is missing for a "
            "moment; none is ever lost.",
            "ext4, xfs, btrfs and tmpfs can.",
        )
    return Finding("folder", Level.FINE, "It can be written to, and files are replaced in one step.")


async def _room(folder: Folder, settings: Settings) -> Finding:
    free_mib = await folder.free_bytes() >> 20
    if free_mib < settings.reserve_mib:
        return Finding(
            "disk",
            Level.PROBLEM,
            f"{free_mib:,} MiB are free; below {settings.reserve_mib:,} MiB nothing is downloaded.",
            "Free some room on the disk.",
        )
    return Finding("disk", Level.FINE, f"{free_mib:,} MiB are free.")


async def _names(folder: Folder) -> Finding:
    if (await folder.name_rules()).folds:
        says = "The file system takes names that differ only in case for one; of such files only one is kept here."
        return Finding("names", Level.ADVICE, says, "Give such files names that differ otherwise.")
    return Finding("names", Level.FINE, "The file system tells upper and lower case apart.")


def examine_state(state: Glance | BucketDriveError | None) -> list[Finding]:
    """What this device remembers; None: nothing."""
    if isinstance(state, BucketDriveError):
        return [Finding("state", Level.PROBLEM, state.message, state.hint)]
    if state is None:
        says = (
            "This device has lost its state. The next sync builds it from the folder and the bucket and loses nothing."
        )
        return [Finding("state", Level.ADVICE, says, "bucketdrive sync")]
    synced_s = float(state.meta.get("synced_s", "0"))
    if not synced_s:
        findings = [Finding("state", Level.ADVICE, "The folder was not synced to the end yet.", "bucketdrive sync")]
    else:
        says = f"Files agreed on: {state.files:,}. Both sides were last equal at {iso_time(synced_s)}."
        findings = [Finding("state", Level.FINE, says)]
    if state.pending:
        says = f"Actions of an earlier run that are not settled, or not announced to other devices: {state.pending:,}."
        findings.append(Finding("state", Level.ADVICE, says, "bucketdrive sync"))
    if state.approvals:
        says = f"Deletions that wait for your word, since more was deleted than usual: {state.approvals:,}."
        findings.append(Finding("guards", Level.PROBLEM, says, "bucketdrive approve, or bucketdrive deny"))
    if held := len(state.holds) - state.approvals:
        says = f"Paths that are held back: {held:,}."
        findings.append(Finding("guards", Level.ADVICE, says, "bucketdrive status tells why."))
    if copies := sum(map(is_conflict_name, state.maybe_copies)):
        says = f"Conflict copies in the drive: {copies:,}."
        findings.append(Finding("conflicts", Level.ADVICE, says, "bucketdrive conflicts lists them."))
    return findings
