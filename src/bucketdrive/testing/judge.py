"""What a simulated run must not show, judged while it runs and at its end (the invariants of spec §3.1)."""

import hashlib
from dataclasses import dataclass, field
from functools import partial

from bucketdrive.model.entries import LocalFile, SyncedFile
from bucketdrive.model.format import journal_name
from bucketdrive.model.paths import RelPath
from bucketdrive.rules.names import is_conflict_name
from bucketdrive.state.runs import load_outbox
from bucketdrive.state.snapshot import load_snapshot
from bucketdrive.testing.memory_entries import entry_of
from bucketdrive.testing.mishaps import STRANGER
from bucketdrive.testing.stories import Story
from bucketdrive.testing.users import Account, folders_above
from bucketdrive.testing.world import PREFIX, Device, World


@dataclass(slots=True)
class Verdict:
    """What a run showed; contents unless said otherwise.

    All lists but `spurious` must be empty, and `lost` nearly always where the store ignores conditions.

    - `lost`: no longer in the tree (I1).
    - `gone`: at some moment neither in the tree nor in a version nor in quarantine (I2).
    - `diverged`: where devices and bucket differ at the end, or the engines do not come to rest (I3, I6, I7).
    - `resurrected`: deleted, and live again (I4).
    - `spurious`: superseded, and live again in whatever way (I5); counted.
    - `taken`: taken off a device though live in the bucket, and nobody deleted it.
    - `misremembered`: agreed on in a state, but not so on both sides (I9).
    - `partial`: visible at a user's path, but written by nobody (I10).
    - `left over`: in `tmp/`, or in quarantine without a row (I11).
    - `unconditional`: keys that a device wrote without a condition, on a store that honours them (I12).
    - `unasked`: deleted in the bucket by a device whose user had not deleted it (I13), or brought there from the folder
      of another drive (I14).
    - `torn`: half written, and a version (spec §2.3).
    - `untold`: devices with changes they never told of, or with a gap in their journal.

    `trace` is equal for equal seeds (I16).
    """

    lost: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    diverged: list[str] = field(default_factory=list)
    resurrected: list[str] = field(default_factory=list)
    spurious: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    misremembered: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    unconditional: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    steps: int = 0
    crashes: int = 0
    trace: str = ""

    @property
    def violations(self) -> list[str]:
        """Everything that must not be, as sentences."""
        lists = {name: getattr(self, name) for name in Verdict.__slots__ if name != "spurious"}
        return [f"{name}: {what}" for name, found in lists.items() if isinstance(found, list) for what in found]


