"""`jevons train -- CMD`: train a model, unless one exists that does; measure what it takes, and keep its card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from jevons.cli.shelf import SHELF, open_room
from jevons.cli.train_job import Job
from jevons.cli.train_run import stated

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
done, or a model exists and nobody said whether to use it; 127 no such
command.
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
def command(location: str, target: tuple[str, ...], place: str, **given: Any) -> None:
    """Train a model with CMD, unless one exists that does; measure it, and put its card on the shelf.

    Where one exists, --reuse=ask asks on a terminal. Elsewhere it ends with 2 and names both flags: to use it unasked
    would leave a job without the training that it was told to run, to train unasked would spend what it asks about.
    """
    room = open_room(location, place)
    job = Job(room, stated(room, place, given), given)
    job.look_for_target(target)
    sys.exit(job.go())
