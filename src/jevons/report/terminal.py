"""The report on a terminal: fits 80 columns, and plain ASCII where the terminal needs it."""

from __future__ import annotations

import io
import os

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jevons.report.document import Document, Row
from jevons.report.numbers import between, percent
from jevons.report.sentences import labelled
from jevons.report.text import LINE, clean, shortened

HEAVIEST = 8
_PLAIN = str.maketrans({"–": "-", "…": "~", "µ": "u", "³": "3", "·": "-"})


def render(document: Document, *, width: int = 80, encoding: str = "utf-8", color: bool = False) -> str:
    """The report as text of at most `width` columns (40 at least), in characters that `encoding` can hold."""
    width = max(width, 40)
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    lines = labelled(document)
    before = [pair for pair in lines if pair[0] in ("counted", "rough")]
    _labels(console, before)
    if document.rows:
        console.print()
        _rows(console, document, width)
    after = lines[len(before) :]
    if after:
        console.print()
        _labels(console, after)
    text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
    return fit(text, encoding)


def fit(text: str, encoding: str) -> str:
    """`text` in characters that `encoding` can hold."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        # Sign for sign, so that columns stay; a line of its own has room for more.
        return text.replace("\n… ", "\n... ").translate(_PLAIN).encode("ascii", "replace").decode("ascii")
    return text


def _labels(console: Console, pairs: list[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=7, no_wrap=True)
    table.add_column(overflow="fold")
    last = ""
    for label, line in pairs:
        style = "dim" if label in ("rough", "note") else ""
        table.add_row(Text(label if label != last else "", style="bold"), Text(shortened(line, LINE), style=style))
        last = label
    console.print(table)


def _rows(console: Console, document: Document, width: int) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    shown = document.rows[:HEAVIEST]
    largest = shown[0].level.energy_wh.high
    columns = {
        "calls": [calls(row) for row in shown],
        "tokens": [f"{row.tokens:,.0f}" for row in shown],
        "energy, rough": [between(row.level.energy_wh, "Wh", largest) for row in shown],
        "share": [percent(row.share) for row in shown],
    }
    taken = sum(max(len(heading), *map(len, cells)) + 2 for heading, cells in columns.items())
    room = max(width - taken, 10)
    table.add_column(document.by, no_wrap=True, overflow="ellipsis", max_width=room)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    folder = _common_folder([row.name for row in document.rows])
    for row, *cells in zip(shown, *columns.values(), strict=True):
        table.add_row(Text(_shorten(_name(row).removeprefix(folder), room)), *cells)
    console.print(table)
    rest = document.rows[HEAVIEST:]
    if rest:
        share = sum(row.share for row in rest)
        console.print(Text(f"… {len(rest):,} more, {percent(share)} of energy", style="dim"))


def calls(row: Row) -> str:
    """Own calls, and the share of a fixture's calls: ``3+0.2``."""
    if not row.shared_calls:
        return f"{row.calls:,}"
    return f"{row.calls:,}+{row.shared_calls:.1g}"


def _name(row: Row) -> str:
    return clean(row.name) + (f" (x{row.attempts})" if row.attempts > 1 else "")


def _common_folder(names: list[str]) -> str:
    """The folder that all files named lie in, with its slash; empty if there is none."""
    paths = [name.partition("::")[0] for name in names if "/" in name or "::" in name]
    common = os.path.commonprefix(paths)  # noqa: RUF071  cut at a slash below
    return common[: common.rfind("/") + 1]


def _shorten(name: str, width: int) -> str:
    """Keep the end of a name: that is where tests differ."""
    return name if len(name) <= width else "…" + name[-(width - 1) :]
