"""What `jevons train` decides before anything runs: what is to be trained, and whether something exists that does."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import msgspec

from jevons.cli.project import CouldNotError, find
from jevons.cli.shelf import Room
from jevons.cli.train_run import Runner, could_not, document, say
from jevons.report.text import printable

if TYPE_CHECKING:
    from jevons.ledger.lock import Lock
    from jevons.shelf.card import Card
    from jevons.shelf.spending import Stated
    from jevons.shelf.train import Plan, Same

LOOK_S = 0.2
"""How often a wait looks whether a lock is free."""


class Job:
    """One call of the command; `given` are its options by name."""

    def __init__(self, room: Room, stated: Stated, given: Mapping[str, Any]) -> None:
        self.room, self.stated, self.given = room, stated, given
        self.root, self.settings, self.home = find()
        self.project = self.settings.project or self.root.name
        self.reuse: str = given["reuse"]
        self.plan = self._plan()

    def own(self) -> list[Card]:
        """Cards of the shelf, as they stand there now."""
        from jevons.shelf.text import CardError

        try:
            return self.room.shelf.cards()
        except CardError as error:
            raise could_not(str(error)) from None

    # -- what is to be trained -----------------------------------------------------------------------------------

    def _plan(self) -> Plan:
        from jevons.shelf.recipe import recipe
        from jevons.shelf.show import SHIPPED
        from jevons.shelf.train import Plan, base_of

        data, config = self.given["data"], self.given["config"]
        template = self._template()
        bases = self.given["base"] or (template.base if template else ())
        try:
            made = recipe(self.given["cmd"], data, config, base_of(bases, self.room.family)) if data else None
        except (OSError, ValueError) as error:
            raise could_not(str(error)) from None
        if made is None:
            say("no --data: whether the same was trained before cannot be known")
        card = template or self._new(made.short if made else "")
        changes = {name: value for name, value in (("task", self.given["task"]), ("base", bases)) if value}
        card = msgspec.structs.replace(card, **changes)
        if self.room.where.get(card.id) == SHIPPED:
            raise CouldNotError(f"{card.id} is a card that ships with jevons: give the model another id")
        path: Path | None = self.given["output"]
        alike = [one for one in self.own() if one.id == card.id and made is not None and one.recipe == str(made)]
        if path is None and alike and alike[0].output:
            path = self.root / alike[0].output
        shown = ""
        if path is not None:
            path = path.resolve()
            shown = (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()
        return Plan(card=card, recipe=made, output=shown, files=path, project=self.project)

    def _template(self) -> Card | None:
        """The card of the file, or of the id, that --card names; None where there is none yet."""
        from jevons.shelf.source import contents
        from jevons.shelf.text import CardError

        name: str = self.given["name"]
        if name.endswith(".json"):
            try:
                read = contents(name)
            except CardError as error:
                raise could_not(str(error)) from None
            if len(read.cards) != 1:
                raise CouldNotError(f"{printable(name)}: holds {len(read.cards)} models, not one")
            return read.cards[0]
        said = name.strip().lower()
        return next((card for card in self.own() if said in (card.id, card.name.lower())), None) if said else None

    def _new(self, short: str) -> Card:
        from jevons.shelf.card import Card, identity

        if not self.given["name"] and not short:
            raise click.UsageError("name the model (--card ID), or what it learns from (--data PATH)")
        name = self.given["name"] or f"{self.project}-{short}"
        try:
            return Card(schema="jevons.card/1", id=identity(name), name=name)
        except ValueError as error:
            raise CouldNotError(f"--card: {error}") from None

    # -- what exists ---------------------------------------------------------------------------------------------

    def look_for_target(self, target: Sequence[str]) -> None:
        """Use a model that meets the target, if one does and it is wanted; ends the process then."""
        from jevons.report.train import good_enough as text
        from jevons.shelf import find as finder
        from jevons.shelf.train import good_enough
        from jevons.shelf.used import usual

        if not target or self.reuse == "never":
            return
        try:
            asked = [finder.wanted(one) for one in target]
        except ValueError as error:
            raise click.UsageError(f"--target {error}") from None
        if not self.plan.card.task:
            raise click.UsageError("--target is of a task: say which (--task)")
        room = self.room
        made = finder.find(
            [card for card in room.family.cards.values() if card.id != self.plan.card.id], self.plan.card.task, asked,
            lambda card: usual(card, place=room.place, overrides=room.overrides),
        )  # fmt: skip
        found = good_enough([*made.ranked, *made.unranked], asked, self.root)
        if not found:
            say(f"no model of the shelf is known to meet {', '.join(target)}")
            return
        for line in text(found, ", ".join(target)):
            say(line)
        name = found[0].card.id
        if self._wanted(name):
            say(f"use {name}: nothing was trained")
            self._ends(0, "reused", card=name)

    def _same(self) -> Same | None:
        from jevons.shelf.train import same

        return same(self.own(), self.plan.recipe, self.plan.files, self.root)

    def _wanted(self, name: str) -> bool:
        """Whether a model that exists is to be used; ends the process where nobody can be asked."""
        if self.reuse == "always":
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            say(f"nothing was run: --reuse=always uses {name}, --reuse=never trains all the same")
            self._ends(2, "asked", card=name)
        use = click.confirm(f"jevons: use {name}, and train nothing?", default=True, err=True)
        self.reuse = "always" if use else "never"
        return use

    def _use(self, found: Same) -> NoReturn:
        from jevons.report.train import saved
        from jevons.shelf.allowance import seconds
        from jevons.shelf.derive import figures

        say(saved(found.spent))
        if not found.card.output:
            say("its card names no files: name them with --output, and they are looked at")
        made = figures(found.spent)
        self._ends(
            0, "reused", card=found.card.id, file=self.room.shelf.file(found.card), recipe=found.card.recipe,
            energy_kwh=made.energy, carbon_g=made.carbon, seconds=seconds(found.spent),
        )  # fmt: skip

    # -- on with it ----------------------------------------------------------------------------------------------

    def go(self) -> int:
        """Use what the same training made, or train: the exit code."""
        from jevons.ledger.lock import Lock
        from jevons.report.train import exists
        from jevons.shelf.train import locks

        found = self._same()
        if found is not None and self.reuse != "never":
            for line in exists(found):
                say(line)
            if found.lacks:
                say(f"but {printable(found.lacks)}: trains")
            elif self._wanted(found.card.id):
                self._use(found)
        program = shutil.which(self.given["cmd"][0])
        if program is None:
            say(f"{printable(self.given['cmd'][0])}: no such command, or it may not be run")
            return 127
        try:
            folder = locks(self.room.shelf, self.home)
        except OSError as error:
            raise could_not(f"{self.room.shelf.location}: cannot be written: {error.strerror}") from None
        with ExitStack() as stack:
            taken: list[Lock] = []
            if self.plan.recipe is not None:
                taken.append(stack.enter_context(Lock(folder / f"recipe-{self.plan.recipe.short}.lock")))
                self._take(taken[-1], "the same training", "uses what it makes" if self.reuse != "never" else "")
            taken.append(stack.enter_context(Lock(folder / f"card-{self.plan.card.id}.lock")))
            self._take(taken[-1], f"a training of {self.plan.card.id}")
            found = self._same() if self.reuse != "never" else None
            if found is not None and not found.lacks:  # made since we looked
                self._use(found)
            runner = Runner(self.room, self.plan, self.stated, self.given, self.settings)
            with Lock(folder / "budget.lock") as budget:
                self._take(budget)
                over = runner.begin(self.own())
            if over:
                self._ends(1, "refused", why=over)
            return runner.run([program, *self.given["cmd"][1:]], [lock.file for lock in taken])

    def _take(self, lock: Lock, what: str = "", then: str = "") -> None:
        """Have a lock, waiting for it; of one that is held for a moment only, nothing is said."""
        told = False
        try:
            while not lock.take():
                if what and self.given["no_wait"]:
                    raise CouldNotError(f"{what} is under way: without --no-wait, this one waits for it")
                if what and not told:
                    say(f"{what} is under way: waits for it{then and f', and {then}'}. Ctrl-C: nothing is run")
                told = True
                time.sleep(LOOK_S)
        except OSError as error:
            raise could_not(f"{lock.path}: {error.strerror}") from None
        except KeyboardInterrupt:
            say("stopped while it waited: nothing was run")
            sys.exit(130)

    def _ends(self, code: int, action: str, **more: Any) -> NoReturn:
        document(self.given["report"], code, action, **more)
        sys.exit(code)
