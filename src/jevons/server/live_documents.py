"""The document of a page of `jevons report --live`: that of `jevons report`, over the runs where the page stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jevons.factors.user_sites import load_sites
from jevons.footprint.account import Account, priced
from jevons.ledger.recorded import Recorded
from jevons.ledger.spans import Span, started
from jevons.ledger.together import Together
from jevons.record import Run
from jevons.report.build import build, rows
from jevons.report.complete import complete, tables_of
from jevons.report.document import Document, Row, Table
from jevons.report.explain import derivations
from jevons.server.live_ledger import LiveLedger
from jevons.server.live_one_test import Given, always, of_test
from jevons.server.live_part import Part
from jevons.server.live_places import PERIODS, Stand, label
from jevons.weigh.compare import Party, compare
from jevons.weigh.society.places import places

MOST_RUNS = 100
"""Runs that a page lists one by one."""


class Documents:
    """Makes documents of the runs of a ledger."""

    def __init__(self, ledger: LiveLedger, given: Given) -> None:
        self._ledger, self._given = ledger, given
        self._hours = given.overrides.signal is not None

    def of(self, at: Stand) -> Document | None:
        """The document of a page; None where no AI call was recorded there, or none of the test asked for."""
        if at.parts == "test":
            return self._of_run(at)
        return self._of_runs(at)

    # -- one run --------------------------------------------------------------
    def _of_run(self, at: Stand) -> Document | None:
        one, torn = self._ledger.one(at.runs[0])
        if not one.cells:
            return None
        if at.test:
            return of_test(at, [one], [], torn, self._given)
        given = self._given
        document = build([one], name=one.run.id, torn=torn, place=given.place, overrides=given.overrides)
        complete(
            document, [one], homes=self._ledger.homes, span=self._span(one.run.id, [one.run]), against=None,
            read=self._brief, settings=given.settings, root=given.root, place=given.place, overrides=given.overrides,
            known=list(self._ledger.runs.values()), advise=False,
        )  # fmt: skip
        return document

    def _brief(self, span: Span) -> list[Recorded]:
        wanted = {run.id for run in span.runs}
        return [one for part in self._ledger.parts(span.runs) for one in part.runs if one.run.id in wanted]

    @staticmethod
    def _span(name: str, runs: list[Run]) -> Span:
        times = [started(run) for run in runs if started(run)]
        return Span(name, runs, min(times, default=0), max(times, default=0))

    # -- many -----------------------------------------------------------------
    def _of_runs(self, at: Stand) -> Document | None:
        made, by_period = Together(self._hours), dict[str, Together]()
        brief: list[Recorded] = []
        torn = 0
        for part in self._ledger.parts(at.runs):
            torn += part.torn
            brief += part.runs
            for one in part.whole:
                made.add(one)
                if at.test and at.parts in PERIODS:
                    by_period.setdefault(self._label(at.parts, part), Together(self._hours)).add(one)
        whole = made.runs()
        if not any(one.cells for one in whole):
            return None
        if at.test:
            periods = [(name, one.runs()) for name, one in by_period.items()]
            return of_test(at, [*whole, *map(_bare, brief)], periods, torn, self._given)
        given = self._given
        stated = {"place": given.place, "overrides": given.overrides}
        runs = [*whole, *map(_bare, brief)]
        document = build(runs, name=at.what, torn=torn, **stated)  # type: ignore[arg-type]
        document.started = ""  # of the first of many: nobody's question
        document.tables = [Table("test", document.rows), *tables_of(document, whole, **stated)]  # type: ignore[arg-type]
        if len(brief) <= MOST_RUNS and at.parts != "run":
            document.tables.insert(0, Table("run", self._by("run", brief, document.mode)))
        document.by, document.rows = at.parts, self._by(at.parts, brief, document.mode)
        accounts = [(one, 1.0) for of in priced(whole, place=given.place, overrides=given.overrides) for one in of]
        document.derivations = derivations(accounts)
        sites = load_sites(given.root / file for file in given.settings.sites)
        document.places = places(whole, name=at.what, sites=sites, **stated)  # type: ignore[arg-type]
        self._compared(document, at, brief)
        document.left_out["gate"] = "caps are held against one run: open one"
        document.next = (
            f"jevons report --run {at.what}" if at.parts in PERIODS[1:] or at.parts == "run" else "jevons cut"
        )
        return document

    @staticmethod
    def _label(level: str, part: Part) -> str:
        return label(level, part.runs[0].run)

    def _by(self, by: str, brief: Sequence[Recorded], mode: str) -> list[Row]:
        """Rows by project, period or run, folded before they are priced."""
        of: dict[str, Together] = {}
        for one in brief:
            name = one.run.id if by == "run" else one.run.project if by == "project" else label(by, one.run)
            of.setdefault(name, Together(self._hours)).add(one)
        parts = []
        for name, made in of.items():
            parts += [(accounts, always(name)) for accounts in self._priced(made.runs())]
        return rows(parts, (), mode)

    def _priced(self, runs: Iterable[Recorded]) -> list[list[Account]]:
        return priced(runs, place=self._given.place, overrides=self._given.overrides)

    def _compared(self, document: Document, at: Stand, brief: Sequence[Recorded]) -> None:
        if at.before is None:
            document.left_out["change"] = (
                f"nothing was recorded before {at.what} to compare it with" if at.trail[1:] else "open a month or a run"
            )
            return
        name, runs = at.before
        before = self._brief(self._span(name, runs))
        if not any(one.cells for one in before):
            document.left_out["change"] = f"{name} holds no AI call"
            return
        try:
            document.change = compare(
                Party(name, before),
                Party(at.what, list(brief)),
                place=self._given.place,
                overrides=self._given.overrides,
            )
        except ImportError:
            document.left_out["change"] = "needs numpy and scipy: pip install 'jevons[report]'"


def _bare(one: Recorded) -> Recorded:
    """A run without its cells, which are among those of all: what else is told of it."""
    return one._replace(cells=[], users={})
