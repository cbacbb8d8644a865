"""Boundaries that are not alike: a comparison across them says nothing, however small its interval."""

from __future__ import annotations

from collections.abc import Iterable

from jevons.footprint.claims import Quantity, check
from jevons.weigh.compare import FLOOR
from jevons.weigh.scenario.document import Flag
from jevons.weigh.scenario.price import Sheet
from jevons.weigh.scenario.structure import Alternative, Table
from jevons.weigh.scenario.views import ACCOUNT, LONG, SHORT

_ALL = [SHORT.name, LONG.name, ACCOUNT.name]
_PARTS = {
    "calls": ("operation", "hardware"), "ledger": ("operation", "hardware"), "ci": ("operation", "hardware"),
    "laptop": ("operation", "hardware"), "server": ("operation", "hardware"), "gpu": ("operation", "hardware"),
    "electricity": ("operation",), "training": ("training",),
}  # fmt: skip
"""What flows that are computed include. Travel is of vehicles: no part of this."""


def parts(one: Table) -> tuple[str, ...]:
    """What a flow's carbon includes."""
    what = one.texts["what"]
    if what == "people":
        return ("life",) if "carbon_per_h" in one.amounts else ()
    return one.lists["includes"] if what == "stated" else _PARTS.get(what, ())


def flags(sheet: Sheet) -> list[Flag]:
    """All that is not alike between the alternatives of a scenario; those that do nothing have no boundary."""
    sides = [one for one in sheet.scenario.alternatives.values() if any(parts(flow) for flow in one.flows)]
    found = []
    has = {one.id: {part for flow in one.flows for part in parts(flow)} for one in sides}
    if life := [one for one in sides if "life" in has[one.id]]:
        rest = [one for one in sides if "life" not in has[one.id]]
        if rest:
            what = f"{_names(life)}: the whole life of people; {_names(rest)}: {_words(has[rest[0].id])} alone"
            found.append(Flag("a whole life against the work alone", what, _ALL, [one.id for one in life]))
    if with_it := [one for one in sides if "hardware" in has[one.id]]:
        rest = [one for one in sides if "hardware" not in has[one.id] and "operation" in has[one.id]]
        if rest:
            what = f"hardware is counted for {_names(with_it)}, not for {_names(rest)}"
            found.append(
                Flag("hardware on one side only", what, [LONG.name, ACCOUNT.name], [one.id for one in with_it])
            )
    if trained := [one for one in sides if "training" in has[one.id]]:
        rest = [one for one in sides if "training" not in has[one.id] and _asks_models(one)]
        if rest:
            what = f"training is counted for {_names(trained)}, not for {_names(rest)}"
            found.append(Flag("training on one side only", what, [ACCOUNT.name], [one.id for one in trained]))
    for one in sides:
        found += _sunk(one)
        if "life" in has[one.id] and len(has[one.id]) > 1:
            what = f"{one.title}: a life holds the machines that it uses; they are flows of their own, too"
            found.append(Flag("counted twice", what, []))
    grids = {flow.texts["grid"]: _named(flow) for one in sides for flow in one.flows if "grid" in flow.texts}
    if len(grids) > 1:
        what = "; ".join(f"{name}: {grid}" for grid, name in grids.items())
        found.append(Flag("average against marginal", what, _ALL))
    stated = [flow for one in sides for flow in one.flows if flow.texts["what"] == "stated"]
    kinds = {_named(flow): {"carbon", "energy", "water"} & flow.amounts.keys() for flow in stated}
    if len(kinds) > 1 and not set.intersection(*kinds.values()):
        what = "; ".join(f"{name}: {', '.join(sorted(of))}" for name, of in kinds.items())
        found.append(Flag("different units", what, _ALL))
    found += [Flag("figures that contradict each other", what, []) for what in _contradictions(sheet, stated)]
    for name, share in sheet.covered.items():
        if share < 1 - 1e-9:
            title = sheet.scenario.alternatives[name].title
            what = f"{title}: figures for {share:.0%} of the ledger's calls, at least that much".replace("%", " %")
            found.append(Flag("calls without figures", what, _ALL if share < FLOOR else [], [name]))
    return found


def _sunk(one: Alternative) -> Iterable[Flag]:
    """What is sunk in a decision and stands inside a stated figure, where nobody can take it out."""
    for flow in one.flows:
        includes = flow.lists["includes"] if flow.texts["what"] == "stated" else ()
        for part, at in (("training", [SHORT.name, LONG.name]), ("hardware", [SHORT.name])):
            if part in includes and len(includes) > 1:
                what = (
                    f"{_named(flow)} of {one.title} holds {part} that is there already; a decision cannot take it out"
                )
                yield Flag(f"sunk {part} inside a figure", what, at)


def of_candidates(sheet: Sheet) -> list[Flag]:
    """The same of candidates that answer the same calls: what was computed says what is in it."""
    titles = {name: one.title for name, one in sheet.scenario.alternatives.items()}
    has = {name: {term.part for term in terms if term.figure == "carbon_g"} for name, terms in sheet.terms.items()}
    found = []
    for part, at in (("hardware", [LONG.name, ACCOUNT.name]), ("training", [ACCOUNT.name])):
        sides = [name for name in has if part in has[name]]
        some = [titles[name] for name in sides]
        rest = [titles[name] for name in has if part not in has[name]]
        if some and rest:
            what = f"{part} is counted for {'; '.join(some)}. Not for {'; '.join(rest)}"
            found.append(Flag(f"{part} on one side only", what, at, sides))
    return found


def _contradictions(sheet: Sheet, stated: Iterable[Table]) -> Iterable[str]:
    """By the rules of `footprint.claims`: energy and carbon of one source imply one intensity."""
    given = []
    for flow in stated:
        for kind, unit in (("carbon", "g"), ("energy", "kWh"), ("water", "L")):
            value = flow.amounts.get(kind)
            if value is not None:
                number = value.number
                for key in value.keys:
                    number *= sheet.inputs.of[key].mid
                given.append(Quantity(kind=kind, value=number, unit=unit, step=number / 50, of=_named(flow)))
    return map(str, check(given))


def _asks_models(one: Alternative) -> bool:
    return any(flow.texts["what"] in ("calls", "ledger") for flow in one.flows)


def _names(of: Iterable[Alternative]) -> str:
    return "; ".join(one.title for one in of)


def _named(flow: Table) -> str:
    return flow.texts.get("label") or flow.texts["what"]


def _words(of: Iterable[str]) -> str:
    return " and ".join(sorted(of))
