"""Moments as users write them: ISO 8601, or an age such as `2h`.

A time without a zone is this machine's, as the tables of versions show it. A date alone means the end of that day: as
it was when the day was over. S3 tells times in whole seconds, so nothing finer is of use (spec s3.md §1.6).
"""

import re
from datetime import date, datetime, time, tzinfo

from bucketdrive.errors import UsageError

_AGE = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAY_S = 86_400
_END_OF_DAY = time(23, 59, 59)


def parse_moment(text: str, now_s: float, zone: tzinfo | None = None) -> float:
    """The moment that `text` means, in seconds since 1970 UTC; never before.

    Ages (`90s`, `15m`, `2h`, `3d`, `1w`) count back from `now_s`. `zone` is that of times without one; None: this
    machine's.

    Raises:
        UsageError: it is neither, or lies more than a day ahead of `now_s` (a day: today's date means its end, and
        clocks differ).
    """
    wanted = text.strip()
    age = _AGE.fullmatch(wanted)
    try:
        at_s = now_s - int(age[1]) * _UNITS_S[age[2]] if age else _iso_time_s(wanted, zone)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{text!r} is no moment. Nothing was done.",
            hint="Write an age such as 90s, 15m, 2h, 3d or 1w, or a time such as 2026-11-24T08:15:00Z; a date alone "
            "means the end of that day.",
        ) from error
    if at_s > now_s + _DAY_S:
        raise UsageError(f"{text} has not come yet. Nothing was done.", hint="Name a moment in the past.")
    return max(at_s, 0.0)


def _iso_time_s(text: str, zone: tzinfo | None) -> float:
    try:
        moment = datetime.combine(date.fromisoformat(text), _END_OF_DAY)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or zone).timestamp()
