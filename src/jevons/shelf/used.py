"""What the ledger saw of models: calls served, first and last use, by whom, and what a call took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from jevons import factors
from jevons.footprint.account import account, priced
from jevons.footprint.figures import Figures
from jevons.footprint.generation import TRAFFIC_INPUT, TRAFFIC_OUTPUT
from jevons.footprint.interval import Interval
from jevons.footprint.overrides import Overrides
from jevons.ledger.cells import cells
from jevons.ledger.days import UNKNOWN
from jevons.ledger.recorded import Recorded
from jevons.record import Call
from jevons.shelf.card import Card, identity
from jevons.shelf.lineage import key

TASKS = {
    "chat": "text-generation", "embeddings": "feature-extraction", "rerank": "text-ranking", "image": "text-to-image",
    "audio": "automatic-speech-recognition",
}  # fmt: skip
"""Tasks, as Hugging Face calls them, by kind of call."""


class PerCall(msgspec.Struct, kw_only=True):
    """What one call takes, operational: neither hardware nor training."""

    energy_wh: Interval
    carbon_g: Interval
    how: str
    """``measured``, ``reported``, ``ledger`` or ``estimated``."""
    what: str
    """Of which call."""
    grid: str = ""
    """Whose electricity."""
    calls_a_day: float | None = None


class Seen(msgspec.Struct, kw_only=True):
    """One model in the ledger."""

    name: str
    kind: str
    provider: str
    calls: int = 0
    """Live ones that were answered."""
    first: str = ""
    last: str = ""
    users: tuple[str, ...] = ()
    """Projects."""
    each: PerCall | None = None


def seen(runs: Sequence[Recorded], *, place: str = "", overrides: Overrides | None = None) -> dict[str, Seen]:
    """Models of the live calls of some runs, by `lineage.key`."""
    found: dict[str, Seen] = {}
    spent: dict[str, tuple[Figures, float]] = {}
    places: dict[str, dict[str, None]] = {}
    made = priced(runs, lambda whose: (whose.day,), place=place, overrides=overrides)
    for one, accounts in zip(runs, made, strict=True):
        for part in accounts:
            physics, sums = part.cell.key, part.cell.sums
            if physics.mode != "live" or physics.status not in ("2xx", "cut") or not physics.model:
                continue
            name = key(physics.model)
            here = found.setdefault(name, Seen(name=physics.model, kind=physics.kind, provider=physics.provider))
            day = str(part.cell.group[0])
            day = "" if day == UNKNOWN else day
            here.calls += sums.calls
            here.first = min(filter(None, (here.first, day)), default="")
            here.last = max(here.last, day)
            if one.run.project and one.run.project not in here.users:
                here.users += (one.run.project,)
            figures, covered = spent.setdefault(name, (Figures(), 0.0))
            figures.add(part.figures)
            places.setdefault(name, {})[part.serving.place] = None
            spent[name] = figures, covered + part.covered
    for name, (figures, covered) in spent.items():
        if covered:
            what = f"mean of {covered:,.0f} calls of this ledger"
            found[name].each = _per_call(figures, covered, "ledger", what, ", ".join(places[name]))
    return found


def _per_call(figures: Figures, calls: float, how: str, what: str, grid: str) -> PerCall:
    each = 1 / calls
    return PerCall(energy_wh=figures.energy_wh * each, carbon_g=figures.carbon_g * each, how=how, what=what, grid=grid)


def cards(models: dict[str, Seen], there: Iterable[Card]) -> list[Card]:
    """A card for each model of the ledger that has none yet: identity, task and use, training unknown."""
    known = {key(card.name) for card in there}
    made: dict[str, Card] = {}
    for name, one in models.items():
        if name in known or not name:
            continue
        model = factors.look_up(one.name, one.kind)
        card = Card(
            schema="jevons.card/1",
            id=identity(one.name),
            name=one.name,
            maker=model.maker,
            task=TASKS.get(one.kind, TASKS.get(model.kind, "")),
            parameters_b=model.total_b.value if model.knowledge in ("known", "name") else None,
        )
        made.setdefault(card.id, card)
    return list(made.values())


def joined(card: Card, models: dict[str, Seen]) -> Card:
    """A card with what the ledger saw of it added to what it says itself."""
    one = models.get(key(card.name))
    if one is None:
        return card
    return msgspec.structs.replace(
        card,
        calls=(card.calls or 0) + one.calls,
        first_use=min(filter(None, (card.first_use, one.first)), default=""),
        last_use=max(card.last_use, one.last),
        users=tuple(dict.fromkeys((*card.users, *one.users))),
    )


def per_call(
    card: Card, models: dict[str, Seen], *, place: str = "", overrides: Overrides | None = None
) -> tuple[PerCall | None, str]:
    """(what a call of a model takes, why that is not known): as its card says, else as the ledger saw it, else one
    usual request."""
    for use in sorted(card.use, key=lambda one: one.how != "measured"):
        if use.calls and (use.energy or use.carbon):
            each = 1 / use.calls
            energy = use.energy.to("Wh") * each if use.energy else Interval(0.0, 0.0, 0.0)
            carbon = use.carbon.to("g") * each if use.carbon else energy * ((use.grid_g_per_kwh or 0.0) / 1e3)
            a_day = use.calls / use.days if use.days else None
            rate = f", {use.request_rate}" if use.request_rate else ""
            what = f"its card: {use.calls:,.0f} calls{rate}"
            return PerCall(energy_wh=energy, carbon_g=carbon, how=use.how, what=what, calls_a_day=a_day), ""
    one = models.get(key(card.name))
    if one is not None and one.each is not None:
        return one.each, ""
    return usual(card, place=place, overrides=overrides)


def usual(card: Card, *, place: str = "", overrides: Overrides | None = None) -> tuple[PerCall | None, str]:
    """The same of one usual request, to a model of the name and size of a card: alike for all that are compared."""
    kind = "embeddings" if card.task in ("feature-extraction", "sentence-similarity") else "chat"
    if card.task and card.task not in (*_TEXT, "feature-extraction", "sentence-similarity"):
        return None, f"no law for {card.task}"
    model = factors.look_up(card.name, kind)
    stated: Any = overrides or Overrides()
    if model.knowledge in ("unknown", "tier") and card.parameters_b:
        stated = msgspec.structs.replace(stated, models={**stated.models, card.name: (card.parameters_b,) * 2})
    elif model.knowledge == "unknown":
        return None, "its size is not known"
    call = Call(
        id="", run="", kind=kind, provider=model.maker, model=card.name, usage="reported", status=200,
        input_tokens=round(TRAFFIC_INPUT), output_tokens=round(TRAFFIC_OUTPUT) if kind == "chat" else 0,
    )  # fmt: skip
    (made,) = account(cells([call]), place=place, overrides=stated)
    if not made.covered:
        return None, "; ".join(made.notes) or "no law for it"
    tokens = f"{call.input_tokens:,} tokens in" + (f", {call.output_tokens:,} out" if call.output_tokens else "")
    return _per_call(made.figures, 1.0, "estimated", f"one usual request, {tokens}", made.serving.place), ""


_TEXT = (
    "text-generation", "text2text-generation", "summarization", "translation", "question-answering", "conversational",
    "image-text-to-text", "any-to-any",
)  # fmt: skip
