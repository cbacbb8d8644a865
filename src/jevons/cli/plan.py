"""`jevons plan`: before anything is spent, what a verdict will likely need and cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from jevons.cli.project import CouldNotError, find, known_runs, ledgers, pick_runs, read_runs, write
from jevons.ledger.home import Home
from jevons.settings import Settings

if TYPE_CHECKING:
    from jevons.cut.past import Past
    from jevons.cut.plan import Guess
    from jevons.cut.verdict.question import Question
    from jevons.ledger.recorded import Recorded

LATEST = 20
"""Runs that are looked at where none are named."""
_RANGE = re.compile(r"\s*(-?[0-9.]+)\s*(?:(?:to|\.\.|-)\s*(-?[0-9.]+)\s*)?")


@click.command(
    "plan",
    epilog="""\b
Examples:
  jevons plan --items 400 --pass-rate 0.9           a table: by what is true
  jevons plan --items 400 --pass-rate 0.9 --rate 0.8-0.85     if it is that
  jevons plan --pass-rate 0.9 --test tests/test_rag.py::test_answers
  jevons plan --items 2000 --margin 0.02 --difference 0 --differ 0.1
  jevons plan --margin 0.02 --test tests/test_rag.py --run new --against main

\b
With --test what earlier runs took and how they ended is read from the ledger.
With --margin two models (prompts, versions) are compared on the same items.
""",
)
@click.option("--items", type=click.IntRange(1), help="Items in the list; default: those of --test in its latest run.")
@click.option("--pass-rate", type=float, metavar="SHARE", help="Asks: do so many pass?")
@click.option("--mean-score", type=float, metavar="SCORE", help="Asks: is the mean score, from 0 to 1, so high?")
@click.option("--margin", type=float, metavar="SHARE", help="Asks: is the new model no worse than the old by more?")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Of either verdict.")
@click.option(
    "--estimand", type=click.Choice(["list", "rate"]), default="list", show_default=True,
    help="What one complete run of the list would say, or endlessly many such items.",
)  # fmt: skip
@click.option("--rate", "rates", multiple=True, metavar="SHARE", help="What may be true: 0.85, or 0.8-0.9. Repeatable.")
@click.option(
    "--difference", "differences", multiple=True, metavar="SHARE", help="Of two models, new less old: -0.01, -0.02..0."
)
@click.option(
    "--differ", type=float, metavar="SHARE", help="Share of items that one of two models passes alone. Default: 0.1."
)
@click.option("--repeats", type=click.IntRange(1), default=1, show_default=True, help="Tries an item.")
@click.option("--rule", type=click.Choice(["mean", "all", "any"]), default="mean", show_default=True,
              help="How tries of an item count.")  # fmt: skip
@click.option("--clusters", type=click.IntRange(0), default=0, help="Items share so many documents, conversations ...")
@click.option("--test", default="", metavar="NODEID", help="A parametrised test, class or file seen in earlier runs.")
@click.option("--run", default="", metavar="RUNS", help=f"Of --test: which runs; default: the latest {LATEST}.")
@click.option("--against", default="", metavar="RUNS", help="With --margin: the runs of the old model.")
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of orders that are drawn.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(
    items: int | None, pass_rate: float | None, mean_score: float | None, margin: float | None, confidence: float,
    estimand: str, rates: tuple[str, ...], differences: tuple[str, ...], differ: float | None, repeats: int, rule: str,
    clusters: int, test: str, run: str, against: str, place: str, seed: int, form: str, output: Path | None,
) -> None:  # fmt: skip
    """Say how many items a verdict will likely need, and what that takes, before anything is spent."""
    from jevons.cut.plan import plan
    from jevons.cut.verdict.question import Question
    from jevons.report.plan import text

    try:
        question = Question(
            pass_rate=pass_rate, mean_score=mean_score, margin=margin, confidence=confidence,
            estimand=estimand, repeats=repeats, rule=rule,  # type: ignore[arg-type]
        )  # fmt: skip
    except ValueError as error:
        raise CouldNotError(f"{error} (--pass-rate, --mean-score, --margin)") from None
    if against and not (test and margin is not None):
        raise CouldNotError("--against compares the runs of two models: it needs --margin and --test")
    seen = _seen(test, run, against, place) if test else None
    size = items or (seen.past.items if seen else 0)
    if not size:
        raise CouldNotError("how many items? Say --items N, or --test NODEID of a test that earlier runs hold")
    found, why, together = _guesses(question, rates, differences, differ, seen)
    try:
        made = plan(
            question, size, found, why=why, together=together, clusters=clusters, past=seen.past if seen else None,
            seed=seed,
        )  # fmt: skip
    except ValueError as error:
        raise CouldNotError(str(error)) from None
    made.notes += seen.notes if seen else []
    if form == "json":
        write(msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n", output)
    else:
        write(text(made), output)


_NOBODY = {
    False: "nobody said what may be true (--rate, --test)",
    True: "nobody said what may be true (--difference, --differ, --test): one in ten items differs",
}


class _Seen(NamedTuple):
    """What earlier runs say."""

    past: Past
    pairs: tuple[int, int, int] | None
    """Of the items that ran with both models: the new one better, worse, all of them."""
    notes: list[str]


def _guesses(
    question: Question, rates: Sequence[str], differences: Sequence[str], differ: float | None, seen: _Seen | None
) -> tuple[list[Guess], str, bool]:
    """(what may be true, where that is from, whether it is likely rather than a table of what could be)."""
    from jevons.cut.plan import DIFFER, Guess, guesses, paired_guesses, unknown

    paired = question.margin is not None
    wrong, given = ("--rate", rates) if paired else ("--difference", differences)
    if given:
        raise CouldNotError(f"{wrong} is for {'--pass-rate' if paired else '--margin'}: drop it")
    if differences or (paired and differ is not None):
        share = DIFFER if differ is None else differ
        said = _values(differences, "--difference", -1) or [0.0]
        if not max(map(abs, said)) <= share <= 1 and differ is not None:
            raise CouldNotError(f"--differ {share:g}: a share up to 1, no less than the difference itself")
        words = ", ".join(differences) or "0"
        return (
            [Guess(one, max(share, abs(one))) for one in said],
            f"new less old {words}, in {share:.3g} of items",
            True,
        )
    if rates:
        return [Guess(one) for one in _values(rates, "--rate", 0)], f"{', '.join(rates)} passes (given)", True
    if paired and seen and seen.pairs:
        better, worse, both = seen.pairs
        said_ = f"of {both:,} items that ran with both the new one did better in {better:,}, worse in {worse:,}"
        return paired_guesses(better, worse, both), said_, True
    if not paired and seen and seen.past.executions:
        past = seen.past
        rate = past.passed / past.executions
        return (
            guesses(past.passed, past.failed),
            f"{rate * 100:.3g} % passes, as {past.passed:,} of {past.executions:,} did",
            True,
        )
    return unknown(question), _NOBODY[paired], False


def _values(given: Sequence[str], option: str, least: float) -> list[float]:
    """Shares; of a range the middles of five equal parts."""
    found: list[float] = []
    for one in given:
        match = _RANGE.fullmatch(one)
        try:
            ends = [float(end) for end in match.groups() if end is not None] if match else []
        except ValueError:
            ends = []
        if not ends or not all(least <= end <= 1 for end in ends):
            raise CouldNotError(
                f"{option} {one}: a share from {least:g} to 1, such as 0.85, or a range, such as 0.8-0.9"
            )
        low, high = ends[0], ends[-1]
        found += [low] if len(ends) == 1 else [low + (high - low) * part for part in (0.1, 0.3, 0.5, 0.7, 0.9)]
    return found


def _seen(test: str, run: str, against: str, place: str) -> _Seen:
    from jevons.cut.money import Dollars, NoPricesError
    from jevons.cut.past import past
    from jevons.footprint import overrides

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    stated = overrides(settings, root, "")
    runs = _runs(homes, settings, run)
    notes = []
    try:
        price = Dollars()
    except NoPricesError:
        price = None
        notes.append("no prices: pip install 'jevons[report]'")
    made = past(runs, test, place=place, overrides=stated, price=price)
    if made is None:
        raise CouldNotError(
            f"no run {f'of {run}' if run else f'of the latest {LATEST}'} holds {test}: give its node id as pytest "
            "prints it, without parameters, or say --items N"
        )
    pairs = _pairs(runs, _runs(homes, settings, against), test) if against else None
    if against and pairs is None:
        notes.append(f"no item of {test} ran both in --run and in --against: how often they differ is not known")
    return _Seen(made, pairs, notes)


def _runs(homes: list[Home], settings: Settings, asked: str) -> list[Recorded]:
    """Runs by name, oldest first; the latest where none is named."""
    from jevons.ledger.spans import Span

    if asked:
        span = pick_runs(homes, asked)
    else:
        known = sorted(known_runs(homes), key=lambda one: one.started_us)[-LATEST:]
        span = Span(name=f"the latest {LATEST} runs", runs=known, starts=0, ends=0)
    return read_runs(homes, span, settings)[0]


def _pairs(new: Sequence[Recorded], old: Sequence[Recorded], test: str) -> tuple[int, int, int] | None:
    """Items of the latest runs on both sides: the new one better, worse, and how many."""
    from jevons.cut.past import SAID, outcomes

    sides = []
    for runs in (new, old):
        said = {name: SAID[told] for one in runs for name, told in outcomes(one, test).items() if told in SAID}
        sides.append(said)
    both = sides[0].keys() & sides[1].keys()
    if not both:
        return None
    better = sum(sides[0][name] > sides[1][name] for name in both)
    return better, sum(sides[0][name] < sides[1][name] for name in both), len(both)
