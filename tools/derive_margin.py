"""Write grid_margin.csv of `jevons.factors`: operating and build margins of grids, from open inputs alone.

    python tools/derive_margin.py

Rules of the CDM's tool to calculate the emission factor for an electricity system (UNFCCC, TOOL07 v7.0), on the
mix of a country instead of its plants; lifecycle gCO2e/kWh of a fuel from IPCC AR5 WG3 Annex III, table A.III.2,
medians (oil, which that table leaves out: UK POST 2014).

Operating margin (grid_operating): simple adjusted, (1 - L) x (coal, gas, oil) + L x (low-cost and must-run: all
others), where L is the share of hours in which low-cost plants are at the margin. Up to half of the mix L is 0:
the simple operating margin. Above, the tool wants hourly data; without them L is anywhere from 0 to 2 s - 1, s the
share of low-cost plants: value at the middle, bounds at the ends.

Build margin (grid_build): mix of what was added, fuel by fuel, over five years; windows of three to eight years for
the bounds. What shrank counts as nothing added. A place that added nothing has no row.

Bounds are then widened until they hold about 90 % of what others publish (not carried over, only judged by): the
operating margins of the IFI harmonised data set 2021 and WattTime's yearly means; build margins implied by IFI's
(combined margin of consumption = operating / 3 + build x 2 / 3). The script prints the shares.
"""

from __future__ import annotations

from collections.abc import Iterator

from derive_common import CLOUD_NOTE, FUELS, cloud, mixes, rows, write

LIFECYCLE_G_PER_KWH = {
    "coal": 820.0,
    "gas": 490.0,
    "oil": 650.0,
    "nuclear": 12.0,
    "hydro": 24.0,
    "solar": 45.0,  # between rooftop, 41, and utility, 48
    "wind": 11.0,
    "other_incl_bioenergy": 230.0,
}
BURNT = ("coal", "gas", "oil")
NO_FOSSIL = 0.0005
"""Share of fossil plants below which low-cost ones are all there is."""
WINDOW = 5
WINDOWS = range(3, 9)
WIDER_OPERATING = 1.5
WIDER_BUILD = 6.0
JUDGED = 2021
HEAD = ["name", "place", "year", "scope", "value", "low", "high", "unit", "source", "note"]
SCOPES = {
    "grid_operating": "operating margin, generation, lifecycle; without grid losses and imports",
    "grid_build": "build margin, generation, lifecycle; without grid losses and imports",
}


def mean(share: dict[str, float]) -> float:
    return sum(part * LIFECYCLE_G_PER_KWH[fuel] for fuel, part in share.items()) / sum(share.values())


def operating(share: dict[str, float]) -> tuple[float, float, float]:
    burnt = {fuel: share[fuel] for fuel in BURNT}
    cheap = {fuel: part for fuel, part in share.items() if fuel not in BURNT}
    least, most = (mean(part) if sum(part.values()) > 0 else 0.0 for part in (cheap, burnt))
    if sum(burnt.values()) < NO_FOSSIL:
        most = least
    cheap_hours = max(2 * sum(cheap.values()) / sum(share.values()) - 1, 0.0)
    ends = [(1 - hours) * most + hours * least for hours in (cheap_hours, cheap_hours / 2, 0.0)]
    return min(ends) / WIDER_OPERATING, ends[1], max(ends) * WIDER_OPERATING


def added(place: str, year: int, window: int) -> float | None:
    by_year = mixes()[place]
    if year - window not in by_year:
        return None
    (now, now_twh), (then, then_twh) = by_year[year], by_year[year - window]
    more = {fuel: max(now[fuel] * now_twh - then[fuel] * then_twh, 0.0) for fuel in FUELS}
    return mean(more) if sum(more.values()) > 0 else None


def build(place: str, year: int) -> tuple[float, float, float] | None:
    value = added(place, year, WINDOW)
    if value is None:
        return None
    ends = [found for window in WINDOWS if (found := added(place, year, window)) is not None]
    return min(ends) / WIDER_BUILD, value, max(ends) * WIDER_BUILD


def table() -> Iterator[dict[str, object]]:
    for name in SCOPES:
        figures = {}
        for place, by_year in sorted(mixes().items()):
            year = max(by_year)
            found = operating(by_year[year][0]) if name == "grid_operating" else build(place, year)
            if found:
                figures[place] = found
                yield row(name, place, year, found, "" if name == "grid_operating" else f"added since {year - WINDOW}")
        yield row(name, "CLOUD", max(mixes()["USA"]), cloud(figures), CLOUD_NOTE)


def row(name: str, place: str, year: int, found: tuple[float, float, float], note: str) -> dict[str, object]:
    low, value, high = found
    return {"name": name, "place": place, "year": year, "scope": SCOPES[name], "value": value, "low": low,
            "high": high, "unit": "gCO2e/kWh", "source": "margin", "note": note}  # fmt: skip


def check() -> None:
    ifi: dict[str, dict[str, float]] = {}
    watttime = []
    for line in rows("grid_intensity.csv"):
        if JUDGED not in mixes().get(line["iso3"], {}):
            continue
        if line["source_title"].startswith("IFI"):
            ifi.setdefault(line["iso3"], {})[line["metric"]] = float(line["gco2e_per_kwh"])
        elif "WattTime" in line["metric"]:
            watttime.append((line["iso3"], float(line["gco2e_per_kwh"])))
    of_ifi = [(place, margins["marginal: operating margin"]) for place, margins in ifi.items()]
    for title, published in (("IFI", of_ifi), ("WattTime", watttime)):
        inside = [
            low <= other <= high
            for place, other in published
            if other > 0
            for low, _, high in [operating(mixes()[place][JUDGED][0])]
        ]
        print(f"operating margin: {sum(inside) / len(inside):.1%} of {len(inside)} figures of {title} inside")
    inside = []
    for place, margins in ifi.items():
        combined = margins.get("marginal: combined margin, electricity consumption")
        found = build(place, JUDGED)
        if combined and found:
            other = (combined - margins["marginal: operating margin"] / 3) * 1.5
            inside += [found[0] <= other <= found[2]] if other > 0 else []
    print(f"build margin: {sum(inside) / len(inside):.1%} of {len(inside)} figures implied by IFI's inside")


if __name__ == "__main__":
    check()
    write("grid_margin.csv", HEAD, table())
