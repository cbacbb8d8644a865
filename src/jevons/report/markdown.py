"""The report as Markdown: for a step summary or a comment."""

from __future__ import annotations

import re

from jevons.report.document import Document
from jevons.report.numbers import between, percent
from jevons.report.sentences import labelled
from jevons.report.terminal import HEAVIEST, calls
from jevons.report.text import LINE, shortened

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&!])")


MOST = 2_000
"""Signs of a line: a command that names many tests is longer than what quotes one name."""
_CALLS = re.compile(r"([@#])(?=\w)|(?<=GH)(-)(?=\d)", re.IGNORECASE)
"""What would tell a user of a forge, or link an issue: ``@name``, ``#1``, ``GH-1``."""


def escape(text: str) -> str:
    """Text that Markdown and HTML leave alone, and that a forge takes for no name of a user's or an issue's.

    One line without steering signs, of `MOST` signs at most. A space of no width stands behind ``@`` and ``#``: an
    entity alone is read as the sign that it stands for.
    """
    line = shortened(" ".join(text.splitlines()), MOST)
    apart = _CALLS.sub(lambda sign: f"{sign.group()}\u200b", line)
    return _SPECIAL.sub(lambda sign: f"&#{ord(sign.group(1))};", apart).replace("\u200b", "&#8203;")


def render(document: Document) -> str:
    """The report as GitHub-flavoured Markdown."""
    then = ", when it was recorded" if document.mode == "recorded" else ""
    lines = [f"### What the AI in these tests cost{then}", ""]
    lines += [f"- **{label}** {escape(shortened(line, LINE))}" for label, line in labelled(document)]
    if document.rows:
        lines += ["", f"| {document.by} | calls | tokens | energy, rough | share |", "|---|--:|--:|--:|--:|"]
        for row in document.rows[:HEAVIEST]:
            cells = (calls(row), f"{row.tokens:,.0f}", between(row.level.energy_wh, "Wh"), percent(row.share))
            lines.append(f"| {escape(shortened(row.name))} | {' | '.join(cells)} |")
        rest = document.rows[HEAVIEST:]
        if rest:
            lines += ["", f"… {len(rest):,} more, {percent(sum(row.share for row in rest))} of energy"]
    lines += ["", f"<sub>jevons, method {document.method}, run {escape(shortened(document.run))}</sub>"]
    return "\n".join(lines) + "\n"
