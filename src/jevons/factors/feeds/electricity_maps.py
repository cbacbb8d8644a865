"""Electricity Maps, with a key (`KEY` in the environment): hours, up to three days ahead.

API v3 (https://app.electricitymaps.com/developer-hub): ``GET /v3/carbon-intensity/forecast?zone=DE&horizonHours=72``
with the header ``auth-token`` answers ``{"zone", "forecast": [{"carbonIntensity", "datetime"}], "updatedAt",
"temporalGranularity"}`` in gCO2e/kWh. Average of what is consumed (flow-traced), lifecycle by default.
"""

from __future__ import annotations

import os
from urllib.parse import urlencode

from jevons.factors.feeds import FeedError, Row, get, made, seconds, unexpected
from jevons.factors.signal import Signal

BASE = "https://api.electricitymaps.com/v3"
NAME = "api.electricitymaps.com"
KEY = "ELECTRICITY_MAPS_API_KEY"
SOURCE = "Electricity Maps API v3, carbon intensity of consumption"
HOURS = 72


def fetch(where: dict[str, str]) -> Signal:
    """The forecast of a zone (``{"zone": "DE"}``) or a cloud's region (``{"dataCenterProvider": "aws",
    "dataCenterRegion": "eu-west-1"}``). Raises FeedError."""
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise FeedError(f"Electricity Maps needs a key: set {KEY} in the environment")
    query = urlencode({**where, "horizonHours": HOURS, "emissionFactorType": "lifecycle"})
    answer = get(f"{BASE}/carbon-intensity/forecast?{query}", {"auth-token": key})
    try:
        zone, told_s = str(answer["zone"]), seconds(NAME, answer["updatedAt"])
        rows = [
            Row(start, float(one["carbonIntensity"]), max(start - told_s, 0) / 3600, True)
            for one in answer["forecast"]
            for start in (seconds(NAME, one["datetime"]),)
        ]
    except FeedError:
        raise
    except (KeyError, TypeError, ValueError):
        raise unexpected(NAME) from None
    return made(NAME, rows, zone=zone, basis="average", kind="lifecycle", source=SOURCE)
