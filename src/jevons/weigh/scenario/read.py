"""Scenario files: TOML in, a `Scenario` or every fault with its line out."""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Mapping
from typing import Any

from jevons.weigh.scenario import SCHEMA
from jevons.weigh.scenario import fields as of
from jevons.weigh.scenario.amount import (
    COUNTS,
    SUFFIXES,
    AmountError,
    Input,
    Value,
    distribution,
    measures,
    nearest,
    number,
    product,
)
from jevons.weigh.scenario.fields import Field
from jevons.weigh.scenario.lines import Lines, Path, error_line
from jevons.weigh.scenario.structure import Alternative, Default, Scenario, ScenarioError, Table

SHORTEST, LONGEST = 1 / 366, 100
"""Years of a horizon."""
LARGEST = 1_000_000
"""Bytes of a file."""


def read(text: str, name: str = "scenario") -> Scenario:
    """A scenario of the text of a TOML file. Raises ScenarioError with all faults."""
    if len(text) > LARGEST:
        raise ScenarioError(name, [(1, f"{len(text):,} characters; a scenario has {LARGEST:,} at most")])
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(name, [(error_line(error, text), f"no valid TOML ({error})")]) from None
    except (ValueError, RecursionError) as error:
        raise ScenarioError(name, [(1, f"no valid TOML ({error})")]) from None
    return _Reader(name, Lines(text)).scenario(given)


