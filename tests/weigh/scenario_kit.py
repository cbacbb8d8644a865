"""Scenarios for tests: a world whose factors are stated, so that answers can be worked out on paper."""

from __future__ import annotations

from pathlib import Path

from jevons.factors import load_user
from jevons.footprint import Overrides
from jevons.weigh.scenario.price import Sheet, World
from jevons.weigh.scenario.read import read
from jevons.weigh.scenario.structure import ScenarioError
from jevons.weigh.scenario.weigh import sheet_of, weigh

HEAD = "name,place,year,value,low,high,unit,source\n"
UNITS = {"pue": "1", "host": "1", "idle": "1", "ewif": "L/kWh", "wue": "L/kWh"}


def world(folder: Path, *rows: tuple[str, str, float], **more: object) -> World:
    """A world with exact factors: (name, place, value) rows."""
    file = folder / "factors.csv"
    units = UNITS | {name: "W" for name, *_ in rows if name.endswith("power")}
    lines = [f"{name},{place},,{at},{at},{at},{units.get(name, 'gCO2e/kWh')},ours" for name, place, at in rows]
    file.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return World(overrides=Overrides(factors=load_user([file])), prices=False, **more)  # type: ignore[arg-type]


def scenario(*alternatives: str, top: str = "", inputs: str = "") -> str:
    """A scenario with alternatives a, b ...: each a text of flows, one ``key = value; key = value`` a line."""
    text = f'title = "t"\nunit = "one"\n{top}\n'
    if inputs:
        text += f"[inputs]\n{inputs}\n"
    for name, flows in zip("abcdef", alternatives, strict=False):
        text += f"[alternatives.{name}]\n" + ("" if flows else "flows = []\n")
        for flow in filter(None, map(str.strip, flows.splitlines())):
            text += f"[[alternatives.{name}.flows]]\n" + "\n".join(flow.split("; ")) + "\n"
    return text


def weighed(text: str, of: World | None = None, **more: object):
    return weigh(read(text), of, **{"draws": 1024, **more})  # type: ignore[arg-type]


def sheet(text: str, of: World | None = None) -> Sheet:
    return sheet_of(read(text), of or World())


def view(made, name: str):
    return next(one for one in made.views if one.view == name)


def verdict(made, name: str, alternative: str = "b"):
    return next(one for one in view(made, name).verdicts if one.alternative == alternative)


def level(made, name: str, alternative: str):
    return next(one for one in view(made, name).levels if one.alternative == alternative)


def faults(text: str) -> list[tuple[int, str]]:
    try:
        read(text)
    except ScenarioError as error:
        return error.faults
    return []
