"""``--jevons-replay``: one store for all processes of a session, and what it did, in a line."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.ledger.home import Home
from jevons.settings import Settings

if TYPE_CHECKING:
    from jevons.cut.replay import Plan, Replay


class Replaying:
    """The replay of this process, and its part of a session."""

    def __init__(self, plan: Plan, most_mb: float, worker: str) -> None:
        from jevons.cut.replay import Replay, ReplayMiss

        # One of pytest's own outcomes, too, so that a shared fixture that ends so, ends so for all its tests.
        error: type[ReplayMiss] = type(
            ReplayMiss.__name__, (ReplayMiss, pytest.fail.Exception), {"__module__": ReplayMiss.__module__}
        )
        self.plan = plan
        self.interceptor: Replay = Replay(plan, error)
        self._most_mb = most_mb
        self._worker = worker

    def output(self) -> Any:
        """What a worker tells its controller."""
        return msgspec.to_builtins(self.interceptor.done)

    def said(self, outputs: Iterable[Any]) -> list[str]:
        """Lines for the report, with what workers told; keeps the store within its size."""
        from jevons.cut.replay import Done
        from jevons.cut.replay.asked import said

        done = self.interceptor.done
        for output in outputs:
            done.merge(msgspec.convert(output, Done))
        return said(done, self.plan.mode, self.interceptor.store, self._most_mb)


def replaying(config: pytest.Config, settings: Settings, home: Home, worker: str) -> Replaying | None:
    """The replay of this session, if it is on."""
    flag = config.getoption("jevons_replay")
    mode = settings.replay.mode if flag is None else flag
    if mode in ("", "off"):
        return None
    from jevons.cut.replay import Plan
    from jevons.cut.replay.asked import plan

    of = settings.replay
    given = (getattr(config, "workerinput", None) or {}).get("jevons_replay")
    shared = msgspec.convert(given, Plan) if given else plan(of, mode, config.rootpath, home.path)
    if not worker and not of.dir:
        with suppress(OSError):  # recording says what is wrong
            home.make()
    return Replaying(shared, of.max_mb, worker)


def marked(item: pytest.Item) -> str:
    """What a test's marks say: the nearest one wins, and of two at one place ``jevons_live``."""
    said = {"jevons_live": "live", "jevons_replay": "any"}
    nearest, found = None, set()
    for node, mark in item.iter_markers_with_node():
        if mark.name in said and node is (nearest := nearest or node):
            found.add(said[mark.name])
    return max(found, default="")
