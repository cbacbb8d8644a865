"""`jevons train -- CMD`: train a model, unless one exists that does; measure what it takes, and keep its card."""

from __future__ import annotations

import getpass
import platform
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click
import msgspec

from jevons.cli.project import CouldNotError, find, git
from jevons.cli.run import run
from jevons.cli.shelf import SHELF, Room, open_room
from jevons.report.text import printable

if TYPE_CHECKING:
    from jevons.ledger.lock import Lock
    from jevons.report.train import Outcome
    from jevons.shelf.card import Card, Spent
    from jevons.shelf.spending import Reading, Stated
    from jevons.shelf.train import Plan, Same

EVERY_S, EVERY_REMOTE_S = 2.0, 30.0
"""How often the card is brought up to date while the command runs; at a URL less often."""
LOOK_S = 0.2
"""How often a wait looks whether the lock is free."""
WIDE = 80
_CHIPS = re.compile(r"(?:(\d+)\s*[x×*\s]\s*)?(\D.*)")
Paths = tuple[Path, ...]
_FILES = click.Path(exists=True, path_type=Path)


@click.command(
    "train",
    context_settings={"allow_interspersed_args": False},
    epilog="""\b
Examples:
  jevons train --data tickets.csv --output router.npz -- python train.py
  jevons train --card my-judge --base llama-3.2-1b --data pairs/ \\
      --config lora.yaml --output out/ --gpus 8xA100 --place FR -- ./train.sh
  jevons train --task text-generation --target "MMLU>=60" --reuse=always \\
      --data corpus/ -- python train.py

\b
Same means: the same content of --data, --config and of the script that CMD
names, the same --base, the same words of CMD. Two at once of the same: the
second waits, then uses what the first made. The card lies on the shelf from
the start, marked incomplete, with what was spent so far.
Budget: [tool.jevons.train] month = {trainings = 4, energy_kwh = 20}; also
quarter, year (UTC).
What jevons says goes to standard error. Exit code: that of CMD; 0 where a
model is used instead; 1 over the budget (nothing was run); 2 it could not be
done, or a model exists and nobody said whether to use it; 127 no such command.
""",
)
@click.option(
    "--card", "name", default="", metavar="FILE|ID", help="Card of the model: a file to begin with, or an id."
)
@click.option("--task", default="", help="As Hugging Face calls it: text-generation, text-classification ...")
@click.option("--data", multiple=True, type=_FILES, metavar="PATH", help="What it learns from; repeatable.")
@click.option("--config", multiple=True, type=_FILES, metavar="PATH", help="Settings, further code; repeatable.")
@click.option("--base", multiple=True, metavar="ID", help="Model that it starts from; repeatable.")
@click.option("--target", multiple=True, metavar="NAME>=X", help="A model of the task that has it will do; repeatable.")
@click.option(
    "--reuse", type=click.Choice(["ask", "always", "never"]), default="ask", show_default=True,
    help="Whether to use a model that exists.",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), metavar="PATH", help="What CMD makes: its hash is kept.")
