"""Durations and moments as people write them, in this machine's local time, across clock changes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import NamedTuple

import click

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
_TIME = re.compile(r"(?:(today|tomorrow)\s+)?(\d{1,2}):(\d{2})")
_FORMS = "write 08:00, tomorrow 08:00, 2026-11-27T08:00 or 2026-11-27T08:00+01:00"


class Moment(NamedTuple):
    """A moment, and what had to be decided about it."""

    unix: int
    note: str = ""


def duration(text: str, option: str) -> int:
    """Seconds of ``30m``, ``2h``, ``1h30m``, ``1d``. Raises click.BadParameter."""
    found = _DURATION.fullmatch(text.strip().lower())
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    made = ((days * 24 + hours) * 60 + minutes) * 60
    if not 0 < made < 10**9:
        raise click.BadParameter(f"{text!r}: write it as 30m, 2h, 1h30m or 1d", param_hint=option)
    return made


def local(unix: float, zone: tzinfo | None = None) -> datetime:
    """A moment on the local clock, with its offset; `zone` None: this machine's."""
    return datetime.fromtimestamp(unix, UTC).astimezone(zone)


def moment(text: str, after: int, option: str, zone: tzinfo | None = None, *, past: bool = False) -> Moment:
    """The moment that a text names; a time of day is the next one after `after` (Unix seconds), and so must be a date
    unless it may be `past`. A time that comes twice is the first one still ahead; one that the clocks skip is when they
    skip it. Raises click.BadParameter."""
    clean = text.strip().lower()
    try:
        if found := _TIME.fullmatch(clean):
            clock = time_of_day(int(found[2]), int(found[3]))
            today = local(after, zone).date()
            days = {"today": (0,), "tomorrow": (1,)}.get(found[1] or "", (0, 1, 2))
            ahead = [
                made
                for day in days
                for made in _readings(_day(today, day, clock), zone)
                if made.unix > after or (past and found[1])
            ]
        elif ":" in clean:
            told = datetime.fromisoformat(text.strip()).replace(second=0, microsecond=0)
            known = [Moment(int(told.timestamp()))] if told.utcoffset() is not None else _readings(told, zone)
            ahead = [made for made in known if past or made.unix > after]
        else:
            raise ValueError
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter(f"{text!r} is no time: {_FORMS}", param_hint=option) from None
    if not ahead:
        now = f"{local(after, zone):%Y-%m-%d %H:%M %Z}"
        raise click.BadParameter(f"{text!r} is not after {now}: name a later time", param_hint=option)
    return ahead[0]


def _day(today: date, days: int, clock: time_of_day) -> datetime:
    return datetime.combine(today + timedelta(days=days), clock)


def _readings(told: datetime, zone: tzinfo | None) -> list[Moment]:
    """Each moment at which the local clock shows a time, the earlier first."""
    first, second = (int(told.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    clock, day = f"{told:%H:%M}", f"{told:%Y-%m-%d}"
    if first == second:
        return [Moment(first)]
    if first < second:
        said = f"{clock} comes twice on {day}, as the clocks go back: taken is"
        return [Moment(unix, f"{said} that at {_offset(unix, zone)}") for unix in (first, second)]
    low, high = second, first  # by PEP 495, the times on either side of the gap
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if local(middle, zone).replace(tzinfo=None) >= told else (middle, high)
    return [Moment(high, f"the clocks skip {clock} on {day}: taken is {local(high, zone):%H:%M} {_offset(high, zone)}")]


def _offset(unix: int, zone: tzinfo | None) -> str:
    return local(unix, zone).isoformat()[-6:]
