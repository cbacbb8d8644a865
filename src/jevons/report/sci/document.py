"""An SCI report as a document: schema ``jevons.sci/1``."""

from __future__ import annotations

import msgspec

from jevons.footprint import METHOD_VERSION
from jevons.report.document import Range

SCHEMA = "jevons.sci/1"
CONSUMER, PROVIDER = "consumer", "provider"


class Coefficient(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that a score rests on, with its 90 % interval."""

    name: str
    of: str
    """A place, a provider or a model; empty where it holds for all."""
    figure: Range
    unit: str
    source: str
    source_url: str
    licence: str


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One letter of SCI = (E x I + M) / R."""

    letter: str
    what: str
    figure: Range
    unit: str
    method: str
    """How it was quantified, in words: counted, measured or modelled, by which formula."""
    sources: list[str]
    """Titles of what it rests on; the ledger where it was counted."""


class Score(msgspec.Struct, kw_only=True):
    """The score of one persona's part. Scores of two personas are never added."""

    persona: str
    boundary: list[str]
    """What is in it."""
    unit: str
    """Functional unit: ``1,000 calls``."""
    why_unit: str
    sci_g: Range | None
    """gCO2e per functional unit; None where R is not known."""
    why_none: str
    at_least: bool
    """Calls without figures would only add to it."""
    coverage: float
    """Part of the calls that have figures, 0 to 1."""
    trust: str
    calls: float
    """Live calls in it; a fixture's are divided over the tests that used it."""
    terms: list[Term]
    """E, I, O, M and, where it is known, R."""
    left_out: list[str]
    coefficients: list[Coefficient]


class Document(msgspec.Struct, kw_only=True):
    """One SCI report. Times in UTC."""

    run: str
    project: str
    started: str
    grid: str
    """Carbon intensity: ``average``, or the ``operating`` or ``build`` margin; location-based all of them."""
    scores: list[Score]
    method: str = METHOD_VERSION
    schema: str = SCHEMA

    def _repr_markdown_(self) -> str:
        """What a notebook shows."""
        from jevons.report.sci.text import markdown

        return markdown(self)
