"""Great Britain, with no key: half-hours, two days ahead.

Carbon Intensity API of the National Energy System Operator, CC BY 4.0 (documented at
https://carbon-intensity.github.io/api-definitions): ``GET /intensity/{from}/fw48h`` answers ``{"data": [{"from", "to",
"intensity": {"forecast", "actual", "index"}}]}`` in gCO2/kWh. Average of generation and imports; direct: wind, sun and
nuclear count as zero, so it is never beside a lifecycle figure. Its "actual" is an estimate after the half-hour.
"""

from __future__ import annotations

import time

from jevons.factors.feeds import FeedError, Row, get, made, seconds, unexpected
from jevons.factors.signal import Signal

BASE = "https://api.carbonintensity.org.uk"
NAME = "api.carbonintensity.org.uk"
SOURCE = "NESO Carbon Intensity API (CC BY 4.0); CO2 alone, of generation"
HALF_HOUR_S = 1800


def fetch(begin: int) -> Signal:
    """The 48 hours from a moment (Unix seconds) on, its half-hour included. Raises FeedError."""
    since = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(begin // HALF_HOUR_S * HALF_HOUR_S))
    answer = get(f"{BASE}/intensity/{since}/fw48h")
    rows = []
    try:
        for one in answer["data"]:
            start = seconds(NAME, one["from"])
            if seconds(NAME, one["to"]) - start != HALF_HOUR_S:
                raise unexpected(NAME)
            told = one["intensity"]
            actual = told.get("actual")
            ahead_h = 0.0 if actual is not None else max(start - begin, 0) / 3600
            rows.append(Row(start, float(told["forecast"] if actual is None else actual), ahead_h, True))
    except FeedError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError):
        raise unexpected(NAME) from None
    return made(NAME, rows, zone="GB", basis="average", kind="direct", source=SOURCE, step_s=HALF_HOUR_S)
