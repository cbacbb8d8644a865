"""Adapters of verdicts."""

from __future__ import annotations

from adapter import PendingError, Results, adapter
from case_names import Given

from jevons.cut.verdict import confidence, fixed, flaky, wald


@adapter(8, needs="v, alpha, v_min, c, eta", may="hours")  # an s reads as seconds
def stitching(given: Given) -> Results:
    return {"bound": confidence.stitched(*(given.raw[name] for name in ("v", "alpha", "v_min", "c", "s", "eta")))}


@adapter(8, needs="cases")
def intervals(given: Given) -> Results:
    """Of passes, items, alpha and where it is narrowest: at every look; of passes and items: at a fixed size."""
    if len(given.raw["cases"][0]) > 2:
        return {"ci": [list(confidence.rate_interval(*one)) for one in given.raw["cases"]]}
    found = [fixed.wilson(*one) for one in given.raw["cases"]]
    return {f"{end}{number}": one[at] for number, one in enumerate(found, 1) for at, end in enumerate(("lo", "hi"))}


@adapter(8, needs="omega2, sA2, sB2, KA, KB, delta, alpha, power")
def difference(given: Given) -> Results:
    one = given.raw
    within, repeats = (one["sA2"], one["sB2"]), (one["KA"], one["KB"])
    return {"n": fixed.items_for_difference(one["omega2"], within, repeats, one["delta"], one["alpha"], one["power"])}


@adapter(8, needs="var_x, mean_sigma2, K")
def resampling(given: Given) -> Results:
    between, within = given.raw["var_x"], given.raw["mean_sigma2"]
    return {f"cut_K{tries}": flaky.variance_cut(between, within, tries) for tries in given.raw["K"]}


@adapter(8, needs="p0, p1, alpha, beta")
def sprt(given: Given) -> Results:
    found = wald.lines(*(given.raw[name] for name in ("p0", "p1", "alpha", "beta")))
    return {"h1": found.lower, "h2": found.upper, "s": found.slope}


@adapter(8, needs="looks")
def peeking(given: Given) -> Results:
    return {f"k{looks}": fixed.error_of_peeking(looks) for looks in given.raw["looks"]}


@adapter(8, needs="items")
def item_response(given: Given) -> Results:
    raise PendingError(f"errors of item-response models on {given.raw['items']} items, which the product does not fit")
