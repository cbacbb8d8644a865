"""WattTime, with a user and a password (`USER`, `PASSWORD` in the environment): five minutes, up to three days ahead.

API v3 (https://docs.watttime.org): ``GET /login`` with Basic authentication answers ``{"token"}``, good for 30 minutes;
``GET /v3/forecast?region=CAISO_NORTH&signal_type=co2_moer&horizon_hours=72`` with that as Bearer answers ``{"data":
[{"point_time", "value"}], "meta": {"region", "signal_type", "units", "data_point_period_seconds", "generated_at"}}``.
Marginal (operating: the plants that answer to demand), direct; pounds of CO2 a MWh are converted, other units refused.
"""

from __future__ import annotations

import base64
import os
from urllib.parse import urlencode

from jevons.factors.feeds import FeedError, Row, get, made, seconds, unexpected
from jevons.factors.signal import UNIT, Signal

BASE = "https://api.watttime.org"
NAME = "api.watttime.org"
USER, PASSWORD = "WATTTIME_USER", "WATTTIME_PASSWORD"
"""Names of variables, as in WattTime's own client."""
TYPE, UNITS = "co2_moer", "lbs_co2_per_mwh"
G_PER_KWH = 453.59237 / 1000
"""Of one pound a MWh (the international pound of 1959, exact)."""
SOURCE = f"WattTime API v3, {TYPE}; CO2 alone, converted from {UNITS} to {UNIT}"
HOURS = 72


def fetch(region: str) -> Signal:
    """The forecast of a region, as WattTime names it (``CAISO_NORTH``). Raises FeedError."""
    user, password = (os.environ.get(name, "") for name in (USER, PASSWORD))
    if not user or not password:
        raise FeedError(f"WattTime needs an account: set {USER} and {PASSWORD} in the environment")
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    login = get(f"{BASE}/login", {"Authorization": f"Basic {basic}"})
    if not isinstance(login, dict) or not isinstance(login.get("token"), str):
        raise unexpected(NAME)
    query = urlencode({"region": region, "signal_type": TYPE, "horizon_hours": HOURS})
    answer = get(f"{BASE}/v3/forecast?{query}", {"Authorization": f"Bearer {login['token']}"})
    try:
        meta = answer["meta"]
        if (meta["signal_type"], meta["units"]) != (TYPE, UNITS):
            told = f"{meta['signal_type']} in {meta['units']}"
            raise FeedError(f"{NAME} told {told}; only {TYPE} in {UNITS} is converted")
        told_s, step_s = seconds(NAME, meta["generated_at"]), int(meta["data_point_period_seconds"])
        rows = [
            Row(start, float(one["value"]) * G_PER_KWH, max(start - told_s, 0) / 3600, True)
            for one in answer["data"]
            for start in (seconds(NAME, one["point_time"]),)
        ]
        zone = str(meta["region"])
    except FeedError:
        raise
    except (KeyError, TypeError, ValueError):
        raise unexpected(NAME) from None
    if step_s <= 0:
        raise unexpected(NAME)
    return made(NAME, rows, zone=zone, basis="marginal", kind="direct", source=SOURCE, step_s=step_s)
