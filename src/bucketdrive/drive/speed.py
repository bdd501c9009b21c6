"""How fast bodies travel, from how many have."""

from collections import deque

WINDOW_S = 5.0


class Speed:
    """Bytes a second each way, over the last seconds. Fed with totals; keeps a handful of them."""

    def __init__(self) -> None:
        self._totals: deque[tuple[float, tuple[int, int]]] = deque()

    def note(self, now_s: float, totals_bytes: tuple[int, int]) -> None:
        """So many bytes were sent and received in all; `now_s` never goes back."""
        if len(self._totals) > 1 and now_s - self._totals[-2][0] < WINDOW_S / 10:
            self._totals.pop()
        self._totals.append((now_s, totals_bytes))
        while len(self._totals) > 2 and self._totals[1][0] <= now_s - WINDOW_S:  # one that is older spans the window
            self._totals.popleft()

    def per_s(self) -> tuple[float, float]:
        """Sent and received, bytes a second; nothing before two totals are known that are a moment apart."""
        if len(self._totals) < 2:
            return 0.0, 0.0
        (first_s, first), (last_s, last) = self._totals[0], self._totals[-1]
        span_s = max(last_s - first_s, 0.001)
        return round((last[0] - first[0]) / span_s, 1), round((last[1] - first[1]) / span_s, 1)

    def forget(self) -> None:
        """Nothing travels any more."""
        self._totals.clear()
