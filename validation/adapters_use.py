"""Adapters of use, water, and comparisons."""

from __future__ import annotations

import re

from adapter import Either, Holds, Results, adapter
from case_names import Given, read_name

from jevons import factors
from jevons.footprint import Overrides, account, carbon, embodied, energy, query, ratios, training, water
from jevons.footprint.stars import stars
from jevons.footprint.units import convert
from jevons.ledger.cells import cells
from jevons.record import Call

# -- 3 use ------------------------------------------------------------------------------------------------------


@adapter(3, needs="energy, carbon", may="stated")
def implied(given: Given) -> Results:
    """Each thing's own intensity; papers shorten its name, so the results are in the order of the inputs."""
    made = [
        carbon.implied_g_per_kwh(convert(given.get("carbon", label), "kg", "g"), given.get("energy", label))
        for label in given.labels("energy")
    ]
    names = [
        slot.label
        for slot in (read_name(name, value) for name, value in given.expected.items())
        if slot.kind == "intensity"
    ]
    return {("intensity", name): figure for name, figure in zip(names, made, strict=True)}


@adapter(3, needs="energy, pue, wue", may="ewif, intensity, carbon")
def one_query(given: Given) -> Results:
    """Facility's energy of one query: water on site and at stations, carbon, intensity, and the narrower boundary."""
    kwh, pue = given.get("energy"), given.get("pue")
    it = water.it_kwh(kwh, pue)
    results: Results = {
        ("water", ""): water.of_facility_l(kwh, given.get("wue"), pue, given.get("ewif", default=0.0)),
        ("energy", "without_overhead"): it,
    }
    if "intensity" in given.kinds:
        results["carbon", ""] = convert(carbon.operational_g(kwh, given.get("intensity")), "g", "kg")
    if "carbon" in given.kinds:
        results["intensity", ""] = carbon.implied_g_per_kwh(convert(given.get("carbon"), "kg", "g"), kwh)
    for label in filter(None, given.labels("energy")):
        results["boundary_ratio"] = ratios.times(kwh, given.get("energy", label))
    return results


@adapter(3, needs="active_params, tokens, peak_flops, utilisation, power, power_util")
def epoch(given: Given) -> Results:
    flops = (given.raw[name] for name in ("active_params", "tokens", "peak_flops", "utilisation"))
    return {("energy", ""): convert(query.epoch_wh(*flops, given.get("power"), given.raw["power_util"]), "Wh", "kWh")}


@adapter(3, needs="hours, output_tokens, tokens_per_s, power, gpu_util, non_gpu_util, pue", may="intensity")
def jegham(given: Given) -> Results:
    raw = given.raw
    wh = query.jegham_wh(
        given.get("hours", None, unit="s"), raw["output_tokens"], raw["tokens_per_s"], given.get("power"),
        raw["gpu_util"], given.get("power", "non"), raw["non_gpu_util"], given.get("pue"),
    )  # fmt: skip
    return {("energy", ""): convert(wh, "Wh", "kWh")}


@adapter(3, needs="total_params_b, active_params_b, output_tokens", may="pue, batch")
def ecologits(given: Given) -> Results:
    raw = given.raw
    wh = query.ecologits_wh(
        raw["total_params_b"], raw["active_params_b"], raw["output_tokens"], given.get("pue", default=1.0),
        batch=raw.get("batch", query.ECOLOGITS_BATCH),
    )  # fmt: skip
    return {("energy", ""): convert(wh, "Wh", "kWh"), "gpus": query.ecologits_gpus(raw["total_params_b"])}


@adapter(3, needs="energy, *_day")
def a_day(given: Given) -> Results:
    """A day's energy over a day's requests: one's own, else those that only one count speaks of."""
    counts = {name.removesuffix("_day"): value for name, value in given.raw.items() if given.slots[name].kind == name}
    results: Results = {}
    for label in given.labels("energy"):
        who = label.removesuffix("_day")
        own = [value for name, value in counts.items() if name.startswith(f"{who}_")]
        shared = [value for name, value in counts.items() if "_" not in name]
        results["energy", who] = ratios.per_unit(given.get("energy", label), (own or shared)[0])
    return results


@adapter(3, needs="carbon, tokens, target")
def scaled(given: Given) -> Results:
    kg = ratios.per_unit(given.get("carbon", None), given.raw["tokens"], given.raw["target"])
    return {("carbon", str(given.raw["target"])): kg}


@adapter(3, needs="energy, hours")
def mean_power(given: Given) -> Results:
    results: Results = {}
    for label in given.labels("energy"):
        kw = ratios.per_unit(given.get("energy", label), given.get("hours", label))
        results["power", label] = convert(kw, "kW", "W")
    larger, smaller = (given.get("energy", label) for label in given.labels("energy"))
    return results | {"ratio": ratios.times(larger, smaller)}


@adapter(3, needs="rule")
def star_rule(given: Given) -> Results:
    """An example in words: a range, then figures with their stars."""
    text = given.expected["example"]
    least, most = re.search(r"(\d+)\.\.(\d+)", text).groups()  # type: ignore[union-attr]
    pairs = re.findall(r"(\d+) -> (\d)", text)
    wrong = [f"{figure} -> {given_stars}" for figure, given_stars in pairs
             if stars(float(figure), float(least), float(most)) != int(given_stars)]  # fmt: skip
    return {"*": Holds(bool(pairs) and not wrong, f"{len(pairs)} figures" + (f", wrong: {wrong}" if wrong else ""))}


