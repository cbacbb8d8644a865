"""`jevons shelf`: models as assets. What exists, what it took, how long it serves; before anybody trains another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click
import msgspec

from jevons.cli.project import CouldNotError, drawing, find, for_a_file, known_runs, ledgers, read_runs, write
from jevons.report.text import printable

if TYPE_CHECKING:
    from jevons.footprint.overrides import Overrides
    from jevons.ledger.home import Home
    from jevons.ledger.recorded import Recorded
    from jevons.settings import Settings
    from jevons.shelf.card import Card, Evaluation, Spent
    from jevons.shelf.folder import Shelf
    from jevons.shelf.lineage import Family
    from jevons.shelf.used import PerCall, Seen

_FORM = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
_PAGE = click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
_OUTPUT = click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
SHELF = click.option(
    "--shelf", "location", default="", metavar="PATH|URL", help="Where the cards lie; else [tool.jevons] shelf."
)
_PLACE = click.option(
    "--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region."
)


@click.group(
    "shelf",
    epilog="""\b
Examples:
  jevons shelf list                    own cards, the ledger's models, well-known ones
  jevons shelf show bloom              its life: training per call, break-even
  jevons shelf find --task text-generation --eval "MMLU>=60"
  jevons shelf add README.md           of Hugging Face; also CycloneDX, CodeCarbon
  jevons shelf add my-judge --hours 40 --hardware A100 --place FR
  jevons shelf export my-judge --format cyclonedx

