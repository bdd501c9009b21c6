"""The only place where concrete parts meet: the store, the folder, the state, the clock."""

import os
import random  # noqa: TID251  the real Chance
import uuid
from dataclasses import dataclass
from pathlib import Path

from bucketdrive.bucket.metered import MeteredBucket
from bucketdrive.bucket.retrying import RetryingBucket
from bucketdrive.bucket.s3.bucket import S3Bucket
from bucketdrive.bucket.s3.connect import S3Location, connect
from bucketdrive.bucket.throttle import Throttle
from bucketdrive.drive.records import DriveRecord
from bucketdrive.drive.settings import Settings
from bucketdrive.engine.parts import Options
from bucketdrive.ports.runtime import Event

_WORKERS_A_REQUEST = 4
"""Of four files in work, one waits for the store, and the others for the disk, which takes many at once."""


class SystemChance:
    """Real randomness, drawn from the kernel in blocks: every write needs an id, and a call for each costs more."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._drawn = b""

    def uuid(self) -> str:
        """See `Chance`."""
        if not self._drawn:
            self._drawn = os.urandom(4096)
        taken, self._drawn = self._drawn[:16], self._drawn[16:]
        return str(uuid.UUID(bytes=taken, version=4))

    def fraction(self) -> float:
        """See `Chance`."""
        return self._random.random()


class Silence:
    """A listener that does not listen."""

    def tell(self, event: Event) -> None:
        """See `Listener`."""


@dataclass(frozen=True, slots=True)
class Store:
    """A bucket, wrapped: `bucket` repeats what may be repeated, `meter` counts every request that is sent."""

    bucket: RetryingBucket
    meter: MeteredBucket
    s3: S3Bucket

    async def close(self) -> None:
        """Give up connections and threads."""
        await self.s3.aclose()


def open_store(location: S3Location, settings: Settings) -> Store:
    """Connect to a bucket; sends no request.

    Raises:
        CredentialsError, UsageError: as `bucket.s3.connect.connect`.
    """
    s3 = connect(location)
    up, down = Throttle(settings.bandwidth_up * 1024.0), Throttle(settings.bandwidth_down * 1024.0)
    meter = MeteredBucket(s3, settings.max_requests_in_flight, up, down)
    return Store(RetryingBucket(meter, SystemChance()), meter, s3)


def location_of(record: DriveRecord) -> S3Location:
    """Where a drive's bucket is."""
    return S3Location(record.bucket, record.endpoint_url, record.region, record.profile)


def options_of(settings: Settings) -> Options:
    """The engine's options, from the user's settings."""
    return Options(
        settle_s=settings.settle_s,
        absence_s=settings.absence_s,
        in_flight=settings.max_requests_in_flight * _WORKERS_A_REQUEST,
        memory_bytes=settings.memory_mib << 20,
        reserve_bytes=settings.reserve_mib << 20,
    )


def boot_id() -> str:
    """What changes with each start of the machine; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
