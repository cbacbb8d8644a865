"""Each kind of flow, as terms."""

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
from jevons.shelf.chips import chip
from jevons.shelf.derive import LOAD, whole
from jevons.weigh.scenario.amount import EXACT, LOG_NORMAL, Input, Value
from jevons.weigh.scenario.price import ONE, Flow, Powers, PriceError, Sheet, of_place, powers_of
from jevons.weigh.scenario.read import Table

DIVIDING = frozenset(f"{of}_{what}" for of in ("gpu", "local") for what in ("power", "lifetime", "utilisation"))
"""Causes that `rates` gives as inverse ones; here they stand below the line, so that one input moves all it touches."""
Rated = Mapping[str, tuple[Term, ...]]
"""Terms of each of `rates.FIGURES`."""


def flow(sheet: Sheet, name: str, of: Table, delivers: Value) -> None:
    """Add the terms of one flow of an alternative, per functional unit."""
    what = of.texts["what"]
    label = of.texts.get("label") or of.texts.get("model") or what
    per = tuple((key, -1) for key in delivers.keys)
    made = Flow(sheet, name, of, label, per, per_call=what in ("calls", "ledger"))
    over = Value(1 / delivers.number)
    if what == "calls":
        calls(made, of.amounts["calls"].times(over))
    elif what == "ledger":
        ledger(made, over)
    elif what in ("ci", "laptop", "server", "gpu"):
        machine(made, what, of.amounts["time"].times(over))
    elif what == "electricity":
        energy = of.amounts["energy"].times(over)
        made.electric(energy.number, powers_of(energy), made.place)
    elif what == "travel":
        way = of.amounts["distance"].times(over)
        grams, powers = sheet.factor(factors.hardware(f"travel_{of.texts['by']}", made.user))
        made.add("carbon_g", "operation", way.number * grams, powers_of(way) + powers)
        sheet.lacks(name, "energy", "travel: its energy and water are not in the tables")
        sheet.lacks(name, "water", "travel: its energy and water are not in the tables")
    elif what == "people":
        time = of.amounts["time"].times(over)
        made.add("people_h", "people", time.number, powers_of(time))
        if "carbon_per_h" in of.amounts:
            life = time.times(of.amounts["carbon_per_h"])
            made.add("carbon_g", "life", life.number, powers_of(life))
        else:
            sheet.default("people", "their hours are listed, no carbon is charged for living", "people.carbon_per_h")
    elif what == "training":
        training(made, over)
    else:
        as_stated(made, over)
    if "cost" in of.amounts:
        cost = of.amounts["cost"].times(over)
        made.add("money_usd", "money", cost.number, powers_of(cost))
    elif what not in ("calls", "people"):
        sheet.lacks(name, "money", f"cost of {label} is not stated")


