"""Deletions, and files that yield their name (spec §2.6 DELETE-LOCAL, DELETE-REMOTE, CONFLICT)."""

import dataclasses
from collections.abc import Iterator
from contextlib import suppress

from bucketdrive.engine.audit import settle_deletion
from bucketdrive.engine.deed import Work
from bucketdrive.errors import ConditionFailedError, ItemError, MissingError, OccupiedError
from bucketdrive.model.attempts import Attempt, Deed, Quarantined
from bucketdrive.model.entries import Fingerprint, Hashed, LocalDir
from bucketdrive.model.paths import RelPath
from bucketdrive.model.plan import DeleteLocal, DeleteRemote, ExpectedFile, RemoveDirLocal, SetAside
from bucketdrive.ports.bucket import IfMatch, Written
from bucketdrive.rules.names import conflict_names
from bucketdrive.state.change import StateChange


async def delete_local(work: Work, action: DeleteLocal) -> int:
    """Move the file into quarantine; if it turns out to be another one than was meant, it comes back.

    Raises:
        OccupiedError, MissingError: the folder changed meanwhile; nothing was changed.
    """
    expected = await surely(work, action.path, action.expected)
    await set_aside(work, action.path, expected, StateChange(dropped=(action.path,), logged=work.lines()))
    return 0


async def surely(work: Work, path: RelPath, expected: ExpectedFile) -> ExpectedFile:
    """The expected file under a fingerprint that was read with its bytes.

    Raises:
        OccupiedError: it is another file now.
    """
    if expected.is_fp_safe:
        return expected
    (now,) = await work.parts.disk.hash_files([work.names.name(path)])
    if not isinstance(now, Hashed) or now.sha256 != expected.sha256:
        raise OccupiedError("The file changed meanwhile; it was left alone.", path=path)
    return ExpectedFile(now.fingerprint, now.sha256, is_fp_safe=False)


async def set_aside(work: Work, path: RelPath, expected: ExpectedFile, change: StateChange) -> None:
    """Move `path` into quarantine and apply `change`, unless what came out is not what was `expected`."""
    op = work.parts.chance.uuid()
    attempt = Attempt(
        op=op,
        deed=Deed.REMOVE,
        path=path,
        sha256=expected.sha256,
        size=expected.fingerprint.size,
        place=work.new_place(path, op),
        expected=expected,
        started_s=work.parts.clock.now_s(),
        run=work.run,
    )
    await work.commits.write(StateChange(opened=(attempt,)))
    try:
        came_out = await work.parts.disk.set_aside(work.names.name(path), attempt.place, expected.fingerprint)
    except (OccupiedError, MissingError):
        await work.commits.write(StateChange(closed=(op,)))
        raise
    change = dataclasses.replace(change, closed=(*change.closed, op))
    await put_aside_or_back(work, path, attempt.place, expected, came_out, change)


async def put_aside_or_back(
    work: Work, path: RelPath, place: str, expected: ExpectedFile, came_out: Fingerprint, change: StateChange
) -> None:
    """Judge what came out of the folder: the expected file stays in quarantine, a user's newer one goes back.

    It goes back to its own name, or where that is taken becomes a conflict copy; then `change` is applied.
    """
    is_expected = came_out.is_same_file_as(expected.fingerprint)
    if not (is_expected and expected.is_fp_safe):  # it may have been saved again as it was: that is no edit
        found = await work.parts.disk.hash_place(place)
        is_expected = found is not None and found.sha256 == expected.sha256
    if is_expected:
        await work.commits.write(dataclasses.replace(change, quarantined=(quarantined(work, path, place, expected),)))
        return
    await give_back(work, path, place)
    await work.commits.write(change)


def quarantined(work: Work, path: RelPath, place: str, expected: ExpectedFile) -> Quarantined:
    """The row of a file that is set aside until its bytes are proved to be a listed version."""
    purge_after_s = work.parts.clock.now_s() + work.parts.options.quarantine_s
    return Quarantined(place, path, expected.sha256, purge_after_s)


async def give_back(work: Work, path: RelPath, place: str) -> None:
    """Put a user's bytes back: under their own name if that is free, else as a conflict copy. Never over anything."""
    disk = work.parts.disk
    found = await disk.hash_place(place)
    if found is None:
        return
    for target in _names(path, work.parts.identity.device, found.sha256):
        name = work.names.name(target)
        try:
            await disk.put_back(place, name)
        except OccupiedError:
            (there,) = await disk.hash_files([name])
            if isinstance(there, Hashed) and there.sha256 == found.sha256:
                await disk.discard(place)
                return
        else:
            return


