"""Calls as terms: described by model and tokens, or taken from the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from jevons import factors
from jevons.factors.table import stated
from jevons.footprint.account import priced
from jevons.footprint.causes import Term
from jevons.footprint.figures import Figures
from jevons.footprint.overrides import Overrides
from jevons.footprint.rates import BASES, FIGURES
from jevons.footprint.serving import Serving, serve
from jevons.footprint.timing import State, served
from jevons.ledger.cells import Cell, Key, Sums
from jevons.ledger.days import UNKNOWN
from jevons.weigh.scenario.amount import Input, Value
from jevons.weigh.scenario.price import ONE, Flow, Powers, PriceError, of_place, powers_of

DIVIDING = frozenset(f"{of}_{what}" for of in ("gpu", "local") for what in ("power", "lifetime", "utilisation"))
"""Causes that `rates` gives as inverse ones; here they stand below the line, so that one input moves all it touches."""
Rated = Mapping[str, tuple[Term, ...]]
"""Terms of each of `rates.FIGURES`."""


def calls(made: Flow, count: Value, own_machines: bool = False, rented_at: str | None = None) -> None:
    """Calls described by model and tokens, priced by the law of their serving; every call alike.

    On `own_machines`, whose waiting and making is counted by their hours, a call bears neither idle reserve nor
    hardware. `rented_at`: where machines that somebody rents stand, if no provider of the model answers; such calls
    have no list price.

    Sums of a cell (`ledger.cells.Sums`) for N calls of I tokens in, K of them cached, and O out: fresh N (I - K),
    pairs N (F K + F (F - 1) / 2) with F = I - K, reads N (O I + O (O - 1) / 2).
    """
    of, sheet = made.of, made.sheet
    tokens = {name: of.amounts.get(f"{name}_tokens") for name in ("input", "cached", "output")}
    if tokens["input"] is None:
        raise PriceError(f"line {of.line}: calls of {of.texts['model']} have no input_tokens")
    read, cached, written = (tokens[name] or Value(0.0) for name in ("input", "cached", "output"))
    if tokens["cached"] is None:
        sheet.default("cached tokens", "0", "no cached_tokens in the file")
    for name, usual in (("kind", "chat"), ("host", "cloud")):
        if name not in of.texts:
            sheet.default(f"{name} of {of.texts['model']}", usual, f"no {name} in the file")
    kind, host = of.texts.get("kind", "chat"), of.texts.get("host", "cloud")
    if kind == "chat" and tokens["output"] is None:
        raise PriceError(f"line {of.line}: calls of {of.texts['model']} have no output_tokens")
    if tokens["output"] is None:
        sheet.default(f"output tokens of {of.texts['model']}", "0", "no output_tokens in the file")
    fresh = read if tokens["cached"] is None else _less(made, read, cached)
    half = Value(0.5)
    sums = {
        "per_call": [ONE],
        "per_fresh_token": [fresh],
        "per_cached_token": [cached],
        "per_output_token": [written],
        "per_prefill_pair": [fresh.times(cached), half.times(fresh).times(fresh), Value(-0.5).times(fresh)],
        "per_kv_read": [written.times(read), half.times(written).times(written), Value(-0.5).times(written)],
    }
    provider, region = of.texts.get("provider", ""), of.texts.get("region") or rented_at or ""
    if not provider and rented_at is None and host == "cloud":
        provider = factors.look_up(of.texts["model"], kind).maker
        sheet.default(f"provider of {of.texts['model']}", provider or "not known", "the maker of the model")
    physics = Key(kind, provider, _hosts(host), of.texts["model"], region, "live", "reported", "2xx", "")
    for basis in BASES:
        serving = _serving(made, physics, basis, own_machines)
        if not serving.by_law:
            raise PriceError(f"line {of.line}: no law for {kind} calls of {of.texts['model']}: state their energy")
        if basis == "average":
            for note in serving.notes:
                sheet.default(f"serving of {of.texts['model']}", note, serving.trust)
            for what, source in serving.basis:
                sheet.default(f"serving of {of.texts['model']}", what, source)
        for units, rates in serving.by_law:
            known = all(of_place(one, made.place) for one in rates.factors if one.name.startswith("grid_"))
            if not known:
                sheet.lacks(made.name, basis, f"no {basis} margin is known of {made.place}")
            for one in rates.factors:
                sheet.factors[one] = None
            for unit, parts in sums.items():
                joules = getattr(units, unit)
                for part in parts if joules else ():
                    whole = count.times(part).times(float(joules))
                    _rated(made, rates.terms, whole, basis, known)
    if own_machines:
        made.sheet.drop_hardware(made.name, made.label)
    if {"cost", "cost_per_call"} & of.amounts.keys():
        return
    if host == "local":
        sheet.lacks(made.name, "money", f"cost of {made.label} on a machine of one's own is not stated")
    elif rented_at is None:
        _priced(made, physics, count, read, cached, written)


def _rated(made: Flow, rates: Rated, whole: Value, basis: str, known: bool) -> None:
    for figure in FIGURES:
        if (figure != "carbon_g" and basis != "average") or (figure == "carbon_g" and not known):
            continue
        part = "hardware" if figure == "embodied_g" else "operation"
        for term in rates[figure]:
            powers = tuple(
                (made.sheet.cause(one.inverse), -1) if one.name in DIVIDING else (made.sheet.cause(one), 1)
                for one in term.causes
            )
            name, on = ("carbon_g", "") if figure == "embodied_g" else (figure, basis if figure == "carbon_g" else "")
            made.add(name, part, whole.number * term.amount, powers_of(whole) + powers, on)


def _serving(made: Flow, physics: Key, basis: str, without_idle: bool) -> Serving:
    overrides = msgspec.structs.replace(made.sheet.world.overrides, grid=basis, signal=None)
    if without_idle:
        overrides = _no_reserve(overrides)
    return serve(physics, served(physics), State(), place=made.place, overrides=overrides)


def _no_reserve(overrides: Overrides) -> Overrides:
    """No share of a fleet's idle reserve: what waits is counted for itself."""
    why = "the machines of this scenario: their waiting is counted by their hours"
    none = msgspec.structs.replace(stated("idle", 1.0, 1.0, 1.0, "1"), source=why, source_url="", place="own machines")
    row = factors.user.Row("", why, none)
    kept = [one for one in (overrides.factors.rows if overrides.factors else ()) if one.factor.name != "idle"]
    return msgspec.structs.replace(overrides, factors=factors.User((*kept, row)))