@adapter(3, needs="unit")
def table_of_use(given: Given) -> Results:
    """A table of measured energy by task or by model: does the product order it alike, where it has a law?"""
    by_task = all(isinstance(value, dict) for value in given.expected.values())
    figures = {name: value["mean"] if by_task else value for name, value in given.expected.items()}
    own = {name: _own_joules(name, by_task) for name in figures}
    compared = wrong = 0
    for first in figures:
        for second in figures:
            mine, other = own[first], own[second]
            if mine is not None and other is not None and ratios.times(mine, other) >= APART:
                compared += 1
                wrong += figures[first] <= figures[second]
    unknown = sum(1 for joules in own.values() if joules is None)
    note = (
        f"{compared - wrong} of {compared} pairs that the energy model holds {APART:g}x apart or more are ordered alike"
    )
    return {"*": Holds(compared > 0 and not wrong, f"{note}; {unknown} of {len(own)} rows without a law or a size")}


APART = 2.0
"""Judgement: below it, what tables leave out (tokens, batch, engine) may turn the order."""
TOKENS = 100
"""In, and out where a task writes: tables state neither, and the order asks for no more than that some are written."""
WRITING = ("text generation", "summarization")
READING = ("text classification", "extractive QA", "masked language modeling", "token classification")


def _own_joules(name: str, by_task: bool) -> float | None:
    """The product's energy of one call of a task, or to a model, all else equal; None where it has no law or size."""
    if by_task:
        kind = "chat" if name in WRITING else "embeddings" if name in READING else ""
        return _one_call(kind, "any", Overrides(models={"any": (7.0, 7.0)})) if kind else None
    model = factors.look_up(name)
    if model.knowledge != "known" or model.kind not in ("chat", "embeddings"):
        return None
    return _one_call(model.kind, name, Overrides())


def _one_call(kind: str, model: str, overrides: Overrides) -> float:
    call = Call(id="1", run="r", kind=kind, provider="openai", model=model, usage="reported", status=200,
                input_tokens=TOKENS, output_tokens=TOKENS if kind == "chat" else 0)  # fmt: skip
    return account(cells([call]), overrides=overrides)[0].figures.energy_wh.mid


# -- 4 water ----------------------------------------------------------------------------------------------------


@adapter(4, needs="energy, energy per request, pue, wue, ewif")
@adapter(4, needs="energy, pue, wue, ewif", may="intensity")
def li(given: Given) -> Results:
    pue, wue, ewif = given.get("pue"), given.get("wue"), given.get("ewif")
    amounts = {"train": given.get("energy", None)}
    if "energy per request" in given.kinds:
        amounts["req"] = given.get("energy per request")
    results: Results = {}
    for who, it in amounts.items():
        results["water", f"{who}_on"] = water.on_site_l(it, wue)
        results["water", f"{who}_off"] = water.off_site_l(it, pue, ewif)
        results["water", who] = water.water_l(it, wue, pue, ewif)
    kwh = given.get("energy", None)  # of the IT, or of the facility: sources print either
    results["water", ""] = Either(water.water_l(kwh, wue, pue, ewif), water.of_facility_l(kwh, wue, pue, ewif))
    for label in given.labels("intensity"):
        grams = (
            carbon.operational_g(one, given.get("intensity", label)) for one in (energy.facility_energy(kwh, pue), kwh)
        )
        results["carbon", label] = Either(*(convert(one, "g", "kg") for one in grams))
    bottle = next(
        (re.fullmatch(r"requests_per_(\d+)ml", name) for name in given.expected if "requests_per" in name), None
    )
    if bottle:
        results[bottle[0]] = ratios.per_unit(convert(float(bottle[1]), "mL", "L"), results["water", "req"])
    return results


@adapter(4, needs="water, energy")
def water_intensity(given: Given) -> Results:
    return {("ewif", ""): ratios.per_unit(given.get("water", None), given.get("energy", None))}


@adapter(4, needs="water, hours, years")
def embodied_water(given: Given) -> Results:
    life = convert(given.get("years"), "year", "h")
    return {("water", ""): embodied.by_time(given.get("water", None), given.get("hours"), life)}


@adapter(4, needs="water, aware")
def scarcity(given: Given) -> Results:
    if "withdrawn" in " ".join(given.labels("water")):
        raise ValueError("AWARE is for water consumed, not withdrawn")
    return {("water", "eq"): water.scarcity_l(consumed_l=given.get("water", None), aware=given.raw["aware"])}


# -- 7 comparisons ----------------------------------------------------------------------------------------------


@adapter(7, needs="carbon per year, hours per year, carbon")
def person(given: Given) -> Results:
    an_hour = ratios.per_unit(given.get("carbon per year", None), given.get("hours per year"))
    return {
        ("carbon per hour", ""): an_hour,
        ("hours per page", ""): ratios.per_unit(given.get("carbon", "page"), an_hour),
    }


@adapter(7, needs="carbon, months, queries_per_day, carbon per day")
def amortised(given: Given) -> Results:
    a_day = given.raw["queries_per_day"]
    once = ratios.per_unit(given.get("carbon", "training"), convert(given.get("months"), "month", "day"))
    each = ratios.per_unit(given.get("carbon per day", None), a_day)
    return {("carbon per query", ""): training.per_call(once, a_day, each)}


@adapter(7, needs="carbon")
def comparisons(given: Given) -> Results:
    first, *others = given.labels("carbon")
    ours = given.get("carbon", first)
    return {f"ratio_{label}": ratios.times(ours, given.get("carbon", label)) for label in others}
