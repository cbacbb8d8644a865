"""The `jevons` command: each command parses, calls a room, prints."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from jevons import __version__

_COMMANDS = {
    "calls": "List recorded calls.",
    "combine": "Merge ledgers into one.",
    "comment": "Write a report on a pull or merge request, updated in place.",
    "compare": "Say whether it got greener, per run and in total, and why.",
    "compact": "Bring a ledger's spool files into Parquet.",
    "cut": "Say what to remove first, what it saves, what it risks.",
    "doctor": "Say what is seen, what is not, and why.",
    "estimate": "Estimate a table of servings.",
    "explain": "Show how a figure comes about.",
    "export": "Export recorded runs: OpenMetrics, OpenTelemetry, Parquet.",
    "factors": "Show the figures behind footprints, with their sources.",
    "import": "Add what other tools logged of AI calls.",
    "gate": "Fail when a run uses more than was agreed, or than its base.",
    "plan": "Say what a verdict will likely need and cost.",
    "purge": "Delete what is kept.",
    "rebound": "Say how much of a gain was taken back by more use.",
    "report": "Show what recorded runs cost.",
    "run": "Run a command, at the cleanest time before a deadline.",
    "shelf": "Models as assets: what exists, what it took, how long it serves.",
    "sci": "Score runs by ISO/IEC 21031 (SCI), or check a report.",
    "serve": "Record AI calls of tests in any language.",
    "scan": "Count the calls that are already recorded.",
    "train": "Train a model, unless one exists that does; measure it, keep its card.",
    "weigh": "Weigh AI against the other way; train or reuse.",
    "when": "Say when work that can wait makes the least carbon.",
}


_MODULES = {"import": "import_"}
"""Commands that are no names of Python's."""


class _Lazy(click.Group):
    """Imports a command's module when it is used, so that --help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"jevons.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(
    cls=_Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command: where you are and the next step. To record a run: pytest --jevons",
)
@click.version_option(__version__, prog_name="jevons")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Know, cut and cap what the AI in your tests costs."""
    if ctx.invoked_subcommand is None:
        from jevons.cli.begin import begin

        begin()


def main(args: list[str] | None = None) -> Any:
    """Entry point. Exit 0: done; 1: a cap or check failed; 2: it could not be done."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a sign gets "?" for it, never a traceback (Windows: cp1252).
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from jevons.settings import SettingsError

    try:
        return cli.main(args=args, prog_name="jevons")
    except SettingsError as error:
        click.echo(f"jevons: {error}", err=True)
        sys.exit(2)
    except (ImportError, ValueError) as error:
        from jevons.ledger.compacted import ManifestError
        from jevons.ledger.parquet import NoEngineError
        from jevons.ledger.remote import RemoteError

        if not isinstance(error, NoEngineError | ManifestError | RemoteError):
            raise
        click.echo(f"jevons: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:  # `jevons calls | head`
        sys.stderr.close()
        sys.exit(0)
