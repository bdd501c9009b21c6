"""What every deed of the engine works with."""

from dataclasses import dataclass, field

from bucketdrive.model.paths import KeySpace
from bucketdrive.model.reports import StoreFacts
from bucketdrive.ports.bucket import Bucket, Condition
from bucketdrive.ports.disk import Disk
from bucketdrive.ports.runtime import Chance, Clock, Listener
from bucketdrive.rules.transfer import LEAST_PART_BYTES, WHOLE_LIMIT_BYTES, Whole, how_to_upload
from bucketdrive.rules.transfer import Parts as Sizes
from bucketdrive.state.database import State


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are. `device_id` is new with each new state; `device` is the name that others see."""

    drive_id: str
    root_id: str
    device_id: str
    device: str


@dataclass(frozen=True, slots=True)
class Options:
    """Times in seconds, sizes in bytes.

    `settle_s`: a file younger than this is looked at twice; `absence_s`: how long a file must be gone before it counts
    as deleted; `quiet_s`, `quiet_absence_s`: the same where a watcher heard of it, and of nothing since; `grain_ns`:
    the grain of a file system's clock that is fine; `whole_bytes`: what is larger goes up and down in parts of at least
    `part_bytes`.
    """

    settle_s: float = 1.0
    absence_s: float = 2.0
    quiet_s: float = 0.3
    quiet_absence_s: float = 0.5
    grain_ns: int = 20_000_000
    in_flight: int = 64
    memory_bytes: int = 256 << 20
    whole_bytes: int = WHOLE_LIMIT_BYTES
    part_bytes: int = LEAST_PART_BYTES
    reserve_bytes: int = 1 << 30
    quarantine_s: float = 86_400.0
    ledger_s: float = 86_400.0
    quota_window_s: float = 600.0
    max_rounds: int = 8

    def how_to_upload(self, size: int) -> Whole | Sizes:
        """In one put, or in parts.

        Raises:
            UnreadableError: it is larger than any object can be.
        """
        return how_to_upload(size, self.whole_bytes, self.part_bytes)


@dataclass(slots=True)
class Bell:
    """What this process knows of the drive's doorbell, to ask and tell no more often than it must.

    `numbers`: the last journal number of each device; `etag`: of the doorbell that said so (empty: not known);
    `known_s`: the event loop's time when it did. `own`: the last number that we put, 0 where that is not known.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    etag: str = ""
    known_s: float = float("-inf")
    own: int = 0

    def learn(self, numbers: dict[str, int], etag: str, now_s: float) -> None:
        """The doorbell said or says `numbers`."""
        self.numbers, self.etag, self.known_s = numbers, etag, now_s


@dataclass(frozen=True, slots=True)
class Parts:
    """An engine's parts. `boot_id` is another after each start of the machine."""

    bucket: Bucket
    disk: Disk
    state: State
    clock: Clock
    chance: Chance
    listener: Listener
    keys: KeySpace
    facts: StoreFacts
    identity: Identity
    options: Options
    boot_id: str
    bell: Bell = field(default_factory=Bell)

    def on_put(self, condition: Condition) -> Condition:
        """The condition to send with a put: none to a store that ignores or fails it."""
        return condition if self.facts.conditional_put else None

    def on_delete(self, condition: Condition) -> Condition:
        """The condition to send with a delete: none to a store that ignores or fails it."""
        return condition if self.facts.conditional_delete else None
