"""What a scan found, added up while it goes on."""

from __future__ import annotations

import msgspec

from jevons.record import Call


class Row(msgspec.Struct):
    """Calls to one model of one provider."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: int = 0
    """Calls whose tokens were estimated from text."""
    unknown: int = 0
    """Calls whose tokens nobody knows: not in the sums."""
    failed: int = 0
    repeats: int = 0
    """Successful calls whose exact request had been seen before in this scan."""
    repeated_tokens: int = 0

    def add(self, call: Call, repeat: bool) -> None:
        """Count one call."""
        tokens = (call.input_tokens or 0, call.output_tokens or 0)
        self.calls += 1
        self.input_tokens += tokens[0]
        self.output_tokens += tokens[1]
        self.estimated += call.usage == "estimated"
        self.unknown += call.usage == "unknown"
        self.failed += call.failed
        if repeat:
            self.repeats += 1
            self.repeated_tokens += sum(tokens)


class Warned(msgspec.Struct):
    """Something that could not be read."""

    file: str
    record: int | None
    """Position in the recording, from 0; None where it is the whole file."""
    reason: str

    def __str__(self) -> str:
        where = self.file if self.record is None else f"{self.file}, record {self.record}"
        return f"{where}: {self.reason}"


class Unreadable(msgspec.Struct):
    """AI traffic of one file that jevons cannot read."""

    file: str
    what: str
    count: int


class Scan(msgspec.Struct):
    """What a scan found."""

    files: int = 0
    """Files looked at."""
    recordings: int = 0
    calls: int = 0
    rows: dict[tuple[str, str], Row] = {}
    """(provider, model) -> its calls."""
    tests: set[str] = set()
    not_read: list[Unreadable] = []
    """AI, not read: WebSocket frames, gRPC calls ..."""
    others: dict[str, int] = {}
    """Requests to AI services that are no model call in a form known here."""
    archives: list[str] = []
    """Archives that lay under a path and were not opened."""
    warned: list[Warned] = []
    _asked: set[str] = set()

    def add(self, call: Call) -> None:
        """Count one call."""
        self.calls += 1
        if call.test:
            self.tests.add(call.test)
        row = self.rows.setdefault((call.provider, call.answered_by or "unknown model"), Row())
        counts = bool(call.request_hash) and not call.failed
        row.add(call, counts and call.request_hash in self._asked)
        if counts:
            self._asked.add(call.request_hash)


class Accounted(msgspec.Struct):
    """What became of every record of a log."""

    records: int = 0
    added: int = 0
    """Calls that are new."""
    merged: int = 0
    """Calls that something else had seen too: counted once."""
    known: int = 0
    """Records that had been added, or merged, before."""
    metered: int = 0
    """Measurements of energy: kept apart from calls."""
    billed: int = 0
    """Rows of a provider's usage report: compared with calls, never added."""
    skipped: dict[str, int] = {}
    """Records that are no call, by reason."""

    @property
    def adds_up(self) -> bool:
        """Whether every record is accounted for."""
        parts = (self.added, self.merged, self.known, self.metered, self.billed, *self.skipped.values())
        return self.records == sum(parts)

    def skip(self, reason: str, count: int = 1) -> None:
        """Count records that are no call."""
        self.records += count
        self.skipped[reason] = self.skipped.get(reason, 0) + count

    def add(self, other: Accounted) -> None:
        """Add another log's."""
        for name in self.__struct_fields__:
            if name != "skipped":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, count in other.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + count
