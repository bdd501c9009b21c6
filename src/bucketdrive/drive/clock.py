"""The real clock. Imports nothing, since a status needs it too."""

import time


class SystemClock:
    """The wall clock."""

    def now_s(self) -> float:
        """See `Clock`."""
        return time.time()  # noqa: TID251  this is the Clock
