"""What providers say they billed, beside what the ledger saw: never added to calls.

Rows of usage reports are kept in ``billed.jsonl``, each once by what it tells apart. They are compared by provider,
project, model and day (UTC) with the live calls of the ledger; what was billed and not seen is the remainder, and the
share that was seen the coverage. A provider knows projects by ids of its own: a row whose project is none of the
ledger's is compared with the calls of all of them; one that names no model, with those to all models.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import msgspec

from jevons.ledger import compacted
from jevons.ledger.days import day
from jevons.ledger.home import Home
from jevons.ledger.read import events, identity, lines
from jevons.record import Call, Run
from jevons.sources.logs.entry import Billed

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Billed).decode


class Amount(msgspec.Struct):
    """Requests and tokens; input includes cached tokens."""

    requests: int | None = 0
    """None where a report does not count them."""
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, requests: int | None, read: int, written: int) -> None:
        """Add as much."""
        self.requests = None if self.requests is None or requests is None else self.requests + requests
        self.input_tokens += read
        self.output_tokens += written

    @property
    def tokens(self) -> int:
        """In and out."""
        return self.input_tokens + self.output_tokens


class Reconciled(msgspec.Struct):
    """One provider, project, model and day."""

    provider: str
    project: str
    """Empty for all of them."""
    model: str
    """Empty for all of them."""
    day: str
    billed: Amount
    seen: Amount

    @property
    def unseen(self) -> Amount:
        """Billed, not seen; below zero where more was seen than billed (another account, or a report too early)."""
        requests = None if self.billed.requests is None else self.billed.requests - (self.seen.requests or 0)
        return Amount(
            requests,
            self.billed.input_tokens - self.seen.input_tokens,
            self.billed.output_tokens - self.seen.output_tokens,
        )

    @property
    def coverage(self) -> float:
        """Share of what was billed that was seen, 0 to 1: of tokens, or of requests where none were billed."""
        of, seen = self.billed.tokens, self.seen.tokens
        if not of:
            of, seen = self.billed.requests or 0, self.seen.requests or 0
        return min(seen / of, 1.0) if of else 1.0


class _Key(NamedTuple):
    provider: str
    project: str
    model: str
    day: str


def keep(home: Home, rows: Iterable[Billed]) -> None:
    """Keep rows; a later one takes the place of an earlier one that tells the same apart. Raises OSError."""
    home.make()
    found = {row.bucket: row for row in (*kept(home), *rows)}
    path = home.path / "billed.jsonl"
    draft = path.with_name(f"{path.name}.{os.getpid():x}")
    try:
        draft.write_bytes(b"".join(_encode(row) + b"\n" for row in found.values()))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def kept(home: Home) -> Iterator[Billed]:
    """The rows that are kept."""
    for _, line in lines(home.path / "billed.jsonl"):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            yield _decode(line)


def reconcile(home: Home, rows: Iterable[Billed]) -> list[Reconciled]:
    """Rows beside the ledger's live calls, by day, provider, project and model. Memory: the calls' sums by these, and
    ids of the calls on days that were billed."""
    rows = _finest(rows)
    if not rows:
        return []
    seen, projects = _seen(home, {(row.provider, day(row.started_us)) for row in rows})
    found: dict[_Key, Amount] = defaultdict(Amount)
    for row in rows:
        project = row.project if row.project in projects else ""
        key = _Key(row.provider, project, row.model, day(row.started_us))
        found[key].add(row.requests, row.input_tokens, row.output_tokens)
    made = []
    for key, billed in sorted(found.items(), key=lambda pair: (pair[0].day, pair[0])):
        there = Amount()
        for one, amount in seen.items():
            if _within(one, key):
                there.add(amount.requests, amount.input_tokens, amount.output_tokens)
        made.append(Reconciled(*key, billed, there))
    return made


def coverage(made: Iterable[Reconciled]) -> float | None:
    """Share of all tokens billed that were seen, 0 to 1; None where no tokens were billed."""
    rows = list(made)
    billed = sum(row.billed.tokens for row in rows)
    return sum(min(row.seen.tokens, row.billed.tokens) for row in rows) / billed if billed else None


def _finest(rows: Iterable[Billed]) -> list[Billed]:
    """Of reports about the same provider, kind and start, the one that tells most apart: coarser ones say it again."""
    groups: dict[tuple[str, str, int], dict[int, list[Billed]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row.provider, row.kind, row.started_us][row.bucket.count("=")].append(row)
    return [row for grains in groups.values() for row in grains[max(grains)]]


def _within(one: _Key, wanted: _Key) -> bool:
    return (
        (one.provider, one.day) == (wanted.provider, wanted.day)
        and wanted.project in ("", one.project)
        and wanted.model in ("", one.model)
    )


def _seen(home: Home, wanted: set[tuple[str, str]]) -> tuple[dict[_Key, Amount], set[str]]:
    """Live calls of wanted providers and days, and the projects of the ledger."""
    sums: dict[tuple[str, str, str, str], Amount] = defaultdict(Amount)
    projects: dict[str, str] = {}
    known: set[tuple[str | int, ...]] = set()
    for event in events(compacted.files(home), []):
        if isinstance(event, Run):
            projects[event.id] = event.project
        if not isinstance(event, Call) or event.mode != "live" or (event.provider, day(event.started_us)) not in wanted:
            continue
        if identity(event) not in known:
            known.add(identity(event))
            at = (event.provider, event.run, event.answered_by, day(event.started_us))
            sums[at].add(1, event.input_tokens or 0, event.output_tokens or 0)
    found: dict[_Key, Amount] = defaultdict(Amount)
    for (provider, run, model, date), amount in sums.items():
        key = _Key(provider, projects.get(run, ""), model, date)
        found[key].add(amount.requests, amount.input_tokens, amount.output_tokens)
    return found, {project for project in projects.values() if project}
