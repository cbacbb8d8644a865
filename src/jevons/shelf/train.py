"""A training on its shelf: what exists already, the card that grows while it runs, and what became of it.

The card is on the shelf as *incomplete* from the first moment, with what was spent so far, and is replaced as a whole
each time: whatever is killed leaves that. Who trains the same waits for a lock, which the system drops when its holders
have died: the process that took it, and the command, which may outlive it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from jevons.ledger.home import Home
from jevons.shelf.card import Card, Evaluation, Spent
from jevons.shelf.find import Found, Wanted
from jevons.shelf.folder import Folder, Shelf
from jevons.shelf.lineage import Family
from jevons.shelf.recipe import Recipe, content

OWN_TEST = "its training"
"""Source of results that the command itself wrote."""


class Same(msgspec.Struct, kw_only=True):
    """A model that the same training made."""

    card: Card
    spent: Spent
    """The stretch that made it."""
    lacks: str = ""
    """Why it cannot be used here; empty where it can."""


def same(cards: Sequence[Card], recipe: Recipe | None, output: Path | None, folder: Path) -> Same | None:
    """What the same training made, best one whose files are here; None where nothing did.

    `output` is where the files are wanted, `folder` what the paths of cards are relative to.
    """
    found = [
        Same(card=card, spent=card.training[-1], lacks=_lacks(card, output, folder))
        for card in cards
        if recipe is not None and card.recipe == str(recipe) and card.training
        if not card.incomplete and not card.retired
    ]
    return min(found, key=lambda one: (bool(one.lacks), one.card.id), default=None)


def _lacks(card: Card, output: Path | None, folder: Path) -> str:
    """Whether the files of a card are where they are wanted, by their hash."""
    where = output if output is not None else folder / card.output if card.output else None
    if where is None:
        return ""
    if not card.output:
        return f"its card has no hash of {where}: it was trained without --output"
    try:
        now = content(where)
    except FileNotFoundError:
        return f"{where} is not there"
    except OSError as error:
        return f"{where}: {error.strerror}"
    return "" if now.items() <= card.hashes.items() else f"{where} is not what it made: its hash is another"


def good_enough(found: Sequence[Found], asked: Sequence[Wanted], folder: Path) -> list[Found]:
    """Of what exists for a task, what is known to meet every target and is here where its card says that it is, the
    least footprint per call first."""
    return [one for one in found if len(one.results) == len(asked) and not _lacks(one.card, None, folder)]


class Plan(msgspec.Struct, kw_only=True):
    """What is to be trained."""

    card: Card
    """As it will be, without this training."""
    recipe: Recipe | None
    output: str = ""
    """As its card names it."""
    files: Path | None = None
    """Where that is."""
    project: str = ""


def growing(plan: Plan, spent: Spent, there: Card | None) -> Card:
    """The card of a training that runs, or was cut short. `there` is the card on the shelf: what it took before stays,
    and what was cut short before has failed."""
    before = there.training if there is not None else plan.card.training
    if there is not None and there.incomplete and before:
        before = (*before[:-1], msgspec.structs.replace(before[-1], part="failed"))
    evals = tuple(one for one in plan.card.evals if one.source != OWN_TEST)  # they were of the model before
    users = tuple(dict.fromkeys((*plan.card.users, *filter(None, (plan.project,)))))
    return msgspec.structs.replace(
        plan.card,
        recipe=str(plan.recipe) if plan.recipe is not None else "",
        incomplete=True,
        training=(*before, spent),
        users=users,
        evals=evals,
        hashes={},
        output=plan.output,
        first_use=there.first_use if there is not None else plan.card.first_use,
    )


def done(card: Card, plan: Plan, results: Mapping[str, float] | None = None) -> Card:
    """The same card when the command has ended well. OSError where its output is not there."""
    evals = tuple(Evaluation(name=name, value=value, source=OWN_TEST) for name, value in (results or {}).items())
    named = {one.name for one in evals}
    return msgspec.structs.replace(
        card,
        incomplete=False,
        hashes=content(plan.files) if plan.files is not None else {},
        evals=(*(one for one in card.evals if one.name not in named), *evals),
    )


def base_of(names: Sequence[str], family: Family) -> list[str]:
    """What a recipe knows the bases by: the hash of their weights, else what made them, else their names. ValueError
    where one is no use."""
    made = []
    for name in names:
        card = family.find(name)
        if card is not None and card.incomplete:
            raise ValueError(f"--base {name}: its training was cut short, there is no such model")
        made.append((card and (" ".join(sorted(card.hashes.values())) or card.recipe or card.id)) or name.lower())
    return made


def locks(shelf: Shelf, home: Home) -> Path:
    """Where the locks of a shelf lie: in its folder; of a shelf at a URL in the ledger's, so that they hold on this
    machine alone. OSError."""
    if isinstance(shelf.place, Folder):
        folder = shelf.place.path / ".locks"
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        return folder
    home.make()
    return home.path / "locks"
