"""How much of the job is AI: of its time, and beside the machine that runs it."""

from __future__ import annotations

import msgspec

from jevons.cut.waste.store import TARGET, Store
from jevons.footprint import Figures, Overrides
from jevons.footprint.account import account
from jevons.ledger.cells import Cell, Key, Sums
from jevons.ledger.days import month

TRIVIAL = 0.1
"""Part of the machine's energy at its least under which the AI's, at its most, is called trivial."""

_MANY, _STEP_US = 1_000_000, 10_000


class Job(msgspec.Struct, kw_only=True):
    """Time and energy of the runs that ended, beside those of their AI calls."""

    runs: int
    wall_s: float
    """From their starts to their ends."""
    ai_s: float
    """Time in which at least one live call was in flight."""
    share: float
    machine_wh: tuple[float, float, float]
    """One busy core for each worker over that time, 90 % interval: what the machine takes at least."""
    ai_wh: tuple[float, float, float]
    verdict: str = ""
    """``trivial`` where the AI takes next to nothing beside the machine, else empty."""


def find(store: Store, ai: Figures, place: str = "", overrides: Overrides | None = None) -> Job | None:
    """The job behind the live calls looked at; None where no run tells when it ended. `ai`: figures of these calls."""
    runs = store.rows(
        f"SELECT turn, started_us, ended_us, workers, place FROM runs WHERE part = '{TARGET}' "  # noqa: S608
        "AND ended_us > started_us AND started_us > 0"
    )
    if store.mode != "live" or not runs:
        return None
    # The union of the calls' intervals, each cut to its run: what each adds to the end reached before it. Of very many
    # calls those that begin within a few milliseconds are taken as one.
    step = _STEP_US if store.one("SELECT count(*) FROM target") > _MANY else 1
    spans = (
        "SELECT target.turn, greatest(target.started_us, runs.started_us) AS begin, "  # noqa: S608
        "least(target.started_us + duration_us, ended_us) AS fin FROM target JOIN runs USING (run) "
        f"WHERE ended_us > runs.started_us AND target.turn IN ({', '.join(str(run[0]) for run in runs)})"
    )
    busy = store.one(
        "SELECT sum(greatest(fin - greatest(begin, coalesce(reached, begin)), 0)) FROM ("  # noqa: S608
        "SELECT begin, fin, max(fin) OVER (PARTITION BY turn ORDER BY begin ROWS BETWEEN UNBOUNDED PRECEDING AND 1 "
        "PRECEDING) AS reached FROM (SELECT turn, min(begin) AS begin, max(fin) AS fin FROM "
        f"({spans}) GROUP BY turn, begin // {step}))"
    )
    wall = sum(ended - begun for _, begun, ended, _, _ in runs)
    machine = Figures()
    for _, begun, ended, workers, where in runs:
        key = Key("other", "", "loopback", "", "", "live", "reported", "2xx", month(begun))
        cell = Cell(key, (), Sums(calls=1, cpu_calls=1, cpu_us=(ended - begun) * max(workers, 1)))
        (made,) = account([cell], place=place or where, overrides=overrides, timings={})
        machine.add(made.figures)
    wh, least = ai.energy_wh, machine.energy_wh
    return Job(
        runs=len(runs),
        wall_s=wall * 1e-6,
        ai_s=int(busy or 0) * 1e-6,
        share=int(busy or 0) / wall,
        machine_wh=least.ends,
        ai_wh=wh.ends,
        verdict="trivial" if wh.high < TRIVIAL * least.low else "",
    )