class _Reader:
    def __init__(self, name: str, lines: Lines) -> None:
        self.name, self.lines = name, lines
        self.faults: list[tuple[int, str]] = []
        self.inputs: dict[str, Input] = {}
        self.defaults: list[Default] = []

    def fault(self, path: Path, text: str) -> None:
        self.faults.append((self.lines(path), text))

    def scenario(self, given: dict[str, Any]) -> Scenario:
        for key in given:
            if key not in of.TOP and key not in of.TABLES:
                self.unknown((key,), key, (*of.TOP, *of.TABLES))
        plain = {key: value for key, value in given.items() if key in of.TOP}
        top = self.table(plain, (), of.TOP)
        if top.texts.get("schema", SCHEMA) != SCHEMA:
            self.fault(("schema",), f"schema {top.texts['schema']!r}: this reads {SCHEMA}")
        for key, value in self.of_tables(given, "inputs"):
            self.named(key, value)
        named = dict(self.inputs)
        train = top.texts.get("kind") == of.KINDS[1]
        alternatives = {}
        for key, value in self.of_tables(given, "alternatives"):
            path = ("alternatives", key)
            if not isinstance(value, dict):
                self.fault(path, f"alternatives.{key} is a table: write [alternatives.{key}]")
                continue
            alternatives[key] = self.alternative(key, value, path, train, top)
        if len(alternatives) < 2:
            self.fault(("alternatives",), "two alternatives at least: [alternatives.NAME]; to do nothing is one")
        for key in ("baseline",):
            if top.texts.get(key) and top.texts[key] not in alternatives:
                what = f"{key} = {top.texts[key]!r} is no alternative"
                self.fault(
                    (key,), f"{what}{nearest(top.texts[key], alternatives)}; there are {', '.join(alternatives)}"
                )
        demand = quality = None
        if train:
            demand = self.table(dict(self.of_tables(given, "demand")), ("demand",), of.DEMAND)
            self.start(demand)
            quality = self.table(dict(self.of_tables(given, "quality")), ("quality",), of.QUALITY)
            roles = [one.own.texts.get("role") for one in alternatives.values()]
            for role in of.ROLES[:3]:
                if role not in roles:
                    self.fault(("alternatives",), f"no alternative with role = {role!r}: it is always compared, too")
        else:
            for key in ("demand", "quality"):
                if key in given:
                    self.fault((key,), f"{key} belongs to kind = {of.KINDS[1]!r}")
        consequences = [self.table(one, path, of.CONSEQUENCE) for one, path in self.array(given, ("consequences",))]
        notes, filled = ({k: str(v) for k, v in self.of_tables(given, key)} for key in ("notes", "from"))
        tables = [table for one in alternatives.values() for table in self.tables(one)] + ([demand] if demand else [])
        used = {key for table in tables for value in table.amounts.values() for key in value.keys}
        for key in named:
            if key not in used:
                self.fault(("inputs", key), f"inputs.{key} is used nowhere: use it or take it out")
        if self.faults:
            raise ScenarioError(self.name, self.faults)
        return Scenario(
            name=self.name, top=top, inputs=self.inputs, alternatives=alternatives, demand=demand, quality=quality,
            consequences=consequences, notes=notes, filled=filled, defaults=self.defaults,
        )  # fmt: skip

    @staticmethod
    def tables(one: Alternative) -> list[Table]:
        return [one.own, *one.flows, one.benefits, one.real]

    def alternative(self, key: str, given: dict[str, Any], path: Path, train: bool, top: Table) -> Alternative:
        known = of.CANDIDATE if train else of.ALTERNATIVE
        parts = ("benefits", "real") if train else ("flows", "benefits", "real")
        own = self.table({k: v for k, v in given.items() if k not in parts}, path, known, parts)
        if own.texts.get("unit") and own.texts["unit"] != top.texts.get("unit"):
            what = f"unit {own.texts['unit']!r}, the scenario's is {top.texts.get('unit')!r}"
            self.fault((*path, "unit"), f"{what}: only alternatives of one functional unit are compared")
        flows = []
        for one, at in self.array(given, (*path, "flows")) if not train else ():
            kind = one.get("what")
            if not isinstance(kind, str) or kind not in of.FLOWS:
                near = nearest(kind, of.FLOWS) if isinstance(kind, str) else ""
                self.fault((*at, "what"), f"what = {kind!r} is no kind of flow{near}; there are {', '.join(of.FLOWS)}")
                continue
            flows.append(self.table(one, at, {**of.COMMON, **of.FLOWS[kind]}))
            self.flow(flows[-1], top)
        if not train and "flows" not in given:
            self.fault(path, f"{key} has no flows: write [[alternatives.{key}.flows]], or flows = [] for nothing")
        if train:
            self.candidate(own)
        told = (("benefits", of.BENEFITS), ("real", of.REAL))
        benefits, real = (self.table(self.sub(given, (*path, part)), (*path, part), known) for part, known in told)
        for name, value in real.amounts.items():
            if value.keys:
                self.fault((*path, "real", name), f"{name}: what is real is a number, not an input that is uncertain")
        return Alternative(id=key, own=own, flows=flows, benefits=benefits, real=real)

    def flow(self, one: Table, top: Table) -> None:
        """What a single field cannot tell."""
        what, path = one.texts["what"], one.path
        if what == "people" and not top.flags.get("people"):
            self.fault(path, "people's hours count only where the file says people = true")
        if (
            what == "training"
            and sum(name in one.amounts or name in one.texts for name in ("card", "time", "energy")) != 1
        ):
            self.fault(path, "training: one of card, time (GPU-hours) or energy")
        if what == "stated" and not {"carbon", "energy", "water"} & one.amounts.keys():
            self.fault(path, "stated: at least one of carbon, energy, water, with its unit")
        if "avoidable" in one.amounts and "anyway" in one.amounts:
            self.fault((*path, "anyway"), "avoidable or anyway: one is what the other leaves")
        place = one.texts.get("place", "")
        self.place(place, (*path, "place"))

    def candidate(self, own: Table) -> None:
        role, serving = own.texts.get("role", ""), own.texts.get("serving", "")
        told = [name for name in ("training_time", "training_energy", "training_card")
                if name in own.amounts or name in own.texts]  # fmt: skip
        if role in ("fine-tune", "distil", "train") and len(told) != 1:
            self.fault(own.path, f"{role}: one of training_time (GPU-hours), training_energy or training_card")
        if role in of.ROLES[:3] and told and told != ["training_card"]:
            self.fault(own.path, f"{role} trains nothing: leave out {told[0]} (a card tells of training that is sunk)")
        if ("model" in own.texts) == ("energy_per_call" in own.amounts):
            self.fault(own.path, "either model with tokens, or energy_per_call")
        if role == "cut first" and "share_of_calls" not in own.amounts:
            self.fault(own.path, "cut first: share_of_calls that are left once repeats are cut (share_of_calls = 0.7)")
        if serving == "always on" and "idle_power" not in own.amounts:
            self.fault(own.path, "always on: idle_power of the machines that wait (idle_power_w = ...)")
        if serving == "on demand" and ("idle_power" in own.amounts) != ("time_per_start" in own.amounts):
            self.fault(own.path, "on demand: idle_power, starts_per_day and time_per_start, or none of them")
        self.place(own.texts.get("place", ""), (*own.path, "place"))

    def start(self, demand: Table) -> None:
        horizon = demand.amounts.get("horizon", Value(1.0))
        inputs = [self.inputs[key] for key in horizon.keys]
        low, high = (horizon.number * math.prod(getattr(one, end) for one in inputs) for end in ("low", "high"))
        if not SHORTEST <= low <= high <= LONGEST:
            self.fault(("demand", "horizon"), f"horizon: a day to {LONGEST} years")
        start = demand.texts.get("start", "")
        try:
            if start:
                datetime.date.fromisoformat(start)
        except ValueError:
            self.fault(("demand", "start"), f"start {start!r}: a date (2026-12-01)")

    def place(self, place: str, path: Path) -> None:
        from jevons.factors.places import key

        if place and key(place) is None:
            self.fault(path, f"place {place!r} is not known: an ISO 3166 code (SE) or a cloud region (eu-north-1)")

    def table(
        self, given: Mapping[str, Any], path: Path, known: Mapping[str, Field], more: tuple[str, ...] = ()
    ) -> Table:
        """A table by its fields."""
        made = Table(path=path, line=self.lines(path), texts={}, flags={}, lists={}, amounts={})
        for key, value in given.items():
            at = (*path, key)
            name, unit = self.split(key, known)
            if name is None:
                self.unknown(at, key, (*known, *more))
                continue
            if name in made.amounts:
                self.fault(at, f"{name} twice: keep one of its units")
                continue
            try:
                self.field(made, name, known[name], value, at, unit)
            except AmountError as error:
                self.fault(at, str(error))
        got = {*made.texts, *made.lists, *made.amounts, *made.flags, *(self.split(key, known)[0] for key in given)}
        where = ".".join(map(str, path)) or "the file"
        for name, field in known.items():
            if field.required and name not in got:
                self.fault(path, f"{where} has no {name}{self.example(name, field)}")
        return made

    @staticmethod
    def example(name: str, field: Field) -> str:
        if field.choices:
            return f": one of {', '.join(field.choices)}"
        if field.kind == "amount" and field.unit not in COUNTS:
            table = f"{name} = {{low = 1, mid = 2, high = 4, unit = {field.unit!r}}}"
            return f": write {name}_{field.unit.lower()} = 1.5, or {table}"
        return f": write {name} = ..."

    def split(self, key: str, known: Mapping[str, Field]) -> tuple[str | None, str]:
        """(field, unit of its suffix)."""
        if key in known:
            return key, ""
        stem, _, suffix = key.rpartition("_")
        if stem in known and known[stem].kind == "amount" and suffix in SUFFIXES:
            return stem, SUFFIXES[suffix]
        return None, ""

    def field(self, made: Table, name: str, field: Field, value: Any, at: Path, unit: str) -> None:
        if field.kind == "text":
            if not isinstance(value, str) or not value.strip():
                raise AmountError(f"{name} is a text, not {value!r}")
            if field.choices and value not in field.choices:
                raise AmountError(
                    f"{name} = {value!r}{nearest(value, field.choices)}: one of {', '.join(field.choices)}"
                )
            made.texts[name] = value
            if name == "place" and not at[:-1]:
                self.place(value, at)
        elif field.kind == "flag":
            if not isinstance(value, bool):
                raise AmountError(f"{name} is true or false, not {value!r}")
            made.flags[name] = value
        elif field.kind == "texts":
            if not isinstance(value, list) or not value or not all(one in field.choices for one in value):
                raise AmountError(f"{name} is a list of {', '.join(field.choices)}; got {value!r}")
            made.lists[name] = tuple(value)
        else:
            found = self.amount(value, name, field, at, unit)
            if name in of.ABOVE_0 and not found.number * math.prod(self.inputs[key].low for key in found.keys) > 0:
                raise AmountError(f"{name}: above 0, at its low end, too")
            made.amounts[name] = found

    def amount(self, value: Any, name: str, field: Field, at: Path, unit: str) -> Value:
        share = field.kind == "share"
        base = "1" if share else field.unit
        if isinstance(value, str):
            made = product(value, name, base, self.inputs)
            self.shares(name, share, made.number * math.prod(self.inputs[key].high for key in made.keys))
            return made
        if not share and not unit and base not in COUNTS and not (isinstance(value, dict) and "unit" in value):
            raise AmountError(f"{name} has no unit{self.example(name, field)}")
        given = unit or base
        if not isinstance(value, dict):
            value = {"value": number(value, name)}
        if unit and value.get("unit", unit) != unit:
            raise AmountError(f"{name}: unit {value['unit']!r}, its name says {unit}")
        low, mid, high, shape, source = distribution({**value, "unit": value.get("unit", given)}, name, base, share)
        self.shares(name, share, low, high)
        if "real" in at:
            return Value(mid)
        key = ".".join(map(str, at))
        flow = f", flow {at[-2] + 1}" if len(at) > 1 and isinstance(at[-2], int) else ""
        label = f"{at[1] if len(at) > 2 else at[0]}{flow}: {name.replace('_', ' ')}"
        self.inputs[key] = Input(
            key=key, low=low, mid=mid, high=high, shape=shape, unit=base, label=label, source=source, stated=True
        )
        return Value(1.0, (key,))

    @staticmethod
    def shares(name: str, share: bool, *ends: float) -> None:
        for end in ends if share else ():
            if not 0 <= end <= 1:
                raise AmountError(f"{name} = {end:g}: a share lies from 0 to 1")

    def named(self, key: str, value: Any) -> None:
        """One of [inputs]."""
        at = ("inputs", key)
        unit = SUFFIXES.get(key.rpartition("_")[2], "")
        try:
            told: Any = value.get("unit", unit) if isinstance(value, dict) else unit
            unit = told if isinstance(told, str) else ""
            if not unit:
                raise AmountError(f"{key} has no unit: write {key} = {{low = 1, mid = 2, high = 4, unit = 'calls'}}")
            measures(unit)
            given = value if isinstance(value, dict) else {"value": value}
            base = "1" if unit == "%" else unit
            low, mid, high, shape, source = distribution({"unit": unit, **given}, key, base, False)
            unit, label = base, key.replace("_", " ")
            self.inputs[key] = Input(
                key=key, low=low, mid=mid, high=high, shape=shape, unit=unit, label=label, source=source, stated=True
            )
        except AmountError as error:
            self.fault(at, str(error))

    def unknown(self, path: Path, key: str, known: tuple[str, ...]) -> None:
        stem, _, suffix = key.rpartition("_")
        if stem in known:
            self.fault(path, f"{key}: {suffix!r} is no unit of {stem}; units are {', '.join(SUFFIXES)}")
        else:
            self.fault(path, f"{key!r} is not known{nearest(key, known)}; known are {', '.join(known)}")

    def of_tables(self, given: dict[str, Any], key: str) -> list[tuple[str, Any]]:
        return list(self.sub(given, (key,)).items())

    def sub(self, given: dict[str, Any], path: Path) -> dict[str, Any]:
        found = given.get(str(path[-1]), {})
        if not isinstance(found, dict):
            self.fault(path, f"{path[-1]} is a table: write [{'.'.join(map(str, path))}]")
            return {}
        return found

    def array(self, given: dict[str, Any], path: Path) -> list[tuple[dict[str, Any], Path]]:
        found = given.get(str(path[-1]), [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.fault(path, f"{path[-1]} is an array of tables: write [[{'.'.join(map(str, path))}]]")
            return []
        return [(one, (*path, at)) for at, one in enumerate(found)]
