"""What the pages show beside the counts: other tables, derivations, what changed, what to cut, places, caps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from jevons.cut import agreed
from jevons.cut.burn import Burn, burn
from jevons.cut.caps import MONEY
from jevons.cut.gate import Outcome as Gate
from jevons.cut.gate import gate
from jevons.cut.money import Dollars
from jevons.cut.waste.plan import Plan
from jevons.factors.user_sites import load_sites
from jevons.footprint import Overrides
from jevons.footprint.account import priced
from jevons.ledger.home import Home
from jevons.ledger.read import runs as home_runs
from jevons.ledger.recorded import Recorded
from jevons.ledger.spans import Span, previous
from jevons.record import Run
from jevons.report.build import named, rows
from jevons.report.document import Advice, Document, Range, Table
from jevons.report.explain import derivations
from jevons.report.text import clean
from jevons.report.waste import saving
from jevons.settings import Settings
from jevons.weigh.between import add_rebound, change_day
from jevons.weigh.compare import Outcome, Party, compare
from jevons.weigh.society.places import places

TABLES = ("test", "model", "role", "file")
MOST = 3
"""Things to do that are told."""


def complete(
    document: Document,
    runs: Sequence[Recorded],
    *,
    homes: Sequence[Home],
    span: Span,
    against: Span | None,
    read: Callable[[Span], list[Recorded]],
    settings: Settings,
    root: Path,
    place: str = "",
    overrides: Overrides | None = None,
    known: Sequence[Run] | None = None,
    advise: bool = True,
) -> None:
    """Fill in all that `document`, made of the `runs` of a `span`, has room for; what cannot be is said in `left_out`.

    `homes`: ledgers that hold them, and what they are compared with: `against`, or the run before; `known`: all their
    runs, if somebody knows them already. `root` is the project's, `read` reads other runs. Comparisons and plans need
    numpy and scipy, plans duckdb too (extra ``report``); without `advise` nothing is planned. Raises FactorFileError,
    SettingsError.
    """
    document.tables = tables_of(document, runs, place=place, overrides=overrides)
    of_runs = priced(runs, place=place, overrides=overrides)
    document.derivations = derivations([(one, 1.0) for made in of_runs for one in made])
    sites = load_sites(root / file for file in settings.sites)
    document.places = places(runs, name=document.run, place=place, overrides=overrides, sites=sites)
    if known is None:
        known = [run for home in homes for run in home_runs(home)]
    with _or_why(document, "gate"):
        document.gate, document.burn = _gate(runs, known, read, settings, root, place, overrides)
    with _or_why(document, "change"):
        document.change = _change(span, document.run, runs, known, against, read, place, overrides)
    if not advise:
        return
    with _or_why(document, "advice"):
        document.advice = advice(homes, span, known, settings, place=place, overrides=overrides)


def tables_of(
    document: Document, runs: Sequence[Recorded], *, place: str = "", overrides: Overrides | None = None
) -> list[Table]:
    """Rows by each of `TABLES` that the document's own rows are not by."""
    made = priced(runs, place=place, overrides=overrides)
    tables = []
    for by in TABLES:
        if by != document.by:
            parts = [(of, named(by, one.users)) for one, of in zip(runs, made, strict=True)]
            results = [result for one in runs for result in one.results] if by == "test" else []
            tables.append(Table(by, rows(parts, results, document.mode)))
    return tables


class _LeftOutError(Exception):
    """Why a part is not there."""


@contextmanager
def _or_why(document: Document, part: str) -> Iterator[None]:
    try:
        yield
    except _LeftOutError as why:
        document.left_out[part] = str(why)
    except ImportError:
        document.left_out[part] = "needs duckdb, numpy, scipy and prices: pip install 'jevons[report]'"


def _gate(
    runs: Sequence[Recorded], known: Sequence[Run], read: Callable[[Span], list[Recorded]], settings: Settings,
    root: Path, place: str, overrides: Overrides | None,
) -> tuple[Gate, list[Burn]]:  # fmt: skip
    caps, pinned = agreed.caps(root, settings)
    if not any(caps.values()):
        raise _LeftOutError("no cap is set: jevons gate --set makes a run's level the cap")
    if len(runs) != 1:
        raise _LeftOutError("caps are held against one run: name one")
    this = runs[0]
    ledger: list[Recorded] = []
    if any(caps.get(long) for long in ("day", "month", "project")):
        ledger = read(Span("all", [one for one in known if one.project == this.run.project], 0, 0))
    price = Dollars() if any(MONEY in units for units in caps.values()) else None
    budget = settings.budget
    made = gate(this, ledger, caps, floor=budget.coverage, pinned=pinned, place=place, overrides=overrides, price=price)
    return made, burn(ledger, made.caps, place=place, overrides=overrides, price=price)


def _change(
    span: Span, name: str, runs: Sequence[Recorded], known: Sequence[Run], against: Span | None,
    read: Callable[[Span], list[Recorded]], place: str, overrides: Overrides | None,
) -> Outcome:  # fmt: skip
    if against is None and len(runs) == 1:
        against = previous(known, runs[0].run)
    if against is None:
        what = "no earlier run of this kind is recorded yet" if len(runs) == 1 else "these are several runs"
        raise _LeftOutError(f"nothing to compare with: {what} (--against names others)")
    made = compare(Party(against.name, read(against)), Party(name, list(runs)), place=place, overrides=overrides)
    if change_day(against, span):
        everything = Span("all", list({run.id: run for run in reversed(known)}.values()), 0, 0)
        today = dt.datetime.now(dt.UTC).date()
        add_rebound(made, against, span, lambda: read(everything), place=place, overrides=overrides, today=today)
    return made


def advice(
    homes: Sequence[Home], span: Span, known: Sequence[Run], settings: Settings, *, place: str = "",
    overrides: Overrides | None = None,
) -> list[Advice]:  # fmt: skip
    """What to do about the calls of a span, the best first; `known`: all runs. Raises ImportError without duckdb or
    scipy (extra ``report``)."""
    import duckdb  # noqa: F401  looked for before anything is read
    import scipy  # noqa: F401

    from jevons.cut.waste import Store, plan

    placed = [msgspec.structs.replace(one, place=one.place or settings.place) for one in span.runs]
    with Store(homes, msgspec.structs.replace(span, runs=placed), [] if span.ledger else known) as store:
        return _told(plan(store, name=span.name, place=place, overrides=overrides))


def _told(plan: Plan) -> list[Advice]:
    return [
        Advice(
            what=clean(one.what), do=one.do[0], risk=f"{one.risk}: {one.why}", calls=one.saves.calls,
            saves=("at most " if one.at_most else "") + saving(one.saves, plan),
            carbon=Range(one.saves.carbon.low, one.saves.carbon.mid, one.saves.carbon.high)
            if one.saves.carbon
            else None,
        )
        for one in plan.findings[:MOST]
    ]  # fmt: skip
