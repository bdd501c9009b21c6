"""The same random script of requests played on two buckets: every outcome and the list of versions must be the same.

Version ids are the store's own; they are compared by the order in which they came. Times are not compared.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random  # noqa: TID251  a seeded one

from bucketdrive.errors import BucketDriveError, NoSuchObjectError
from bucketdrive.model.entries import ObjectHead
from bucketdrive.ports.bucket import AdminBucket, Condition, IfAbsent, IfMatch, NewObject, ObjectBody, Part, Written
from bucketdrive.testing.contracts.bucket_harness import BucketHarness
from bucketdrive.testing.contracts.side_by_side import compare
from bucketdrive.testing.memory_bucket import MemoryBucket, MemoryStore

NAMES = ("a", "a b", "a+b", "a/b", "a/b/c", "dir/", "e\u0301", "ü", "100%25", "\U0001f600", "./dot", "a//b")
SIZES = (0, 1, 5, 1000)
_DEEDS = {
    **dict.fromkeys(("put", "head", "get", "get_version", "delete"), 6),
    **dict.fromkeys(("copy", "head_version", "get_if", "get_range", "list_objects", "list_versions"), 3),
    **dict.fromkeys(("begin", "part", "complete"), 3),
    **dict.fromkeys(("abort", "copy_of_nothing", "get_no_version"), 1),
}
"""How often each is done, next to the others."""


@dataclass(frozen=True, slots=True)
class Left:
    """Requests that a script leaves out, because the store is known to answer them otherwise than it should.

    `put_if_match`, `complete_if_match`, `copy_condition`: those conditions; `copy_of_parts`: of what was
    uploaded in parts; `delete_of_nothing`: of a key that never was;
    `marker_told`: whether an error says that a marker is on top is not compared.
    """

    put_if_match: bool = False
    complete_if_match: bool = False
    copy_condition: bool = False
    copy_of_parts: bool = False
    delete_of_nothing: bool = False
    marker_told: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A request. `number` makes contents that no other step makes, and chooses among what is there."""

    deed: str
    name: str
    other: str
    condition: str
    size: int
    number: int


def script_of(seed: int, length: int) -> list[Step]:
    """The steps of a seed."""
    chance = Random(seed)
    deeds = chance.choices(list(_DEEDS), list(_DEEDS.values()), k=length)
    return [
        Step(
            deed,
            chance.choice(NAMES[:4] if chance.random() < 0.6 else NAMES),
            chance.choice(NAMES),
            chance.choice(("", "", "absent", "match", "match", "old", "never")),
            chance.choice(SIZES),
            number,
        )
        for number, deed in enumerate(deeds)
    ]


@dataclass(slots=True)
class _Upload:
    name: str
    upload_id: str
    parts: list[Part]


