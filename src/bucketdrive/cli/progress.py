"""A line that follows a sync while it runs, where somebody can see it."""

import time
from collections.abc import Mapping
from typing import Any

from bucketdrive.cli import output
from bucketdrive.ports.runtime import Event, Failed, Finished, Listed, Planned

_EVERY_S = 0.1


class Progress:
    """A Listener that keeps one line on stderr up to date, if stderr is a terminal. A context manager."""

    def __init__(self) -> None:
        self._is_shown = output.may_redraw()
        self._planned = self._done = self._body_bytes = 0
        self._next_s = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            output.redraw("")

    @property
    def is_shown(self) -> bool:
        """Whether somebody can see it."""
        return self._is_shown

    def tell(self, event: Event) -> None:
        """Something happened; shown at most ten times a second."""
        match event:
            case Planned(plan):
                self._planned += plan.to_do
            case Finished(action, body_bytes):
                self._finish(action.path, body_bytes)
            case Failed(action, _):
                self._finish(action.path, 0)
            case Listed(versions):
                self._list(versions)
            case _:
                return

    def hear(self, event: Mapping[str, Any]) -> None:
        """As `tell`, for an event of a daemon."""
        match event:
            case {"event": "planned", "actions": int(number)}:
                self._planned += number
            case {"event": "finished" | "failed", "path": str(path)}:
                self._finish(path, int(event.get("body_bytes", 0)))
            case {"event": "listed", "versions": int(versions)}:
                self._list(versions)
            case _:
                return

    def _list(self, versions: int) -> None:
        if self._may_redraw():
            output.redraw(f"{output.count_text(versions, 'version')} listed")

    def _finish(self, path: str, body_bytes: int) -> None:
        self._done += 1
        self._body_bytes += body_bytes
        self._show(path)

    def _may_redraw(self) -> bool:
        now_s = time.monotonic()
        if not self._is_shown or now_s < self._next_s:
            return False
        self._next_s = now_s + _EVERY_S
        return True

    def _show(self, path: str) -> None:
        if not self._may_redraw():
            return
        planned = max(self._planned, self._done)
        size = output.size_text(self._body_bytes)
        output.redraw(f"{self._done:,} of {planned:,}, {size}  {output.safe(path)}")
