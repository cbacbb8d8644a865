"""Adapters of decomposition, rebound and comparisons."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from adapter import Holds, Results, adapter
from case_names import Given

from jevons.footprint import ratios
from jevons.footprint.units import convert
from jevons.weigh import decomposition, rebound
from jevons.weigh.scenario.price import World
from jevons.weigh.scenario.read import read
from jevons.weigh.scenario.weigh import weigh

EXAMPLES = Path(__file__).parents[1] / "examples" / "scenarios"


@adapter(6, needs="X0, XT")
def tables(given: Given) -> Results:
    """Rows are categories, columns factors."""
    before, after = (dict(enumerate(given.raw[name])) for name in ("X0", "XT"))
    names = [str(number) for number in range(1, len(before[0]) + 1)]
    made = decomposition.lmdi(before, after, names)
    return {
        **{f"dV_{name}": effect for name, effect in made.effects.items()},
        **{f"D_{name}": ratio for name, ratio in (made.ratios or {}).items()},
        "dV_total": made.change, "D_total": made.ratio,
    }  # fmt: skip


@adapter(6, needs="e0, eT, activity, structure, intensity")
def effects(given: Given) -> Results:
    """A total before and after, and what each driver did to it."""
    named = {name: value for name, value in given.raw.items() if name not in ("e0", "eT")}
    made = decomposition.Decomposition(before=given.raw["e0"], after=given.raw["eT"], effects=named)
    return {
        "sum": ratios.total(*made.effects.values()), "change": made.change,
        "without_efficiency": made.without("intensity"),
    }  # fmt: skip


@adapter(6, needs="eff_gain, periods, net_reduction")
def savings(given: Given) -> Results:
    gain, steps, net = (given.raw[name] for name in ("eff_gain", "periods", "net_reduction"))
    expected = rebound.expected_saving(gain, steps)
    return {
        "expected_reduction": expected, "rebound": rebound.rebound(expected, net),
        "demand_growth": rebound.demand_growth(net, gain, steps),
    }  # fmt: skip


@adapter(6, needs="eta_S")
def elasticities(given: Given) -> Results:
    found = [rebound.by_service_elasticity(one) for one in given.raw["eta_S"]]
    return {
        "rebound": found, "eta_E": [rebound.energy_elasticity(one) for one in given.raw["eta_S"]],
        "backfire": [rebound.backfires(one) for one in found],
    }  # fmt: skip


@adapter(6, needs="years, tons")
def growth(given: Given) -> Results:
    """From each year of a table to the next, by fifty years: increments, and rates in percent."""
    results: Results = {}
    for (start, before), (end, after) in pairwise(zip(given.raw["years"], given.raw["tons"], strict=True)):
        spent = (before, after, end - start, 50)
        results[f"inc_{end}"] = rebound.increment(*spent)
        results[f"rate_{end}"] = convert(rebound.growth(*spent), "", "%")
    return results


@adapter(7, needs="design, queries_per_page")
def boundaries(_given: Given) -> Results:
    """Of the designs: the published one is refused, and with equal boundaries nothing is claimed."""
    said = {}
    for name in ("writers-published", "writers-equal"):
        made = weigh(read((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8")), World(), draws=1024)
        said[name] = {one.verdict for view in made.views for one in view.verdicts if one.alternative == "ai"}
    published, equal = said["writers-published"], said["writers-equal"]
    holds = "refused" in published and not published & {"less", "more"} and equal == {"not shown"}
    return {"*": Holds(holds, f"as published: {', '.join(sorted(published))}; boundaries equal: {', '.join(equal)}")}
