"""`jevons weigh`: AI against the other way; train or reuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.project import CouldNotError, drawing, find, for_a_file, ledgers, pick_runs, read_runs, write

if TYPE_CHECKING:
    from jevons.ledger.recorded import Recorded
    from jevons.shelf.card import Card
    from jevons.weigh.scenario.price import World

INDICATORS = ("carbon", "energy", "water", "money")


@click.command(
    "weigh",
    epilog="""\b
Examples:
  jevons weigh examples/scenarios/judge.toml     a page that decides
  jevons weigh scenario.toml --indicator water --format json
  jevons weigh scenario.toml --format html -o scenario.html
  jevons weigh --new judge                       train a judge, or reuse one?
  jevons weigh --new compare --answer model=gpt-4o --answer calls=50-200

\b
A scenario is a TOML file: a functional unit, alternatives, what each takes.
Short run: operating margin, existing hardware and training sunk. Long run:
build margin, hardware included. The attributional footprint stands beside
both and claims nothing. A claim needs 95 % of joint draws.

\b
Flows of an alternative, each per functional unit:
  calls (model, calls, input_tokens, output_tokens), ledger (run),
  ci, laptop, server, gpu (time), electricity (energy), travel (distance, by),
  people (time; only with people = true), training (card, time or energy;
  serves), stated (carbon, energy, water; includes).
Amounts: a number, a name of [inputs], "name * 3", or {low, mid, high} (5, 50
and 95 %, log-normal; shape = "triangular": least, likeliest, most), with the
unit in the field's name (time_min) or as unit = "min". Any flow: avoidable or
anyway (a share), cost_usd, place, label, source.
""",
)
@click.argument("scenario", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--new", type=click.Choice(["judge", "compare"]), help="Write a scenario from a few plain questions.")
@click.option(
    "--answer", "answers", multiple=True, metavar="NAME=VALUE", help="With --new: an answer; ? for don't know."
)
@click.option(
    "--answers", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --new: a TOML file of answers; nothing is asked.",
)  # fmt: skip
@click.option("--indicator", type=click.Choice(INDICATORS), help="What the verdict is on; else as the file says.")
@click.option("--place", default="", metavar="CODE", help="Where, if the file does not say; else as the settings do.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of the draws.")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(
    scenario: Path | None,
    new: str | None,
    answers: tuple[str, ...],
    file: Path | None,
    indicator: str | None,
    place: str,
    seed: int,
    form: str,
    output: Path | None,
) -> None:
    """Weigh the alternatives of a SCENARIO file: what a decision changes, how sure, and what would turn it."""
    if (scenario is None) == (new is None):
        raise click.UsageError("either a SCENARIO file, or --new judge or --new compare")
    if new is None and (answers or file):
        raise click.UsageError("--answer and --answers go with --new")
    try:
        import scipy  # noqa: F401  what draws need, looked for before anything is read
    except ImportError as error:
        raise CouldNotError("weigh needs numpy and scipy: pip install 'jevons[report]'") from error
    if new is not None:
        from jevons.cli.weigh_new import ask

        ask(new, answers, file, output, world(place))
        return
    import msgspec

    from jevons.report.scenario import text
    from jevons.weigh.scenario.price import PriceError
    from jevons.weigh.scenario.read import read
    from jevons.weigh.scenario.structure import ScenarioError
    from jevons.weigh.scenario.weigh import weigh

    if scenario is None:
        return
    if form == "html":
        for_a_file(output, f"jevons weigh {scenario} --format html -o scenario.html")
    try:
        given = read(_text(scenario), str(scenario))
        made = weigh(given, world(place), root=scenario.parent, failures=failures, seed=seed, indicator=indicator or "")
    except (ScenarioError, PriceError) as error:
        said = str(error) if isinstance(error, ScenarioError) else f"{scenario}, {error}"
        raise CouldNotError(said) from None
    if form == "json":
        said = msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
    elif form == "html":
        with drawing():
            from jevons.report.html import weighed

            said = weighed(made)
    else:
        said = text(made)
    write(said, output)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CouldNotError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CouldNotError(f"{path}, line {line}: not UTF-8; save it as UTF-8") from None


def world(place: str) -> World:
    """What surrounds a scenario: settings, ledger, shelf."""
    from jevons.footprint import overrides
    from jevons.weigh.scenario.price import World

    root, settings, _ = find()
    return World(
        overrides=overrides(settings, root), place=place or settings.place, runs=_runs, card=_card(root, settings.shelf)
    )


def _runs(asked: str) -> Sequence[Recorded]:
    root, settings, home = find()
    homes = ledgers(root, settings, home)
    try:
        return read_runs(homes, pick_runs(homes, asked), settings)[0]
    except CouldNotError as error:
        raise LookupError(str(error)) from None


def failures(asked: str) -> int:
    """Tests that failed in the ledger's runs of a name, each once a run."""
    from jevons.ledger.spans import of_span

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    try:
        span = pick_runs(homes, asked)
    except CouldNotError as error:
        raise LookupError(str(error)) from None
    return len({(one.run, one.test) for one in of_span(homes, span).tests if one.outcome == "failed"})


def _card(root: Path, location: str) -> Callable[[str], Card]:
    def look(name: str) -> Card:
        from jevons.shelf.folder import Shelf, pick, seeds
        from jevons.shelf.text import CardError

        try:
            own = Shelf(location if "://" in location else root / location).cards()
        except (CardError, ValueError) as error:
            raise LookupError(str(error)) from None
        named = {card.id for card in own}
        return pick([*own, *(card for card in seeds() if card.id not in named)], name)

    return look
