"""What happened, one JSON object a line, for whoever looks into a finding. From any thread."""

import json
import threading
import time
from pathlib import Path
from typing import Any


class Log:
    """A file of events; each has the seconds since the log was opened."""

    def __init__(self, path: Path) -> None:
        """`path`: a new file."""
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()
        self._began_s = time.monotonic()

    def write(self, event: str, **facts: Any) -> None:
        """Write down an event."""
        line = json.dumps({"s": round(time.monotonic() - self._began_s, 3), "event": event, **facts}, default=str)
        with self._lock:
            if not self._file.closed:
                self._file.write(line + "\n")

    def close(self) -> None:
        """Nothing is written afterwards."""
        with self._lock:
            self._file.close()
