"""Energy, carbon, water and hardware of AI calls: pure functions, one phenomenon a file; `account` composes them.

Every figure is an interval (90 %) with a trust level and the factors it used. Knows nothing of where calls came from.
"""

from jevons.footprint.account import Account, Part, Total, account, total
from jevons.footprint.figures import Figures
from jevons.footprint.interval import Interval
from jevons.footprint.laws import TRUST
from jevons.footprint.overrides import Overrides, overrides

METHOD_VERSION = "2026.2"
"""Changes whenever a figure changes for the same facts."""

__all__ = [
    "METHOD_VERSION", "TRUST", "Account", "Figures", "Interval", "Overrides", "Part", "Total", "account",
    "overrides", "total",
]  # fmt: skip