\b
A shelf is a folder of JSON files, one a model: commit it. A share or a bucket
(s3://team/shelf) works as well, with pip install 'jevons[shelf]'.
""",
)
def command() -> None:
    """Models as assets: prefer one that exists, keep it long, share it."""


class Room(NamedTuple):
    """All that a command needs of the project."""

    shelf: Shelf
    family: Family
    where: dict[str, str]
    """Id to where a card is from."""
    models: Mapping[str, Seen]
    overrides: Overrides
    place: str


def open_room(location: str, place: str = "") -> Room:
    """The project's shelf, the ledger's models and the cards that ship, each card once: own ones win."""
    from jevons.footprint import overrides
    from jevons.shelf import used
    from jevons.shelf.folder import seeds
    from jevons.shelf.lineage import Family, key
    from jevons.shelf.show import LEDGER, OWN, SHIPPED
    from jevons.shelf.text import CardError

    root, settings, home = find()
    known = overrides(settings, root)
    shelf = _shelf(location, root, settings.shelf)
    try:
        own = shelf.cards()
    except CardError as error:
        raise CouldNotError("\n".join(map(printable, str(error).splitlines()))) from None
    names = {key(card.name) for card in own} | {card.id for card in own}
    shipped = [card for card in seeds() if card.id not in names and key(card.name) not in names]
    homes = ledgers(root, settings, home)
    models = used.seen(_runs(homes, settings), place=place or settings.place, overrides=known)
    of_ledger = [card for card in used.cards(models, (*own, *shipped)) if card.id not in names]
    where = {card.id: SHIPPED for card in shipped} | {card.id: LEDGER for card in of_ledger}
    where |= {card.id: OWN for card in own}
    cards = {card.id: used.joined(card, dict(models)) for card in (*shipped, *of_ledger, *own)}
    return Room(shelf, Family(cards.values()), where, models, known, place or settings.place)


def _runs(homes: Sequence[Home], settings: Settings) -> list[Recorded]:
    """All runs that are recorded, whatever project they are of."""
    from jevons.ledger.spans import Span

    return read_runs(homes, Span("all", known_runs(homes), 0, 0), settings)[0]


def _shelf(location: str, root: Path, setting: str) -> Shelf:
    from jevons.shelf.folder import Shelf

    location = location or setting
    try:
        return Shelf(location if "://" in location else (root / location if location == setting else Path(location)))
    except ValueError as error:
        raise CouldNotError(str(error)) from None


def _print(form: str, document: Any, text: Callable[[], str], output: Path | None = None) -> None:
    made = msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n" if form == "json" else text()
    if output is None:
        click.echo(made, nl=False)
    else:
        output.write_text(made, encoding="utf-8")


def _page(made: Any, of: str, output: Path | None) -> None:
    """A page of one of the functions of `jevons.report.html`."""
    for_a_file(output, "--format html -o shelf.html")
    with drawing():
        from jevons.report import html

        text = getattr(html, of)(made)
    write(text, output)


def _pick(room: Room, asked: str) -> Card:
    from jevons.shelf.folder import pick

    try:
        return pick(list(room.family.cards.values()), asked)
    except LookupError as error:
        raise CouldNotError(str(error.args[0])) from None


@command.command("list", short_help="All cards, and what their training took.")
@SHELF
@_PAGE
@_OUTPUT
@click.option("--own", is_flag=True, help="Only the cards of this shelf and the models that the ledger saw.")
def list_cards(location: str, form: str, output: Path | None, own: bool) -> None:
    """List all cards, and what all their training took, each counted once."""
    from jevons.report.shelf import listing
    from jevons.shelf.lineage import Family
    from jevons.shelf.show import SHIPPED, listed

    room = open_room(location)
    cards = [card for card in room.family.cards.values() if not own or room.where[card.id] != SHIPPED]
    made = listed(Family(cards), room.where, room.shelf.location)
    if form == "html":
        _page(made, "listed", output)
    else:
        _print(form, made, lambda: listing(made), output)


@command.command(
    "show",
    short_help="The life of a model; its break-even.",
    epilog="""\b
Examples:
  jevons shelf show bloom              break-even by three boundaries
  jevons shelf show llama-3.1-8b --calls-a-day 20000
  jevons shelf show bloom --format html -o bloom.html
""",
)
@click.argument("name")
@click.option("--calls-a-day", type=float, metavar="N", help="Of one team; else as its use or the ledger says.")
@_PLACE
@SHELF
@_PAGE
@_OUTPUT
def show_card(name: str, calls_a_day: float | None, place: str, location: str, form: str, output: Path | None) -> None:
    """Show the life of a model: what its training took, per call as years and teams go by, and its break-even."""
    from jevons.report.shelf import show as text
    from jevons.shelf.show import show

    if calls_a_day is not None and not 0 < calls_a_day < float("inf"):
        raise click.UsageError(f"--calls-a-day {calls_a_day:g}: above 0")
    room = open_room(location, place)
    card = _pick(room, name)
    made = show(
        card, room.where[card.id], room.family, room.models,
        calls_a_day=calls_a_day, place=room.place, overrides=room.overrides,
    )  # fmt: skip
    if form == "html":
        _page(made, "shown", output)
    else:
        _print(form, made, lambda: text(made), output)


@command.command(
    "find",
    short_help="What exists, by what a call takes.",
    epilog="""\b
Examples:
  jevons shelf find --task text-generation
  jevons shelf find --task text-generation --eval "MMLU>=60" --format json
  jevons shelf find --task automatic-speech-recognition --eval "WER<=10"

\b
Tasks are called as Hugging Face calls them. Exit 1 where nothing is known to be good enough.
""",
)
@click.option("--task", default="", help="text-generation, feature-extraction ...")
@click.option("--eval", "evals", multiple=True, metavar="NAME>=X", help="Quality asked; repeatable. Also NAME<=X.")
@_PLACE
@SHELF
@_FORM
def find_cards(task: str, evals: tuple[str, ...], place: str, location: str, form: str) -> None:
    """Rank what exists by what a call takes, at the quality asked."""
    from jevons.footprint import METHOD_VERSION
    from jevons.report.shelf import finding
    from jevons.shelf import find as finder
    from jevons.shelf.used import per_call, usual

    try:
        asked = [finder.wanted(text) for text in evals]
    except ValueError as error:
        raise click.UsageError(f"--eval {error}") from None
    room = open_room(location, place)

    def each(card: Card) -> tuple[PerCall | None, str]:
        made = usual(card, place=room.place, overrides=room.overrides)
        return made if made[0] else per_call(card, dict(room.models), place=room.place, overrides=room.overrides)

    made = finder.find(
        list(room.family.cards.values()), task, asked,
        each,
    )  # fmt: skip
    document = {
        "schema": "jevons.shelf.find/1", "method": METHOD_VERSION, "task": task, "asked": asked,
        **msgspec.structs.asdict(made),
    }  # fmt: skip
    _print(form, document, lambda: finding(made, task, asked))
    if not made.ranked:
        sys.exit(1)


@command.command(
    "add",
    short_help="Put models on the shelf.",
    epilog="""\b
Examples:
  jevons shelf add README.md --name org/model        co2_eq_emissions
  jevons shelf add bom.json                          CycloneDX 1.6 or 1.7
  jevons shelf add emissions.csv --name my-judge     CodeCarbon
  jevons shelf add my-judge --hours 40 --hardware A100 --place FR --base bloom
  jevons shelf add my-judge --flops 1e21 --hardware H100 --place us-east-1
  jevons shelf add my-judge --parameters 1e9 --tokens 2e10 --hardware H100 \\
      --place SE
  jevons shelf add cards.csv.gz --dry-run            how many of many can be right?

\b
Its claims are checked: what contradicts itself is said, and said again by `show`;
--strict keeps it off the shelf. Exit 1: kept off by --strict. Exit 2: it could
not be read or written; nothing was written.
""",
)
@click.argument("source", metavar="FILE|URL|NAME")
@click.option("--name", default="", help="Name of the model, where the file does not say.")
@click.option("--task", default="", help="text-generation, feature-extraction ...")
@click.option("--base", multiple=True, metavar="MODEL", help="What it was made from; repeatable.")
@click.option("--eval", "evals", multiple=True, metavar="NAME=X", help="Quality on an evaluation; repeatable.")
@click.option("--hours", type=float, help="GPU-hours: chips x hours.")
@click.option("--flops", type=float, help="Operations of the training.")
@click.option("--parameters", type=float, help="Parameters, with --tokens: FLOPs = 6 x parameters x tokens.")
@click.option("--tokens", type=float, help="Tokens that it was trained on.")
@click.option("--utilisation", type=float, help="Useful over peak operations, with FLOPs (0.35).")
@click.option("--hardware", default="", help="Chip: A100, H100 ...")
@click.option("--power", type=float, help="Mean W of one chip; else its TDP and a usual load.")
@click.option("--place", default="", metavar="CODE", help="Where it was trained: ISO 3166 code or cloud region.")
@click.option("--year", type=click.IntRange(1990, 2100), help="When: whose grid intensity.")
@click.option("--pue", type=float, help="Of the data centre.")
@click.option("--grid", type=float, help="g CO2e per kWh, in place of the place's.")
@click.option(
    "--scope", type=click.Choice(["facility", "server", "gpu"]), default="facility", show_default=True,
    help="What the energy is of; papers often count the chips alone.",
)  # fmt: skip
@click.option("--activity", default="training", show_default=True, help="training, fine-tuning ...")
@click.option("--unknown", is_flag=True, help="Also models that say nothing of their footprint.")
@click.option("--replace", is_flag=True, help="Write over cards that are there.")
@click.option("--strict", is_flag=True, help="Keep off the shelf what cannot be right.")
@click.option("--dry-run", is_flag=True, help="Read and check only.")
@SHELF
@_FORM
def add(source: str, location: str, form: str, **given: Any) -> None:
    """Put models on the shelf, of a file or by what is known of their training."""
    from jevons.report.shelf import Added
    from jevons.report.shelf import added as text
    from jevons.shelf import checks
    from jevons.shelf.lineage import Family
    from jevons.shelf.text import CardError

    room = open_room(location)
    try:
        read = _contents(source, given, room)
        cards = [card for card in read.cards if given["unknown"] or _footprint(card)]
        if not cards:
            _fail([f"{where}: {why}" for where, why in read.missing], "--unknown puts it there all the same")
        family = Family([*room.family.cards.values(), *cards])
        new = {card.id for card in cards}
        found = [one for card in cards for one in checks.findings(card, family)]
        found += [one for one in checks.across(family.cards.values()) if one.card in new]
        written: list[str] = []
        refused = given["strict"] and any(one.impossible for one in found)
        if not given["dry_run"] and not refused:
            written = room.shelf.put(cards, given["replace"], list(room.family.cards.values()), read.lines)
        elif not refused:
            _check_lineage(room, cards, read.lines)
    except CardError as error:
        _fail(str(error).splitlines())
    made = Added(
        source=source, kind=read.kind, read=len(read.cards) + sum(1 for _ in read.missing if not read.cards),
        footprints=sum(map(_footprint, read.cards)), missing=read.missing, findings=found, notes=read.notes,
        written=written, dry_run=given["dry_run"],
    )  # fmt: skip
    _print(form, made, lambda: text(made))
    if refused:
        click.echo("jevons: nothing was written: figures that cannot be right (--strict)", err=True)
        sys.exit(1)


def _check_lineage(room: Room, cards: list[Card], lines: Mapping[str, Any]) -> None:
    from jevons.shelf import lineage
    from jevons.shelf.text import CardError

    new = {card.id for card in cards}
    whole = {**room.family.cards, **{card.id: card for card in cards}}
    faults = [
        lines[card.id].fault(f"its lineage runs in a circle: {way}", "base")
        for card, way in lineage.circles(whole.values())
        if card.id in new and card.id in lines
    ]
    if faults:
        raise CardError(faults)


def _footprint(card: Card) -> bool:
    from jevons.shelf.derive import figures

    return any(made.energy or made.carbon for made in map(figures, card.training))


def _contents(source: str, given: Mapping[str, Any], room: Room) -> Any:
    from jevons.shelf.card import Card, identity
    from jevons.shelf.source import Contents, contents

    asked = any(given[name] is not None for name in ("hours", "flops", "parameters", "tokens"))
    if asked or (given["unknown"] and not Path(source).exists() and "://" not in source and "." not in source):
        name = given["name"] or source
        training = (_estimated(given, room),) if asked else ()
        read = Contents(
            "as stated", [Card(schema="jevons.card/1", id=identity(name), name=name, training=training)], {}, []
        )
    else:
        read = contents(source, given["name"])
    changes: dict[str, Any] = {}
    if given["task"]:
        changes["task"] = given["task"]
    if given["base"]:
        changes["base"] = given["base"]
    if given["evals"]:
        changes["evals"] = tuple(map(_evaluation, given["evals"]))
    if changes and len(read.cards) != 1:
        raise click.UsageError("--task, --base and --eval are of one model; the file holds several")
    return read._replace(cards=[msgspec.structs.replace(card, **changes) for card in read.cards]) if changes else read


def _estimated(given: Mapping[str, Any], room: Room) -> Spent:
    from jevons.footprint.training import flops
    from jevons.shelf.derive import estimate

    operations = given["flops"]
    if (given["parameters"] is None) != (given["tokens"] is None):
        raise click.UsageError("--parameters and --tokens go together")
    if given["parameters"] is not None:
        if operations is not None:
            raise click.UsageError("either --flops, or --parameters and --tokens")
        operations = flops(given["parameters"], given["tokens"])
    try:
        return estimate(
            hardware=given["hardware"], machine_hours=given["hours"], flops=operations,
            utilisation=given["utilisation"], power_w=given["power"], place=given["place"], pue=given["pue"],
            grid_g_per_kwh=given["grid"], scope=given["scope"], activity=given["activity"], year=given["year"],
            user=room.overrides.factors,
        )  # fmt: skip
    except ValueError as error:
        _fail([str(error)])


def _evaluation(text: str) -> Evaluation:
    from jevons.shelf.card import Evaluation

    name, _, value = text.rpartition("=")
    try:
        return Evaluation(name=name.strip(), value=float(value)) if name.strip() else _bad(text)
    except ValueError:
        return _bad(text)


def _bad(text: str) -> NoReturn:
    raise click.UsageError(f"--eval {text!r}: an evaluation and a value, NAME=X")


def _fail(faults: list[str], remedy: str = "") -> NoReturn:
    more = [f"and {len(faults) - 20} more"] if len(faults) > 20 else []
    told = [printable(fault) for fault in faults[:20]]
    lines = ["jevons: nothing was written:", *told, *more, *([remedy] if remedy else [])]
    click.echo("\n".join(lines), err=True)
    sys.exit(2)


@command.command(
    "export",
    short_help="A card as another format has it.",
    epilog="""\b
Examples:
  jevons shelf export my-judge --format huggingface     metadata for the head of its README
  jevons shelf export my-judge --format cyclonedx -o bom.json
  jevons shelf export my-judge --format markdown
  jevons shelf export my-judge --format json            the card itself

\b
Nothing is lost: what a format has no field for stands in one of ours (`jevons`,
`jevons:card`), and is read back.
""",
)
@click.argument("name")
@click.option(
    "--format", "form", type=click.Choice(["huggingface", "cyclonedx", "markdown", "json"]), default="json",
    show_default=True,
)  # fmt: skip
@click.option("--spec", type=click.Choice(["1.6", "1.7"]), default="1.7", show_default=True, help="Of CycloneDX.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
@SHELF
def export(name: str, form: str, spec: str, output: Path | None, location: str) -> None:
    """Write a card as another format has it."""
    from jevons.report.shelf import markdown
    from jevons.shelf import cyclonedx, huggingface
    from jevons.shelf.card import encode
    from jevons.shelf.show import show

    room = open_room(location)
    card = _pick(room, name)
    if form == "huggingface":
        text = huggingface.write(card)
    elif form == "cyclonedx":
        text = msgspec.json.format(msgspec.json.encode(cyclonedx.write(card, spec)), indent=2).decode() + "\n"
    elif form == "json":
        text = encode(card).decode()
    else:
        text = markdown(
            show(card, room.where[card.id], room.family, room.models, place=room.place, overrides=room.overrides)
        )
    _print("text", None, lambda: text, output)
