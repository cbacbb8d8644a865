"""Energy, carbon, water and hardware of AI calls: pure functions, one phenomenon a file; `account` composes them.

Every figure is an interval (90 %) with a trust level and the factors it used. Knows nothing of where calls came from.

``jevons.footprint(...)``, for notebooks, is `jevons.api.footprint`: this package can be called, as a package
and a function of one name cannot both be an attribute of ``jevons``.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

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


class _Callable(ModuleType):
    """A package that is a door, too; what stands behind it is of a higher room, so it is found by name."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return importlib.import_module("jevons.api").footprint(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
