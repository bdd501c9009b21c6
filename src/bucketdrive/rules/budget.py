"""What asking the bucket costs, and so how often everything is looked at."""

from collections.abc import Mapping
from math import ceil

DAY_S = 86_400.0
GET_USD = 0.4e-6
LIST_USD = 5e-6
"""What Amazon S3 Standard takes for a GET and for a LIST (or PUT) in most of its regions, USD each (July 2026)."""

ROWS_A_PAGE = 1000
_REQUESTS_A_LOOK = 3
"""What a look at everything asks besides the pages of its listing."""
LONGEST_S = 6 * 3600.0
SHORTEST_S = 300.0


def requests_usd(requests: Mapping[str, int]) -> float:
    """What requests, by S3 operation, cost at Amazon's list prices, in USD. Deletions are free."""
    return sum(
        count
        * (GET_USD if name.startswith(("Get", "Head")) else 0.0 if name.startswith(("Delete", "Abort")) else LIST_USD)
        for name, count in requests.items()
    )


def look_every_s(requests_per_day: float, listen_s: float, rows: int) -> float:
    """Seconds from one look at everything to the next, so that it and listening keep within `requests_per_day`.

    `listen_s`: from one question for news to the next; `rows`: files in the drive. Where listening alone needs more, a
    look is taken as seldom as is safe all the same: nothing else finds what other tools wrote.
    """
    left = requests_per_day - DAY_S / listen_s
    if left <= 0:
        return LONGEST_S
    return min(LONGEST_S, max(SHORTEST_S, DAY_S * requests_of_a_look(rows) / left))


def requests_of_a_look(rows: int) -> int:
    """How many requests a look at everything takes, where nothing has changed."""
    return max(1, ceil(rows / ROWS_A_PAGE)) + _REQUESTS_A_LOOK


def idle_requests_per_day(listen_s: float, look_s: float, rows: int) -> tuple[float, float]:
    """What an idle drive asks in a day: questions for news, and requests of looks at everything."""
    return DAY_S / listen_s, DAY_S / look_s * requests_of_a_look(rows)


def idle_usd_per_month(listen_s: float, look_s: float, rows: int) -> float:
    """What that costs in 30 days at Amazon's list prices, in USD."""
    listening, looking = idle_requests_per_day(listen_s, look_s, rows)
    return 30 * (listening * GET_USD + looking * LIST_USD)
