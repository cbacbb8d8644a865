"""Train or reuse: candidates that answer the same calls for some years, each with its training, serving and waiting.

Everything over a horizon: calls grow by a yearly rate, always-on machines wait whether asked or not, models are trained
again after a while. Training that is done is 0 in a decision; in the account it is allocated, never both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jevons.footprint.breakeven import DAYS_PER_YEAR
from jevons.weigh.scenario import calls, flows
from jevons.weigh.scenario.amount import EXACT, Input, Value
from jevons.weigh.scenario.fields import ROLES
from jevons.weigh.scenario.price import ONE, Flow, Sheet, World, powers_of
from jevons.weigh.scenario.structure import Alternative, Scenario

HOURS_PER_YEAR = 24 * DAYS_PER_YEAR
TIME, CALLS, HOURS, DAYS = "years so far", "calls so far", "hours so far", "days so far"
HORIZON_YEARS = 3.0
"""Where the file does not say (an assumption of ours: how long a judge is usually kept)."""
GPU = ("gpu_embodied", "server_share_embodied")


def sheet_of(scenario: Scenario, world: World) -> Sheet:
    """All candidates of a ``train-or-reuse`` scenario over its horizon, priced. Raises PriceError."""
    sheet = Sheet(scenario, world)
    _time(sheet)
    for one in scenario.alternatives.values():
        _candidate(sheet, one)
    sheet.merge()
    return sheet


def keep(scenario: Scenario) -> str:
    """The candidate that is there now."""
    return next(name for name, one in scenario.alternatives.items() if one.own.texts["role"] == ROLES[0])


def rebound_key(name: str) -> str:
    """Input by which more calls answer a candidate that takes less: 1 unless a scenario of rebound says otherwise."""
    return f"{name}: calls for each call as it was"


def _time(sheet: Sheet) -> None:
    demand = sheet.scenario.demand
    if demand is None:
        raise ValueError("a scenario of another kind")
    if "growth" not in demand.amounts:
        sheet.default("growth", "0 a year", "no growth in the file")
    if "horizon" not in demand.amounts:
        sheet.default("horizon", f"{HORIZON_YEARS:g} years", "assumption, ours: how long a judge is kept")
    horizon = demand.amounts.get("horizon", Value(HORIZON_YEARS))
    growth, a_day = demand.amounts.get("growth", Value(0.0)), demand.amounts["calls_per_day"]
    derived = sheet.inputs.derived
    derived[TIME] = lambda look: _of(horizon, look)
    derived[DAYS] = lambda look: DAYS_PER_YEAR * look(TIME)
    derived[HOURS] = lambda look: HOURS_PER_YEAR * look(TIME)
    derived[CALLS] = lambda look: _of(a_day, look) * DAYS_PER_YEAR * grown(_of(growth, look), look(TIME))


def grown(growth: Any, years: Any) -> Any:
    """Integral of (1 + g)^t from 0 to `years`: ((1 + g)^years - 1) / ln(1 + g), `years` where nothing grows."""
    rate = np.log1p(growth)
    small = np.abs(rate) < 1e-12
    # no demand is 1e200 times what it was: an exponent beyond that has no use
    return np.where(small, years, np.expm1(np.minimum(rate * years, 460.0)) / np.where(small, 1.0, rate))


def _of(value: Value, look: Callable[[str], Any]) -> Any:
    made: Any = value.number
    for key in value.keys:
        made = made * look(key)
    return made


def _candidate(sheet: Sheet, one: Alternative) -> None:
    own, name = one.own, one.id
    serving, amounts = own.texts["serving"], own.amounts
    again = rebound_key(name)
    sheet.inputs.add(Input(key=again, low=1.0, mid=1.0, high=1.0, shape=EXACT, unit="1", label=again, source="factors"))
    if "share_of_calls" not in amounts:
        sheet.default("share of calls, where not stated", "1", "no share_of_calls in the file")
    count = Value(1.0, (CALLS, again)).times(amounts.get("share_of_calls", ONE))
    held = serving == "always on"
    asked = Flow(sheet, name, own, own.texts.get("model", "calls"), per_call=True)
    if "model" in own.texts:
        calls.calls(asked, count, own_machines=held, rented_at=None if serving == "api" else asked.place)
    else:
        energy = count.times(amounts["energy_per_call"]).times(1e-3)
        asked.electric(energy.number, powers_of(energy), asked.place)
        if not held:
            sheet.default(f"hardware of {one.title}", "not counted: only the energy of a call is stated", "the file")
    if "cost_per_call" in amounts:
        cost = count.times(amounts["cost_per_call"])
        asked.add("money_usd", "money", cost.number, powers_of(cost))
    elif serving != "api" and "cost_per_h" not in amounts:
        sheet.lacks(name, "money", "cost_per_h of its machines is not stated")
    if "idle_power" in amounts:
        _waiting(sheet, one, held)
    _training(sheet, one)


def _waiting(sheet: Sheet, one: Alternative, held: bool) -> None:
    """Machines that are on: all the time, or for a while at each start; calls come on top."""
    amounts = one.own.amounts
    machines = amounts.get("machines", ONE)
    if "machines" not in amounts:
        sheet.default(f"machines of {one.title}", "1", "no machines in the file")
    sheet.default("machines that wait", "made as a GPU and its share of a server", "definition of the tool")
    if not held and "starts_per_day" not in amounts:
        sheet.default(f"starts a day of {one.title}", "1", "no starts_per_day in the file")
    if held:
        hours = Value(1.0, (HOURS,)).times(machines)
    else:
        hours = (
            Value(1.0, (DAYS,))
            .times(machines)
            .times(amounts["time_per_start"])
            .times(amounts.get("starts_per_day", ONE))
        )
    made = Flow(sheet, one.id, one.own, "machines that wait")
    energy = hours.times(amounts["idle_power"]).times(1e-3)
    made.electric(energy.number, powers_of(energy), made.place, "operation", one.own.texts.get("provider", ""))
    made.made(hours.number, powers_of(hours), GPU, "gpu_lifetime", "" if held else "gpu_utilisation")
    if "cost_per_h" in amounts:
        cost = hours.times(amounts["cost_per_h"])
        made.add("money_usd", "money", cost.number, powers_of(cost))


def _training(sheet: Sheet, one: Alternative) -> None:
    amounts, texts = one.own.amounts, one.own.texts
    made = Flow(sheet, one.id, one.own, "training")
    if "training_card" in texts:
        made.in_decision = False
        _allocated(made, texts["training_card"])
        return
    if not {"training_time", "training_energy"} & amounts.keys():
        return
    times = Value(1.0, (_trainings(sheet, one),))
    if "training_time" in amounts:
        flows.machine(made, "gpu", amounts["training_time"].times(times), "training")
    else:
        energy = amounts["training_energy"].times(times)
        made.electric(energy.number, powers_of(energy), made.place, "training")
    if "training_cost" in amounts:
        cost = amounts["training_cost"].times(times)
        made.add("money_usd", "money", cost.number, powers_of(cost))
    else:
        sheet.lacks(one.id, "money", "training_cost is not stated")


def _trainings(sheet: Sheet, one: Alternative) -> str:
    """How often it is trained so far: at once, and after each interval."""
    key, every = f"{one.id}: trainings so far", one.own.amounts.get("retrain_every")
    if every is None:
        sheet.default(f"training of {one.title}", "once", "no retrain_every in the file")
        sheet.inputs.derived[key] = lambda look: 1.0
    else:
        interval = every
        sheet.inputs.derived[key] = lambda look: np.maximum(
            np.ceil(look(TIME) * 12 / np.maximum(_of(interval, look), 1e-9) - 1e-9), 1.0
        )
    return key


def _allocated(made: Flow, name: str) -> None:
    """Sunk training, by the share of the model's calls that are ours; not known where nobody counted those."""
    sheet, found = made.sheet, flows.on_shelf(made, name)
    if not found.calls:
        sheet.default(f"training of {found.id}", "not allocated: nobody counted the calls that it serves", "its card")
        return
    served, key = found.calls, f"{made.name}: share of the calls of {found.id}"
    sheet.inputs.derived[key] = lambda look: np.minimum(look(CALLS) / served, 1.0)
    flows.card(made, found, Value(1.0, (key,)))
