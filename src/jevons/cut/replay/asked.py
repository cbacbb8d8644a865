"""A run's replay as flags and settings ask for it, and what it did, in words: for every door alike."""

from __future__ import annotations

from pathlib import Path

from jevons.cut.replay.replay import Done, Plan
from jevons.cut.replay.store import Store
from jevons.settings import Replay as Wanted


def plan(wanted: Wanted, mode: str, root: Path, home: Path) -> Plan:
    """What all processes of a run share that begins now, with the ledger in the folder `home`."""
    folder = root / wanted.dir if wanted.dir else home / "replay"
    return Plan(
        mode=mode,
        folder=str(folder),
        new=Store(folder).empty(),
        max_age_s=wanted.max_age_days * 86_400,
        temperature_zero=wanted.temperature_zero,
        redact=wanted.redact,
    )


def said(done: Done, mode: str, store: Store, most_mb: float) -> list[str]:
    """Lines about a run that has ended; keeps the store within its size."""
    gone = 0 if mode == "none" else store.prune(int(most_mb * 1e6))
    parts = [f"{done.replayed:,} call{'s' * (done.replayed != 1)} answered from recordings"]
    if done.waited:
        parts.append(f"{done.waited:,} of them while another asked the same")
    parts.append(f"{done.recorded:,} recorded")
    if done.missed:
        parts.append(f"{done.missed:,} not sent")
    if done.aged:
        parts.append(f"{done.aged:,} too old")
    if gone:
        parts.append(f"{gone:,} deleted, as all together are over {most_mb:g} MB")
    lines = [f"replay {mode}: {', '.join(parts)}"]
    if done.failed:
        lines.append(f"replay: not all could be recorded ({done.failed})")
    return lines + [f"replay: a recording cannot be used: {what}" for what in dict.fromkeys(done.damaged)]
