"""`jevons run -- CMD`: run a command, at the cleanest time before a deadline if one is given."""

from __future__ import annotations

import os
import shutil
import signal as signals
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from jevons.cli.clock import Moment, duration, local, moment
from jevons.cli.hours import choose, options, plan_of
from jevons.cli.project import find
from jevons.report.numbers import span

LOOK_S = 30.0
"""How long a wait sleeps at a stretch: a machine that was suspended wakes to the right time."""


@click.command(
    "run",
    context_settings={"allow_interspersed_args": False},
    epilog="""\b
Examples:
  jevons run --by 08:00 --place GB -- pytest evals/
  jevons run --by "tomorrow 7:00" --duration 2h --signal grid.csv -- make evals
  jevons run -- pytest --jevons                            at once
  jevons run --record -- npm test                          AI calls of any language into the ledger

\b
What it waits for goes to standard error; the command's exit code is passed
on (127: no such command). Ctrl-C while it waits: nothing was run, 130. With
no signal it runs at once, and says so. What this machine spends on it is
kept, measured by RAPL and NVML or else estimated from processor time:
jevons report shows it beside the AI calls. --record puts `jevons serve`
between the command and the providers: it sets OPENAI_BASE_URL,
ANTHROPIC_BASE_URL, GOOGLE_GEMINI_BASE_URL and GROQ_BASE_URL, which official
SDKs read, and switches the taps off in the command (pytest --jevons sees
more: which test asked).
""",
)
@click.option("--by", default="", metavar="TIME", help="When it must be done, in local time: 08:00, 2026-11-27T08:00.")
@click.option("--duration", "long", default="30m", show_default=True, metavar="30m", help="How long it will take.")
@click.option("--now", "at_once", is_flag=True, help="Do not wait.")
@click.option("--record", is_flag=True, help="Record its AI calls, through a proxy of its own.")
@click.option("--upstream", "added", multiple=True, metavar="NAME=URL", help="With --record: as for jevons serve.")
@options
@click.argument("cmd", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD")
def command(
    by: str,
    long: str,
    at_once: bool,
    record: bool,
    added: tuple[str, ...],
    place: str,
    file: Path | None,
    source: str | None,
    zone: str,
    cmd: tuple[str, ...],
) -> None:
    """Run CMD, at the best start before --by; without --by, at once."""
    length_s = duration(long, "--duration")
    asked = int(time.time())
    begin = asked // 60 * 60
    due = moment(by, asked, "--by") if by else None
    program = shutil.which(cmd[0])
    if program is None:  # said before the wait, not after it
        _say(f"{cmd[0]}: no such command, or it may not be run")
        sys.exit(127)
    if due and not at_once:
        try:
            _wait(_start(begin, due, length_s, place=place, file=file, source=source, zone=zone))
        except KeyboardInterrupt:
            _say("stopped while it waited: nothing was run")
            sys.exit(130)
    else:
        _say("runs at once: " + ("--now" if at_once else "no --by"))
    from jevons.cli.run_machine import Counting, noted, within

    if not record:
        with noted(_say) as (own, keep):
            counting = Counting(keep)
            code = run([program, *cmd[1:]], counting.look, environment=within(os.environ, own))
            counting.end(_say)
        sys.exit(code)
    from jevons.cli.serve import recorded

    with recorded(added, _say) as (environment, made):
        counting = Counting(made.counted)
        code = run([program, *cmd[1:]], counting.look, environment=within(environment, made.run.id))
        counting.end(_say)
    sys.exit(code)


def _start(begin: int, due: Moment, length_s: int, **asked: Any) -> int:
    """When to start (Unix seconds), said with its reason."""
    from jevons.factors.signal import SignalError
    from jevons.report.numbers import digits, percent
    from jevons.report.when import moves

    root, settings, _ = find()
    if due.note:
        _say(due.note)
    try:
        chosen = choose(root, settings, begin, **asked)
        plan = plan_of(chosen, begin, due, length_s)
    except SignalError as error:
        _say(f"runs at once: {error}")
        return begin
    if plan.start is None:
        _say(f"runs at once: no {span(length_s)} in a row without a missing hour")
        return begin
    best = plan.start.spans[0].start
    left = best - time.time()
    if left <= 0:
        _say(f"runs at once: no start before {_when(due.unix)} is cleaner")
        return begin
    _say(f"waits {span(round(left))}, until {_when(best)}: {digits(plan.start.g_per_kwh, 3)} gCO2e/kWh then")
    if plan.now is not None and plan.start.saving is not None:
        _say(f"now {digits(plan.now.g_per_kwh, 3)}, so {percent(plan.start.saving)} less; {span(length_s)} assumed")
    kind = "forecast, " if plan.forecast else ""
    _say(f"({kind}{chosen.signal.basis}, {chosen.signal.kind}, {chosen.signal.zone}: {chosen.signal.source})")
    _say(f"done by {_when(due.unix)}; {moves(chosen.place)}. Ctrl-C: nothing is run")
    return best


def _wait(until: int) -> None:
    left = until - time.time()
    if left <= 0:
        return
    while (left := until - time.time()) > 0:
        time.sleep(min(left, LOOK_S))
    if -left > 2 * LOOK_S:
        _say(f"late by {span(round(-left))}: this machine slept")


def run(
    cmd: list[str],
    look: Callable[[int], float] | None = None,
    keep: Sequence[int] = (),
    environment: dict[str, str] | None = None,
) -> int:
    """A command's exit code; 128 + N where signal N ended it. It gets the signals that this process gets.

    `look` is called with its process id when it has begun, and says after how many seconds it wants to look again;
    `keep` are open files that the command inherits (not on Windows); `environment` is the command's, else this one's.
    """
    try:
        files: dict[str, Any] = {} if sys.platform == "win32" else {"pass_fds": tuple(keep)}
        child = subprocess.Popen(cmd, env=environment, **files)  # noqa: S603  it is what the user asked for
    except OSError as error:
        _say(f"{cmd[0]}: {error.strerror}")
        return 126

    def on(number: int, _: object) -> None:
        # A terminal's Ctrl-C reaches the whole group: the command has it already.
        if number != signals.SIGINT or not sys.stdin.isatty():
            child.send_signal(number)

    before = {number: signals.signal(number, on) for number in (signals.SIGINT, signals.SIGTERM)}
    try:
        code: int | None = None
        while code is None:
            try:
                code = child.wait(None if look is None else look(child.pid))
            except subprocess.TimeoutExpired:
                continue
    finally:
        for number, handler in before.items():
            signals.signal(number, handler)
    return code if code >= 0 else 128 - code


def _when(unix: int) -> str:
    made = local(unix)
    return f"{made:%a %d %b %H:%M} {made.isoformat()[-6:]}"


def _say(line: str) -> None:
    from jevons.report.text import clean

    click.echo(f"jevons: {clean(line)}", err=True)
