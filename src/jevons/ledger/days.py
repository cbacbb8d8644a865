"""Days and months of calls, in UTC."""

from __future__ import annotations

import time
from functools import lru_cache

UNKNOWN = "unknown"
SECONDS_1970_TO_2100 = 4_102_444_800


def day(started_us: int) -> str:
    """UTC day (``2026-11-23``) of a wall-clock time in microseconds; ``unknown`` outside 1970 to 2100, 0 included."""
    seconds = started_us // 1_000_000
    return _day(seconds // 86_400) if 0 < seconds < SECONDS_1970_TO_2100 else UNKNOWN


def month(started_us: int) -> str:
    """UTC month (``2026-11``) of the same."""
    found = day(started_us)
    return found if found == UNKNOWN else found[:7]


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(days * 86_400))
