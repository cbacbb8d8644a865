"""Published figures: frozen with all that they rest on, so that a later one can say what changed, and why.

A publication is two files: ``NAME.json`` with the figures, the method, the factors and the settings, for people and
reviews; ``NAME.jsonl`` with the runs as cells (`record.Kept`), an ordinary file of a ledger. Restated, the same facts
are priced by today's method with the factors as they were, then with today's factors, one after the other, then with
today's settings: what each step does to the figure is why it changed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from jevons import __version__
from jevons.factors import Factor, User
from jevons.factors.signal import HOURLY
from jevons.factors.user import Row
from jevons.footprint import METHOD_VERSION, Figures, Overrides
from jevons.footprint.account import priced
from jevons.footprint.generation import Setting
from jevons.footprint.rates import FIGURES
from jevons.ledger.read import lines_or_error
from jevons.ledger.recorded import Recorded, kept, opened
from jevons.record import Kept, decode, encode

SCHEMA = "jevons.published/1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
SAME = 1e-9
"""Ratios this close to 1 are no change."""


class PublishedError(ValueError):
    """A publication that cannot be made or read: says which, why, and the remedy."""


class Stated(msgspec.Struct, kw_only=True):
    """Settings that a figure rests on."""

    grid: str = "average"
    place: str = ""
    """Where the machines of the runs stand, if it was said for all of them."""
    models: dict[str, tuple[float, float]] = {}
    servings: dict[str, Setting] = {}
    by_the_hour: bool = False
    """Whether a signal told carbon by the hour; its figures are not kept."""


class Published(msgspec.Struct, kw_only=True):
    """The document ``jevons.published/1``."""

    name: str
    asked: str
    """Which runs, as they were named: ``2026Q4``."""
    published: str
    """UTC time."""
    runs: int
    calls: int
    """In the mode of the figures."""
    tokens: int
    mode: str
    coverage: float
    figures: dict[str, tuple[float, float, float]]
    """Each of `rates.FIGURES`: low, middle, high."""
    method: str
    jevons: str
    stated: Stated
    facts: str
    """Digest of the file with the runs."""
    factors: list[Factor]
    schema: str = SCHEMA


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why a figure changed."""

    what: str
    was: str
    now: str
    ratios: dict[str, float]
    """Figure -> figure after the step over before it."""


class Restated(msgspec.Struct, kw_only=True):
    """The document ``jevons.restated/1``: a published figure beside today's."""

    published: Published
    figures: dict[str, tuple[float, float, float]]
    """Today's, of the same facts."""
    steps: list[Step]
    later_runs: int = 0
    """Runs of the same name that the ledger knows now and the publication does not."""
    method: str = METHOD_VERSION
    schema: str = "jevons.restated/1"


def publish(
    folder: Path,
    name: str,
    asked: str,
    runs: Sequence[Recorded],
    *,
    place: str = "",
    overrides: Overrides | None = None,
) -> Published:
    """Freeze the figures of runs under a name. Raises PublishedError where the name is taken or no name."""
    if not _NAME.fullmatch(name):
        raise PublishedError(f"{name!r} is no name for a publication: use letters, digits, . _ - (2026Q4)")
    path = folder / f"{name}.json"
    if path.exists():
        raise PublishedError(f"{path} is published already: take another name (a published figure is not changed)")
    lines = b"".join(encode(kept(one, with_tests=False)) + b"\n" for one in runs)
    stated = overrides or Overrides()
    mode, whole, covered, due = _priced(runs, place, stated)
    cells = [cell for one in runs for cell in one.cells if cell.key.mode == mode]
    made = Published(
        name=name,
        asked=asked,
        published=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        runs=len(runs),
        calls=sum(cell.sums.calls for cell in cells),
        tokens=sum(cell.sums.input + cell.sums.output for cell in cells),
        mode=mode,
        coverage=min(covered / due, 1.0) if due else 1.0,
        figures=_figures(whole),
        method=METHOD_VERSION,
        jevons=__version__,
        stated=Stated(
            grid=stated.grid,
            place=place,
            models=dict(stated.models),
            servings=dict(stated.servings),
            by_the_hour=stated.signal is not None,
        ),
        facts=_digest(lines),
        factors=[factor for factor in whole.factors if factor.zone != HOURLY],
    )
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jsonl").write_bytes(lines)  # first: the other says that it is there
    path.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    return made


