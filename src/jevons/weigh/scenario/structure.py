"""What a scenario file says, read: tables with amounts as products of inputs; and its faults with their lines."""

from __future__ import annotations

import msgspec

from jevons.weigh.scenario import fields as of
from jevons.weigh.scenario.amount import Input, Value
from jevons.weigh.scenario.lines import Path


class ScenarioError(ValueError):
    """Faults of a scenario file, one a line: file, line, reason, remedy."""

    def __init__(self, name: str, faults: list[tuple[int, str]]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(f"{name}, line {line}: {text}" for line, text in self.faults))


class Table(msgspec.Struct, kw_only=True):
    """One table of the file, read."""

    path: Path
    line: int
    texts: dict[str, str] = {}
    flags: dict[str, bool] = {}
    lists: dict[str, tuple[str, ...]] = {}
    amounts: dict[str, Value] = {}


class Default(msgspec.Struct, frozen=True):
    """What was not said, and what stands in its place."""

    what: str
    value: str
    source: str


class Alternative(msgspec.Struct, kw_only=True):
    """One way to get the functional unit."""

    id: str
    own: Table
    flows: list[Table]
    benefits: Table
    real: Table

    @property
    def title(self) -> str:
        """As it is called, else its id."""
        return self.own.texts.get("title") or self.id


class Scenario(msgspec.Struct, kw_only=True):
    """A file, read."""

    name: str
    top: Table
    inputs: dict[str, Input]
    alternatives: dict[str, Alternative]
    demand: Table | None
    quality: Table | None
    consequences: list[Table]
    notes: dict[str, str]
    filled: dict[str, str]
    defaults: list[Default]

    @property
    def kind(self) -> str:
        """One of `fields.KINDS`."""
        return self.top.texts.get("kind", of.KINDS[0])

    @property
    def baseline(self) -> str:
        """The alternative that others are compared with."""
        now = [name for name, one in self.alternatives.items() if one.own.texts.get("role") == of.ROLES[0]]
        return self.top.texts.get("baseline") or (now or list(self.alternatives))[0]
