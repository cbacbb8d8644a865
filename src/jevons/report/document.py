"""The document that every rendering shows: schema ``jevons.report/1``.

Fields may be added within a version; what a field means, or that it is there, changes with the version alone.
"""

from __future__ import annotations

import msgspec

from jevons.cut.burn import Burn
from jevons.cut.gate import Outcome as Gate
from jevons.footprint.derivation import Node
from jevons.weigh.compare import Outcome as Comparison
from jevons.weigh.society.places import Society

SCHEMA = "jevons.report/1"


class Range(msgspec.Struct):
    """A figure with its 90 % interval."""

    low: float
    mid: float
    high: float


class Level(msgspec.Struct):
    """The rough level of something: what it cost, life cycle without training."""

    energy_wh: Range
    carbon_g: Range
    """Operational, grid average, location-based."""
    water_l: Range
    embodied_g: Range
    """Hardware's share."""


class Counts(msgspec.Struct):
    """What was counted, exactly. Tokens, repeats and unknowns are those of the document's mode."""

    calls: int = 0
    live: int = 0
    replayed: int = 0
    mocked: int = 0
    recorded: int = 0
    failed: int = 0
    retries: int = 0
    estimated: int = 0
    """Calls whose tokens were estimated from text."""
    unknown: int = 0
    """Calls that used tokens, but how many is unknown."""
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    repeats: int = 0
    repeated_tokens: int = 0


class Row(msgspec.Struct):
    """One test, model, provider, role, file or day."""

    name: str
    calls: int
    """Calls of its own."""
    shared_calls: float
    """Its share of the calls of fixtures that it used with others."""
    tokens: float
    """In and out, own and shared."""
    failed: int
    level: Level
    share: float
    """Part of the total energy, 0 to 1."""
    attempts: int = 1
    outcome: str = ""
    models: dict[str, float] = {}
    """Calls by model, own and shared: `Document.derivations` says what a model's calls cost, and why."""


class Table(msgspec.Struct):
    """Rows by something else than `Document.by`."""

    by: str
    rows: list[Row]


class Advice(msgspec.Struct, kw_only=True):
    """One thing to do, of a plan of what to cut (schema ``jevons.cut/1`` says more)."""

    what: str
    do: str
    saves: str
    """In words, as `jevons cut` has them."""
    calls: int
    """Calls that would not be made."""
    carbon: Range | None
    """Part of the carbon of all calls looked at, 0 to 1; None where that is not known."""
    risk: str


class Machine(msgspec.Struct, kw_only=True):
    """What this machine spent while commands of `jevons run` ran: beside the level, never in it, though calls to
    models on this machine may be in both."""

    how: str
    """``measured`` by counters, ``estimated`` from processor time, or ``unknown``: never added to each other."""
    commands: int
    energy_wh: Range | None
    """Of the whole machine where measured, of the commands alone where estimated; None: unknown."""
    unended: int = 0
    """Commands of which no end is recorded: killed, or still running; what they took is known so far."""
    duration_s: float
    cpu_s: float | None
    """Processor time of the commands; None where it is not known of one of them."""
    why: str
    """What the figure rests on."""


class Document(msgspec.Struct):
    """One report. Times in UTC."""

    run: str
    project: str
    started: str
    method: str
    counts: Counts
    mode: str
    """Which calls the tokens, the level and the rows are about: ``live``, or ``recorded`` where a scan found them
    all: those were paid for when they were recorded, and are never added to live ones."""
    level: Level
    coverage: float
    """Part of the calls that should have figures and do, 0 to 1."""
    at_least: bool
    """Coverage is under 100 %: the level is a lower bound."""
    trust: str
    """Least trusted source of a figure in this report."""
    avoided: Level | None
    """What replays avoided."""
    place: str
    """Whose electricity, in words."""
    grid: str
    """Carbon intensity of it: ``average``, or the ``operating`` or ``build`` margin."""
    market_g: Range | None
    """Carbon by contract of the calls that a contract of the user's covers; None without one."""
    tests: int
    """Tests that ran."""
    by: str
    rows: list[Row]
    roles: list[Row]
    waste: str
    next: str
    notes: list[str]
    tables: list[Table] = []
    derivations: list[Node] = []
    """How the level comes about, a tree for each mode of calls (schema ``jevons.explain/1``)."""
    change: Comparison | None = None
    """Beside earlier runs, where there are any."""
    advice: list[Advice] = []
    """What to do, the best first."""
    machine: list[Machine] = []
    """What this machine spent, by how that is known."""
    places: Society | None = None
    gate: Gate | None = None
    """Caps that were agreed, and what was used of them."""
    burn: list[Burn] = []
    """How those caps that are over a month or the whole project were used up, day by day."""
    left_out: dict[str, str] = {}
    """Field above -> why it is empty, where it was asked for."""
    schema: str = SCHEMA

    def _repr_markdown_(self) -> str:
        """What a notebook shows."""
        from jevons.report.markdown import render

        return render(self)
