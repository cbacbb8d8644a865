"""How a figure comes about: a tree from the figure to named sources. Every leaf has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from jevons import factors
from jevons.factors import Factor, Model
from jevons.footprint import water
from jevons.footprint.account import Account, Part
from jevons.footprint.interval import ZERO, Interval
from jevons.footprint.rates import FIGURES, span
from jevons.footprint.serving import Serving
from jevons.ledger.cells import Sums

TITLES = {
    "energy_wh": ("energy", "Wh"),
    "carbon_g": ("carbon, operational", "gCO2e"),
    "water_l": ("water consumed", "L"),
    "embodied_g": ("hardware, embodied carbon", "gCO2e"),
}
LEDGER = "the ledger: counted calls"
SUM = "sum of what follows"
"""Source of a sum of what is derived below it."""
FORMULAS = {
    True: {
        "energy_wh": "joules of GPU x host x idle x PUE / 3,600",
        "carbon_g": "energy x carbon intensity of the grid",
        "water_l": "joules of GPU x host x idle x (WUE + PUE x EWIF)",
        "embodied_g": "joules of GPU / GPU power x (GPU + share of server) / (lifetime x utilisation)",
    },
    False: {
        "energy_wh": "joules of the machine / 3,600",
        "carbon_g": "energy x carbon intensity of the grid",
        "water_l": "energy x EWIF",
        "embodied_g": "joules / machine power x machine / (lifetime x utilisation)",
    },
}
"""In a data centre, and on one's own machine."""
NEEDS = {
    "energy_wh": ("host", "idle", "pue", "meter", "core_power_unknown"),
    "carbon_g": ("grid", "grid_operating", "grid_build"),
    "water_l": ("wue", "ewif"),
    "embodied_g": (
        "gpu_embodied", "server_share_embodied", "gpu_power", "gpu_lifetime", "gpu_utilisation",
        "local_embodied", "local_power", "local_lifetime", "local_utilisation",
    ),
}  # fmt: skip
"""Factors that a figure adds to those above it."""


