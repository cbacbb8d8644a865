"""``--jevons-budget``: caps from flags and settings, one guard in each process, one file for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.ledger.home import Home
from jevons.settings import Settings

if TYPE_CHECKING:
    from jevons.cut.budget import Cap, Guard, Plan

_FLAG = "--jevons-budget"


class Budget:
    """The guard of this process, and its part of a session."""

    def __init__(self, caps: dict[str, Cap], settings: Settings, root: Path, home: Home, run: str, worker: str) -> None:
        from jevons.cut.budget import BudgetExceeded, Plan, guard
        from jevons.cut.shared_count import SharedCount

        # One of pytest's own outcomes, too, so that a shared fixture that ends so, ends so for all its tests.
        error: type[BudgetExceeded] = type(
            BudgetExceeded.__name__, (BudgetExceeded, pytest.fail.Exception), {"__module__": BudgetExceeded.__module__}
        )
        file = home.path / f"{run}.budget"
        self.plan: Plan = Plan(caps, str(file))
        if not worker:
            with suppress(OSError):  # the count says so
                home.make()
        self._worker = worker
        self._count = SharedCount(file) if worker else SharedCount.create(file)
        self.guard: Guard = guard(self.plan, self._count, settings, root, error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Skip what comes after a cap: registered only where that is asked for."""
        reached = self.guard.reached()
        if reached:
            self.guard.skip()
            pytest.skip(f"jevons: the run's budget is used up, {reached}")

    def output(self) -> dict[str, Any]:
        """What a worker tells its controller."""
        return {"alone": self._count.alone, "own": msgspec.to_builtins(self._count.own())}

    def said(self, outputs: Iterable[dict[str, Any]]) -> list[str]:
        """Lines for the report, with what workers told."""
        from jevons.cut.shared_count import Counted

        outputs = list(outputs)
        lines = self.guard.said(msgspec.convert(output["own"], Counted) for output in outputs)
        reasons = dict.fromkeys(filter(None, (self._count.alone, *(output["alone"] for output in outputs))))
        if reasons:
            why = ", ".join(reasons)
            lines.append(f"the count could not be shared ({why}): processes counted by themselves from then on")
        return [f"budget: {line}" for line in lines]

    def close(self) -> None:
        """Let go of the file; the process that made it removes it."""
        self._count.close(remove=not self._worker)


def budget(config: pytest.Config, settings: Settings, home: Home, run: str, worker: str) -> Budget | None:
    """The budget of this session, if it has any. Raises pytest.UsageError, SettingsError."""
    flags: list[str] = config.getoption("jevons_budget")
    if not flags and not settings.budget.guard:
        return None
    from jevons.cut.cap_flags import caps

    made = Budget(caps(settings, config.rootpath, flags, _FLAG), settings, config.rootpath, home, run, worker)
    if settings.budget.on_exceed == "skip":
        config.pluginmanager.register(made, "jevons_budget")
    return made