@click.option("--metrics", type=click.Path(path_type=Path), metavar="FILE", help="JSON of CMD: {name: value}, quality.")
@click.option("--gpus", default="", metavar="8xA100", help="Chips that it runs on, where they cannot be read.")
@click.option("--power", type=float, metavar="W", help="Mean of one chip; else its TDP and a usual load.")
@click.option("--place", default="", metavar="CODE", help="Where it runs: ISO 3166 code or cloud region.")
@click.option("--grid", type=float, metavar="G", help="g CO2e per kWh, in place of the place's.")
@click.option("--pue", type=float, help="Of the data centre.")
@click.option("--activity", default="training", show_default=True, help="training, fine-tuning ...")
@click.option("--by", default="", help="Who trains; else git's user.name, or the login.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the same training: exit 2.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="What was done, as JSON.")
@SHELF
@click.argument("cmd", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD")
def command(
    name: str, task: str, data: Paths, config: Paths, base: tuple[str, ...], target: tuple[str, ...],
    reuse: Literal["ask", "always", "never"], output: Path | None, metrics: Path | None, gpus: str,
    power: float | None, place: str, grid: float | None, pue: float | None, activity: str, by: str, no_wait: bool,
    report: Path | None, location: str, cmd: tuple[str, ...],
) -> None:  # fmt: skip
    """Train a model with CMD, unless one exists that does; measure it, and put its card on the shelf.

    Where one exists, --reuse=ask asks on a terminal. Elsewhere it ends with 2 and names both flags: to use it unasked
    would leave a job without the training that it was told to run, to train unasked would spend what it asks about.
    """
    job = _Job(
        room=open_room(location, place), name=name, task=task, data=data, config=config, base=base, reuse=reuse,
        output=output, metrics=metrics, activity=activity, by=by, no_wait=no_wait, report=report, cmd=cmd,
    )  # fmt: skip
    job.stated = _stated(job.room, gpus, power, place, grid, pue, activity)
    job.plan()
    job.look_for_target(target)
    sys.exit(job.go())


class _Job:
    """One call of the command."""

    stated: Stated
    planned: Plan

    def __init__(
        self, *, room: Room, name: str, task: str, data: Paths, config: Paths, base: tuple[str, ...],
        reuse: Literal["ask", "always", "never"], output: Path | None, metrics: Path | None, activity: str, by: str,
        no_wait: bool, report: Path | None, cmd: tuple[str, ...],
    ) -> None:  # fmt: skip
        self.room, self.name, self.task, self.data, self.config = room, name, task, data, config
        self.base, self.reuse, self.output, self.metrics, self.activity = base, reuse, output, metrics, activity
        self.by, self.no_wait, self.report, self.cmd = by, no_wait, report, cmd
        self.root, self.settings, self.home = find()

    # -- before --------------------------------------------------------------------------------------------------

    def own(self) -> list[Card]:
        """Cards of the shelf, as they stand there."""
        from jevons.shelf.text import CardError

        try:
            return self.room.shelf.cards()
        except CardError as error:
            raise _could_not(str(error)) from None

    def plan(self) -> None:
        """What is to be trained: its card and its recipe."""
        from jevons.shelf.recipe import recipe
        from jevons.shelf.train import Plan, base_of

        template = self._template()
        bases = self.base or (template.base if template else ())
        try:
            made = recipe(self.cmd, self.data, self.config, base_of(bases, self.room.family)) if self.data else None
        except (OSError, ValueError) as error:
            raise _could_not(str(error)) from None
        if made is None:
            _say("no --data: whether the same was trained before cannot be known")
        card = template or self._new(made.short if made else "")
        changes: dict[str, Any] = {name: value for name, value in (("task", self.task), ("base", bases)) if value}
        card = msgspec.structs.replace(card, **changes)
        if self.room.where.get(card.id, "") == "ships with jevons":
            raise CouldNotError(f"{card.id} is a card that ships with jevons: give the model another id")
        path = self.output.resolve() if self.output is not None else None
        shown = ""
        if path is not None:
            shown = (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()
        self.planned = Plan(
            card=card, recipe=made, output=shown, files=path, project=self.settings.project or self.root.name
        )

    def _template(self) -> Card | None:
        from jevons.shelf.source import contents
        from jevons.shelf.text import CardError

        file = Path(self.name)
        if self.name and (file.suffix == ".json" or file.is_file()):
            try:
                read = contents(self.name)
            except CardError as error:
                raise _could_not(str(error)) from None
            if len(read.cards) != 1:
                raise CouldNotError(f"{printable(self.name)}: holds {len(read.cards)} models, not one")
            return read.cards[0]
        said = self.name.strip().lower()
        return next((card for card in self.own() if said in (card.id, card.name.lower())), None) if said else None

    def _new(self, short: str) -> Card:
        from jevons.shelf.card import SCHEMA, Card, identity

        if not self.name and not short:
            raise click.UsageError("name the model (--card ID), or what it learns from (--data PATH)")
        name = self.name or f"{self.settings.project or self.root.name}-{short}"
        try:
            return Card(schema=SCHEMA, id=identity(name), name=name)  # type: ignore[arg-type]
        except ValueError as error:
            raise CouldNotError(f"--card: {error}") from None

    # -- reuse ---------------------------------------------------------------------------------------------------

    def same(self) -> Same | None:
        """What the same training made."""
        from jevons.shelf.train import same

        return same(self.own(), self.planned.recipe, self.planned.files, self.root)

    def look_for_target(self, target: Sequence[str]) -> None:
        """Use a model that meets the target, if one does and it is wanted."""
        if not target or self.reuse == "never":
            return
        from jevons.report.train import good_enough as text
        from jevons.shelf import find as finder
        from jevons.shelf.train import good_enough
        from jevons.shelf.used import usual

        try:
            asked = [finder.wanted(one) for one in target]
        except ValueError as error:
            raise click.UsageError(f"--target {error}") from None
        if not self.planned.card.task:
            raise click.UsageError("--target is of a task: say which (--task)")
        cards = [card for card in self.room.family.cards.values() if card.id != self.planned.card.id]
        made = finder.find(
            cards, self.planned.card.task, asked,
            lambda card: usual(card, place=self.room.place, overrides=self.room.overrides),
        )  # fmt: skip
        found = good_enough([*made.ranked, *made.unranked], asked)
        if not found:
            _say(f"no model of the shelf is known to meet {', '.join(target)}: trains")
            return
        for line in text(found, ", ".join(target)):
            _say(line)
        if self._use_it(f"use {found[0].card.id}"):
            _say(f"use {found[0].card.id}: nothing was trained")
            self._ends(0, "reused", card=found[0].card.id)

    def _use_it(self, what: str) -> bool:
        """Whether a model that exists is to be used; ends the process where nobody can be asked."""
        if self.reuse == "always":
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            _say(f"nothing was run: --reuse=always: {what}; --reuse=never: train all the same")
            self._ends(2, "asked")
        return click.confirm(f"jevons: {what}, and train nothing?", default=True, err=True)

    def _reused(self, found: Same) -> NoReturn:
        from jevons.footprint.interval import Interval
        from jevons.report.train import saved
        from jevons.shelf.allowance import seconds
        from jevons.shelf.derive import figures

        _say(saved(found.spent))
        if not found.card.output:
            _say("its files are not on its card: name them with --output, and they are checked")
        made = figures(found.spent)
        energy: Interval | None = made.energy
        self._ends(
            0, "reused", card=found.card.id, file=self.room.shelf.file(found.card), recipe=found.card.recipe,
            energy_kwh=energy, carbon_g=made.carbon, seconds=seconds(found.spent),
        )  # fmt: skip

    # -- training ------------------------------------------------------------------------------------------------

    def go(self) -> int:
        """Use what the same training made, or train."""
        from jevons.ledger.lock import Lock
        from jevons.report.train import exists
        from jevons.shelf.train import locks

        found = self.same()
        if found is not None and self.reuse != "never":
            for line in exists(found):
                _say(line)
            if found.lacks:
                _say(f"but {printable(found.lacks)}: trains")
            elif self._use_it(f"use {found.card.id}"):
                self._reused(found)
        program = shutil.which(self.cmd[0])
        if program is None:
            _say(f"{printable(self.cmd[0])}: no such command, or it may not be run")
            return 127
        try:
            folder = locks(self.room.shelf, self.home)
        except OSError as error:
            raise CouldNotError(f"{self.room.shelf.location}: cannot be written: {error}") from None
        with ExitStack() as stack:
            waited = False
            wanted = [f"card-{self.planned.card.id}.lock"]
            if self.planned.recipe is not None:
                wanted.insert(0, f"recipe-{self.planned.recipe.short}.lock")
            taken: list[Lock] = []
            for name in wanted:
                lock = Lock(folder / name)
                waited |= self._take(lock, name)
                taken.append(stack.enter_context(lock))
            if waited and self.reuse != "never":
                found = self.same()
                if found is not None and not found.lacks:
                    self._reused(found)
            with Lock(folder / "budget.lock") as budget:
                self._take(budget, "")
                watch, card = self._begin()
            return self._train([program, *self.cmd[1:]], watch, card, [lock.file for lock in taken])

    def _take(self, lock: Lock, name: str) -> bool:
        """Wait for a lock; whether it was waited for."""
        waited = False
        try:
            while not lock.take():
                if name and not waited:
                    what = "the same training" if name.startswith("recipe") else f"a training of {self.planned.card.id}"
                    if self.no_wait:
                        raise CouldNotError(f"{what} is under way: without --no-wait, this one waits for it")
                    _say(f"{what} is under way: waits for it, and uses what it makes. Ctrl-C: nothing is run")
                waited = True
                time.sleep(LOOK_S)
        except OSError as error:
            raise CouldNotError(f"{lock.path}: {error.strerror}") from None
        except KeyboardInterrupt:
            _say("stopped while it waited: nothing was run")
            sys.exit(130)
        return waited

    def _begin(self) -> tuple[Any, Card]:
        """The meters, and the card that is on the shelf before the command begins."""
        from jevons.settings import TRAIN_SPANS
        from jevons.shelf import allowance
        from jevons.shelf.spending import Reading, Watch
        from jevons.shelf.text import CardError
        from jevons.shelf.train import growing

        own = self.own()
        caps = {kind: getattr(self.settings.train, kind) for kind in TRAIN_SPANS}
        self.began = time.time()
        over = allowance.over(own, caps, allowance.now(self.began))
        if over:
            for line in over:
                _say(f"over the training budget: {line}")
            _say("nothing was run ([tool.jevons.train] in pyproject.toml)")
            self._ends(1, "refused", why=over)
        self.there = next((card for card in own if card.id == self.planned.card.id), None)
        if self.there is not None and self.planned.recipe is not None and self.there.recipe:
            changed = self.planned.recipe.differs(self.there.recipe)
            if changed:
                _say(f"{self.there.id} was trained before, with other {', '.join(changed)}: its card keeps both")
        self.who = self.by or git("config", "user.name") or _login()
        self.versions = _versions()
        watch = Watch()
        card = growing(self.planned, self._spent(Reading(hours=0.0, cpu_s=0.0), watch), self.there)
        try:
            beside = [one for one in self.room.family.cards.values() if one.id != card.id]
            self.room.shelf.put([card], replace=self.there is not None, beside=beside)
        except (CardError, OSError) as error:
            raise _could_not(str(error)) from None
        return watch, card

    def _spent(self, reading: Reading, watch: Any, code: int | None = None) -> Spent:
        from jevons.shelf.allowance import now
        from jevons.shelf.spending import spent

        made = spent(reading, watch, self.stated, self.room.overrides.factors)
        return msgspec.structs.replace(
            made, started=now(self.began), ended=now(max(time.time(), self.began)), by=self.who,
            versions=self.versions, exit_code=code,
        )  # fmt: skip

    def _train(self, cmd: list[str], watch: Any, card: Card, keep: list[int]) -> int:
        from jevons.report.train import took
        from jevons.shelf.folder import Remote
        from jevons.shelf.train import done

        lost = ""

        def with_spent(spent: Spent) -> Card:
            return msgspec.structs.replace(card, training=(*card.training[:-1], spent))

        def look(pid: int) -> None:
            nonlocal lost
            watch.follow(pid)
            lost = self._update(with_spent(self._spent(watch.read(), watch)))

        code = run(cmd, look, EVERY_REMOTE_S if isinstance(self.room.shelf.place, Remote) else EVERY_S, keep)
        spent = self._spent(watch.end(), watch, code)
        card = with_spent(spent)
        why = "" if code == 0 else f"the command ended with {code}"
        if code == 0:
            try:
                card = done(card, self.planned, self._results())
            except OSError as error:
                why, code = f"--output {printable(str(self.output))}: {error.strerror} after the command", 2
        lost = self._update(card)
        for line in took(spent):
            _say(line)
        if why:
            _say(f"{why}: {card.id} stays marked incomplete; what it took counts")
        if lost:
            _say(f"its card could not be written: {lost}")
            code = code or 2
        else:
            _say(f"card: {self.room.shelf.file(card)}")
        self._told(code, "cut short" if why else "trained", card, spent)
        return code

    def _update(self, card: Card) -> str:
        """Bring the card on the shelf up to date; why that could not be."""
        try:
            self.room.shelf.update(card)
        except Exception as error:  # a share that is away must not end a training
            return str(error) or type(error).__name__
        return ""

    def _results(self) -> dict[str, float]:
        if self.metrics is None:
            return {}
        try:
            return msgspec.json.decode(self.metrics.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.MsgspecError) as error:
            _say(f"--metrics {self.metrics}: {error}: the card tells no quality")
            return {}

    def _told(self, code: int, action: Any, card: Card, spent: Spent) -> None:
        from jevons.shelf.allowance import seconds
        from jevons.shelf.derive import figures

        made = figures(spent)
        self._document(
            self._outcome(
                code, action, card=card.id, file=self.room.shelf.file(card), recipe=card.recipe, spent=spent,
                energy_kwh=made.energy, carbon_g=made.carbon, seconds=seconds(spent),
            )
        )  # fmt: skip

    def _outcome(self, code: int, action: Any, **more: Any) -> Outcome:
        from jevons.report.train import Outcome

        return Outcome(action=action, exit_code=code, **more)

    def _document(self, made: Outcome) -> None:
        if self.report is not None:
            self.report.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")

    def _ends(self, code: int, action: Any, **more: Any) -> NoReturn:
        self._document(self._outcome(code, action, **more))
        sys.exit(code)


def _stated(
    room: Room, gpus: str, power: float | None, place: str, grid: float | None, pue: float | None, activity: str
) -> Stated:
    """What is said of hardware and place, checked before anything runs."""
    from jevons.shelf.chips import chip
    from jevons.shelf.spending import Stated

    match = _CHIPS.fullmatch(gpus.strip())
    count, hardware = (float(match[1] or 1), match[2].strip()) if match else (1.0, gpus.strip())
    if count < 1:
        raise click.UsageError(f"--gpus {gpus!r}: at least one")
    known = chip(hardware) if hardware else None
    made = Stated(
        hardware=known.name if known else hardware, chips=count, power_w=power, place=place or room.place,
        grid_g_per_kwh=grid, pue=pue, activity=activity,
    )  # fmt: skip
    from jevons.shelf.spending import checked

    try:
        checked(made, room.overrides.factors)
    except ValueError as error:
        raise CouldNotError(str(error)) from None
    return made


def _could_not(text: str) -> CouldNotError:
    return CouldNotError("\n".join(map(printable, text.splitlines())))


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _versions() -> dict[str, str]:
    from jevons import __version__
    from jevons.footprint import METHOD_VERSION

    commit = git("rev-parse", "--short=12", "HEAD")
    changed = ", with changes" if commit and git("status", "--porcelain", "--untracked-files=no") else ""
    made = {
        "jevons": __version__, "method": METHOD_VERSION,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}".strip(), "commit": commit + changed,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value}


def _say(line: str) -> None:
    text = textwrap.fill(
        line, WIDE, initial_indent="jevons: ", subsequent_indent=" " * 8, break_on_hyphens=False, break_long_words=False
    )
    click.echo(text, err=True)
