"""Carbon of electricity by the hour or finer, from a file that the user gives; never from the network.

CSV (also .gz) with the columns start (ISO 8601 with Z or an offset: a clock time alone comes twice, or never, when the
clocks change), value, unit (gCO2e/kWh), basis (average, marginal), kind (lifecycle, direct), estimated (true, false),
zone, source; and, if it is known, horizon_h: hours before its start that a value was told, 0 for one told afterwards.
One file is one zone, basis and kind: they are never mixed.
"""

from __future__ import annotations

import bisect
import csv
import gzip
import io
import itertools
import math
import zlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jevons.factors.grid import band
from jevons.factors.table import Factor

COLUMNS = ("start", "value", "unit", "basis", "kind", "estimated", "zone", "source")
HORIZON = "horizon_h"
"""A column that may be missing, and its cells empty."""
UNIT = "gCO2e/kWh"
CHOICES = {"unit": (UNIT,), "basis": ("average", "marginal"), "kind": ("lifecycle", "direct"),
           "estimated": ("true", "false")}  # fmt: skip
ONE_OF = ("basis", "kind", "zone", "source")
"""Columns that hold one thing in the whole file."""
NAMES = {"average": "grid", "marginal": "grid_operating"}


HOURLY = "by the hour"
"""Zone of a signal's figures: no row of a table."""


class SignalError(ValueError):
    """What is wrong with a file, its row, and the remedy."""


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """A series of one zone and basis."""

    file: str
    zone: str
    basis: str
    """``average`` or ``marginal``."""
    kind: str
    """``lifecycle`` or ``direct``."""
    source: str
    starts: tuple[int, ...]
    """Unix seconds, ascending."""
    values: tuple[float, ...]
    """gCO2e/kWh."""
    estimated: tuple[bool, ...]
    step_s: int
    """Seconds that a row holds for at most: the shortest distance of two rows."""
    horizons_h: tuple[float | None, ...] = ()
    """Hours that each value was told ahead of its start: 0 for one told afterwards, None where it is not known; empty
    where none is known."""

    def forecast(self, number: int) -> bool:
        """Whether the value of a row was told before its start."""
        return bool(self.horizons_h and self.horizons_h[number])

    @property
    def end(self) -> int:
        """Unix seconds at which the last row ends."""
        return self.starts[-1] + self.step_s

    def at(self, unix_seconds: float) -> Factor:
        """The figure at a moment; its interval is that of `grid.band`. LookupError outside the rows and in gaps."""
        number = bisect.bisect_right(self.starts, unix_seconds) - 1
        if number < 0 or unix_seconds >= self.starts[number] + self.step_s:
            first, last = _iso(self.starts[0]), _iso(self.end)
            raise LookupError(f"{self.file}: no row for {_iso(unix_seconds)}; it holds {first} to {last}, perhaps gaps")
        low, high = band(self.values[number])
        start = _iso(self.starts[number])
        notes = ["estimated by the source"] if self.estimated[number] else []
        if self.forecast(number):
            notes.append(f"forecast {self.horizons_h[number]:g} h ahead")
        return Factor(
            name=NAMES[self.basis],
            value=self.values[number],
            low=low,
            high=high,
            unit=UNIT,
            scope=f"{self.basis}, {self.kind}, {self.step_s} s from {start}",
            year=int(start[:4]),
            place=self.zone,
            zone=HOURLY,
            source=self.source,
            source_url=self.file,
            licence="the user's own",
            note="; ".join(notes),
            steps=(f"{self.file}, {start}",),
        )


def read_signal(path: Path) -> Signal:
    """Read a signal file. Raises `SignalError`."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except OSError as error:
        raise SignalError(f"{path}: cannot be read: {error.strerror or error}; check the file") from None
    except (EOFError, zlib.error, UnicodeDecodeError):
        raise SignalError(f"{path}: neither CSV in UTF-8 nor that in gzip; save it again") from None
    starts: list[int] = []
    values: list[float] = []
    estimated: list[bool] = []
    horizons: list[float | None] = []
    first: dict[str, str] = {}
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise SignalError(f"{path}, row 1: no column {', '.join(missing)}; columns are {', '.join(COLUMNS)}")
        for number, row in enumerate(reader, 2):
            where = f"{path}, row {number}"
            start, value = _row(row, where)
            if starts and start <= starts[-1]:
                raise SignalError(f"{where}: {row['start']} is not after the row before; sort it and drop repeats")
            for name in ONE_OF:
                if row[name] != first.setdefault(name, row[name]):
                    raise SignalError(
                        f"{where}: {name} {row[name]!r} after {first[name]!r}; put each in a file of its own"
                    )
            starts.append(start)
            values.append(value)
            estimated.append(row["estimated"] == "true")
            horizons.append(_horizon(row.get(HORIZON, ""), where))
    except csv.Error as error:
        raise SignalError(f"{path}: not CSV ({error}); save it as CSV") from None
    if len(starts) < 2:
        raise SignalError(f"{path}: {len(starts)} rows; two at least, so that their distance is known")
    step = min(later - earlier for earlier, later in itertools.pairwise(starts))
    return Signal(
        file=str(path),
        zone=first["zone"],
        basis=first["basis"],
        kind=first["kind"],
        source=first["source"],
        starts=tuple(starts),
        values=tuple(values),
        estimated=tuple(estimated),
        step_s=step,
        horizons_h=tuple(horizons) if any(told is not None for told in horizons) else (),
    )


def _row(row: dict[str, str], where: str) -> tuple[int, float]:
    """(start in Unix seconds, value) of a row that says what it should."""
    if None in row or None in row.values():
        raise SignalError(f"{where}: not as many cells as columns; put cells with commas in double quotes")
    for name, choices in CHOICES.items():
        if row[name] not in choices:
            raise SignalError(f"{where}: {name} {row[name]!r}; one of {', '.join(choices)}")
    for name in ("zone", "source"):
        if not row[name].strip():
            raise SignalError(f"{where}: no {name}; name it")
    try:
        start = datetime.fromisoformat(row["start"])
        if start.utcoffset() is None:
            raise ValueError
    except ValueError:
        raise SignalError(f"{where}: start {row['start']!r}; write it as 2025-01-31T13:00:00Z") from None
    try:
        value = float(row["value"])
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise SignalError(f"{where}: value {row['value']!r}; a number from 0, in {UNIT}")
    return int(start.timestamp()), value


def _horizon(cell: str, where: str) -> float | None:
    if not cell.strip():
        return None
    try:
        hours = float(cell)
    except ValueError:
        hours = math.nan
    if not 0 <= hours < math.inf:
        raise SignalError(f"{where}: {HORIZON} {cell!r}; hours from 0, or empty where it is not known")
    return hours


def _iso(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
