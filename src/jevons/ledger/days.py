"""Days and months of calls, in UTC."""

from __future__ import annotations

import calendar
import time
from functools import lru_cache

UNKNOWN = "unknown"
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
SECONDS_1970_TO_2100 = 4_102_444_800


def day(started_us: int) -> str:
    """UTC day (``2026-11-23``) of a wall-clock time in microseconds; ``unknown`` outside 1970 to 2100, 0 included."""
    seconds = started_us // 1_000_000
    return _day(seconds // 86_400) if 0 < seconds < SECONDS_1970_TO_2100 else UNKNOWN


def month(started_us: int) -> str:
    """UTC month (``2026-11``) of the same."""
    found = day(started_us)
    return found if found == UNKNOWN else found[:7]


def hour(started_us: int) -> str:
    """UTC hour (``2026-11-23T14``) of the same."""
    found = day(started_us)
    return found if found == UNKNOWN else f"{found}T{started_us // HOUR_US % 24:02d}"


def start_of(period: str) -> int | None:
    """Unix seconds at which an hour (``2026-11-23T14``) begins; None for other periods."""
    if len(period) != len("2026-11-23T14"):
        return None
    return calendar.timegm(time.strptime(period, "%Y-%m-%dT%H"))


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(days * 86_400))