class Side:
    """One of the two buckets, and what was seen of it."""

    def __init__(self, harness: BucketHarness, left: Left) -> None:
        self._harness = harness
        self._left = left
        self._versions: list[tuple[str, str]] = []
        """Name and version id of everything that was written, markers too, in order."""
        self._objects: list[tuple[str, str]] = []
        """Those that may be copied."""
        self._etags: dict[str, list[str]] = {}
        self._uploads: list[_Upload] = []

    def do(self, step: Step) -> object:
        """Send a step's request. Its outcome, to be compared with the other side's."""
        try:
            return getattr(self, f"_{step.deed}")(step)
        except NoSuchObjectError as error:
            return "NoSuchObjectError", error.is_delete_marker and not self._left.marker_told
        except BucketDriveError as error:
            return type(error).__name__

    def end(self) -> object:
        """All there is now."""
        return self._harness.names(), self._rows("", 1000)

    # --- writes -------------------------------------------------------------------------------------------------------

    def _put(self, step: Step) -> object:
        condition = self._condition(step, step.name, may_match=not self._left.put_if_match)
        return self._written(step.name, self._harness.put(step.name, _body(step), condition, _metadata(step)))

    def _delete(self, step: Step) -> object:
        if self._left.delete_of_nothing and all(name != step.name for name, _ in self._versions):
            return "left out"
        condition = None if step.condition == "absent" else self._condition(step, step.name)
        return self._written(step.name, self._harness.delete(step.name, condition), is_marker=True)

    def _copy(self, step: Step) -> object:
        if not self._objects:
            return "nothing yet"
        source, version_id = self._objects[step.number % len(self._objects)]
        condition = None if self._left.copy_condition else self._condition(step, step.other)
        new = NewObject(_metadata(step), condition=condition)
        return self._written(step.other, self._harness.copy(source, version_id, step.other, new))

    def _copy_of_nothing(self, step: Step) -> object:
        return self._harness.copy("never", "no-such-version", step.other, NewObject({}))

    def _begin(self, step: Step) -> None:
        self._uploads.append(_Upload(step.name, self._harness.begin(step.name, _metadata(step)), []))

    def _part(self, step: Step) -> object:
        upload = self._upload(step)
        if upload is None or upload.parts:
            return "no upload"
        part = self._harness.part(upload.name, upload.upload_id, 1, _body(step))
        upload.parts.append(part)
        return part

    def _complete(self, step: Step) -> object:
        upload = self._upload(step)
        if upload is None or not upload.parts:
            return "no upload"
        condition = self._condition(step, upload.name, may_match=not self._left.complete_if_match)
        written = self._harness.complete(upload.name, upload.upload_id, upload.parts, condition)
        self._uploads.remove(upload)
        return self._written(upload.name, written)

    def _abort(self, step: Step) -> object:
        upload = self._upload(step)
        if upload is None:
            return "no upload"
        self._uploads.remove(upload)
        self._harness.abort(upload.name, upload.upload_id)
        return "aborted"

    def _upload(self, step: Step) -> _Upload | None:
        return self._uploads[step.number % len(self._uploads)] if self._uploads else None

    def _condition(self, step: Step, name: str, *, may_match: bool = True) -> Condition:
        """A condition about an object: that it is not there, is the newest one written or an old one, or never was."""
        etags = self._etags.get(name, ["0" * 32])
        if step.condition == "absent":
            return IfAbsent()
        if not step.condition or not may_match:
            return None
        return IfMatch({"match": etags[-1], "old": etags[0], "never": "f" * 32}[step.condition])

    def _written(self, name: str, written: Written, *, is_marker: bool = False) -> object:
        """The reply; what it does not tell is looked up, for later steps."""
        version_id, etag = written.version_id, written.etag
        if not version_id or not (etag or is_marker):
            top = self._harness.versions(name)[0]
            version_id, etag = version_id or top.version_id, etag or top.etag
        if (name, version_id) not in self._versions:
            self._versions.append((name, version_id))
        if not is_marker and not (self._left.copy_of_parts and "-" in etag):
            self._objects.append((name, version_id))
        if not is_marker:
            self._etags.setdefault(name, []).append(etag)
        return bool(written.version_id), self._order(version_id), written.etag

    # --- reads --------------------------------------------------------------------------------------------------------

    def _head(self, step: Step) -> object:
        return self._told(self._harness.head(step.name))

    def _head_version(self, step: Step) -> object:
        if not self._versions:
            return "nothing yet"
        name, version_id = self._versions[step.number % len(self._versions)]
        return self._told(self._harness.head(name, version_id))

    def _get(self, step: Step) -> object:
        return self._body(self._harness.get(step.name))

    def _get_version(self, step: Step) -> object:
        if not self._versions:
            return "nothing yet"
        name, version_id = self._versions[step.number % len(self._versions)]
        return self._body(self._harness.get(name, version_id=version_id))

    def _get_no_version(self, step: Step) -> object:
        return self._body(self._harness.get(step.name, version_id="no-such-version"))

    def _get_if(self, step: Step) -> object:
        etags = self._etags.get(step.name, ["0" * 32])
        option = ("if_match", "if_none_match")[step.number % 2]
        return self._body(self._harness.get(step.name, **{option: etags[-1 if step.size else 0]}))

    def _get_range(self, step: Step) -> object:
        head = self._harness.head(step.name)
        if head.size == 0:
            return "nothing in it"
        first = step.number % head.size
        return self._body(self._harness.get(step.name, byte_range=(first, first + 1 + step.size)))

    def _list_objects(self, step: Step) -> object:
        return self._harness.names(page_size=3 + step.number % 5, after=step.other if step.size else "")

    def _list_versions(self, step: Step) -> object:
        return self._rows(step.name if step.size < 1000 else "", 1 + step.number % 5)

    def _rows(self, name: str, page_size: int) -> list[object]:
        return [
            (
                row.key.removeprefix(self._harness.prefix),
                self._order(row.version_id),
                (row.is_latest, row.is_delete_marker, row.is_sound),
                (row.etag, row.size),
            )
            for row in self._harness.versions(name, page_size)
        ]

    def _body(self, found: ObjectBody | None) -> object:
        return "not modified" if found is None else (found.data, self._told(found.head))

    def _told(self, head: ObjectHead) -> object:
        return head.etag, head.size, self._order(head.version_id), head.metadata

    def _order(self, version_id: str) -> int:
        """Which of all versions it is; -1 for one that this script did not make."""
        ids = [known for _, known in self._versions]
        return ids.index(version_id) if version_id in ids else -1


def _body(step: Step) -> bytes:
    return f"{step.number} ".encode().ljust(step.size, b".") if step.size else b""


def _metadata(step: Step) -> dict[str, str]:
    return {"n": str(step.number)}


def play(seeds: Iterable[int], length: int, store: MemoryStore, other: AdminBucket, left: Left) -> None:
    """Play the scripts of some seeds on a bucket in memory and on another, each under a prefix of its own.

    Raises:
        AssertionError: they differ; it tells where, and what was done just before.
    """
    with asyncio.Runner() as runner:
        for seed in seeds:
            prefix = f"script {seed}/"
            sides = [Side(BucketHarness(bucket, prefix, runner), left) for bucket in (MemoryBucket(store), other)]
            compare(seed, script_of(seed, length), *sides)
