"""The report's totals as ``NAME=number`` lines: outputs of a GitHub step, a dotenv report of GitLab, for shells."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.report.document import Document, Level

_COUNTS = ("calls", "live", "replayed", "mocked", "recorded", "failed", "repeats", "input_tokens", "output_tokens")


def render(document: Document) -> str:
    """Counts, then the level with its ends, then `coverage`; a level of which nothing is known is empty."""
    return "".join(f"{name}={value}\n" for name, value in _totals(document))


def _totals(document: Document) -> Iterator[tuple[str, str]]:
    for name in _COUNTS:
        yield name, str(getattr(document.counts, name))
    for name in Level.__struct_fields__:
        figure = getattr(document.level, name)
        for end, value in (("", figure.mid), ("_low", figure.low), ("_high", figure.high)):
            yield name + end, f"{value:.6g}" if document.coverage else ""
    yield "coverage", f"{document.coverage:.4g}"
