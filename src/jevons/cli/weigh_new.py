"""`jevons weigh --new`: a few plain questions, the rest from the ledger; writes a scenario file."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.project import CouldNotError, find, known_runs, ledgers, read_runs
from jevons.report.text import printable

if TYPE_CHECKING:
    from jevons.weigh.scenario.new import Answer
    from jevons.weigh.scenario.price import World


def ask(kind: str, answers: tuple[str, ...], file: Path | None, output: Path | None, world: World) -> None:
    """Ask what is not answered yet, where somebody sits at a terminal; write the file; say what to find out next."""
    from jevons.weigh.scenario.new import QUESTIONS, UNKNOWN, AnswerError, answer, find_out, scenario
    from jevons.weigh.scenario.price import PriceError
    from jevons.weigh.scenario.read import read
    from jevons.weigh.scenario.structure import ScenarioError
    from jevons.weigh.scenario.weigh import weigh

    path = output or Path(f"{kind}.toml")
    if path.exists():
        raise CouldNotError(f"{path} is there already: name another file with -o")
    questions = {one.name: one for one in QUESTIONS[kind]}
    said = _said(answers, file, list(questions))
    seen = _ledger(kind)
    given: dict[str, Answer] = {}
    try:
        for name, question in questions.items():
            known, source = seen.get(name, (UNKNOWN, ""))
            if name == "place" and world.place:
                known, source = world.place, "the settings"
            if name in said:
                given[name] = answer(question, said[name])
            elif file is None and sys.stdin.isatty():
                told = click.prompt(f"{question.ask} [? for don't know]", default=known)
                given[name] = answer(question, told, source if told == known and source else "your answer")
            else:
                given[name] = answer(question, known, source or "your answer")
        for name in ("input_tokens", "output_tokens") if kind == "judge" else ():
            question = next(one for one in QUESTIONS["compare"] if one.name == name)
            given[name] = answer(question, *seen.get(name, (UNKNOWN,)))
    except AnswerError as error:
        raise CouldNotError(str(error)) from None
    text = scenario(kind, given)
    try:
        made = weigh(read(text, str(path)), world, draws=4_096)
    except (ScenarioError, PriceError) as error:
        raise CouldNotError(f"nothing was written: {printable(str(error))}") from None
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")
    for name, one in given.items():
        source = printable(one.source) if one.known else "not known: a wide range or a default"
        click.echo(f"  {name.replace('_', ' ')}: {source}")
    if following := find_out(made, given):
        click.echo(textwrap.fill(f"find out next: {printable(following)}", 80, subsequent_indent="  "))
    click.echo(f"then: jevons weigh {path}")


def _said(answers: tuple[str, ...], file: Path | None, names: list[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    if file is not None:
        import tomllib

        try:
            said = {name: str(value) for name, value in tomllib.loads(file.read_text(encoding="utf-8")).items()}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise CouldNotError(f"{file}: no TOML of answers ({error})") from None
    for one in answers:
        name, equals, value = one.partition("=")
        if not equals:
            raise CouldNotError(f"--answer {one}: write NAME=VALUE; names are {', '.join(names)}")
        said[name.strip()] = value
    for name in said:
        if name not in names:
            raise CouldNotError(f"answer {name!r} is not asked for; names are {', '.join(names)}")
    return said


def _ledger(kind: str) -> dict[str, tuple[str, str]]:
    """What the ledger knows: name of a question -> (answer, source)."""
    from jevons.ledger.spans import Span

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    runs = read_runs(homes, Span("all", known_runs(homes), 0, 0), settings)[0]
    cells = [cell for one in runs for cell in one.cells if cell.key.mode == "live" and cell.key.kind == "chat"]
    judged = [cell for cell in cells if cell.group.role == "judge"] if kind == "judge" else []
    cells = judged or cells
    calls = sum(cell.sums.calls for cell in cells)
    if not calls:
        return {}
    models: Counter[str] = Counter()
    for cell in cells:
        models[cell.key.model] += cell.sums.calls
    model = models.most_common(1)[0][0]
    source = f"the ledger: {calls:,} calls{' by judges' * bool(judged)}"
    days = len({cell.group.day for cell in cells}) or 1
    asking = sum(1 for one in runs if any(cell.key.mode == "live" for cell in one.cells)) or 1
    counted = [cell for cell in cells if cell.key.usage != "unknown"]
    known = sum(cell.sums.calls for cell in counted)
    found = {"calls_per_day": f"{calls / days:.4g}", "calls": f"{calls / asking:.4g}"}
    if model:
        found["model"] = model
    if known:
        found["input_tokens"] = f"{sum(cell.sums.input for cell in counted) / known:.4g}"
        found["output_tokens"] = f"{sum(cell.sums.output for cell in counted) / known:.4g}"
    return {name: (value, source) for name, value in found.items() if value not in ("0", "")}
