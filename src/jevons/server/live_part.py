"""What is kept of runs that were read together."""

from __future__ import annotations

from typing import NamedTuple

from jevons.ledger.recorded import Recorded


class Part(NamedTuple):
    """Runs of one project that were read together."""

    day: str
    runs: list[Recorded]
    """Each in brief (`jevons.ledger.together.brief`)."""
    whole: list[Recorded]
    """Their cells by test and file, folded together."""
    torn: int
    """Lines of their day that could not be read."""
