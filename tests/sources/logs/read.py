"""Reading a log in tests."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from jevons.record import Call
from jevons.sources.logs.entry import Billed, Metered, Seen, Skipped
from jevons.sources.logs.formats import Wanted
from jevons.sources.logs.opened import Log

LIMIT = 64 << 20


class Told(NamedTuple):
    """What a log held."""

    kind: str
    seen: list[Seen]
    skipped: Counter[str]
    metered: list[Metered]
    billed: list[Billed]

    @property
    def calls(self) -> list[Call]:
        return [one.call for one in self.seen]

    def sums(self) -> tuple[int, int]:
        """Tokens in and out."""
        return (
            sum(call.input_tokens or 0 for call in self.calls),
            sum(call.output_tokens or 0 for call in self.calls),
        )


def told(path: Path, columns: dict[str, str] | None = None) -> Told:
    """What a log holds."""
    found = Told("", [], Counter(), [], [])
    with Log(path, LIMIT, Wanted(columns or {}, sessions=True)) as log:
        for entry in log.entries():
            if isinstance(entry, Seen):
                found.seen.append(entry)
            elif isinstance(entry, Skipped):
                found.skipped[entry.reason] += entry.count
            elif isinstance(entry, Metered):
                found.metered.append(entry)
            else:
                found.billed.append(entry)
        return found._replace(kind=log.kind)


def lines(path: Path, *documents: Any) -> Path:
    """A file of JSON lines."""
    path.write_text("".join(json.dumps(one) + "\n" for one in documents), encoding="utf-8")
    return path
