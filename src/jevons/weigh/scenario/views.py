"""Two questions, three views, never mixed.

Consequential: what one decision changes. Short run: plants that follow demand (operating margin), hardware and training
that exist are sunk. Long run: plants that are added (build margin), and the hardware that use brings about.
Attributional: what an alternative bears of everything, on the average grid, with hardware and training in full and no
avoidable share. (Weidema, Ekvall & Heijungs 2009; GHG Protocol's distinction of inventory and project accounting.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from jevons.weigh.scenario.draws import Term, Values
from jevons.weigh.scenario.price import Sheet

FIGURES = {"carbon": "carbon_g", "energy": "energy_wh", "water": "water_l", "money": "money_usd"}


class View(NamedTuple):
    """One way to count."""

    name: str
    basis: str
    decision: bool
    hardware: bool
    question: str


SHORT = View("short run", "operating", True, False, "what does this decision change now, with what exists?")
LONG = View("long run", "build", True, True, "what does it change once grid and hardware have followed?")
ACCOUNT = View("attributional", "average", False, True, "what share of today's footprint does each way bear?")
VIEWS = (SHORT, LONG, ACCOUNT)


def terms(sheet: Sheet, alternative: str, indicator: str, view: View) -> list[Term]:
    """The terms that a view counts."""
    return [
        term
        for term in sheet.terms[alternative]
        if term.figure == FIGURES[indicator]
        and term.basis in ("", view.basis)
        and (view.hardware or term.part != "hardware")
        and (term.in_decision if view.decision else term.in_account)
    ]


def unknown(sheet: Sheet, alternative: str, indicator: str, view: View) -> list[str]:
    """Why a figure of an alternative is not known in a view; empty where it is."""
    found = sheet.unknown[alternative]
    return found.get(indicator, []) + (found.get(view.basis, []) if indicator == "carbon" else [])


def amount(sheet: Sheet, alternative: str, indicator: str, view: View, values: Values) -> Any:
    """A figure of an alternative at some draws."""
    return values.sum(terms(sheet, alternative, indicator, view), view.decision)
