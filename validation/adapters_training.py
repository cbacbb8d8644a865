"""Adapters of training and break-even, and of what any theme has."""

from __future__ import annotations

from typing import Any

from adapter import Either, Results, adapter
from case_names import Given, per, read_name

from jevons.footprint import breakeven, carbon, energy, ratios, training, water
from jevons.footprint.breakeven import Side
from jevons.footprint.units import convert

# -- any theme --------------------------------------------------------------------------------------------------


@adapter(1, 2, 3, 7, needs="*_max, *_min", may="energy, carbon, water")
def spans(given: Given) -> Results:
    names = {"e": "energy", "t": "carbon", "q": "query"}
    firsts = [name.removesuffix("_max") for name in given.raw if name.endswith("_max")]
    return {
        f"{names.get(first, first)}_ratio": ratios.times(given.raw[f"{first}_max"], given.raw[f"{first}_min"])
        for first in firsts
    }


@adapter(1, 2, 3, 6, 7, needs="before, after", may="percent")
@adapter(1, 2, 3, 6, 7, needs="old, new", may="percent")
@adapter(3, 6, needs="power")
@adapter(3, 6, needs="energy")
def reductions(given: Given) -> Results:
    """From what was before, or old, to what came after, or is new."""
    before, after = (
        next(value for name, value in given.raw.items() if set(names) & set(name.split("_")))
        for names in (("before", "old"), ("after", "new"))
    )
    share = ratios.reduction(before, after)
    return {("percent", ""): share, "expected_saving": share}


# -- 1 training -------------------------------------------------------------------------------------------------

PARTS = {
    "dynamic": "dynamic", "final": "dynamic", "idle": "idle", "embodied": "embodied", "hardware": "embodied",
    "dev": "failed", "development": "failed", "failed": "failed",
}  # fmt: skip


@adapter(1, needs="carbon", may="water")
def parts(given: Given) -> Results:
    lists = [name for name, value in given.raw.items() if isinstance(value, list)]
    if lists:
        rows = [convert(one, given.slots[lists[0]].unit, "kg") for one in given.raw[lists[0]]]
        return {("carbon", ""): ratios.total(*rows)}
    if not set(given.labels("carbon")) <= PARTS.keys():
        return masses(given)
    results: Results = {}
    for kind in given.kinds:
        made = training.Parts(**{PARTS[label]: given.get(kind, label) for label in given.labels(kind)})
        results[kind, ""] = made.total
        shares = {f"share_{label}": made.shares[PARTS[label]] for label in given.labels(kind)}
        results |= shares if kind == "carbon" else {}
    return results


@adapter(1, needs="carbon, carbon per lb")
def masses(given: Given) -> Results:
    """Pounds to tonnes, and how many lives of a car that is."""
    if "carbon per lb" in given.kinds and given.get("carbon per lb", None) != convert(1.0, "lb", "kg"):
        raise ValueError("another pound")
    ours, theirs = (given.get("carbon", label) for label in given.labels("carbon"))
    noun = next(label for label in given.labels("carbon") if label).partition("_")[0]
    return {("carbon", ""): ours, f"{noun}s": ratios.times(ours, theirs)}


@adapter(1, 5, needs="hours, power", may="intensity, pue, energy, chips")
@adapter(1, 5, needs="days, power", may="intensity, pue, energy, chips")
def by_power(given: Given) -> Results:
    hours = given.get("hours", default=-1.0)
    if hours < 0:
        hours = convert(given.get("days"), "day", "h")
    if "chips" in given.kinds:
        hours = training.machine_hours(given.raw["chips"], hours)
    power_w, pue = given.get("power"), given.get("pue", default=1.0)
    it = training.energy_by_power_kwh(hours, power_w)
    facility = training.energy_by_power_kwh(hours, power_w, pue)
    results: Results = {("energy", ""): Either(it, facility), ("hours", ""): hours}
    printed = given.get("energy", None, default=facility)  # papers go on with the energy that they printed
    for label in given.labels("intensity"):
        grams = carbon.operational_g(printed, given.get("intensity", label))
        results["carbon", label] = convert(grams, "g", "kg")
    return results


@adapter(1, needs="hours, power, carbon")
def implied_by_power(given: Given) -> Results:
    kwh = training.energy_by_power_kwh(given.get("hours"), given.get("power"))
    return {
        ("intensity", label): carbon.implied_g_per_kwh(convert(given.get("carbon", label), "kg", "g"), kwh)
        for label in given.labels("carbon")
    }


@adapter(1, 5, needs="flops, peak_flops, utilisation", may="power, pue, intensity")
def by_flops(given: Given) -> Results:
    flops, peak, used = (given.raw[name] for name in ("flops", "peak_flops", "utilisation"))
    results: Results = {("hours", ""): training.machine_hours_by_flops(flops, peak, used)}
    if "power" in given.kinds:
        power_w, pue = given.get("power"), given.get("pue", default=1.0)
        facility = training.energy_by_flops_kwh(flops, peak, used, power_w, pue)
        results["energy", ""] = Either(training.energy_by_flops_kwh(flops, peak, used, power_w), facility)
        for label in given.labels("intensity"):
            grams = carbon.operational_g(facility, given.get("intensity", label))
            results["carbon", label] = convert(grams, "g", "kg")
    return results


