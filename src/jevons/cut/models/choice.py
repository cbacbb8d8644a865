"""The model with the least footprint that is no worse than the one in use by more than a margin, or none.

Only models that take less than the one in use, by the middle of their estimates, are tried: footprints know nothing of
scores, so choosing by them costs no confidence. All answers on those together are right with the confidence asked
(Bonferroni, `verdict.family`), so it holds for the one that is picked as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import msgspec

from jevons.cut.models.judged import Judged, judge
from jevons.cut.models.results import Answers, Results, key_of, sums_of
from jevons.cut.models.spent import Price, Prices, Ratio, Usual, dollars, level, ratio, spent_on
from jevons.cut.verdict.family import confidence_of_each
from jevons.cut.verdict.question import Estimand
from jevons.factors import look_up
from jevons.footprint import METHOD_VERSION, Overrides
from jevons.footprint.table import USUAL_INPUT

SCHEMA = "jevons.models/1"
USUAL_OUTPUT = 300
"""Tokens of an answer where nobody says: a ratio of two models at the same tokens hangs little on how many."""


class NoModelError(ValueError):
    """The model in use is not among the results: says which are."""


class Model(msgspec.Struct, kw_only=True):
    """A model beside the one in use."""

    model: str
    items: int
    """In common with the model in use; with clusters, those."""
    left_out: int
    """Items that only one of them answered."""
    knowledge: str
    """How its size is known: ``known``, ``name``, ``tier`` or ``unknown`` (priced as the widest tier)."""
    carbon: Ratio | None
    """None where there is no figure."""
    carbon_g: tuple[float, float, float] | None
    """Per item, rough; None where tokens are not known."""
    usd: float | None
    """Per item, list price."""
    usd_in_use: float | None
    """Of the model in use, for the same items."""
    judged: Judged | None
    """None: it takes more than the model in use, so it was not tried."""


class Choice(msgspec.Struct, kw_only=True):
    """`jevons cut --models --format json`."""

    source: str
    in_use: str
    in_use_knowledge: str
    in_use_carbon_g: tuple[float, float, float] | None
    in_use_score: float
    """Mean score of the model in use on all its items."""
    margin: float
    confidence: float
    each: float
    """Confidence of each answer, so that all together have `confidence`."""
    estimand: Estimand
    seed: int
    tokens: str
    """Where tokens are from: ``given``, ``ledger`` or ``assumed`` (then changes hold at the same tokens, levels are
    not known)."""
    pick: str
    """Empty: none."""
    models: list[Model]
    """The least carbon first; those of unknown size last."""
    notes: list[str]
    method: str = METHOD_VERSION
    schema: str = SCHEMA


def choose(
    results: Results,
    in_use: str,
    margin: float,
    *,
    confidence: float = 0.95,
    estimand: Estimand = "rate",
    only: Collection[str] = (),
    place: str = "",
    usual: Usual | None = None,
    overrides: Overrides | None = None,
    price: Price | None = None,
    seed: int = 0,
) -> Choice:
    """The choice. `only`: models to try, named before anyone looked at their scores; all if empty. `place`: where
    these machines stand. `usual`: tokens of the model in use where the results tell none. Raises NoModelError."""
    for name in (in_use, *only):
        if name not in results.models:
            raise NoModelError(f"{name} is not among the models of {results.name}: {', '.join(sorted(results.models))}")
    old = results.models[in_use]
    told = any(one.spent for one in old.values())
    usual = usual or Usual(key_of(in_use), sums_of(round(USUAL_INPUT), 0, USUAL_OUTPUT, 1), 1, "assumed")
    tokens = "given" if told else usual.tokens
    prices = Prices(place, overrides, price)
    found, apart = [], []
    for name, new in results.models.items():
        if name == in_use or (only and name not in only):
            continue
        both = [item for item in old if item in new]
        if both:
            found.append(_beside(name, new, old, both, usual, tokens, prices))
        else:
            apart.append(name)
    tried = [one for one in found if one.carbon is not None and one.carbon.mid < 1]
    each = confidence_of_each(confidence, max(len(tried), 1))
    for one in tried:
        pairs = _pairs(results.models[one.model], old, results.clusters)
        one.items = len(pairs)
        one.judged = judge(pairs, margin, each, estimand, seed=seed)
    # A size that nobody knows is no reason to pick a model, though the middle of all tiers is less than the largest.
    found.sort(key=lambda one: (one.carbon is None, one.knowledge == "unknown", _middle(one), one.model))
    notes = [*results.notes, *_notes(results, found, apart, in_use, tokens, prices)]
    own = spent_on(old, list(old), None, usual, tokens)
    return Choice(
        source=results.name,
        in_use=in_use,
        in_use_knowledge=_knowledge(in_use, overrides),
        in_use_carbon_g=level(own, prices) if tokens != "assumed" else None,
        in_use_score=sum(one.mean for one in old.values()) / len(old),
        margin=margin,
        confidence=confidence,
        each=each,
        estimand=estimand,
        seed=seed,
        tokens=tokens,
        pick=next((one.model for one in found if one.judged and one.judged.said == "not worse"), ""),
        models=found,
        notes=notes,
    )


def _middle(one: Model) -> float:
    return one.carbon.mid if one.carbon else 0.0


def _pairs(
    new: Mapping[str, Answers], old: Mapping[str, Answers], clusters: Mapping[str, str]
) -> dict[str, tuple[float, float]]:
    """Scores of common items; a cluster counts once, with the means of its items."""
    by: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for item, one in old.items():
        if item in new:
            by[clusters.get(item) or item].append((new[item].mean, one.mean))
    return {name: (sum(a for a, _ in of) / len(of), sum(b for _, b in of) / len(of)) for name, of in by.items()}


def _beside(
    name: str, new: dict[str, Answers], old: dict[str, Answers], both: list[str], usual: Usual, tokens: str,
    prices: Prices,
) -> Model:  # fmt: skip
    # Both on the same items: those of which both tell tokens; else at the tokens of the one in use.
    telling = [item for item in both if new[item].spent and old[item].spent]
    before = spent_on(old, telling or both, None, usual, tokens)
    after = spent_on(new, telling, None, usual, "given") if telling else spent_on(old, both, name, usual, tokens)
    known = tokens != "assumed"
    return Model(
        model=name, items=len(both), left_out=len(old) + len(new) - 2 * len(both),
        knowledge=_knowledge(name, prices.overrides),
        carbon=ratio(before, after, prices), carbon_g=level(after, prices) if known else None,
        usd=dollars(after, prices.usd) if known else None, usd_in_use=dollars(before, prices.usd) if known else None,
        judged=None,
    )  # fmt: skip


def _knowledge(name: str, overrides: Overrides | None) -> str:
    stated = overrides.models if overrides else {}
    found = look_up(name)
    return "known" if name in stated or found.name in stated else found.knowledge


def _notes(
    results: Results, found: list[Model], apart: list[str], in_use: str, tokens: str, prices: Prices
) -> list[str]:
    notes = []
    unknown = [one.model for one in found if one.judged and one.knowledge == "unknown"]
    if _knowledge(in_use, prices.overrides) == "unknown":
        unknown.insert(0, in_use)
    if unknown:
        notes.append(
            f"nothing is known of {_some(unknown)}: priced as the widest tier; say what you know under "
            "[tool.jevons.models.NAME]"
        )
    if tokens == "assumed":
        notes.append(
            f"no tokens are given and the ledger holds no call of {in_use}: changes are at the same tokens "
            f"({USUAL_INPUT:g} in, {USUAL_OUTPUT} out an item assumed), levels and money are not known"
        )
    elif tokens == "ledger":
        notes.append(f"no tokens are given: those of {in_use} in the ledger, a call an item; others at the same tokens")
    partly = [one.model for one in found if one.judged and not any(a.spent for a in results.models[one.model].values())]
    if tokens == "given" and partly:
        notes.append(f"at the tokens of {in_use}, as their own are not given: {_some(partly)}")
    if apart:
        notes.append(f"no item in common with {in_use}, so not compared: {_some(apart)}")
    if results.without:
        notes.append(f"{results.without:,} rows hold no outcome and are left out")
    if prices.usd is None:
        notes.append("no prices: pip install 'jevons[report]'")
    return notes


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
