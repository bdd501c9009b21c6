"""The network between a simulated process and the store: requests and replies get lost, come late, torn or stale."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

from bucketdrive.errors import ConditionFailedError, UnavailableError, UnknownOutcomeError
from bucketdrive.ports.bucket import NewObject, ObjectBody, ObjectPage
from bucketdrive.testing.faults import Faults
from bucketdrive.testing.loop import switch
from bucketdrive.testing.memory_bucket import MemoryBucket

_WRITES = frozenset({"put_object", "delete_object", "copy_object", "complete_multipart_upload"})
_STALE_STEPS = 40


class Network(Protocol):
    """What a wire asks of its world."""

    faults: Faults
    is_stormy: bool
    late_requests: list[Callable[[], object]]
    before_delete: Callable[[str], None]

    def fraction(self) -> float:
        """A random number in [0, 1)."""
        ...


class Wire:
    """A `Bucket` as one process reaches it. `check` raises where that process is dead."""

    def __init__(
        self,
        inner: MemoryBucket,
        network: Network,
        check: Callable[[], None],
        on_delete: Callable[[str, bytes], None] = lambda _key, _data: None,
    ) -> None:
        """`on_delete`: told of each deletion that was executed in time, and of what was live there."""
        self._inner = inner
        self._network = network
        self._check = check
        self._on_delete = on_delete

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._inner, name)
        carry = self._write if name in _WRITES else self._read

        def request(*args: Any, **kwargs: Any) -> Awaitable[Any]:
            return carry(call, args, kwargs)

        self.__dict__[name] = request
        return request

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._network.fraction() < rate

    async def _refuse_perhaps(self) -> None:
        self._check()
        if self._network.is_stormy or self._happens(self._network.faults.refused):
            await switch()
            raise UnavailableError("The store cannot be reached.")

    async def _read(self, call: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        await self._refuse_perhaps()
        reply = await call(*args, **kwargs)
        faults = self._network.faults
        if isinstance(reply, ObjectPage):
            if self._happens(faults.stale):
                for _ in range(int(self._network.fraction() * _STALE_STEPS)):
                    await switch()
            if reply.rows and self._happens(faults.torn):
                missed = int(self._network.fraction() * len(reply.rows))
                reply = replace(reply, rows=reply.rows[:missed] + reply.rows[missed + 1 :])
        elif isinstance(reply, ObjectBody) and reply.data and self._happens(faults.cut):
            reply = replace(reply, data=reply.data[: int(self._network.fraction() * len(reply.data))])
        self._check()
        if self._happens(faults.reply_lost):
            raise UnavailableError("No reply came.")
        return reply

    async def _write(self, call: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        await self._refuse_perhaps()
        faults = self._network.faults
        if self._happens(faults.conflict):
            await switch()
            if _is_conditional(args, kwargs):
                raise ConditionFailedError("Another request for this key is under way (409).")
            raise UnavailableError("Another request for this key is under way (409).")
        if self._happens(faults.late):
            self._network.late_requests.append(lambda: _execute(call, args, kwargs))
            await switch()
            raise UnknownOutcomeError("No reply came.")
        if call.__name__ == "delete_object":
            self._network.before_delete(args[0])
        before = self._inner.store.history(args[0])[:1] if call.__name__ == "delete_object" else []
        reply = await call(*args, **kwargs)
        for top in before:
            if not top.is_delete_marker:
                self._on_delete(args[0], top.data)
        self._check()
        if self._happens(faults.reply_lost):
            raise UnknownOutcomeError("No reply came.")
        return reply


def _is_conditional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    new = next((argument for argument in args if isinstance(argument, NewObject)), None)
    return kwargs.get("condition") is not None or (new is not None and new.condition is not None)


def _execute(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Carry out a fake's request at once, without a loop: it yields, but waits for nothing."""
    coroutine = call(*args, **kwargs)
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        return
    except Exception:  # noqa: BLE001  nobody is there any more to be told
        return
