"""The report as a badge: an SVG of our own, or what shields.io's endpoint badge reads (its schema 1).

Grey, whatever it says: a level is rough, and no colour is known to be good.
"""

from __future__ import annotations

import msgspec

from jevons.report.document import Document, Range
from jevons.report.numbers import between

LABEL = "AI in tests"
_WIDE_PX = 6.6
"""Mean width of a sign of 11 px Verdana; `textLength` makes it so where another font is there."""
_PAD_PX = 6


def message(document: Document) -> str:
    """``1,234 calls, 2.1–9.8 g CO2e``: what was counted, then the rough level, operational and hardware's."""
    calls = document.counts.calls
    counted = f"{calls:,} call{'s' * (calls != 1)}"
    if not document.coverage:
        return f"{counted}, CO2e unknown"
    level = document.level
    low, high = (getattr(level.carbon_g, end) + getattr(level.embodied_g, end) for end in ("low", "high"))
    if document.at_least:
        return f"{counted}, at least {between(Range(low, low, low), 'g')} CO2e"
    return f"{counted}, {between(Range(low, low, high), 'g')} CO2e"


def shields(document: Document) -> str:
    """JSON for ``https://img.shields.io/endpoint?url=``."""
    told = {"schemaVersion": 1, "label": LABEL, "message": message(document), "color": "grey"}
    return msgspec.json.encode(told).decode() + "\n"


def svg(document: Document) -> str:
    """One SVG, 20 px high, that names itself to a screen reader and loads nothing."""
    said = message(document)
    widths = [round(len(text) * _WIDE_PX) + 2 * _PAD_PX for text in (LABEL, said)]
    whole = sum(widths)
    texts = "".join(
        f'<text x="{at}" y="14" textLength="{width - 2 * _PAD_PX}">{text}</text>'
        for text, at, width in ((LABEL, _PAD_PX, widths[0]), (said, widths[0] + _PAD_PX, widths[1]))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{LABEL}: {said}">'
        f"<title>{LABEL}: {said}</title>"
        f'<rect width="{whole}" height="20" rx="3" fill="#3d4450"/>'
        f'<path d="M{widths[0]} 0h{widths[1] - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{widths[1] - 3}z" fill="#5c6675"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g></svg>\n'
    )
