"""The moments that matter: when many files came, changed or went, so that nobody need guess a time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from bucketdrive.history.as_of import NOW
from bucketdrive.history.devices import device_names
from bucketdrive.history.sweep import Sweeps
from bucketdrive.model.history import DeviceShare, Moment
from bucketdrive.rules.eventful import Account, Event, Events, Rhythm, Tally
from bucketdrive.state.sweeps import Sweep


async def list_moments(sweeps: Sweeps, path: str, limit: int, least: int, before_s: float = NOW) -> list[Moment]:
    """The `limit` newest moments, up to `before_s`, in which at least `least` files at or below `path` changed.

    Newest first. The versions are walked twice, and nothing but the moments is kept.
    """
    rhythm = Rhythm()
    async with sweeps.of(path, before_s) as sweep:
        async for event in _events(sweeps, sweep, path):
            if event.at_s <= before_s:
                rhythm.take(event.at_s)
        tally = Tally([span for span in rhythm.spans() if span.events >= least])
        if tally.accounts:
            async for event in _events(sweeps, sweep, path, of_devices=True):
                tally.take(event)
            tally.end()
    accounts = [account for account in reversed(tally.accounts) if account.files >= least][:limit]
    names = await device_names(sweeps.bucket, sweeps.keys) if accounts else {}
    return [_moment(account, names, sweeps) for account in accounts]


async def _events(sweeps: Sweeps, sweep: Sweep, path: str, *, of_devices: bool = False) -> AsyncIterator[Event]:
    events = Events()
    async for told in sweeps.rows(sweep, path, of_devices=of_devices):
        event = events.take(told.row, told.told_s, told.device_id)
        if event is not None:
            yield event
    last = events.end()
    if last is not None:
        yield last


def _moment(account: Account, names: dict[str, str], sweeps: Sweeps) -> Moment:
    span = account.span
    before = datetime.fromtimestamp(span.first_s - 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shares = [DeviceShare(names.get(device, device), files) for device, files in account.devices.most_common()]
    return Moment(
        before,
        float(span.first_s),
        float(span.last_s),
        account.new,
        account.changed,
        account.deleted,
        account.fleeting,
        shares,
        sweeps.keys.tail(account.folder).removesuffix("/"),
        sweeps.keys.tail(account.sample),
    )
