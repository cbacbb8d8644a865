"""Whole documents, as `jevons report --format json` makes them, from ledgers of tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jevons.ledger.home import Home
from jevons.ledger.recorded import Recorded, recorded
from jevons.ledger.spans import Span, of_span, pick
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult
from jevons.report.build import build
from jevons.report.complete import complete
from jevons.report.document import Document
from jevons.settings import Settings, load

START_US = 1_794_000_000_000_000
HOUR_US = 3_600_000_000


def record(folder: Path, number: int, tests: Sequence[str], **more: object) -> str:
    """A run with one call for each of the names of tests; every second asks what the first asked."""
    begun = START_US + number * HOUR_US
    spool = Spool(Home(folder / ".jevons"), f"20261106T{number:02}0000-{number:06x}")
    spool(Run(id=spool.run, project="x", branch="main", started_us=begun, ended_us=begun + 60_000_000))
    for at, test in enumerate(tests):
        asked = f"h{at}" if at % 2 else "same"
        spool(
            Call(**{
                "id": f"{spool.run}-{at}", "run": spool.run, "index": at, "provider": "openai", "model": "gpt-4o",
                "test": test, "usage": "reported", "status": 200, "input_tokens": 900 + at, "output_tokens": 100,
                "started_us": begun + at * 1_000, "duration_us": 500_000, "file": "src/app.py", "line": 7,
                "request_hash": asked, "meaning_hash": asked, **more,
            })  # type: ignore[arg-type]
        )  # fmt: skip
        spool(TestResult(run=spool.run, test=test, outcome="passed"))
    spool.close()
    return spool.run


def whole(folder: Path, against: str = "") -> Document:
    """The latest run's document, with all parts."""
    home = Home(folder / ".jevons")

    def read(span: Span) -> list[Recorded]:
        return recorded(of_span(home, span))

    from jevons.ledger.read import runs

    span = pick(runs(home), "latest")
    made = read(span)
    document = build(made, name=span.runs[0].id)
    settings = load(folder) if (folder / "pyproject.toml").exists() else Settings()
    complete(
        document, made, homes=[home], span=span, against=pick(runs(home), against) if against else None, read=read,
        settings=settings, root=folder,
    )  # fmt: skip
    return document
