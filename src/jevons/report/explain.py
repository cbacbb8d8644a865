"""Which figure somebody asks about, and its derivation: schema ``jevons.explain/1``."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from jevons import factors
from jevons.factors.sites import Site
from jevons.footprint import METHOD_VERSION, Overrides
from jevons.footprint.account import MODES, Account, account, priced
from jevons.footprint.derivation import Node, derive
from jevons.footprint.figures import Figures
from jevons.footprint.generation import TRAFFIC_INPUT, TRAFFIC_OUTPUT
from jevons.ledger.cells import cells
from jevons.ledger.recorded import Recorded
from jevons.ledger.shares import Users
from jevons.record import Call
from jevons.report.build import BY, named
from jevons.report.site import derivation

SCHEMA = "jevons.explain/1"
TOTAL = "total"
_MOST = 8
TITLES = {
    "live": "live calls",
    "replayed": "replayed calls: what they avoided",
    "mocked": "mocked calls",
    "recorded": "calls found in recordings: what they took when they were recorded",
}
"""Mode of calls -> what the derivation of all of them is headed."""


class Explanation(msgspec.Struct):
    """Derivations, one for each mode of the calls asked about."""

    run: str
    asked: str
    by: str
    """What `asked` names: one of `build.BY`, ``total``, ``site``, or ``model not recorded``."""
    derivations: list[Node]
    narrowing: dict[str, float]
    """By kind of cause: how much of the width of the energy's interval would go if it were known, of the first
    derivation; empty where numpy and scipy are not installed."""
    method: str = METHOD_VERSION
    schema: str = SCHEMA


class NotFoundError(LookupError):
    """Nothing, or too much, goes by the name asked for; says what there is."""


def explain(
    runs: Sequence[Recorded],
    run: str,
    asked: str,
    *,
    place: str = "",
    overrides: Overrides | None = None,
    sites: Sequence[Site] = (),
) -> Explanation:
    """The derivation of the total of runs, which go by the name `run`, or of a test, model, provider, role, file or day
    by its name or a part of it.

    A model that the runs did not call is explained by one usual request to it; of `sites`, one by its whole name.
    Raises NotFoundError.
    """
    named_so = [one for one in sites if one.name.casefold() == asked.casefold()]
    if named_so:
        return Explanation(run, named_so[0].name, "site", [derivation(named_so[0])], {})
    parts = [(made, one.users) for one, made in zip(runs, priced(runs, place=place, overrides=overrides), strict=True)]
    if asked in ("", TOTAL):
        return _made(run, TOTAL, TOTAL, [(one, 1.0) for made, _ in parts for one in made])
    by, name = _find(parts, asked)
    if not by:
        model = factors.look_up(asked)
        if model.knowledge == "unknown":
            raise NotFoundError(f"{name}; nor is {asked!r} the name of a model that is known")
        return _usual(run, asked, place, overrides)
    shares = [
        (one, share)
        for made, users in parts
        for one in made
        for owner, share in named(by, users)(one.cell)
        if owner == name
    ]
    return _made(run, name, by, shares)


def _made(run: str, asked: str, by: str, shares: list[tuple[Account, float]], title: str = "") -> Explanation:
    by_mode = {mode: [(one, share) for one, share in shares if one.mode == mode] for mode in MODES}
    kept = {mode: found for mode, found in by_mode.items() if found}
    trees = [derive(title or TITLES[mode], found) for mode, found in kept.items()]
    return Explanation(run, asked, by, trees, _narrowing(next(iter(kept.values()), [])))


def derivations(shares: Sequence[tuple[Account, float]]) -> list[Node]:
    """Of shares of accounts, a tree for each mode of calls: what `explain` says of them, but what would narrow it."""
    by_mode = {mode: [(one, share) for one, share in shares if one.mode == mode] for mode in MODES}
    return [derive(TITLES[mode], found) for mode, found in by_mode.items() if found]


def _narrowing(shares: list[tuple[Account, float]]) -> dict[str, float]:
    try:
        from jevons.footprint.uncertainty import Joint
    except ImportError:
        return {}
    figures = Figures()
    for one, share in shares:
        figures.add(one.figures, share)
    return Joint([figures], draws=4_096).narrowing("energy_wh") if figures.amount("energy_wh") else {}


def _find(parts: Sequence[tuple[list[Account], Users]], asked: str) -> tuple[str, str]:
    """(`by`, name) of what is meant; (empty, what went wrong) where nothing of that name was recorded."""
    partly: dict[tuple[str, str], None] = {}
    for by in BY:
        names = dict.fromkeys(name for made, users in parts for one in made for name, _ in named(by, users)(one.cell))
        if asked in names:
            return by, asked
        partly.update(dict.fromkeys((by, name) for name in names if asked in name))
    found = list(partly)
    if not found:
        return "", f"no test, model, provider, role, file or day of this run has {asked!r} in its name"
    if len(found) > 1:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        listed = ", ".join(f"{name} ({by})" for by, name in found[:_MOST])
        raise NotFoundError(f"{asked!r} may be {listed}{more}: give more of the name")
    return found[0]


def _usual(run: str, model: str, place: str, overrides: Overrides | None) -> Explanation:
    call = Call(
        id="", run="", provider=factors.look_up(model).maker, model=model, usage="reported", status=200,
        input_tokens=round(TRAFFIC_INPUT), output_tokens=round(TRAFFIC_OUTPUT),
    )  # fmt: skip
    made = account(cells([call]), place=place, overrides=overrides)
    title = f"one request to {model}, {call.input_tokens:,} tokens in, {call.output_tokens:,} out: none is recorded"
    return _made(run, model, "model not recorded", [(one, 1.0) for one in made], title)
