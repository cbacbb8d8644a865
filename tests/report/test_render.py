"""Renderings: the same totals, in any width and encoding, whatever a name is made of."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run
from jevons.report.build import build
from jevons.report.document import Document
from jevons.report.render import render
from jevons.report.terminal import render as on_terminal


def document(*names: str) -> Document:
    made = [
        Call(
            id=str(number), run="r", provider="openai", model="gpt-4o", usage="reported", status=200, test=name,
            input_tokens=1000 * (number + 1), output_tokens=100, started_us=1_790_000_000_000_000,
        )
        for number, name in enumerate(names)
    ]  # fmt: skip
    return build([of_calls(Run(id="r", project="p"), made)])


NASTY = ["<script>alert(1)</script>", "\x1b[31mred\x1b[0m", "\u202eevil", "=cmd|'/c calc'!A1", "a|b`c*d", "x" * 10_000]


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_a_terminal_gets_no_line_too_long_and_no_sign_it_cannot_show(width: int, encoding: str) -> None:
    shown = on_terminal(document(*NASTY, *(f"t.py::t{n}" for n in range(20))), width=width, encoding=encoding)
    shown.encode(encoding)
    assert max(map(cell_len, shown.splitlines())) <= max(width, 40)


def test_eight_rows_then_how_many_more() -> None:
    shown = on_terminal(document(*(f"tests/t.py::test_{n}" for n in range(11))), width=80)
    assert shown.count("t.py::test_") == 8
    assert "… 3 more" in shown
    assert "tests/t.py" not in shown


@given(st.text(max_size=60))
def test_no_name_steers_a_terminal_or_becomes_markup(name: str) -> None:
    made = document("t.py::" + name, "t.py::other")
    for shown in (on_terminal(made, width=100), render(made, "markdown")):
        assert not any(sign in shown for sign in "\x1b\x07\x08\r\u202e\u2066")
    table = [line for line in render(made, "markdown").splitlines() if line.startswith("| t")]
    assert all(line.count("|") == 6 for line in table)
    assert "<script" not in render(made, "markdown")
    rows = list(csv.reader(io.StringIO(render(made, "csv"))))
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(rows[0])}


def test_names_of_html_and_formulas_are_harmless() -> None:
    made = document(*NASTY)
    assert "<script" not in render(made, "markdown")
    assert not any(line.startswith("=") for line in render(made, "csv").splitlines())


def test_every_rendering_shows_the_same_totals() -> None:
    made = document("t.py::a", "t.py::b")
    whole = json.loads(render(made, "json"))
    assert whole["schema"] == "jevons.report/1"
    assert whole["counts"]["input_tokens"] == 3000
    assert "3,000 tokens in" in render(made, "term")
    assert "3,000 tokens in" in render(made, "markdown")
    rows = list(csv.DictReader(io.StringIO(render(made, "csv"))))
    assert sum(float(row["tokens"]) for row in rows) == 3200
    total = sum(float(row["energy_wh_mid"]) for row in rows)
    assert total == pytest.approx(whole["level"]["energy_wh"]["mid"], rel=1e-9)


def test_a_notebook_shows_the_report() -> None:
    made = document("t.py::a")
    assert made._repr_markdown_() == render(made, "markdown")
