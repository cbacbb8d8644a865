"""Cells of runs: sums of calls that differ in nothing that decides their energy, by groups that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

from jevons.api.figures import Footprint, of_accounts
from jevons.footprint import Account, Figures, Overrides
from jevons.footprint.account import priced
from jevons.footprint.rates import FIGURES
from jevons.ledger.cells import Cell, Key, Sums
from jevons.ledger.recorded import Recorded, Whose
from jevons.report.document import Range
from jevons.report.notebook import Displayed, Shown
from jevons.report.numbers import between

OF_RUN = ("run", "project", "branch", "commit", "job")
BY = (*OF_RUN, *Whose._fields)
"""What cells may be grouped by, beside their key (`jevons.ledger.cells.Key`: kind, provider, model, month ...)."""
_SHOWN = 10


class _One(NamedTuple):
    cell: Cell
    figures: Figures


class Cells(Sequence[Cell], Displayed):
    """A sequence of cells (`jevons.ledger.cells.Cell`): key, group and exact integer sums.

    The same (key, group) comes once; of every grouping the sums add up to the same.
    """

    def __init__(
        self, runs: Sequence[Recorded], by: Sequence[str] = (), *, place: str = "", overrides: Overrides | None = None
    ) -> None:
        if unknown := [name for name in by if name not in BY]:
            raise ValueError(f"by {', '.join(unknown)}: some of {', '.join(BY)}")
        self.by = tuple(dict.fromkeys(by))
        self._runs = list(runs)
        self._grid = (overrides or Overrides()).grid
        self._accounts: list[Account] = []
        found: dict[tuple[Key, tuple[Any, ...]], _One] = {}
        for one, accounts in zip(self._runs, priced(self._runs, place=place, overrides=overrides), strict=True):
            self._accounts += accounts
            for account in accounts:
                key, group = account.cell.key, _group(one, account.cell.group, self.by)
                at = found.setdefault((key, group), _One(Cell(key, group, Sums()), Figures()))
                at.cell.sums.merge(account.cell.sums)
                at.figures.add(account.figures)
        self._made = list(found.values())

    def __len__(self) -> int:
        return len(self._made)

    @overload
    def __getitem__(self, at: int) -> Cell: ...
    @overload
    def __getitem__(self, at: slice) -> list[Cell]: ...
    def __getitem__(self, at: int | slice) -> Cell | list[Cell]:
        return [one.cell for one in self._made][at]

    def __iter__(self) -> Iterator[Cell]:
        return (one.cell for one in self._made)

    def columns(self, figures: bool = True) -> dict[str, list[Any]]:
        """The table by columns: those of the key, of the group, the sums and, if asked, each figure's low, mid and high
        (a replayed cell's are what the replay avoided; a mocked one's are 0).

        pandas, polars and pyarrow make a frame of it: ``pandas.DataFrame(cells.columns())``.
        """
        table: dict[str, list[Any]] = {
            name: [one.cell.key[at] for one in self._made] for at, name in enumerate(Key._fields)
        }
        table |= {name: [one.cell.group[at] for one in self._made] for at, name in enumerate(self.by)}
        table |= {name: [getattr(one.cell.sums, name) for one in self._made] for name in Sums.__struct_fields__}
        for name in FIGURES if figures else ():
            ends = [one.figures.interval(name).ends for one in self._made]
            table |= {f"{name}_{end}": [of[at] for of in ends] for at, end in enumerate(("low", "mid", "high"))}
        return table

    def footprint(self) -> Footprint:
        """Of all of them, as `jevons report` has it."""
        cells = [cell for one in self._runs for cell in one.cells]
        return of_accounts("these cells", self._accounts, cells, self._grid)

    def _shown(self) -> Shown:
        heaviest = sorted(self._made, key=lambda one: -one.figures.amount("energy_wh"))
        rows = [
            (
                " · ".join(
                    str(part)
                    for part in (one.cell.key.model or "(no model)", one.cell.key.period, *one.cell.group)
                    if part
                ),
                one.cell.key.mode,
                f"{one.cell.sums.calls:,}",
                f"{one.cell.sums.input + one.cell.sums.output:,}",
                between(Range(*one.figures.energy_wh.ends), "Wh") if one.figures else "none known",
            )
            for one in heaviest[:_SHOWN]
        ]
        more = len(self._made) - _SHOWN
        notes = [f"and {more:,} more cells, lighter: cells.columns() has them all"] if more > 0 else []
        title = f"{len(self):,} cells of {sum(one.sums.calls for one in self):,} calls"
        return Shown(
            title, (" · ".join(("model", "month", *self.by)), "mode", "calls", "tokens", "energy, rough"), rows, notes
        )


def _group(one: Recorded, whose: Whose, by: Sequence[str]) -> tuple[Any, ...]:
    run = one.run
    of_run = {"run": run.id, "project": run.project, "branch": run.branch, "commit": run.commit, "job": run.job}
    return tuple(of_run[name] if name in OF_RUN else getattr(whose, name) for name in by)
