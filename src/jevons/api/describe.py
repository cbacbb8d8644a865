"""`jevons.footprint`: what calls take, recorded ones or one that is described."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import msgspec

from jevons import factors
from jevons.api.figures import Footprint, of_cells
from jevons.factors.grid import known
from jevons.footprint import Overrides, overrides
from jevons.footprint.timing import GENERATION
from jevons.ledger.cells import Cell, Sums, cells
from jevons.ledger.days import hour
from jevons.project import find
from jevons.record import Call

HOSTS = ("cloud", "private", "loopback", "process")


def footprint(
    calls: Call | Iterable[Call] | Iterable[Cell] | None = None,
    *,
    model: str = "",
    provider: str = "",
    kind: str = "chat",
    input_tokens: int | None = None,
    output_tokens: int | None = None,
    cached_tokens: int | None = None,
    times: int = 1,
    host: str = "cloud",
    place: str = "",
    date: dt.date | str | None = None,
    grid: str = "average",
    project: str | Path | None = None,
) -> Footprint:
    """What calls take: recorded ones, or one that is described, made so many `times`.

    Parameters
    ----------
    calls
        Calls (`jevons.record.Call`), as `jevons.scan` returns them, or cells of a ledger; nothing to describe one.
    model, provider, kind
        As in `jevons.record.Call`; the provider is the model's maker if not said.
    input_tokens, output_tokens, cached_tokens
        Tokens of one call; input includes cached, output includes reasoning. None: unknown, and so is the figure
        (embeddings and the like have no output).
    host
        ``cloud``, ``private``, ``loopback`` or ``process``: who serves it.
    place
        Cloud region or ISO 3166 code: where a described call runs; for `calls`, where this machine stands.
    date
        Day of the call, for its price, and its carbon where the project has a signal by the hour; none: today's prices.
    grid
        Carbon intensity: ``average``, or the ``operating`` or ``build`` margin.
    project
        Folder whose settings hold ([tool.jevons]: own factors, models, serving); none: the tables alone.

    Raises ValueError for what cannot be (an unknown place or host, negative counts, calls beside a description),
    TypeError for what is neither call nor cell.

    Examples
    --------
    >>> small = jevons.footprint(model="gpt-4o-mini", input_tokens=900, output_tokens=100)
    >>> large = jevons.footprint(model="gpt-4o", input_tokens=900, output_tokens=100)
    >>> small.energy_wh.mid < large.energy_wh.mid
    True
    >>> jevons.footprint(model="gpt-4o").caveats[0]
    'figures for 0 % of calls: the others have no token count, or no law'
    """
    stated = Overrides(grid=grid)
    if project is not None:
        root, settings, _ = find(Path(project))
        stated = overrides(settings, root, grid)
    if place and not known(place):
        raise ValueError(f"place {place!r} is not known: an ISO 3166 code (SE) or a cloud region (eu-north-1)")
    if calls is None:
        one = _described(model, provider, kind, input_tokens, output_tokens, cached_tokens, host, place, date)
        what = f"{model} {kind}, {_count(input_tokens)} tokens in, {_count(output_tokens)} out"
        if times < 1:
            raise ValueError(f"times = {times}: 1 at least")
        made = cells([one], period=hour)
        made[0].sums = Sums(**{name: times * count for name, count in msgspec.structs.asdict(made[0].sums).items()})
        return of_cells(what, made, place=place, stated=stated)
    if model or provider or input_tokens is not None or output_tokens is not None or times != 1 or date is not None:
        raise ValueError("either calls, or the description of one: not both")
    given = [calls] if isinstance(calls, Call) else list(calls)
    recorded = [one for one in given if isinstance(one, Call)]
    folded = [one for one in given if isinstance(one, Cell)]
    if other := [one for one in given if not isinstance(one, Call | Cell)]:
        raise TypeError(f"calls or cells, not {type(other[0]).__name__}: jevons.footprint(model=...) describes one")
    return of_cells("these calls", [*cells(recorded, period=hour), *folded], place=place, stated=stated)


def _described(
    model: str, provider: str, kind: str, input_tokens: int | None, output_tokens: int | None,
    cached_tokens: int | None, host: str, place: str, date: dt.date | str | None,
) -> Call:  # fmt: skip
    if not model:
        raise ValueError("either calls, or the model of one: jevons.footprint(model='gpt-4o', input_tokens=900, ...)")
    if host not in HOSTS:
        raise ValueError(f"host {host!r}: one of {', '.join(HOSTS)}")
    counts = (input_tokens, output_tokens, cached_tokens)
    if any(count is not None and count < 0 for count in counts) or (cached_tokens or 0) > (input_tokens or 0):
        raise ValueError(f"tokens {counts}: 0 at least, and cached ones are part of input_tokens")
    unknown = input_tokens is None or (output_tokens is None and kind in GENERATION)
    when = dt.date.fromisoformat(date) if isinstance(date, str) else date
    noon = dt.datetime.combine(when, dt.time(12), dt.UTC) if when else None
    return Call(
        id="", run="", model=model, provider=provider or (factors.look_up(model).maker if host == "cloud" else ""),
        kind=kind, input_tokens=input_tokens, output_tokens=output_tokens, cached_tokens=cached_tokens,
        usage="unknown" if unknown else "reported", status=200, host_class=host,
        region=place if host == "cloud" else "", started_us=int(noon.timestamp() * 1e6) if noon else 0,
    )  # fmt: skip


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"
