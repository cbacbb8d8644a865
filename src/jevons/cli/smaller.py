"""`jevons cut --models`: which smaller model is good enough, from per-item results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from jevons.cli.project import CouldNotError, find, known_runs, ledgers, read_runs

if TYPE_CHECKING:
    from jevons.cut.models.choice import Choice
    from jevons.cut.models.results import Results
    from jevons.cut.models.spent import Usual
    from jevons.ledger.home import Home
    from jevons.ledger.recorded import Recorded
    from jevons.settings import Settings

LATEST = 20
"""Runs of the ledger that are looked at for tokens."""


class Asked(NamedTuple):
    """What is asked of several models."""

    results: Path
    in_use: str
    only: tuple[str, ...]
    margin: float
    confidence: float
    estimand: str
    seed: int


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `jevons cut` that ask for a smaller model."""
    for option in (
        click.option("--seed", type=int, default=0, show_default=True, help="With --models: of the order of items."),
        click.option(
            "--estimand", type=click.Choice(["rate", "list"]), default="rate", show_default=True,
            help="With --models: of endlessly many such items, or of these alone.",
        ),
        click.option("--confidence", type=float, default=0.95, show_default=True, help="With --models: all answers."),
        click.option("--margin", type=float, default=0.02, show_default=True, help="With --models: how much worse."),
        click.option("--try", "only", multiple=True, metavar="MODEL", help="With --models: try these alone."),
        click.option("--in-use", default="", metavar="MODEL", help="With --models: the model that is in use."),
        click.option(
            "--models", "results", type=click.Path(exists=True, path_type=Path), metavar="RESULTS",
            help="Which smaller model is good enough: a file of results (CSV, JSON lines, Parquet), or a ledger.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def render(asked: Asked, form: str, place: str, grid: str) -> str:
    """The choice as text, JSON or Markdown. Raises CouldNotError."""
    import msgspec

    from jevons.report.models import markdown, text

    made = _choice(asked, place, grid)
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
    return (text if form == "text" else markdown)(made)


def _choice(asked: Asked, place: str, grid: str) -> Choice:
    from jevons.cut.models.choice import NoModelError, choose
    from jevons.cut.models.results import ResultsError, read
    from jevons.cut.money import Dollars, NoPricesError
    from jevons.cut.verdict.question import Question
    from jevons.footprint import overrides

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    try:
        Question(margin=asked.margin, confidence=asked.confidence).threshold  # noqa: B018 - says what cannot be asked
        results = _of_ledger(asked.results, settings) if asked.results.is_dir() else read(asked.results)
        if not asked.in_use:
            raise NoModelError(f"which model is in use? --in-use, one of {', '.join(sorted(results.models))}")
        try:
            price = Dollars()
        except NoPricesError:
            price = None
        return choose(
            results, asked.in_use, asked.margin, confidence=asked.confidence, estimand=asked.estimand,  # type: ignore[arg-type]
            usual=_usual(results, asked.in_use, homes, settings), overrides=overrides(settings, root, grid),
            price=price, seed=asked.seed, only=asked.only,
            place=place or settings.place,
        )  # fmt: skip
    except (ResultsError, NoModelError, ValueError) as error:
        raise CouldNotError(str(error)) from None


def _of_ledger(path: Path, settings: Settings) -> Results:
    from jevons.cut.models.ledger import read
    from jevons.cut.models.results import ResultsError
    from jevons.ledger.read import NoLedgerError, locate, runs
    from jevons.ledger.spans import Span

    try:
        known = runs(locate(path).files)
    except NoLedgerError as error:
        raise ResultsError(f"{error}; results are a file, or a ledger") from None
    span = Span(name=str(path), runs=sorted(known, key=lambda one: one.started_us), starts=0, ends=0, ledger=str(path))
    made = read(read_runs([], span, settings)[0], str(path))
    if not made.models:
        raise ResultsError(f"{path} holds no test that one model answered live: name a file of results")
    return made


def _usual(results: Results, in_use: str, homes: list[Home], settings: Settings) -> Usual | None:
    """Tokens of the model in use as the ledger has them, where the results tell none."""
    from jevons.cut.models.ledger import usual
    from jevons.cut.models.results import key_of
    from jevons.cut.models.spent import Usual
    from jevons.ledger.spans import Span

    if any(one.spent for one in results.models.get(in_use, {}).values()):
        return None
    known = sorted(known_runs(homes), key=lambda one: one.started_us)[-LATEST:]
    span = Span(name=f"the latest {LATEST} runs", runs=known, starts=0, ends=0)
    runs: list[Recorded] = read_runs(homes, span, settings)[0] if known else []
    found = usual(runs, in_use)
    return Usual(key_of(in_use), *found) if found else None
