"""Impact factors: tables with value, low, high, unit, scope, year, place, source and licence; models and sizes.

Knows nothing of calls. Add a figure by adding a row to a table in ``tables/``, its source to ``sources.csv``.
"""

from jevons.factors.datacentre import host, idle, pue, wue
from jevons.factors.grid import CLOUD, intensity, water
from jevons.factors.hardware import hardware
from jevons.factors.models import Model, Size, look_up
from jevons.factors.table import Factor, Source, stated

__all__ = [
    "CLOUD",
    "Factor",
    "Model",
    "Size",
    "Source",
    "hardware",
    "host",
    "idle",
    "intensity",
    "look_up",
    "pue",
    "stated",
    "water",
    "wue",
]
