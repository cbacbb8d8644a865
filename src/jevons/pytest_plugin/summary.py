"""The end of a session: the run's record, the reports, the table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jevons.ledger.read import read
from jevons.record import Run

if TYPE_CHECKING:
    from jevons.pytest_plugin.session import Session
    from jevons.report.document import Document

_TITLE = "jevons: what the AI in these tests cost"


class Summary:
    """Reports of one finished session. Never fails it: what goes wrong is said in a line."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.document: Document | None = None
        self.said: list[str] = []
        self.run: Run = session.run_record(ended=True)

    def finish(self) -> None:
        """Record the end of the run, make the document and the report files."""
        self.session.spool(self.run)
        if not self._any_call():
            return
        try:
            self._build()
        except Exception as error:
            self.said.append(f"the report could not be made ({type(error).__name__}: {error}); the records are kept")

    def _any_call(self) -> bool:
        return bool(
            self.session.calls
            or any(output["calls"] for output in self.session.from_workers)
            or self.session.workers_missing
        )

    def _build(self) -> None:
        session = self.session
        reading = read(session.home, session.run_id)
        for event in session.unwritten:
            reading.add(event)
        notes = [f"jevons could not read a call: {error}" for error in session.errors]
        if not reading.calls:
            return
        from jevons.report.build import build

        self.document = build(reading, self.run, extra_notes=notes)
        self._junit()
        for form, target in session.reports:
            if target is None:
                continue
            from jevons.report.render import render

            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(render(self.document, form), encoding="utf-8")
                self.said.append(f"wrote {form} report to {_short(target, session.config.rootpath)}")
            except OSError as error:
                self.said.append(f"cannot write {target}: {error.strerror}")

    def _junit(self) -> None:
        """Totals as properties of the JUnit suite: numbers only."""
        from _pytest.junitxml import xml_key

        xml = self.session.config.stash.get(xml_key, None)
        if xml is None or self.document is None:
            return
        counts, level = self.document.counts, self.document.level
        for name in ("calls", "live", "replayed", "mocked", "failed", "input_tokens", "output_tokens", "repeats"):
            xml.add_global_property(f"jevons.{name}", getattr(counts, name))
        for end in ("low", "mid", "high"):
            xml.add_global_property(f"jevons.energy_wh_{end}", f"{getattr(level.energy_wh, end):.3g}")
            xml.add_global_property(f"jevons.carbon_g_{end}", f"{getattr(level.carbon_g, end):.3g}")
        xml.add_global_property("jevons.coverage", f"{self.document.coverage:.4g}")

    def show(self, reporter: Any) -> None:
        """Print the table, or one line where there is nothing to show."""
        on_terminal = any(form == "term" and target is None for form, target in self.session.reports)
        if self.document is None:
            if on_terminal and not self.said:
                reporter.write_line(f"jevons: {self._nothing()}")
        elif on_terminal:
            from jevons.report.terminal import fit, render

            stream = getattr(reporter._tw, "_file", sys.stdout)
            encoding = getattr(stream, "encoding", None) or "utf-8"
            width = min(reporter._tw.fullwidth, 100)
            reporter.write_sep("=", fit(_TITLE, encoding))
            reporter.write(render(self.document, width=width, encoding=encoding, color=reporter.hasmarkup))
        for line in self.said:
            reporter.write_line(f"jevons: {line}")

    def _nothing(self) -> str:
        seen = f"; loaded but not seen through: {', '.join(self.run.unseen)}" if self.run.unseen else ""
        lost = f"; {self.run.lost} records lost: {self.run.lost_reason}" if self.run.lost else ""
        errors = f"; {len(self.session.errors)} calls could not be read" if self.session.errors else ""
        return f"no AI call was seen in this run{errors}{lost}{seen} (jevons doctor says what is not seen)"


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def parse_reports(asked: list[str], root: Path) -> list[tuple[str, Path | None]]:
    """``TYPE[:DEST]`` as (type, file or None for the terminal). Raises pytest.UsageError.

    Without any: the terminal. ``""``: nothing.
    """
    from jevons.report.render import FILES

    if not asked:
        return [("term", None)]
    reports: list[tuple[str, Path | None]] = []
    for text in asked:
        form, colon, destination = text.partition(":")
        if not text:
            continue
        if form not in FILES:
            raise pytest.UsageError(f"--jevons-report={text}: TYPE is one of {', '.join(sorted(FILES))}")
        if colon and not destination:
            raise pytest.UsageError(f"--jevons-report={text}: a file is missing after the colon")
        reports.append((form, root / (destination or FILES[form]) if form != "term" or destination else None))
    return reports
