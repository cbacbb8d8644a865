"""Names made harmless: they come from tests and models, so they may hold anything."""

from __future__ import annotations

import re

from jevons.ledger.recorded import bare

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORMULAS = tuple("=+-@＝＋－＠")
"""What a spreadsheet may take for the beginning of a formula; tabs and ends of lines are no printable text."""
LINE = 600
"""Signs of a line that may quote names: more is nobody's to read."""


def printable(name: str) -> str:
    """A name without signs that steer a terminal, turn text around or end a line."""
    return _CONTROL.sub("?", name)


def clean(name: str) -> str:
    """A printable name without the hash that only the ledger needs."""
    return bare(printable(name))


def shortened(name: str, most: int = 200) -> str:
    """A clean name of at most so many signs; of a longer one its ends, where tests differ and where they stand."""
    name = clean(name)
    return name if len(name) <= most else f"{name[: most // 4]}…{name[-(most - most // 4 - 1) :]}"


def sheet_cell(text: str) -> str:
    """Printable text that a spreadsheet does not take for a formula."""
    text = printable(text)
    return f"'{text}" if text.startswith(FORMULAS) else text
