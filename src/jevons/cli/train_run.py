"""The training that `jevons train` runs: its budget, its meters, its card from the first moment to the last."""

from __future__ import annotations

import getpass
import platform
import re
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from jevons.cli.project import CouldNotError, git
from jevons.cli.run import run
from jevons.cli.shelf import Room
from jevons.report.text import printable

if TYPE_CHECKING:
    from jevons.record import Machine
    from jevons.settings import Settings
    from jevons.shelf.card import Card, Spent
    from jevons.shelf.spending import Stated
    from jevons.shelf.train import Plan

WIDE = 80
FIRST_S, EVERY_S, EVERY_REMOTE_S = 0.25, 2.0, 30.0
"""How often the card is brought up to date while the command runs: at the start more often, at a URL less often."""
_CHIPS = re.compile(r"(?:(\d+)\s*[x×*\s]\s*)?(\D.*)")


class Runner:
    """One training. `begin`, then `run`."""

    def __init__(self, room: Room, plan: Plan, stated: Stated, given: Mapping[str, Any], settings: Settings) -> None:
        from jevons.capture.watch import Watch

        self.room, self.plan, self.stated, self.given, self.settings = room, plan, stated, given, settings
        self.who = given["by"] or git("config", "user.name") or _login()
        self.versions = _versions()
        self.began = time.time()
        self.watch = Watch()

    def begin(self, own: Sequence[Card]) -> list[str]:
        """Put the card on the shelf, incomplete; or say why the training budget does not allow it, and do nothing.

        `own` are the cards of the shelf.
        """
        from jevons.settings import TRAIN_SPANS
        from jevons.shelf import allowance
        from jevons.shelf.text import CardError
        from jevons.shelf.train import growing

        caps = {kind: getattr(self.settings.train, kind) for kind in TRAIN_SPANS}
        over = allowance.over(own, caps, allowance.now(self.began))
        if over:
            for line in over:
                say(f"over the training budget: {line}")
            say("nothing was run ([tool.jevons.train] in pyproject.toml)")
            return over
        there = next((card for card in own if card.id == self.plan.card.id), None)
        if there is not None and self.plan.recipe is not None:
            changed = self.plan.recipe.differs(there.recipe)
            if changed:
                say(f"{there.id} was trained before, with other {', '.join(changed)}: its card keeps both")
        self.card = growing(self.plan, self._spent(msgspec.structs.replace(self.watch.read(), cpu_us=0)), there)
        try:
            beside = [one for one in self.room.family.cards.values() if one.id != self.card.id]
            self.room.shelf.put([self.card], replace=there is not None, beside=beside)
        except (CardError, OSError) as error:
            raise could_not(str(error)) from None
        return []

    def run(self, cmd: list[str], keep: list[int]) -> int:
        """Run the command: the exit code. `keep` are locks that it inherits."""
        from jevons.report.train import took
        from jevons.shelf.folder import Remote
        from jevons.shelf.train import done

        most_s = EVERY_REMOTE_S if isinstance(self.room.shelf.place, Remote) else EVERY_S
        wait_s = FIRST_S

        def look(pid: int) -> float:
            nonlocal wait_s
            self.watch.follow(pid)
            self._update(self._spent(self.watch.read()))
            now_s, wait_s = wait_s, min(wait_s * 2, most_s)
            return now_s

        code = run(cmd, look, keep)
        spent = self._spent(self.watch.end(), code)
        why = "" if code == 0 else f"the command ended with {code}"
        if not why:
            try:
                self.card = done(self.card, self.plan, self._results())
            except OSError as error:
                why, code = f"--output {printable(self.plan.output)}: {error.strerror}, after the command", 2
        lost = self._update(spent)
        for line in took(spent):
            say(line)
        if why:
            say(f"{why}: {self.card.id} stays marked incomplete; what it took counts")
        if lost:
            say(f"its card could not be written: {lost}")
            code = code or 2
        else:
            say(f"card: {self.room.shelf.file(self.card)}")
        self._document(code, "cut short" if why else "trained", spent)
        return code

    def _spent(self, machine: Machine, code: int | None = None) -> Spent:
        from jevons.shelf.allowance import now
        from jevons.shelf.spending import spent

        made = spent(machine, self.stated, self.room.overrides.factors)
        return msgspec.structs.replace(
            made, started=now(self.began), ended=now(max(time.time(), self.began)), by=self.who,
            versions=self.versions, exit_code=code,
        )  # fmt: skip

    def _update(self, spent: Spent) -> str:
        """Bring the card on the shelf up to date; why that could not be."""
        self.card = msgspec.structs.replace(self.card, training=(*self.card.training[:-1], spent))
        try:
            self.room.shelf.update(self.card)
        except Exception as error:  # a share that is away must not end a training
            return str(error) or type(error).__name__
        return ""

    def _results(self) -> dict[str, float]:
        file: Path | None = self.given["metrics"]
        if file is None:
            return {}
        try:
            return msgspec.json.decode(file.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.MsgspecError) as error:
            say(f"--metrics {file}: {error}: the card tells no quality")
            return {}

    def _document(self, code: int, action: str, spent: Spent) -> None:
        from jevons.shelf.allowance import seconds
        from jevons.shelf.derive import figures

        made = figures(spent)
        document(
            self.given["report"], code, action, card=self.card.id, file=self.room.shelf.file(self.card),
            recipe=self.card.recipe, spent=spent, energy_kwh=made.energy, carbon_g=made.carbon, seconds=seconds(spent),
        )  # fmt: skip


def stated(room: Room, place: str, given: Mapping[str, Any]) -> Stated:
    """What is said of hardware and place, checked before anything runs."""
    from jevons.shelf.chips import chip
    from jevons.shelf.spending import Stated, checked

    gpus = given["gpus"].strip()
    match = _CHIPS.fullmatch(gpus)
    count, hardware = (float(match[1] or 1), match[2].strip()) if match else (1.0, gpus)
    if count < 1:
        raise click.UsageError(f"--gpus {gpus!r}: at least one")
    known = chip(hardware) if hardware else None
    made = Stated(
        hardware=known.name if known else hardware, chips=count, power_w=given["power"], place=place or room.place,
        grid_g_per_kwh=given["grid"], pue=given["pue"], activity=given["activity"],
    )  # fmt: skip
    try:
        checked(made, room.overrides.factors)
    except ValueError as error:
        raise could_not(str(error)) from None
    return made


def document(to: Path | None, code: int, action: Any, **more: Any) -> None:
    """Write what was done, where that is wanted."""
    from jevons.report.train import Outcome

    if to is not None:
        made = Outcome(action=action, exit_code=code, **more)
        to.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")


def could_not(text: str) -> CouldNotError:
    """An error whose text may hold what others wrote."""
    return CouldNotError("\n".join(map(printable, text.splitlines())))


def say(line: str) -> None:
    """A line for people, on standard error: standard output is the command's."""
    text = textwrap.fill(
        line, WIDE, initial_indent="jevons: ", subsequent_indent=" " * 8, break_on_hyphens=False, break_long_words=False
    )
    click.echo(text, err=True)


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
