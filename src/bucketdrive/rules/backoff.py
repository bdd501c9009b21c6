"""How long to wait before something that failed is tried again."""

FIRST_S = 1.0
LONGEST_S = 60.0


def retry_after_s(failures: int, fraction: float) -> float:
    """Seconds to wait after so many failures in a row: twice as long each time, up to a minute.

    Spread by chance (`fraction`, in [0, 1)), so that a store that comes back is not met by all at once.
    """
    longest = min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, 16))
    return longest * (0.5 + fraction / 2)
