"""The end of a session: the run's record, the reports, the table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jevons.ledger.home import Home
from jevons.ledger.read import read
from jevons.record import Event, Run
from jevons.settings import Settings

if TYPE_CHECKING:
    from jevons.footprint import Overrides
    from jevons.ledger.recorded import Recorded
    from jevons.report.document import Document

_TITLE = "jevons: what the AI in these tests cost"

Reports = list[tuple[str, Path | None]]
"""(type, file or None for the terminal)"""


class Summary:
    """Reports of one finished session. Never fails it: what goes wrong is said in a line."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        run: Run,
        reports: Reports,
        errors: Sequence[str],
        notes: Sequence[str] = (),
    ) -> None:
        self._config = config
        self._settings = settings
        self._run = run
        self._reports = reports
        self._errors = errors
        self._notes = notes
        self._document: Document | None = None
        self._said: list[str] = []

    def make(self, home: Home, unwritten: Sequence[Event]) -> None:
        """Make the document and the report files from what the run recorded, and from what no file holds."""
        try:
            reading = read(home, self._run.id)
            for event in unwritten:
                reading.add(event)
            if reading.calls:
                from jevons.footprint import overrides
                from jevons.ledger.recorded import of_calls
                from jevons.report.build import build

                notes = [*self._notes, *(f"jevons could not read a call: {error}" for error in self._errors)]
                known = overrides(self._settings, self._config.rootpath)
                made = of_calls(self._run, reading.calls, reading.tests)
                self._document = build([made], extra_notes=notes, torn=len(reading.torn), overrides=known)
                self._junit(self._document)
                if any(form == "html" for form, _ in self._reports):
                    self._complete(self._document, made, home, known)
                self._write(self._document)
        except Exception as error:
            self._said.append(f"the report could not be made ({type(error).__name__}: {error}); the records are kept")

    def _complete(self, document: Document, made: Recorded, home: Home, known: Overrides) -> None:
        """What the page shows beside the counts: what changed since the run before, what to cut."""
        from jevons.ledger.recorded import recorded
        from jevons.ledger.spans import Span, of_span
        from jevons.report.complete import complete

        try:
            complete(
                document, [made], homes=[home], span=Span(self._run.id, [self._run], 0, 0), against=None,
                read=lambda span: recorded(of_span(home, span)), settings=self._settings,
                root=self._config.rootpath, overrides=known,
            )  # fmt: skip
        except Exception as error:
            self._said.append(f"the page is without a part ({type(error).__name__}: {error})")

    def _write(self, document: Document) -> None:
        from jevons.report.render import render

        for form, target in self._reports:
            if target is None:
                continue
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(render(document, form), encoding="utf-8")
                self._said.append(f"wrote {form} report to {_short(target, self._config.rootpath)}")
            except OSError as error:
                self._said.append(f"cannot write {target}: {error.strerror}")

    def _junit(self, document: Document) -> None:
        """Totals as properties of the JUnit suite: numbers only."""
        from _pytest.junitxml import xml_key

        xml = self._config.stash.get(xml_key, None)
        if xml is None:
            return
        counts, level = document.counts, document.level
        for name in ("calls", "live", "replayed", "mocked", "failed", "input_tokens", "output_tokens", "repeats"):
            xml.add_global_property(f"jevons.{name}", getattr(counts, name))
        for end in ("low", "mid", "high"):
            xml.add_global_property(f"jevons.energy_wh_{end}", f"{getattr(level.energy_wh, end):.3g}")
            xml.add_global_property(f"jevons.carbon_g_{end}", f"{getattr(level.carbon_g, end):.3g}")
        xml.add_global_property("jevons.coverage", f"{document.coverage:.4g}")

    def show(self, reporter: Any) -> None:
        """Print the table, or one line where there is nothing to show."""
        on_terminal = any(form == "term" and target is None for form, target in self._reports)
        if self._document is None:
            if on_terminal and not self._said:
                reporter.write_line(f"jevons: {self._nothing()}")
        elif on_terminal:
            from jevons.report.terminal import fit, render

            stream = getattr(reporter._tw, "_file", sys.stdout)
            encoding = getattr(stream, "encoding", None) or "utf-8"
            width = min(reporter._tw.fullwidth, 100)
            reporter.write_sep("=", fit(_TITLE, encoding))
            reporter.write(render(self._document, width=width, encoding=encoding, color=reporter.hasmarkup))
        shown = on_terminal and self._document is not None
        for line in [*(() if shown else self._notes), *self._said]:
            reporter.write_line(f"jevons: {line}")

    def _nothing(self) -> str:
        run = self._run
        seen = f"; loaded but not seen through: {', '.join(run.unseen)}" if run.unseen else ""
        lost = f"; {run.lost} records lost: {run.lost_reason}" if run.lost else ""
        errors = f"; {len(self._errors)} calls could not be read" if self._errors else ""
        return f"no AI call was seen in this run{errors}{lost}{seen} (jevons doctor says what is not seen)"


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def parse_reports(asked: list[str], root: Path) -> Reports:
    """``TYPE[:DEST]`` as (type, file or None for the terminal). Raises pytest.UsageError.

    Without any: the terminal. ``""``: nothing.
    """
    from jevons.report.render import FILES

    if not asked:
        return [("term", None)]
    reports: Reports = []
    for text in asked:
        form, colon, destination = text.partition(":")
        if not text:
            continue
        if form not in FILES:
            raise pytest.UsageError(f"--jevons-report={text}: TYPE is one of {', '.join(sorted(FILES))}")
        if colon and not destination:
            raise pytest.UsageError(f"--jevons-report={text}: a file is missing after the colon")
        if form == "html":
            if find_spec("jinja2") is None:
                raise pytest.UsageError(f"--jevons-report={text} needs jinja2: pip install 'jevons[report]'")
            destination = destination and f"{destination}/{Path(FILES[form]).name}"
        reports.append((form, root / (destination or FILES[form]) if form != "term" or destination else None))
    return reports