def calls(made: Flow, count: Value, own_machines: bool = False, priced: bool = True) -> None:
    """Calls described by model and tokens, priced by the law of their serving; every call alike.

    On `own_machines`, whose waiting and making is counted by their hours, a call bears neither idle reserve nor
    hardware.

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
    kind, host = of.texts.get("kind", "chat"), of.texts.get("host", "cloud")
    if kind == "chat" and tokens["output"] is None:
        raise PriceError(f"line {of.line}: calls of {of.texts['model']} have no output_tokens")
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
    physics = Key(kind, of.texts.get("provider") or factors.look_up(of.texts["model"], kind).maker, _hosts(host),
                  of.texts["model"], of.texts.get("region", ""), "live", "reported", "2xx", "")  # fmt: skip
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
    if priced and "cost" not in of.amounts:
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
    """List prices, at the middle of the tokens."""
    from jevons.cut.money import Dollars, NoPricesError

    inputs = made.sheet.inputs.of
    tokens = [value.number * _middle(value, inputs) for value in (read, cached, written)]
    try:
        sums = Sums(calls=1, input=round(tokens[0]), cached=round(tokens[1]), output=round(tokens[2]))
        dollars = Dollars()(Cell(physics._replace(period=UNKNOWN), (), sums))
    except (NoPricesError, ValueError):
        dollars = None
    if dollars is None or physics.host_class != "cloud":
        made.sheet.lacks(made.name, "money", f"price of {physics.model} is not known: state cost_usd")
        return
    made.add("money_usd", "money", count.number * dollars, powers_of(count))
    made.sheet.default(f"price of {physics.model}", f"list price, ${dollars:.3g} a call", "genai-prices")


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
        if basis == "average" and covered < due:
            sheet.lacks(made.name, "coverage", f"figures for {covered / due:.0%} of the ledger's calls: at least")
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


def machine(made: Flow, what: str, hours: Value, part: str = "operation") -> None:
    """Machines by their time: power x hours, PUE where they stand in a data centre, their share of being made."""
    sheet, user, powers = made.sheet, made.user, powers_of(hours)
    hardware = made.of.texts.get("hardware") or made.of.texts.get("training_hardware")
    names = {"gpu": ("gpu_power", ("gpu_embodied", "server_share_embodied"), "gpu_lifetime", "gpu_utilisation"),
             "ci": ("ci_power", ("ci_embodied",), "gpu_lifetime", "gpu_utilisation"),
             "server": ("server_power", ("server_embodied",), "gpu_lifetime", "gpu_utilisation"),
             "laptop": ("laptop_power", ("laptop_embodied",), "local_lifetime", "local_utilisation")}  # fmt: skip
    power, made_of, life, busy = names[what]
    known = chip(hardware) if hardware else None
    if hardware and known is None:
        from jevons.shelf.chips import names as chips

        raise PriceError(f"line {made.of.line}: hardware {hardware!r} is not known; there are {', '.join(chips())}")
    if known is not None:
        watts = known.tdp_w * LOAD.mid
        of_watts: Powers = ((span(sheet, f"load of {hardware}", LOAD.low / LOAD.mid, LOAD.high / LOAD.mid), 1),)
        sheet.default(
            f"power of {hardware}", f"{LOAD.mid:g} ({LOAD.low:g}-{LOAD.high:g}) of {known.tdp_w:g} W", "judgement"
        )
    else:
        found = factors.hardware(power, user)
        watts, of_watts = sheet.factor(found)
        sheet.default(f"power of {what}", f"{found.value:g} ({found.low:g}-{found.high:g}) W", found.source)
    kwh, of_kwh = hours.number * watts / 1e3, powers + of_watts
    if what == "gpu":
        for found in (factors.host(user), factors.idle(user)):
            number, more = sheet.factor(found)
            kwh, of_kwh = kwh * number, of_kwh + more
    centre = None if what == "laptop" else made.of.texts.get("provider", "")
    made.electric(kwh, of_kwh, made.place, part, centre)
    made.made(hours.number, powers, made_of, life, busy)


def span(sheet: Sheet, label: str, low: float, high: float, mid: float = 1.0) -> str:
    """An input of its own with an interval."""
    shape = EXACT if low == high else LOG_NORMAL
    return sheet.inputs.add(
        Input(key=label, low=low, mid=mid, high=high, shape=shape, unit="1", label=label, source="judgement")
    )


def training(made: Flow, over: Value) -> None:
    """Training, over the functional units that it serves: sunk, it is in no decision."""
    of, sheet = made.of, made.sheet
    sunk = of.flags.get("sunk", "card" in of.texts)
    if "sunk" not in of.flags:
        why = "a card tells of training that is done" if sunk else "training that is described is to be done"
        sheet.default(f"training of {made.label}", f"sunk = {str(sunk).lower()}: {why}", "definition of the tool")
    made.in_decision = not sunk
    serves = of.amounts["serves"]
    over = over.times(1 / serves.number)
    made.per = made.per + tuple((key, -1) for key in serves.keys)
    if "card" in of.texts:
        card(made, of.texts["card"], over)
    elif "energy" in of.amounts:
        energy = of.amounts["energy"].times(over)
        made.electric(energy.number, powers_of(energy), made.place, "training")
    else:
        machine(made, "gpu", of.amounts["time"].times(over), "training")


def card(made: Flow, name: str, over: Value) -> None:
    """Training as a card tells it, on the grid where it was done."""
    sheet = made.sheet
    if sheet.world.card is None:
        raise PriceError(f"line {made.of.line}: there is no shelf here")
    try:
        found = sheet.world.card(name)
    except LookupError as error:
        raise PriceError(f"line {made.of.line}: {error.args[0]}") from None
    for indicator, figure, scale in (
        ("carbon", "carbon_g", 1.0),
        ("energy", "energy_wh", 1e3),
        ("water", "water_l", 1.0),
    ):
        total = whole(found, indicator).total
        if total is None:
            sheet.lacks(made.name, indicator, f"the card {found.id} does not tell the {indicator} of its training")
            continue
        powers: Powers = ()
        if total.low != total.high and total.mid:
            powers = (
                (span(sheet, f"{indicator} of training {found.id}", total.low / total.mid, total.high / total.mid), 1),
            )
        made.add(figure, "training", total.mid * scale * over.number, powers + powers_of(over))


def as_stated(made: Flow, over: Value) -> None:
    """Figures as somebody states them, within the boundary that they include."""
    of = made.of
    times = over.times(of.amounts.get("quantity", ONE))
    part = "life" if "life" in of.lists["includes"] else of.lists["includes"][0]
    basis = of.texts.get("grid", "")
    if "carbon" in of.amounts and "operation" in of.lists["includes"] and not basis:
        basis = "average"
        made.sheet.default(f"grid of {made.label}", "average", "no grid in the file")
    for name, figure, scale in (("carbon", "carbon_g", 1.0), ("energy", "energy_wh", 1e3), ("water", "water_l", 1.0)):
        if name not in of.amounts:
            made.sheet.lacks(made.name, name, f"{name} of {made.label} is not stated")
            continue
        value = of.amounts[name].times(times)
        made.add(figure, part, value.number * scale, powers_of(value), basis if figure == "carbon_g" else "")
    if basis:
        for other in BASES:
            if other != basis:
                made.sheet.lacks(made.name, other, f"{made.label} is stated on the {basis} grid alone")