def _hosts(host: str) -> str:
    return {"local": "loopback"}.get(host, "cloud")


def _less(made: Flow, read: Value, cached: Value) -> Value:
    """Tokens that no cache held."""
    key = f"{'.'.join(map(str, made.of.path))}: fresh tokens"

    def fresh(look: Callable[[str], Any]) -> Any:
        import numpy as np

        parts = []
        for value in (read, cached):
            whole = value.number
            for one in value.keys:
                whole = whole * look(one)
            parts.append(whole)
        return np.maximum(parts[0] - parts[1], 0.0)

    made.sheet.inputs.derived[key] = fresh
    return Value(1.0, (key,))


def _priced(made: Flow, physics: Key, count: Value, read: Value, cached: Value, written: Value) -> None:
    """List prices: linear in the tokens read and written, taken at their middle."""
    inputs = made.sheet.inputs.of
    middle = [round(value.number * _middle(value, inputs)) for value in (read, cached, written)]
    whole, answer = (_dollars(made, physics, *tokens) for tokens in (middle, (0, 0, middle[2])))
    if whole is None or answer is None:
        made.sheet.lacks(made.name, "money", f"price of {physics.model} is not known: state cost_usd")
        return
    for part, value, tokens in ((whole - answer, read, middle[0]), (answer, written, middle[2])):
        if tokens:
            cost = count.times(value).times(part / tokens)
            made.add("money_usd", "money", cost.number, powers_of(cost))
    made.sheet.default(f"price of {physics.model}", f"list price, ${whole:.3g} a call at the middle", "genai-prices")


def _dollars(made: Flow, physics: Key, read: int, cached: int, written: int) -> float | None:
    from jevons.cut.money import Dollars, NoPricesError

    if physics.host_class != "cloud" or not made.sheet.world.prices:
        return None
    try:
        sums = Sums(calls=1, input=read, cached=cached, output=written)
        return Dollars()(Cell(physics._replace(period=UNKNOWN), (), sums))
    except (NoPricesError, ValueError):
        return None


def _middle(value: Value, inputs: dict[str, Input]) -> float:
    made = 1.0
    for key in value.keys:
        made *= inputs[key].mid if key in inputs else 1.0
    return made


def ledger(made: Flow, over: Value) -> None:
    """Calls that the ledger holds, over the functional units that they were for."""
    of, sheet = made.of, made.sheet
    if sheet.world.runs is None:
        raise PriceError(f'line {of.line}: there is no ledger here: describe the calls (what = "calls")')
    try:
        runs = sheet.world.runs(of.texts["run"])
    except LookupError as error:
        raise PriceError(f"line {of.line}: {error.args[0]}") from None
    units = of.amounts.get("units")
    if units is None:
        units = Value(float(len(runs)))
        sheet.default("units of the ledger's runs", f"one functional unit each: {len(runs)}", "the ledger")
    role, model = of.texts.get("role"), of.texts.get("model")
    over = over.times(1 / units.number)
    per = tuple((key, -1) for key in units.keys)
    for basis in BASES:
        overrides = msgspec.structs.replace(sheet.world.overrides, grid=basis, signal=None)
        figures, due, covered = Figures(), 0.0, 0.0
        for accounts in priced(runs, lambda whose: (whose.role,), place=made.place, overrides=overrides, held=True):
            for one in accounts:
                if (
                    one.mode == "live"
                    and (not role or one.cell.group[0] == role)
                    and model in (None, one.cell.key.model)
                ):
                    figures.add(one.figures)
                    due, covered = due + one.due, covered + one.covered
        if not due:
            raise PriceError(f"line {of.line}: no live call of that kind in {of.texts['run']}")
        sheet.covered[made.name] = min(sheet.covered.get(made.name, 1.0), covered / due)
        known = all(of_place(one, made.place) for one in figures.factors if one.name.startswith("grid_"))
        sheet.factors.update(dict.fromkeys(figures.factors))
        if not known:
            sheet.lacks(made.name, basis, f"no {basis} margin is known of {made.place}")
        terms = {figure: tuple(figures.terms(figure)) for figure in FIGURES}
        _divided(made, terms, over, per, basis, known)
    sheet.lacks(made.name, "money", "cost of the ledger's calls is not stated")


def _divided(made: Flow, terms: Rated, over: Value, per: Powers, basis: str, known: bool) -> None:
    kept, made.per = made.per, made.per + per
    _rated(made, terms, over, basis, known)
    made.per = kept
