"""What calls took, as an object that shows itself and explains itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jevons.factors import Factor
from jevons.footprint import METHOD_VERSION, Account, Interval, Overrides, account, total
from jevons.footprint.account import NOTHING
from jevons.footprint.derivation import derive
from jevons.ledger.cells import Cell, fold
from jevons.report.document import Range
from jevons.report.explain import Explanation
from jevons.report.notebook import Displayed, Shown
from jevons.report.numbers import between, percent
from jevons.report.tree import render

_FIGURES = (
    ("energy", "energy_wh", "Wh"),
    ("carbon, operational", "carbon_g", "g"),
    ("water consumed", "water_l", "L"),
    ("hardware, embodied carbon", "embodied_g", "g"),
)


@dataclass(frozen=True, kw_only=True)
class Footprint(Displayed):
    """Figures of some calls: a rough level, each with its 90 % interval."""

    of: str
    """What they are of."""
    mode: str
    """``live``, or ``recorded`` where all calls were found in recordings: those are never added to live ones."""
    calls: int
    energy_wh: Interval | None
    """None where nothing is known, which is not 0. Of the whole data centre, or of one's own machine."""
    carbon_g: Interval | None
    """Operational, location-based."""
    water_l: Interval | None
    """Consumed, on site and at power stations."""
    embodied_g: Interval | None
    """Hardware's share of carbon."""
    usd: float | None
    """At list prices of the calls' time; None where none is known, or genai-prices is not installed."""
    coverage: float
    """Part of the calls that should have figures and do, 0 to 1: below 1 figures are lower bounds."""
    trust: str
    """Weakest of what they rest on."""
    place: str
    """Whose electricity."""
    grid: str
    """Carbon intensity: ``average``, or the ``operating`` or ``build`` margin."""
    sources: tuple[Factor, ...]
    """Factors that were used, each with its interval, source, address and licence."""
    caveats: tuple[str, ...]
    """What to know before one quotes them."""
    method: str = METHOD_VERSION
    accounts: list[Account] = field(repr=False, compare=False)
    """What they are the sum of."""

    def explain(self) -> str:
        """How the figures come about, to named sources: a tree, as `jevons explain` prints it."""
        shares = [(one, 1.0) for one in self.accounts if one.mode == self.mode]
        tree = Explanation("", self.of, "calls", [derive(self.of, shares)] if shares else [], {})
        return render(tree)

    def _shown(self) -> Shown:
        low_only = self.coverage < 1.0 - 1e-9
        rows = [(name, _told(getattr(self, figure), unit, low_only)) for name, figure, unit in _FIGURES]
        if self.usd is not None:
            rows.append(("money, list prices", f"{self.usd:.3g} USD"))
        notes = [*self.caveats, f"method {self.method}; {self.place or 'no grid used'}, grid {self.grid}"]
        return Shown(
            f"{self.of}: {self.calls:,} {self.mode} call{'s' * (self.calls != 1)}, rough",
            ("", "90 % interval"),
            rows,
            notes,
        )


def of_cells(what: str, made: Sequence[Cell], *, place: str = "", stated: Overrides | None = None) -> Footprint:
    """The footprint of cells by the hour, as calls make them."""
    by_hour = stated is not None and stated.signal is not None
    folded = made if by_hour else fold(made, period=lambda period: period[: len("2026-11")])
    return of_accounts(what, account(folded, place=place, overrides=stated), made, (stated or Overrides()).grid)


def of_accounts(what: str, accounts: list[Account], priced: Iterable[Cell], grid: str) -> Footprint:
    """The footprint of accounts; money is of the cells `priced`, which know the hour and the lengths of prompts."""
    whole = total(accounts)
    only_recorded = bool(whole.recorded.calls) and not (whole.live.calls or whole.avoided.calls or whole.mocked_calls)
    mode, level = ("recorded", whole.recorded) if only_recorded else ("live", whole.live)
    usd, not_priced = _dollars([cell for cell in priced if cell.key.mode == mode])
    caveats = []
    if level.at_least:
        share = percent(level.coverage)
        caveats.append(f"figures for {share} of calls: the others have no token count, or no law")
    caveats += [f"weakest source: {whole.trust}" if whole.trust != NOTHING else "", not_priced]
    mine = [one for one in accounts if one.mode == mode]
    caveats += dict.fromkeys(_guessed(one) for one in mine)
    caveats += dict.fromkeys(note for one in mine for note in one.notes)
    nothing = bool(level.due) and not level.covered
    known: list[Interval | None] = [None if nothing else level.figures.interval(name) for _, name, _ in _FIGURES]
    energy_wh, carbon_g, water_l, embodied_g = known
    return Footprint(
        of=what, mode=mode, calls=round(level.calls), energy_wh=energy_wh, carbon_g=carbon_g,
        water_l=water_l, embodied_g=embodied_g, usd=usd, coverage=level.coverage, trust=whole.trust,
        place=whole.place, grid=grid, sources=tuple(level.figures.factors), caveats=tuple(filter(None, caveats)),
        accounts=accounts,
    )  # fmt: skip


def _dollars(made: list[Cell]) -> tuple[float | None, str]:
    """(list price, what of it is not known)."""
    from jevons.cut.money import Dollars, NoPricesError

    try:
        price = Dollars()
    except NoPricesError:
        return None, "no prices: pip install 'jevons[report]'"
    found = [(price(cell), cell.sums.calls) for cell in made]
    unknown = sum(calls for usd, calls in found if usd is None)
    told = [usd for usd, _ in found if usd is not None]
    missing = f"no price is known of {unknown:,} calls: not in the money" if unknown else ""
    return (sum(told) if told else None), missing


def _guessed(one: Account) -> str:
    model = one.serving.model
    if model is None or model.knowledge == "known":
        return ""
    name = one.cell.key.model or "(no name)"
    return {
        "name": f"size of {name} read from its name",
        "tier": f"size of {name} is not published: tier {model.tier}",
    }.get(model.knowledge, f"{name} is not known: the widest range of sizes")


def _told(figure: Interval | None, unit: str, low_only: bool) -> str:
    if figure is None:
        return "unknown"
    ends = (figure.low,) * 3 if low_only else figure.ends
    return ("at least " if low_only else "") + between(Range(*ends), unit) + (" CO2e" if unit == "g" else "")
