"""The lines of a report that every text rendering shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jevons.report.document import Document, Level, Machine, Range
from jevons.report.numbers import between, percent

ROLES = {"judge": "judges", "set-up": "set-up", "product": "product"}


GRIDS = {"average": "average", "operating": "operating margin", "build": "build margin"}


def counted(document: Document) -> list[str]:
    """What was counted: exact."""
    counts = document.counts
    modes = [f"{getattr(counts, mode):,} {mode}" for mode in ("live", "replayed", "mocked")]
    if document.mode == "recorded":
        modes = ["all found in recordings"]
    elif counts.recorded:
        modes.append(f"{counts.recorded:,} found recorded")
    modes.append(f"{counts.failed:,} failed")
    if counts.retries:
        modes.append(f"{counts.retries:,} retries")
    tokens = f"{counts.input_tokens:,} tokens in"
    if counts.cached_tokens:
        tokens += f" ({counts.cached_tokens:,} cached)"
    tokens += f", {counts.output_tokens:,} out"
    if counts.reasoning_tokens:
        tokens += f" ({counts.reasoning_tokens:,} reasoning)"
    repeats = f"{counts.repeats:,} exact repeat{'s' * (counts.repeats != 1)}"
    return [f"{counts.calls:,} calls: {', '.join(modes)}", f"{tokens}; {repeats}"]


def rough(document: Document) -> list[str]:
    """The level: a pale band."""
    prefix = "when it was recorded: " if document.mode == "recorded" else ""
    prefix += "at least " if document.at_least else ""
    figures = amounts(document.level, low_only=document.at_least)
    covered = "all calls" if document.coverage == 1 else f"{percent(document.coverage)} of calls"
    return [
        prefix + figures,
        f"figures for {covered}, 90 % intervals; weakest source: {document.trust}; "
        f"grid {GRIDS[document.grid]}: {document.place or 'none used'}",
    ]


def amounts(level: Level, low_only: bool = False) -> str:
    """Energy, carbon, hardware and water of a level."""

    def show(figure: Range, unit: str) -> str:
        return between(Range(figure.low, figure.low, figure.low) if low_only else figure, unit)

    return (
        f"{show(level.energy_wh, 'Wh')}, {show(level.carbon_g, 'g')} CO2e "
        f"(+ {show(level.embodied_g, 'g')} hardware), {show(level.water_l, 'L')} water"
    )


def roles(document: Document) -> str:
    """Who asked: ``judges 63 %, product 30 %``; empty where there is one role only."""
    if len(document.roles) < 2:
        return ""
    return ", ".join(f"{ROLES.get(row.name, row.name)} {percent(row.share)}" for row in document.roles) + " of energy"


def avoided(document: Document) -> str:
    """What replays avoided; empty without a replay."""
    if document.avoided is None:
        return ""
    return f"by {document.counts.replayed:,} replayed calls: {amounts(document.avoided)}"


def market(document: Document) -> str:
    """Carbon by contract, apart from the rest; empty without a contract."""
    if document.market_g is None:
        return ""
    return f"by contracts that you state, market-based: {between(document.market_g, 'g')} CO2e, beside the above"


def machine(made: Iterable[Machine]) -> Iterator[str]:
    """What this machine spent, a line for each way of knowing it."""
    for one in made:
        took = between(one.energy_wh, "Wh") if one.energy_wh else "energy not known"
        so_far = f" so far ({one.unended:,} without an end)" if one.unended else ""
        commands = f"{one.commands:,} command{'s' * (one.commands != 1)}"
        how = f"{one.how}, " if one.energy_wh else ""
        beside = "not added to the above; calls to models on this machine may be in both"
        yield f"{how}{commands} of jevons run{so_far}: {took} ({one.why}); {beside}"


def labelled(document: Document) -> list[tuple[str, str]]:
    """(label, line) pairs, in reading order, without the table."""
    lines = [("counted", line) for line in counted(document)] + [("rough", line) for line in rough(document)]
    after = [
        ("roles", roles(document)),
        ("avoided", avoided(document)),
        ("market", market(document)),
        *(("machine", line) for line in machine(document.machine)),
        ("waste", document.waste),
        *(("note", note) for note in document.notes),
        ("next", document.next),
    ]
    return lines + [(label, line) for label, line in after if line]
