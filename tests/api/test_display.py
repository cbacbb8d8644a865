"""What notebooks show: the same in HTML, Markdown and on a terminal, and harmless whatever names hold."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cli.test_compare import record
from hypothesis import example, given
from hypothesis import strategies as st

import jevons
from jevons.record import Call
from jevons.report.notebook import Displayed, Shown

TAGS = {"p", "b", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= set(attrs)


def harmless(made: Displayed) -> None:
    page, marked, said = made._repr_html_(), made._repr_markdown_(), str(made)
    tags = Tags()
    tags.feed(page)
    assert tags.seen <= TAGS
    assert tags.attributes <= {("style", "text-align:left")}
    for text in (page, marked, said):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "<" not in marked
    tables = [line for line in marked.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in tables}) <= 1  # no cell breaks the table


@given(st.text(max_size=80))
@example("<script>alert(1)</script>")
@example("a|b\n|---|\n`x`[y](z)")
@example("\x1b[31m\u202egpt")
@example("x" * 10_000)
def test_any_name_is_harmless(name: str) -> None:
    call = Call(id="", run="", model=name, provider=name, usage="reported", status=200, input_tokens=9, output_tokens=9,
                test=name)  # fmt: skip
    harmless(jevons.footprint([call]))
    if name:
        harmless(jevons.footprint(model=name, input_tokens=9, output_tokens=9))

    class Named(Displayed):
        def _shown(self) -> Shown:
            return Shown(name, (name, name), [(name, name)], [name])

    harmless(Named())


def test_ledger_cells_and_recordings_show_themselves(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    for number in range(12):
        record(tmp_path, number, 2, branch="<b>main</b>", model="<img src=x onerror=alert(1)>")
    ledger = jevons.Ledger(tmp_path)
    example = Path(__file__).parents[2] / "examples" / "places" / "calls.har"
    for made in (ledger, ledger.cells(by="run"), ledger.footprint(), jevons.scan(example)):
        harmless(made)
    page = ledger._repr_html_()
    assert "12 runs in " in page
    assert page.count("<tr>") == 11  # the head, and the last ten
    assert html.escape("<b>main</b>") in page
    assert "24 calls" in str(ledger.cells(by="run"))
    assert "cells, lighter" in str(ledger.cells(by="run"))


@pytest.mark.parametrize("form", ["_repr_html_", "_repr_markdown_", "__str__"])
def test_figures_and_caveats_stand_in_every_form(form: str) -> None:
    said = getattr(jevons.footprint(model="gpt-4o", input_tokens=900, output_tokens=100, place="SE"), form)()
    for part in ("energy", "carbon, operational", "water consumed", "Wh", "CO2e", "Sweden", "rough", "weakest source"):
        assert part in said