class Node(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of a derivation."""

    what: str
    figure: Interval | None = None
    unit: str = ""
    formula: str = ""
    source: str = ""
    """Named source; every leaf has one."""
    licence: str = ""
    steps: list[str] = []
    """How a look-up came to its row."""
    children: list[Node] = []

    def leaves(self) -> Iterator[Node]:
        """The ends of the tree."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


def derive(what: str, accounts: Iterable[tuple[Account, float]]) -> Node:
    """The derivation of the figures of accounts, each with the share of it that counts, heaviest serving first.

    ValueError where the accounts are of several modes.
    """
    pairs = list(accounts)
    modes = {account.mode for account, _ in pairs}
    if len(modes) > 1:
        raise ValueError(f"modes are never mixed: {', '.join(sorted(modes))}")
    by_serving: dict[int, list[tuple[Account, float]]] = {}
    for account, share in pairs:
        by_serving.setdefault(id(account.serving), []).append((account, share))
    part = _sum(pairs)
    sums = [_figure(name, part.figures.interval(name), SUM) for name in FIGURES]
    heaviest = sorted(by_serving.values(), key=lambda found: -_sum(found).figures.amount("energy_wh"))
    return Node(what=what, children=[*sums, *map(_serving, heaviest)])


def _sum(pairs: Iterable[tuple[Account, float]]) -> Part:
    part = Part()
    for account, share in pairs:
        part.add(account, share)
    return part


def _figure(name: str, figure: Interval, source: str = "") -> Node:
    title, unit = TITLES[name]
    return Node(what=title, figure=figure, unit=unit, source=source)


def _serving(pairs: list[tuple[Account, float]]) -> Node:
    """All that one serving answered."""
    first, _ = pairs[0]
    serving, key = first.serving, first.cell.key
    part = _sum(pairs)
    name = " ".join(filter(None, (key.provider, key.model or "(no model named)", key.kind, key.period, key.mode)))
    used = {factor.name: factor for factor in part.figures.factors}
    children = []
    for figure in FIGURES:
        node = _figure(figure, part.figures.interval(figure))
        node.formula = FORMULAS["pue" in used][figure]
        node.children = [_factor(used[need]) for need in NEEDS[figure] if need in used]
        if figure == "energy_wh":
            node.children.insert(0, _joules(pairs, serving, part))
        children.append(node)
        if figure == "water_l" and part.figures:
            node.children += [_hydro(serving.place, hydro) for hydro in ("without", "with")]
            children.append(_scarcity(node, serving.place))
    if not part.figures:
        why = [note for account, _ in pairs for note in account.notes] or ["nothing was due"]
        children = [Node(what="no figure", source="; ".join(dict.fromkeys(why)))]
    covered = "" if part.covered >= part.due - 1e-9 else f", {part.covered:g} of them with figures"
    notes = f" ({'; '.join(serving.notes)})" if serving.notes else ""
    return Node(what=f"{name}: {part.calls:g} calls{covered}, {first.trust}{notes}", children=children)


def _hydro(place: str, hydro: str) -> Node:
    """EWIF beside the one used, which is an interval over both."""
    node = _factor(factors.water(place, hydro=hydro))
    node.what = f"beside it, {hydro} reservoirs: {node.what}"
    return node


def _scarcity(consumed: Node, place: str) -> Node:
    """Consumed water weighted by how scarce it is there."""
    aware = factors.scarcity(place)
    return Node(
        what="water weighted by scarcity",
        figure=weighted(consumed.figure or ZERO, aware),
        unit="L world eq.",
        formula="water consumed x AWARE of the place, ends by ends; as if all were consumed there",
        children=[_factor(aware)],
    )


def weighted(litres: Interval, aware: Factor) -> Interval:
    """World-equivalent litres of water consumed at a place (`water.scarcity_l`), ends by ends."""
    ends = zip(litres.ends, span(aware).ends, strict=True)
    return Interval(*(water.scarcity_l(consumed_l=one, aware=by) for one, by in ends))


def _joules(pairs: list[tuple[Account, float]], serving: Serving, part: Part) -> Node:
    joules = sum(part.figures.spent.values())
    node = Node(what="joules", figure=Interval(joules, joules, joules), unit="J")
    spent = part.figures.spent
    if serving.by_meter in spent:
        node.children.append(_counted("energy that a meter saw", spent[serving.by_meter], "J"))
    if serving.by_cpu in spent:
        node.children.append(_counted("seconds of a busy core", spent[serving.by_cpu], "s"))
    if not any(rates in spent for _, rates in serving.by_law):
        node.source = "" if node.children else "judgement: a server that failed had begun at most one step"
        return node
    node.formula = "sum over the units that a cell counts of units x joules per unit"
    sums = [0.0] * len(Sums.__struct_fields__)
    for account, share in pairs:
        for at, field in enumerate(Sums.__struct_fields__):
            sums[at] += getattr(account.cell.sums, field) * share
    counted = dict(zip(Sums.__struct_fields__, sums, strict=True))
    units = {
        "per_call": ("requests", counted["calls"]),
        "per_fresh_token": ("input tokens read", counted["input"] - counted["cached"]),
        "per_cached_token": ("input tokens from a cache", counted["cached"]),
        "per_output_token": ("output tokens", counted["output"]),
        "per_prefill_pair": ("token pairs compared in reading", counted["prefill_pairs"]),
        "per_kv_read": ("keys and values read in writing", counted["kv_reads"]),
    }
    for name, (unit, count) in units.items():
        each = sum(getattr(coefficients, name) for coefficients, _ in serving.by_law)
        if count and each:
            node.children.append(_counted(f"{count:,.6g} {unit} x {each:.3g} J", count * each, "J"))
    if serving.model is not None:
        node.children.append(_model(serving.model))
    node.children += [Node(what=what, source=source) for what, source in serving.basis]
    return node


def _counted(what: str, amount: float, unit: str) -> Node:
    return Node(what=what, figure=Interval(amount, amount, amount), unit=unit, source=LEDGER)


def _model(model: Model) -> Node:
    sizes = " of ".join(f"{size.value:g} ({size.low:g}-{size.high:g})" for size in (model.active_b, model.total_b))
    knowledge = {"known": "", "name": ", read from its name", "tier": f", size tier {model.tier}"}
    widest = ", not known: the widest tier" if model.knowledge == "unknown" else knowledge[model.knowledge]
    return Node(
        what=f"model {model.name or '(no name)'}: {sizes} billion parameters active{widest}",
        source=f"{model.source}, {model.source_url}",
        licence=model.licence,
        steps=list(model.steps),
    )


def _factor(factor: Factor) -> Node:
    return Node(
        what=f"{factor.name} ({factor.scope}), {factor.place} {factor.year or ''}".rstrip(),
        figure=Interval(factor.low, factor.value, factor.high),
        unit=factor.unit,
        source=f"{factor.source}, {factor.source_url}",
        licence=factor.licence,
        steps=list(factor.steps),
    )
