"""What `jevons when` and `jevons run` share: which signal, which place, which hours."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jevons.cli.clock import Moment, local
from jevons.report.numbers import span
from jevons.settings import Settings

if TYPE_CHECKING:
    from jevons.cut.hours import Plan
    from jevons.factors.signal import Signal

SOURCES = ("file", "gb", "electricity-maps", "watttime")


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say whose electricity, and who tells of it."""
    for option in (
        click.option("--zone", default="", metavar="NAME", help="The source's name for --place, where it has its own."),
        click.option(
            "--source", type=click.Choice(SOURCES), help="Who tells; default: the file, else who knows the place."
        ),
        click.option(
            "--signal", "file", type=click.Path(path_type=Path), help="File with the grid's carbon; default: setting."
        ),
        click.option("--place", default="", metavar="CODE", help="Where the work runs; default: the setting `place`."),
    ):
        command = option(command)
    return command


class Chosen(NamedTuple):
    """A signal and the place that it is taken for."""

    signal: Signal
    place: str
    notes: tuple[str, ...] = ()


def choose(
    root: Path, settings: Settings, begin: int, *, place: str, file: Path | None, source: str | None, zone: str
) -> Chosen:
    """The signal of a place from a moment on. Raises SignalError (a FeedError is one)."""
    from jevons.factors.feeds import FeedError, electricity_maps, gb, watttime
    from jevons.factors.places import chain, cloud_of, known
    from jevons.factors.signal import read_signal

    place = place.strip() or settings.place.strip()
    if file is None and settings.signal:
        file = root / settings.signal
    source = source or _source(file, place, zone)
    if source == "file":
        if file is None:
            raise FeedError("no file: name it (--signal FILE)")
        return _of_file(read_signal(file), place)
    if place and not known(place) and not zone:
        raise FeedError(f"place {place!r} is not known: use an ISO 3166 code (DE) or a cloud region, or name --zone")
    if source == "gb":
        if place and chain(place)[0][0] != "GBR":
            raise FeedError(f"{gb.NAME} tells of Great Britain, not of {place}: name another source")
        return Chosen(gb.fetch(begin), place or "GB")
    if source == "watttime":
        if not zone:
            raise FeedError("WattTime has regions of its own: name it (--zone CAISO_NORTH)")
        return Chosen(watttime.fetch(zone), place or zone)
    if zone or not cloud_of(place):
        if not (zone or place):
            raise FeedError("no place: name it (--place DE)")
        return Chosen(electricity_maps.fetch({"zone": zone or _iso2(place)}), place or zone)
    where = {"dataCenterProvider": cloud_of(place), "dataCenterRegion": place.lower()}
    return Chosen(electricity_maps.fetch(where), place)


def _source(file: Path | None, place: str, zone: str) -> str:
    """Who tells where nobody was named."""
    from jevons.factors.feeds import FeedError, electricity_maps, watttime
    from jevons.factors.places import chain

    if file is not None:
        return "file"
    if place and chain(place)[0][0] == "GBR":
        return "gb"
    if os.environ.get(electricity_maps.KEY) and (place or zone):
        return "electricity-maps"
    if os.environ.get(watttime.USER) and zone:
        return "watttime"
    raise FeedError(
        f"nobody tells of the grid{f' of {place}' if place else ''}: give a file (--signal FILE, setting `signal`), "
        f"--place GB (no key needed), a key in {electricity_maps.KEY}, or {watttime.USER} with --zone"
    )


def _of_file(signal: Signal, place: str) -> Chosen:
    """A file's signal, if it is of the place: by the rule by which footprints take it, too."""
    from jevons.factors.places import chain, known
    from jevons.factors.signal import SignalError

    if not place:
        return Chosen(signal, signal.zone, (f"no --place: taken to run where the signal is of, {signal.zone}",))
    if not known(signal.zone) or not known(place):
        if signal.zone.strip().lower() == place.lower():
            return Chosen(signal, place)
        strange = signal.zone if not known(signal.zone) else place
        raise SignalError(
            f"{signal.file} is of zone {signal.zone}, asked was {place}: {strange} is no place that is known, so "
            f"nothing shows that they are the same; if they are, ask with --place {signal.zone}"
        )
    if chain(place)[0][0] != chain(signal.zone)[0][0]:
        raise SignalError(
            f"{signal.file} is of zone {signal.zone}, not of {place}: it says nothing of work there; give the file of "
            f"{place}, or --place {signal.zone} for what runs there"
        )
    return Chosen(signal, place)


def _iso2(place: str) -> str:
    """The code that Electricity Maps gives a country: ISO 3166-1 alpha-2; of other places the name itself."""
    from jevons.factors.places import chain
    from jevons.factors.table import index

    row = index("places", "place").get(chain(place)[0][0], {})
    return row.get("iso2") or place


def plan_of(chosen: Chosen, begin: int, by: Moment, length_s: int) -> Plan:
    """The plan. Raises SignalError where there is none."""
    from jevons.cut.hours import plan
    from jevons.factors.signal import SignalError

    try:
        made = plan(chosen.signal, begin, by.unix, length_s)
    except ValueError as error:
        raise SignalError(
            f"{span(length_s)} from {_iso(begin)} to {_iso(by.unix)}: {error}; a shorter --duration, or another --by"
        ) from None
    if made.parts is None:
        signal = chosen.signal
        raise SignalError(
            f"{signal.file} does not tell enough of these hours (it holds {_iso(signal.starts[0])} to "
            f"{_iso(signal.end)}, perhaps with gaps): give a newer one"
        )
    return made


def _iso(unix: int) -> str:
    return local(unix).isoformat(timespec="minutes")
