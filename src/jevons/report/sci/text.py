"""An SCI report as Markdown: the score, its terms with their sources, what is in and what is not."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import between, digits, percent
from jevons.report.sci.document import Coefficient, Document, Score, Term
from jevons.report.text import LINE, shortened

_PERSONAS = {"consumer": "Consumer: who uses AI", "provider": "Provider: who makes the model"}


def markdown(made: Document) -> str:
    """The document for a page or a review."""
    lines = ["# Software Carbon Intensity of the AI in these tests", ""]
    about = [f"run {_name(made.run)}"]
    about += [f"project {_name(made.project)}"] if made.project else []
    about += [made.started] if made.started else []
    lines += [
        f"{', '.join(about)}. ISO/IEC 21031:2024: SCI = (E × I + M) / R, with the personas of SCI for AI. Intervals "
        f"hold 90 %. Carbon intensity: {made.grid}, location-based.",
    ]
    for score in made.scores:
        lines += ["", *_score(score)]
    lines += ["", f"<sub>jevons, method {made.method}</sub>"]
    return "\n".join(lines) + "\n"


def _score(score: Score) -> Iterator[str]:
    yield f"## {_PERSONAS[score.persona]}"
    yield ""
    if score.sci_g is None:
        yield f"**SCI: not known.** {_line(score.why_none)}"
    else:
        least = "at least " if score.at_least else ""
        figure = Range(score.sci_g.low, score.sci_g.low, score.sci_g.low) if score.at_least else score.sci_g
        middle = "" if score.at_least else f" (middle {between(_only(score.sci_g.mid), 'g')})"
        yield f"**SCI: {least}{between(figure, 'g')} CO2e per {score.unit}**{middle}"
    yield ""
    yield f"Functional unit: {score.unit}. {score.why_unit[:1].upper()}{score.why_unit[1:]}."
    yield ""
    covered = "all" if score.coverage == 1 else percent(score.coverage)
    yield (
        f"Boundary: {_line('; '.join(score.boundary))}. {score.calls:,.6g} live calls, figures for {covered} of them; "
        f"weakest source: {score.trust}."
    )
    yield ""
    yield "| | what | low | middle | high | unit | how | from |"
    yield "|---|---|--:|--:|--:|---|---|---|"
    yield from map(_term, score.terms)
    yield ""
    yield "Left out:"
    yield ""
    yield from (f"- {_line(line)}" for line in score.left_out)
    yield ""
    yield "| coefficient | of | low | middle | high | unit | source |"
    yield "|---|---|--:|--:|--:|---|---|"
    yield from map(_coefficient, score.coefficients)


def _term(term: Term) -> str:
    ends = (_number(end) for end in (term.figure.low, term.figure.mid, term.figure.high))
    sources = "; ".join(map(_line, term.sources))
    return f"| **{term.letter}** | {_line(term.what)} | {' | '.join(ends)} | {term.unit} | {term.method} | {sources} |"


def _coefficient(one: Coefficient) -> str:
    ends = (_number(end) for end in (one.figure.low, one.figure.mid, one.figure.high))
    source = f"{_line(one.source)} ({_name(one.licence)})"
    return f"| {one.name} | {_name(one.of)} | {' | '.join(ends)} | {one.unit} | {source} |"


def _number(value: float) -> str:
    """Whole numbers in full, others to three digits."""
    return f"{value:,.0f}" if value == int(value) else digits(value, 3)


def _only(value: float) -> Range:
    return Range(value, value, value)


def _name(text: str) -> str:
    return escape(shortened(text))


def _line(text: str) -> str:
    return escape(shortened(text, LINE))
