"""Impact factors: tables with value, low, high, unit, scope, year, place, source and licence; models and sizes.

Knows nothing of calls. Add a figure by adding a row to a table in ``tables/``, its source to ``sources.csv``. Every
look-up takes the `User` whose rows win over the tables, and says in `Factor.steps` how it came to its row.
"""

from jevons.factors.datacentre import host, idle, pue, wue
from jevons.factors.figure import figure
from jevons.factors.grid import CLOUD, intensity, marginal, market
from jevons.factors.hardware import hardware
from jevons.factors.models import Model, Size, look_up
from jevons.factors.quantities import Quantity, quantities
from jevons.factors.sheets import FactorFileError
from jevons.factors.table import Factor, Source, stated
from jevons.factors.user import User, load_user
from jevons.factors.water import scarcity, water

__all__ = [
    "CLOUD",
    "Factor",
    "FactorFileError",
    "Model",
    "Quantity",
    "Size",
    "Source",
    "User",
    "figure",
    "hardware",
    "host",
    "idle",
    "intensity",
    "load_user",
    "look_up",
    "marginal",
    "market",
    "pue",
    "quantities",
    "scarcity",
    "stated",
    "water",
    "wue",
]
