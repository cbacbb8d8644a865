"""Small tables for notebooks and terminals: what names hold is cleaned and escaped in each of the three forms."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import NamedTuple

from jevons.report.markdown import escape
from jevons.report.text import LINE, printable, shortened


class Shown(NamedTuple):
    """A title, a table, and what is to be known of it."""

    title: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    """The first column names, the others are numbers."""
    notes: Sequence[str] = ()


class Displayed:
    """What shows itself: in a notebook as HTML (or Markdown, where it takes that), on a terminal by `print`."""

    def _shown(self) -> Shown:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        made = self._shown()
        head = "".join(f"<th>{_html(cell)}</th>" for cell in made.head)
        body = "".join(
            f'<tr><th style="text-align:left">{_html(row[0])}</th>'
            + "".join(f"<td>{_html(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in made.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if made.rows else ""
        notes = "".join(f"<li>{_html(note)}</li>" for note in made.notes)
        return f"<p><b>{_html(made.title)}</b></p>{table}" + (f"<ul>{notes}</ul>" if notes else "")

    def _repr_markdown_(self) -> str:
        made = self._shown()
        lines = [f"**{_markdown(made.title)}**", ""]
        if made.rows:
            lines += [_row(made.head), "|".join(["", "---", *["--:"] * (len(made.head) - 1), ""])]
            lines += [*map(_row, made.rows), ""]
        return "\n".join(lines + [f"- {_markdown(note)}" for note in made.notes]) + "\n"

    def __str__(self) -> str:
        made = self._shown()
        table = [[printable(cell) for cell in row] for row in ([made.head, *made.rows] if made.rows else [])]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [shortened(made.title, LINE)]
        for row in table:
            first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join([first.strip().ljust(widths[0]), *others]).rstrip())
        return "\n".join([*lines, *(f"note  {shortened(note, LINE)}" for note in made.notes)])


def _html(text: str) -> str:
    return html.escape(shortened(text, LINE))


def _markdown(text: str) -> str:
    return escape(shortened(text, LINE))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_markdown, cells))} |"