class Judge:
    """Watches one world."""

    def __init__(self, world: World, devices: list[Device], story: Story, account: Account) -> None:
        self._world = world
        self._devices = devices
        self._story = story
        self._account = account
        self.verdict = Verdict()
        for device in devices:
            device.on_set_aside = self._check_taken
            if story.store_class == "A":
                device.on_delete = partial(self._check_asked, device)

    def check_kept(self) -> None:
        """Now: whatever is wanted is somewhere."""
        kept = self._world.store.contents()
        for device in self._devices:
            kept |= device.folder.contents()
        missing = [text for text in self._account.wanted if text.encode() not in kept]
        self.verdict.gone += [text for text in sorted(missing) if text not in self.verdict.gone]

    def _check_taken(self, path: str, data: bytes) -> None:
        top = self._world.store.history(PREFIX + path)[:1]
        if data in self._world.late_bodies:  # it may have come back just now, after the device saw it deleted
            return
        if data.decode("utf-8", "replace") in self._account.wanted and top and top[0].data == data:
            self.verdict.taken.append(f"{path}={data.decode()}")

    def _check_asked(self, device: Device, key: str, data: bytes) -> None:
        """A deletion without anybody's deletion: the content is wanted, and nowhere in the bucket or here any more."""
        is_elsewhere = data in self._world.store.live().values() or data in device.folder.files().values()
        if data.decode("utf-8", "replace") in self._account.wanted and not is_elsewhere:
            self.verdict.unasked.append(f"{device.name}: {key.removeprefix(PREFIX)}={data.decode()}")

    def check_tree(self) -> None:
        """All came to rest: whatever is wanted is in the tree, and does not only lie in quarantine."""
        live = set(self._world.live().values())
        self.verdict.lost += sorted(text for text in self._account.wanted if text.encode() not in live)

    def differences(self) -> list[str]:
        """Where devices and bucket are not the same."""
        live = self._world.live()
        files = {path: data for path, data in live.items() if not path.endswith("/")}
        folders = {above for path in live for above in folders_above(path)} | {p[:-1] for p in live if p.endswith("/")}
        wrong = []
        for device in self._devices:
            if not _is_tree(device, files):
                wrong.append(f"{device.name} has {device.folder.files()}, the bucket has {files}")
            elif device.folder.dirs() != folders:
                wrong.append(f"{device.name} has folders {device.folder.dirs()}, the bucket has {folders}")
        return wrong

    def conclude(self) -> None:
        """The end: all came to rest."""
        verdict, account, store = self.verdict, self._account, self._world.store
        live = {path: data.decode() for path, data in self._world.live().items() if not path.endswith("/")}
        self.check_tree()
        self.check_kept()
        back = {path: text for path, text in live.items() if text in account.superseded}
        verdict.spurious = sorted(f"{path}={text}" for path, text in back.items())
        if self._promises_no_resurrection:
            verdict.resurrected = sorted(f"{path}={text}" for path, text in back.items() if self._is_back(path, text))
        shown = {data.decode() for device in self._devices for _, data in device.shown}
        verdict.partial = sorted(shown - account.written - account.halves - {STRANGER.decode()})
        verdict.torn = sorted(text for text in account.halves if text.encode() in store.contents())
        if STRANGER in store.contents():
            verdict.unasked.append(f"{STRANGER.decode()} went up")
        verdict.unasked += [f"{name} wrote into the folder of another drive" for name in self._world.trespasses]
        if self._story.has_editors:
            deleted = [path for path in live if any(row.is_delete_marker for row in store.history(PREFIX + path))]
            verdict.unasked += [f"{path}: a marker, though nobody deleted it" for path in deleted]
        for device in self._devices:
            self._check_state(device)
        if self._story.store_class == "A":
            verdict.unconditional = sorted(store.unconditional_writes)
        verdict.steps = self._world.loop.steps
        verdict.crashes = sum(device.crashes for device in self._devices)
        digest = hashlib.sha256(repr((self._world.loop.trace, sorted(live.items()))).encode())
        verdict.trace = digest.hexdigest()

    @property
    def _promises_no_resurrection(self) -> bool:
        """Whether what was deleted may not come back.

        A deletion not yet told when the state was lost cannot be known of (nor one whose state came back older, or was
        dropped by an operator's word); a store that ignores conditions cannot refuse a request that comes late.
        """
        faults = self._story.faults
        has_lost = faults.state_lost or faults.state_old or faults.epoch
        return not has_lost and self._story.store_class == "A"

    def _is_back(self, path: str, text: str) -> bool:
        """Whether a deleted file is live again, against what we promise.

        No store can refuse a creation that comes after the file was deleted elsewhere (a device that is alone knows of
        it), and no disk tells whether a file that a power cut found half installed was deleted by its user: these we do
        not promise (spec §2.7, §2.13).
        """
        is_deleted = text in self._account.deleted - self._account.moved
        is_late = len(self._devices) > 1 and text.encode() in self._world.late_bodies
        is_half_installed = hashlib.sha256(text.encode()).hexdigest() in self._world.half_installed
        return is_deleted and not is_conflict_name(path) and not (is_late or is_half_installed)

    def _check_state(self, device: Device) -> None:
        """What is agreed on is so on both sides, every file set aside has its row, and everything was told."""
        snapshot = device.state.run_now(load_snapshot, 0.0)
        live = {path: top.etag for path, top in self._world.tops().items()}
        for path, row in snapshot.synced.items():
            if not isinstance(row, SyncedFile):
                continue
            node = device.folder.tree.find(path.split("/"))
            entry = entry_of(node) if node is not None else None
            if not isinstance(entry, LocalFile) or live.get(path) != row.etag:
                self.verdict.misremembered.append(f"{device.name}: {path}")
        explained = {row.place for row in snapshot.quarantined} | {attempt.place for attempt in snapshot.attempts}
        self.verdict.left_over += [
            f"{device.name}: {place}" for place in device.folder.places() if place not in explained
        ]
        if device.state.run_now(load_outbox)[1]:
            self.verdict.untold.append(f"{device.name} has something to tell")
        own = f"{PREFIX}.bucketdrive/{journal_name(f'id-{device.name}', 0)}".removesuffix("0" * 12)
        numbers = [int(key.removeprefix(own)) for key in self._world.store.live() if key.startswith(own)]
        if numbers != list(range(1, len(numbers) + 1)):
            self.verdict.untold.append(f"{device.name} has only batches {numbers}")


def _is_tree(device: Device, files: dict[str, bytes]) -> bool:
    """Whether a device has just these files; where its disk folds names, one of those that it takes for one (I18)."""
    here = device.folder.files()
    if not device.folder.tree.folds:
        return here == files
    folds = {RelPath(path).fold for path in files}
    return here.items() <= files.items() and sorted(RelPath(path).fold for path in here) == sorted(folds)
