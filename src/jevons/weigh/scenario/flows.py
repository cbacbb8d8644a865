"""Each kind of flow, as terms."""

from __future__ import annotations

from jevons import factors
from jevons.footprint.rates import BASES
from jevons.shelf.card import Card
from jevons.shelf.chips import chip
from jevons.shelf.derive import LOAD, whole
from jevons.weigh.scenario.amount import ASSUMED, EXACT, LOG_NORMAL, Input, Value
from jevons.weigh.scenario.calls import calls, ledger
from jevons.weigh.scenario.price import ONE, Flow, Powers, PriceError, Sheet, powers_of
from jevons.weigh.scenario.structure import Table


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
            f"power of {hardware}", f"{LOAD.mid:g} ({LOAD.low:g}-{LOAD.high:g}) of {known.tdp_w:g} W", ASSUMED
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
    if centre == "":
        sheet.default(f"data centre of {what}", "not known: PUE and WUE of the world's", "no provider in the file")
    made.electric(kwh, of_kwh, made.place, part, centre)
    made.made(hours.number, powers, made_of, life, busy)


def span(sheet: Sheet, label: str, low: float, high: float, mid: float = 1.0) -> str:
    """An input of its own with an interval."""
    shape = EXACT if low == high else LOG_NORMAL
    return sheet.inputs.add(
        Input(key=label, low=low, mid=mid, high=high, shape=shape, unit="1", label=label, source=ASSUMED)
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
        card(made, on_shelf(made, of.texts["card"]), over)
    elif "energy" in of.amounts:
        energy = of.amounts["energy"].times(over)
        made.electric(energy.number, powers_of(energy), made.place, "training")
    else:
        machine(made, "gpu", of.amounts["time"].times(over), "training")


def on_shelf(made: Flow, name: str) -> Card:
    """The card that a flow names. Raises PriceError."""
    if made.sheet.world.card is None:
        raise PriceError(f"line {made.of.line}: there is no shelf here")
    try:
        return made.sheet.world.card(name)
    except LookupError as error:
        raise PriceError(f"line {made.of.line}: {error.args[0]}") from None


def card(made: Flow, found: Card, over: Value) -> None:
    """Training as a card tells it, on the grid where it was done."""
    sheet = made.sheet
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
    if "quantity" not in of.amounts:
        made.sheet.default(f"quantity of {made.label}", "1", "no quantity in the file")
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