@adapter(1, 2, needs="energy, intensity", may="carbon, pue, days, wue, ewif")
@adapter(3, needs="energy, intensity", may="carbon, days")
def by_energy(given: Given) -> Results:
    """Energy to carbon and water, each thing by its label; where carbon is given, the intensity that it implies."""
    if any(given.labels("wue")):
        return coefficients(given)
    results: Results = {}
    pue = given.get("pue", default=1.0)
    for label in given.labels("energy"):
        kwh = energy.facility_energy(given.get("energy", label), pue)
        results["energy", ""] = kwh
        if label in given.labels("carbon"):
            grams = convert(given.get("carbon", label), "kg", "g")
            results["intensity", ""] = carbon.implied_g_per_kwh(grams, kwh)
    for label in given.labels("intensity"):
        own = label if label in given.labels("energy") else None
        it = given.get("energy", own)
        grams = carbon.operational_g(energy.facility_energy(it, pue), given.get("intensity", label))
        kg = convert(grams, "g", "kg")
        results["carbon", label] = kg
        if own is None:
            results["carbon", ""] = kg
        if "days" in given.kinds:
            results["carbon per day", label] = ratios.per_unit(kg, given.get("days"))
        if {"wue", "ewif"} & given.kinds:
            wue, ewif = given.get("wue", default=0.0), given.get("ewif", default=0.0)
            # A single WUE that holds site and stations is per kWh of the facility (Morrison et al. 2025).
            both = water.of_facility_wue_l(energy.facility_energy(it, pue), wue, ewif)
            results["water", ""] = Either(water.water_l(it, wue, pue, ewif), both)
    return results


@adapter(1, 3, needs="energy, requests", may="hours")
def per_request(given: Given) -> Results:
    each = ratios.per_unit(given.get("energy"), given.raw["requests"])
    results: Results = {("energy per request", ""): each}
    if "hours" in given.kinds:
        results["requests_per_hour"] = ratios.per_unit(given.raw["requests"], given.get("hours"))
    return results


@adapter(1, needs="cum_model_and_chip, pue, intensity")
def improvements(given: Given) -> Results:
    before = (given.raw["cum_model_and_chip"], 1.0)
    site = (given.get("pue", "before"), given.get("pue", "after"))
    grid = (given.get("intensity", "before"), given.get("intensity", "after"))
    return {
        "cum_with_pue": ratios.improvement(before, site),
        "cum_with_grid": ratios.improvement(before, site, grid),
    }


# -- 2 break-even -----------------------------------------------------------------------------------------------


def _side(amount: float, unit: str, label: str) -> Side:
    return Side(amount=amount, unit=unit, boundary=f"as printed: {label or 'all'}", grid="as printed")


@adapter(2, needs="carbon, carbon per day", may="energy, days, intensity")
def years(given: Given) -> Results:
    """Each training figure against the use that shares a word with it, else against the only one."""
    results: Results = {}
    uses = given.labels("carbon per day")
    for label in given.labels("carbon"):
        use = next((one for one in uses if one and one in label.split("_")), uses[0])
        made = breakeven.in_years(
            _side(given.get("carbon", label), "kg", label), _side(given.get("carbon per day", use), "kg", use)
        )
        results |= {("years", name): made.count for name in _years_names(label, given.expected)}
    if "energy" in given.kinds:
        day = ratios.per_unit(given.get("energy", "api"), given.get("days"))
        made = breakeven.in_years(_side(given.get("energy", "train"), "kWh", "train"), _side(day, "kWh", "api"))
        results["years", "energy"] = made.count
    return results


def _years_names(label: str, expected: dict[str, Any]) -> list[str]:
    """Labels of expected years that speak of a training figure: the one with a word of it, else the plain one."""
    words = set(label.split("_")) - {"training"}
    wanted = [read_name(name).label for name in expected]
    return [one for one in wanted if words & set(one.split("_"))] if words else [""]


@adapter(2, needs="energy, energy per *")
def parity(given: Given) -> Results:
    once = breakeven.together(
        *(_side(given.get("energy", label), "kWh", "training") for label in given.labels("energy"))
    )
    (each,) = (kind for kind in given.kinds if kind.startswith("energy per "))
    made = breakeven.in_calls(once, _side(given.get(each, None), "kWh", "one inference"))
    return {"parity": made.count, "breakeven": made.count}


@adapter(2, needs="carbon, carbon per *", may="prompts")
def prompts(given: Given) -> Results:
    (kind,) = (kind for kind in given.kinds if kind.startswith("carbon per "))
    many, noun = per(kind)
    each = ratios.per_unit(given.get(kind, None), given.raw.get(noun, many))
    made = breakeven.in_calls(_side(given.get("carbon", None), "kg", "training"), _side(each, "kg", "one prompt"))
    return {"breakeven": made.count, "parity": made.count}


@adapter(2, needs="carbon")
def repaid(given: Given) -> Results:
    (cost,) = (label for label in given.labels("carbon") if label != "saved")
    return {"roi": ratios.times(given.get("carbon", "saved"), given.get("carbon", cost))}


def coefficients(given: Given) -> Results:
    """Carbon and water of one energy under each reading of the factors that a source prints."""
    kwh, grid = given.get("energy"), given.get("intensity")
    results: Results = {("carbon", "no_pue"): convert(carbon.operational_g(kwh, grid), "g", "kg")}
    for label in given.labels("wue"):
        pue = given.get("pue", label, default=1.0)
        facility = energy.facility_energy(kwh, pue)
        results["carbon", label] = convert(carbon.operational_g(facility, grid), "g", "kg")
        results["water", label] = water.of_facility_wue_l(facility, given.get("wue", label), 0.0)
    return results
