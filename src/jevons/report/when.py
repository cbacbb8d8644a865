"""What `jevons when` says: the document, and its text of 80 columns."""

from __future__ import annotations

import textwrap
from datetime import datetime

import msgspec

from jevons.factors.places import cloud_of
from jevons.report.numbers import digits, percent
from jevons.report.text import clean

SCHEMA = "jevons.when/1"
MOST_PARTS = 8
_WIDTH = 80


class Between(msgspec.Struct):
    """Work without a pause, in local time with offset."""

    start: str
    end: str
    g_per_kwh: float


class Way(msgspec.Struct):
    """One way to do the work."""

    spans: list[Between]
    g_per_kwh: float
    saving: float | None
    """Share less than now; null where it is not known what now makes."""


class Told(msgspec.Struct):
    """The signal."""

    source: str
    file: str
    zone: str
    unit: str
    basis: str
    kind: str
    forecast: bool
    estimated: bool
    horizon_h: float | None
    """The longest look ahead of the hours that were looked at; null where it is not told."""
    step_s: int
    start: str
    end: str


class Document(msgspec.Struct):
    """`jevons when --format json`."""

    method: str
    place: str
    begin: str
    by: str
    timezone: str
    duration_s: int
    duration: str
    signal: Told
    now: Way | None
    start: Way | None
    pause_resume: Way | None
    elsewhere_saving: float = 0.0
    """Of calls that run elsewhere: none, whenever they start."""
    calls_here: int | None = None
    """Of the latest run: live calls that this machine answered, and those that went elsewhere; null with no run."""
    calls_elsewhere: int | None = None
    notes: list[str] = []
    schema: str = SCHEMA


def moves(place: str) -> str:
    """What a later start changes, and what it does not."""
    if cloud_of(place):
        return f"only what runs in {place} moves; what runs elsewhere saves nothing by starting later"
    return "only what runs here moves; a call to a cloud runs in the cloud's region: starting later saves nothing there"


def moment(iso: str) -> str:
    """``Fri 27 Nov 08:00 +01:00``."""
    return f"{datetime.fromisoformat(iso):%a %d %b %H:%M} {iso[-6:]}"


def text(made: Document) -> str:
    """For a terminal."""
    told = made.signal
    kinds = [told.basis, told.kind, "forecast" if told.forecast else "", "estimated" if told.estimated else ""]
    lines = [
        *textwrap.wrap(clean(f"{made.duration} of work in {made.place}, from {moment(made.begin)}"), _WIDTH),
        f"done by {moment(made.by)} ({datetime.fromisoformat(made.by).year}; {made.timezone})",
        "",
    ]
    ways = [("now", made.now), ("best start", made.start)]
    if made.pause_resume is not None and (made.start is None or made.pause_resume.spans != made.start.spans):
        ways.append(("with pauses", made.pause_resume))
    for name, way in ways:
        if way is None:
            lines.append(f"{name:<13}unknown: hours are missing")
        elif name == "best start" and made.now is not None and way.spans == made.now.spans:
            lines.append(f"{name:<13}now: no later one is cleaner")
        else:
            lines += _way(name, way)
    shown = [
        ("signal", f"gCO2e/kWh, {', '.join(kind for kind in kinds if kind)}; {told.zone}; {told.source}"),
        ("moves", moves(made.place) + _calls(made)),
        *(("note", note) for note in made.notes),
    ]
    lines.append("")
    for label, line in shown:
        lines += textwrap.wrap(
            clean(line), _WIDTH, initial_indent=f"{label:<8}", subsequent_indent=" " * 8, break_on_hyphens=False
        )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _way(name: str, way: Way) -> list[str]:
    share = ""
    if name != "now":
        share = "not known against now" if way.saving is None else f"{percent(way.saving)} less than now"
    lines = []
    for number, span in enumerate(way.spans[:MOST_PARTS]):
        head = "" if number else f"{digits(way.g_per_kwh, 3)} g/kWh".ljust(13) + share
        lines.append(f"{'' if number else name:<13}{moment(span.start)} to {moment(span.end)[11:16]}   {head}")
    if len(way.spans) > MOST_PARTS:
        lines.append(f"{'':13}and {len(way.spans) - MOST_PARTS} more parts")
    return lines


def _calls(made: Document) -> str:
    if made.calls_elsewhere is None or made.calls_here is None:
        return ""
    both = made.calls_here + made.calls_elsewhere
    return f" (latest run: {made.calls_elsewhere:,} of {both:,} live calls went elsewhere)"
