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

        done = self.interceptor.done
        for output in outputs:
            done.merge(msgspec.convert(output, Done))
        gone = 0 if self.plan.mode == "none" else self.interceptor.store.prune(int(self._most_mb * 1e6))
        parts = [f"{done.replayed:,} call{'s' * (done.replayed != 1)} answered from recordings"]
        if done.waited:
            parts.append(f"{done.waited:,} of them while another asked the same")
        parts.append(f"{done.recorded:,} recorded")
        if done.missed:
            parts.append(f"{done.missed:,} not sent")
        if done.aged:
            parts.append(f"{done.aged:,} too old")
        if gone:
            parts.append(f"{gone:,} deleted, as all together are over {self._most_mb:g} MB")
        lines = [f"replay {self.plan.mode}: {', '.join(parts)}"]
        if done.failed:
            lines.append(f"replay: not all could be recorded ({done.failed})")
        lines += [f"replay: a recording cannot be used: {what}" for what in dict.fromkeys(done.damaged)]
        return lines


def replaying(config: pytest.Config, settings: Settings, home: Home, worker: str) -> Replaying | None:
    """The replay of this session, if it is on."""
    flag = config.getoption("jevons_replay")
    mode = settings.replay.mode if flag is None else flag
    if mode in ("", "off"):
        return None
    from jevons.cut.replay import Plan
    from jevons.cut.replay.store import Store

    of = settings.replay
    folder = config.rootpath / of.dir if of.dir else home.path / "replay"
    given = (getattr(config, "workerinput", None) or {}).get("jevons_replay")
    plan = (
        msgspec.convert(given, Plan)
        if given
        else Plan(
            mode=mode,
            folder=str(folder),
            new=Store(folder).empty(),
            max_age_s=of.max_age_days * 86_400,
            temperature_zero=of.temperature_zero,
            redact=of.redact,
        )
    )
    if not worker and not of.dir:
        with suppress(OSError):  # recording says what is wrong
            home.make()
    return Replaying(plan, of.max_mb, worker)


def marked(item: pytest.Item) -> str:
    """What a test's marks say: the nearest one wins, and of two at one place ``jevons_live``."""
    said = {"jevons_live": "live", "jevons_replay": "any"}
    nearest, found = None, set()
    for node, mark in item.iter_markers_with_node():
        if mark.name in said and node is (nearest := nearest or node):
            found.add(said[mark.name])
    return max(found, default="")
