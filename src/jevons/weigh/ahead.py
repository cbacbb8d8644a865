"""Before a change: what a gain would save at this rebound or that. Scenarios: nobody knows which one will come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from jevons.footprint import METHOD_VERSION, Figures, Interval, Overrides
from jevons.ledger.recorded import Recorded
from jevons.weigh import rebound
from jevons.weigh.demand import daily, date_of
from jevons.weigh.direct import suite
from jevons.weigh.taken_back import Use

SCHEMA = "jevons.rebound-scenarios/1"
REBOUNDS = (0.0, 0.25, 0.5, 1.0, 1.4)
DAYS = 28


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One rebound."""

    rebound: float
    demand: float
    """k: verdicts over what they are."""
    verdicts_a_day: float
    saving: float
    """As a share of what is used now; negative where more is used."""


class Ahead(msgspec.Struct, kw_only=True):
    """The document ``jevons.rebound-scenarios/1``."""

    figure: str
    gain: float
    now: Use
    """Of the last `DAYS` days."""
    scenarios: list[Scenario]
    keeps_gain: Interval
    """Of the figure, a day: the use that keeps the whole gain, however it comes about."""
    keeps_total: Interval
    """Of the figure, a day, as now."""
    method: str = METHOD_VERSION
    schema: str = SCHEMA


def ahead(
    runs: Iterable[Recorded],
    gain: float,
    *,
    figure: str = "carbon_g",
    place: str = "",
    overrides: Overrides | None = None,
    today: dt.date | None = None,
) -> Ahead | None:
    """Scenarios for a gain (a share, above 0 and below 1; ValueError otherwise) from the last days on; None where no
    suite ran before `today`."""  # fmt: skip
    if not 0 < gain < 1:
        raise ValueError(f"gain {gain}: a share above 0 and below 1")
    dated = [one for one in runs if (date := date_of(one)) and (today is None or date < today) and suite(one)]
    last = max((date for one in dated if (date := date_of(one))), default=None)
    if last is None:
        return None
    recent = daily(dated, last - dt.timedelta(DAYS - 1), last, place=place, overrides=overrides)
    counted = max(sum(recent.counted), 1)
    whole = Figures()
    for figures in recent.figures:
        whole.add(figures, 1 / counted)
    verdicts = sum(recent.verdicts)
    made = []
    for one in REBOUNDS:
        saving = gain * (1 - one)
        demand = rebound.demand_growth(saving, gain)
        made.append(Scenario(rebound=one, demand=demand, verdicts_a_day=verdicts / counted * demand, saving=saving))
    total = whole.interval(figure)
    return Ahead(
        figure=figure, gain=gain, now=Use(days=sum(recent.counted), verdicts=verdicts, calls=sum(recent.calls)),
        scenarios=made, keeps_gain=total * (1 - gain), keeps_total=total,
    )  # fmt: skip
