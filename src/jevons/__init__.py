"""jevons: know, cut and cap what the AI in your tests costs.

For calls that no tap can see, a suite tells of them itself:

>>> jevons.record_call(model="my-model", input_tokens=120, output_tokens=30)
>>> with jevons.measure(model="my-model") as call: ...

And whether a list of items passes, from as few of them as settle it:

>>> judged = jevons.verdict(questions, pass_rate=0.9, confidence=0.95)
>>> for question in judged:
...     judged.record(question, answers_well(question))

For notebooks and tools (`jevons.api`):

>>> jevons.footprint(model="gpt-4o", input_tokens=900, output_tokens=100)
>>> jevons.Ledger("path/of/project").cells(by="test").columns()
>>> jevons.scan("tests/cassettes").footprint()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jevons.api import Ledger, footprint, scan
    from jevons.capture.manual import measure, record_call
    from jevons.cut.budget import BudgetExceeded
    from jevons.cut.replay import ReplayMiss
    from jevons.cut.verdict.loop import verdict

__version__ = "0.1.0"
__all__ = [
    "BudgetExceeded", "Ledger", "ReplayMiss", "__version__", "footprint", "measure", "record_call", "scan", "verdict",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # Lazily: pytest imports this package in every run, with jevons on or off.
    if name in ("measure", "record_call"):
        from jevons.capture import manual

        return getattr(manual, name)
    if name in ("Ledger", "scan"):
        from jevons import api

        return getattr(api, name)
    if name == "footprint":  # the room and the function have one name: the room can be called
        import importlib

        return importlib.import_module("jevons.footprint")
    if name == "BudgetExceeded":
        from jevons.cut.budget import BudgetExceeded

        return BudgetExceeded
    if name == "ReplayMiss":
        from jevons.cut.replay import ReplayMiss

        return ReplayMiss
    if name == "verdict":
        from jevons.cut.verdict.loop import verdict

        return verdict
    raise AttributeError(f"module 'jevons' has no attribute {name!r}")
