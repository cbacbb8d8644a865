"""AI Energy Score: one to five stars for a model among models that did the same task."""

from __future__ import annotations

import math


def stars(energy: float, least: float, most: float) -> int:
    """Five equal bands of the range of energy (not quantiles), the lowest has 5 stars (AI Energy Score FAQ, 2025).

    `energy`, `least` and `most` in one unit; a model on a border belongs to the better band. ValueError outside.
    """
    if not least <= energy <= most:
        raise ValueError(f"{energy} is not between {least} and {most}")
    if least == most:
        return 5
    return 5 - max(math.ceil((energy - least) / (most - least) * 5) - 1, 0)
