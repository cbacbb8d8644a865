"""Adapters of cleaner hours. The series that the papers used are not in the cases: those that lie beside them are."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from adapter import Holds, PendingError, Results, adapter
from case_names import Given

from jevons.cut import hours

HOURLY = Path(__file__).resolve().parents[2] / "shared" / "data" / "factors" / "hourly"
NAMES = {"ger": "DE", "gb": "GB", "fr": "FR"}
HALF_HOUR_S = 1800
NIGHTLY = 2
"""One o'clock, in half-hours."""


@cache
def half_hours(zone: str) -> tuple[float, ...]:
    """A zone's ENTSO-E series of 2020: the value of each half-hour is that at its start."""
    path = HOURLY / f"entsoe_{zone}_2020.csv.gz"
    if not path.is_file():
        raise PendingError(f"the hourly series are not here ({path.name})")
    with gzip.open(path, "rt") as file:
        told = {
            int(datetime.fromisoformat(row["datetime_utc"]).replace(tzinfo=UTC).timestamp()): float(
                row["gco2e_per_kwh"]
            )
            for row in csv.DictReader(file)
        }
    return tuple(told[at] for at in range(min(told), max(told) + 1, HALF_HOUR_S))


@adapter(9, needs="data")
def grid_statistics(given: Given) -> Results:
    """Means of a year. The printed ones are of one value more (the next year's first), which is not in the series: it
    cannot move a mean by more than the series' range over their number."""
    said, held = [], True
    for name, printed in given.expected["mean"].items():
        if name not in NAMES:
            said.append(f"{name} {printed}: no such series here")
            continue
        values = half_hours(NAMES[name])
        mean = hours.carbon(values, range(len(values)), [1.0] * len(values)) / len(values)
        held &= abs(mean - printed) <= (max(values) - min(values)) / (len(values) + 1)
        said.append(f"{name} {mean:.3f}, printed {printed}")
    return {"*": Holds(held, "means, but for one value: " + "; ".join(said))}


@adapter(9, needs="hours")
def nightly(given: Given) -> Results:
    """Half an hour of work at 01:00 each night, moved within a window: the saving of all nights whose window lies in
    the year. Which nights were counted is not printed: held to one unit of the last digit."""
    reach = round(given.get("hours", None) * 2)
    said, held = [], True
    for name, printed in given.expected.items():
        values = half_hours(NAMES[name])
        made = usual = 0.0
        for night in range(NIGHTLY, len(values), 48):
            if night - reach < 0 or night + reach >= len(values):
                continue
            window = values[night - reach : night + reach + 1]
            made += hours.carbon(window, hours.flexible_start(window, [1.0]), [1.0])
            usual += values[night]
        share = 100 * (1 - made / usual)
        held &= abs(share - printed) <= 0.1
        said.append(f"{name} {share:.2f} %, printed {printed}")
    return {"*": Holds(held, "; ".join(said))}


@adapter(9, needs="models")
def slack(given: Given) -> Results:
    """Twice the time for the work. The series behind the printed savings is not public; what they obey is: pauses save
    at least what a best start does, in the table and by the product on other real series."""
    printed = zip(given.expected["flexible_start"], given.expected["pause_resume"], strict=True)
    held = all(parts >= start for start, parts in printed) == given.expected["invariant_pr_ge_fs"]
    most = [0.0, 0.0]
    for zone in NAMES.values():
        values = half_hours(zone)
        for length in (2, 12, 48, 192, 384):
            power = [1.0] * length
            made = [0.0, 0.0, 0.0]
            for at in range(0, len(values) - 2 * length, 4 * length + 1):
                window = values[at : at + 2 * length]
                for n, choose in enumerate((hours.now, hours.flexible_start, hours.pause_resume)):
                    made[n] += hours.carbon(window, choose(window, power), power)
            shares = [100 * (1 - cost / made[0]) for cost in made[1:]]
            held &= shares[1] >= shares[0] >= 0
            most = [max(pair) for pair in zip(most, shares, strict=True)]
    note = f"largest of DE, GB, FR 2020, 1 h to 8 d: start {most[0]:.1f} %, pauses {most[1]:.1f} %"
    return {"*": Holds(held, f"the printed savings need the paper's series; {note}")}