def load(path: Path) -> tuple[Published, list[Recorded]]:
    """A publication and its runs. Raises PublishedError."""
    try:
        made = msgspec.json.decode(path.read_bytes(), type=Published)
    except OSError as error:
        there = ", ".join(names(path.parent)) or "nothing"
        raise PublishedError(f"{path}: {error.strerror}; published so far: {there}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PublishedError(f"{path}: not as it was published ({error}): restore it from git") from error
    facts = path.with_suffix(".jsonl")
    try:
        lines = [line for _, line in lines_or_error(facts)]
        if _digest(b"".join(lines)) != made.facts:
            raise PublishedError(f"{facts}: not the runs that were published: restore it from git")
        return made, [opened(event) for event in map(decode, lines) if isinstance(event, Kept)]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PublishedError(f"{facts}: cannot be read ({error}): restore it from git") from error


def names(folder: Path) -> list[str]:
    """Names of what was published."""
    return sorted(path.stem for path in folder.glob("*.json"))


def restate(
    published: Published, runs: Sequence[Recorded], *, place: str = "", overrides: Overrides | None = None
) -> Restated:
    """The published figures beside what the same facts give today; `place` and `overrides` are today's settings."""
    today = overrides or Overrides()
    was = published.stated
    as_it_was = Overrides(
        models=was.models,
        servings=was.servings,
        grid=was.grid,
        signal=today.signal if was.by_the_hour and today.grid == was.grid else None,
    )

    def by(factors: User | None) -> Figures:
        return _priced(runs, was.place, msgspec.structs.replace(as_it_was, factors=factors))[1]

    frozen, now = _by_place(published.factors), _by_place(by(today.factors).factors)
    last = {name: middle for name, (_, middle, _) in published.figures.items()}
    steps: list[Step] = []

    def step(what: str, before: str, after: str, figures: Figures) -> None:
        nonlocal last
        made = {name: figures.amount(name) for name in FIGURES}
        ratios = {name: made[name] / last[name] if last[name] else 1.0 for name in FIGURES}
        if any(abs(ratio - 1) > SAME for ratio in ratios.values()):
            steps.append(Step(what=what, was=before, now=after, ratios=ratios))
        last = made

    step("method and models", published.method, METHOD_VERSION, by(_user(frozen)))
    for key in dict.fromkeys((*frozen, *now)):
        if _values(frozen.get(key, [])) != _values(now.get(key, [])):
            before = frozen.pop(key, [])
            if key in now:
                frozen[key] = now[key]
            step(_named(key, before or now[key]), _said(before), _said(now.get(key, [])), by(_user(frozen)))
    whole = _priced(runs, place, today)[1]
    step("settings of the project", _settings(was), _settings_of(today, place), whole)
    return Restated(published=published, figures=_figures(whole), steps=steps)


def _priced(runs: Sequence[Recorded], place: str, overrides: Overrides) -> tuple[str, Figures, float, float]:
    """(mode, figures, calls with figures, calls that should have some) of the runs' calls of that mode."""
    modes = {cell.key.mode for one in runs for cell in one.cells}
    mode = "recorded" if modes == {"recorded"} else "live"
    figures, covered, due = Figures(), 0.0, 0.0
    for accounts in priced(runs, lambda whose: (), place=place, overrides=overrides):
        for one in accounts:
            if one.mode == mode:
                figures.add(one.figures)
                covered, due = covered + one.covered, due + one.due
    return mode, figures, covered, due


def _figures(whole: Figures) -> dict[str, tuple[float, float, float]]:
    return {name: whole.interval(name).ends for name in FIGURES}


Key = tuple[str, str]
"""Name and zone of a factor."""


def _by_place(factors: Iterable[Factor]) -> dict[Key, list[Factor]]:
    found: dict[Key, list[Factor]] = {}
    for one in factors:
        if one.zone != HOURLY:
            found.setdefault((one.name, one.zone), []).append(one)
    return {key: sorted(of, key=lambda one: one.year) for key, of in found.items()}


def _user(factors: Mapping[Key, Sequence[Factor]]) -> User:
    """Factors as rows that win over the tables."""
    rows = {(key, one.year): Row(one.zone, "as published", one) for key, of in factors.items() for one in of}
    return User(tuple(rows.values()))


def _values(factors: Iterable[Factor]) -> list[tuple[float, float, float, int]]:
    return [(one.low, one.value, one.high, one.year) for one in factors]


def _named(key: Key, of: Sequence[Factor]) -> str:
    place = of[0].place if key[1] else ""
    return f"{key[0]} of {place}" if place else key[0]


def _said(factors: Sequence[Factor]) -> str:
    years = {one.value: one for one in factors}
    return ", ".join(f"{one.value:g} {one.unit}{f' ({one.year})' * bool(one.year)}" for one in years.values()) or "none"


def _settings(was: Stated) -> str:
    return ", ".join(_parts(was.grid, was.place, was.models, was.servings, was.by_the_hour))


def _settings_of(today: Overrides, place: str) -> str:
    return ", ".join(_parts(today.grid, place, today.models, today.servings, today.signal is not None))


def _parts(
    grid: str, place: str, models: Mapping[str, object], servings: Mapping[str, object], by_the_hour: bool
) -> Iterator[str]:
    yield f"grid {grid}{' by the hour' * by_the_hour}"
    if place:
        yield f"place {place}"
    if models:
        yield f"sizes of {', '.join(models)}"
    if servings:
        yield f"servings of {', '.join(servings)}"


def _digest(lines: bytes) -> str:
    """Of the lines, however a system ends them."""
    return blake2b(b"\n".join(line.strip() for line in lines.splitlines()), digest_size=16).hexdigest()
