"""Recordings of a folder, read: `jevons.scan`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jevons.api.cells import Cells
from jevons.api.figures import Footprint
from jevons.footprint import Overrides, overrides
from jevons.ledger import scanned
from jevons.ledger.recorded import of_calls
from jevons.project import find
from jevons.record import Call, Run
from jevons.report.notebook import Displayed, Shown
from jevons.sources.tally import Scan

_SHOWN = 15


class Recordings(Displayed):
    """What a scan found: calls that others recorded (mode ``recorded``; never added to live ones)."""

    def __init__(self, run: Run, calls: list[Call], found: Scan, saved: bool, stated: Overrides) -> None:
        self.run = run
        self.calls = calls
        self.found = found
        """Files, recordings, tests, warnings, and sums by provider and model."""
        self.saved = saved
        """Whether the project's ledger holds them now."""
        self._stated = stated

    def cells(self, *, by: str | Sequence[str] = ()) -> Cells:
        """Their cells, as those of `Ledger.cells`."""
        return Cells([of_calls(self.run, self.calls)], (by,) if isinstance(by, str) else by, overrides=self._stated)

    def footprint(self) -> Footprint:
        """What they took when they were recorded."""
        return replace(self.cells().footprint(), of="what was found recorded")

    def _shown(self) -> Shown:
        rows = sorted(self.found.rows.items(), key=lambda pair: (-pair[1].calls, pair[0]))
        table = [
            (
                f"{provider} {model}",
                *(f"{count:,}" for count in (row.calls, row.input_tokens, row.output_tokens, row.repeats)),
            )
            for (provider, model), row in rows[:_SHOWN]
        ]
        notes = [f"and {len(rows) - _SHOWN} more models"] if len(rows) > _SHOWN else []
        if self.found.warned:
            notes.append(f"{len(self.found.warned):,} warnings: what they name is not counted (.found.warned)")
        title = f"{self.found.calls:,} recorded AI calls of {len(self.found.tests):,} tests"
        return Shown(title, ("model", "calls", "tokens in", "tokens out", "repeats"), table, notes)


def scan(path: str | Path | Sequence[str | Path] = ".", *, save: bool = False, sessions: bool = False) -> Recordings:
    """Read the recordings under a folder, of a file or a tar archive, as `jevons scan` does.

    `save` keeps them in the project's ledger, in the place of an earlier scan of the same path. `sessions`: sessions of
    agent programs, too. What cannot be read is a warning in ``.found``, never raised; FileNotFoundError where a path is
    not there, OSError where the ledger cannot be written. All calls are held in memory.

    Examples
    --------
    >>> found = jevons.scan(recordings)
    >>> [(call.provider, call.model, call.input_tokens) for call in found.calls]
    [('openai', 'gpt-4o-mini', 600)]
    >>> found.footprint().mode
    'recorded'
    """
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
    for one in paths:
        if not one.exists():
            raise FileNotFoundError(f"{one} is not there")
    root, settings, home = find()
    calls: list[Call] = []
    made = scanned.scan(
        paths, home, root=root, project=settings.project, full_ids=settings.ids == "full", sessions=sessions, save=save,
        sink=calls.append,
    )  # fmt: skip
    if save and not made.saved:
        raise OSError(f"could not write to {home.path} ({made.lost_reason}): the ledger is as it was")
    return Recordings(made.run, calls, made.found, made.saved, overrides(settings, root))
