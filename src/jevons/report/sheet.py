"""The report's rows as CSV: all of them, with every figure's interval."""

from __future__ import annotations

import csv
import io

from jevons.report.document import Document, Level
from jevons.report.text import sheet_cell

_FIGURES = [f"{field}_{end}" for field in Level.__struct_fields__ for end in ("low", "mid", "high")]
COLUMNS = ["name", "outcome", "attempts", "calls", "shared_calls", "tokens", "failed", "share", *_FIGURES]


def render(document: Document) -> str:
    """One line per row of the report, with a heading."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in document.rows:
        figures = [
            getattr(getattr(row.level, field), end)
            for field in Level.__struct_fields__
            for end in ("low", "mid", "high")
        ]
        writer.writerow(
            [
                sheet_cell(row.name),
                sheet_cell(row.outcome),
                row.attempts,
                row.calls,
                row.shared_calls,
                row.tokens,
                row.failed,
                row.share,
                *figures,
            ]
        )
    return out.getvalue()