def _names(path: RelPath, device: str, sha256: str) -> Iterator[RelPath]:
    """Names to try in order: the path, its conflict copies, and those at the top, where its folder became a file."""
    yield path
    for copy in conflict_names(path, device, sha256):
        yield copy
        yield RelPath(copy.replace("/", "_"))


async def yield_name(work: Work, action: SetAside) -> int:
    """A conflict: the local file becomes a conflict copy.

    What was agreed is forgotten first, so a crash is no delete.
    """
    await work.commits.write(StateChange(dropped=(action.path,), logged=work.lines()))
    disk, name = work.parts.disk, work.names.name(action.path)
    (now,) = await disk.hash_files([name])
    if not isinstance(now, Hashed) or now.sha256 != action.sha256:
        raise OccupiedError("The file changed meanwhile; it was left alone.", path=action.path)
    for target in conflict_names(action.path, work.parts.identity.device, action.sha256):
        try:
            await disk.rename(name, work.names.name(target), now.fingerprint)
        except OccupiedError:
            (there,) = await disk.hash_files([work.names.name(target)])
            if isinstance(there, Hashed) and there.sha256 == action.sha256:
                expected = ExpectedFile(now.fingerprint, now.sha256, is_fp_safe=False)
                await set_aside(work, action.path, expected, StateChange())
                return 0
            if there is None:
                raise
        else:
            return 0
    raise ItemError("No name was free for a conflict copy; both versions stay where they are.", path=action.path)


async def delete_remote(work: Work, action: DeleteRemote) -> int:
    """Put a delete marker, if the file is still gone here and its version still the one that was agreed on.

    What the user asked for may be here still: then the sync that follows finds it deleted in the bucket.

    Raises:
        ConditionFailedError: the bucket has another version, or none: the next look decides.
        OccupiedError: the file is here again.
    """
    (now,) = await work.parts.disk.look([work.names.name(action.path)])
    if not (work.is_asked or now is None or isinstance(now, LocalDir)):
        raise OccupiedError("It is here again; nothing was deleted.", path=action.path)
    key = work.parts.keys.key(action.path)
    if work.parts.facts.conditional_delete:
        written = await work.parts.bucket.delete_object(key, condition=IfMatch(action.etag))
        closed: tuple[str, ...] = ()
    else:
        written, op = await delete_and_look_back(work, action)
        closed = (op,)
    told = dataclasses.replace(
        work.journal_entry("delete", action.path, written), base=action.version_id, etag="", size=action.size
    )
    change = StateChange(announced=(told,), closed=closed, logged=work.lines())
    path = (action.path,)
    change = dataclasses.replace(change, approved=path) if work.is_asked else dataclasses.replace(change, dropped=path)
    await work.commits.write(change)
    return 0


async def delete_and_look_back(work: Work, action: DeleteRemote) -> tuple[Written, str]:
    """Delete where the store ignores conditions: look before, and put back what was buried unseen. Marker and attempt.

    The deletion was announced before. The attempt makes the look back survive a crash; whoever calls closes it.

    Raises:
        ConditionFailedError: the bucket has another version by now.
    """
    parts, key = work.parts, work.parts.keys.key(action.path)
    page = await parts.bucket.list_object_versions(key, max_keys=1)
    top = page.rows[0] if page.rows and page.rows[0].key == key else None
    if top is None or top.is_delete_marker or top.version_id != action.version_id:
        raise ConditionFailedError("The bucket has another version by now; nothing was deleted.", path=action.path)
    attempt = Attempt(
        op=parts.chance.uuid(),
        deed=Deed.DELETE,
        path=action.path,
        sha256="",
        size=action.size,
        etag=action.etag,
        version_id=action.version_id,
        started_s=parts.clock.now_s(),
        run=work.run,
    )
    await work.commits.write(StateChange(opened=(attempt,)))
    written = await parts.bucket.delete_object(key)
    await settle_deletion(work, attempt)
    return written, attempt.op


async def remove_dir(work: Work, action: RemoveDirLocal) -> int:
    """Remove a folder that is no longer in the bucket; what is left in it (ignored files, new ones) keeps it."""
    op = work.parts.chance.uuid()
    with suppress(OccupiedError):  # it stays as local residue; its new files bring it back to the bucket
        await work.parts.disk.remove_dir(work.names.name(action.path), f"quarantine/{op}")
    await work.commits.write(StateChange(dropped=(action.path,), logged=work.lines()))
    return 0
