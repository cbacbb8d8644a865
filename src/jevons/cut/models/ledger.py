"""Results out of a ledger: tests that one model answered, in some runs this one, in others that one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from jevons.cut.models.results import Results
from jevons.cut.past import SAID
from jevons.footprint.timing import GENERATION
from jevons.ledger.cells import Cell, Sums, fold
from jevons.ledger.days import UNKNOWN
from jevons.ledger.recorded import Recorded


def read(runs: Sequence[Recorded], name: str) -> Results:
    """An item is a test; its model is the one that answered the live calls of the product in it, text by text. Tests
    that several models answered in a run are left out: nobody knows which one matters."""
    made, several = Results(name), 0
    for one in runs:
        cells: defaultdict[str, list[Cell]] = defaultdict(list)
        for cell in one.cells:
            key = cell.key
            if key.mode == "live" and key.kind in GENERATION and cell.group.role == "product" and key.status == "2xx":
                cells[cell.group.test].append(cell)
        last = {result.test: result for result in sorted(one.results, key=lambda result: result.attempt)}
        for test, of in cells.items():
            outcome = last[test].outcome if test in last else ""
            if outcome not in SAID:
                continue
            models = {cell.key.model for cell in of}
            if len(models) > 1:
                several += 1
                continue
            folded = fold(of, lambda group: (), lambda period: UNKNOWN)
            known = all(cell.key.usage != "unknown" for cell in folded)
            made.add(models.pop(), test, SAID[outcome], {cell.key: cell.sums for cell in folded} if known else {})
    if several:
        made.notes.append(f"{several:,} tests that several models answered in one run are left out")
    made.notes.append("runs differ in more than the model: code and prompts between them count as if the model did it")
    return made


def usual(runs: Sequence[Recorded], model: str) -> tuple[Sums, int] | None:
    """(sums, calls) of a model's live calls that wrote text; None where there is none with known tokens."""
    made: Counter[str] = Counter()
    sums = Sums()
    for one in runs:
        for cell in one.cells:
            key = cell.key
            if key.mode == "live" and key.kind in GENERATION and key.model == model and key.usage != "unknown":
                sums.merge(cell.sums)
                made[key.model] += cell.sums.calls
    return (sums, made[model]) if made[model] else None
