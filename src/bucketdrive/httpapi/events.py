"""What happens to the drives, as events that anybody may listen to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from bucketdrive.ports.runtime import Event, Failed, Finished, Listed, Note, Planned, Stands

_KEPT = 1000
"""Events that wait for a slow listener; who is slower than that misses some."""

EVERY_S = 15.0
"""After so long a silence a listener is told that there is nothing to tell: so a connection that is gone is noticed."""


class Events:
    """Passes events on to all who listen. Nobody waits for anybody."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def tell(self, root_id: str, event: Event) -> None:
        """Something happened to a drive. That nothing is to be done is no event."""
        if isinstance(event, Planned) and event.plan.does_nothing:
            return
        self._pass_on({"drive": root_id} | _document(event))

    def end(self) -> None:
        """There will be no more."""
        self._pass_on(None)

    def _pass_on(self, document: dict[str, Any] | None) -> None:
        for queue in self._listeners:
            if document is None and queue.full():
                queue.get_nowait()
            with suppress(asyncio.QueueFull):
                queue.put_nowait(document)

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        """Every event from now on, until the end; an empty one after a silence."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_KEPT)
        self._listeners.add(queue)
        try:
            while True:
                try:
                    async with asyncio.timeout(EVERY_S):
                        document = await queue.get()
                except TimeoutError:
                    document = {}
                if document is None:
                    return
                yield document
        finally:
            self._listeners.discard(queue)


class Ear:
    """The Listener of one drive's keeper."""

    def __init__(self, root_id: str, events: Events) -> None:
        """`root_id`: which drive; `events`: where it is passed on."""
        self._root_id = root_id
        self._events = events

    def tell(self, event: Event) -> None:
        """See `Listener`."""
        self._events.tell(self._root_id, event)


def _document(event: Event) -> dict[str, Any]:
    match event:
        case Planned(plan):
            return {"event": "planned", "actions": plan.to_do}
        case Finished(action, body_bytes):
            return {"event": "finished", "path": action.path, "body_bytes": body_bytes}
        case Failed(action, why):
            return {"event": "failed", "path": action.path, "why": why}
        case Note():
            return {"event": "note"} | asdict(event)
        case Listed(versions):
            return {"event": "listed", "versions": versions}
        case Stands(word):
            return {"event": "state", "state": word}
