"""`jevons when`: the cleanest time for work that can wait."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from jevons.cli.clock import Moment, duration, local, moment
from jevons.cli.hours import Chosen, choose, options, plan_of
from jevons.cli.project import CouldNotError, find, known_runs
from jevons.ledger.home import Home
from jevons.report.numbers import span

if TYPE_CHECKING:
    from jevons.cut.hours import Choice, Plan
    from jevons.report.when import Document, Way


@click.command(
    "when",
    epilog="""\b
Examples:
  jevons when --duration 30m --by 08:00 --place GB         no key needed
  jevons when --duration 2h --by "tomorrow 18:00" --signal grid.csv
  jevons when --duration 1h30m --from 22:00 --by 07:00 --place DE --format json

\b
Who tells of the grid: a file (--signal, setting `signal`); for GB the operator's own forecast; Electricity Maps with a
key in ELECTRICITY_MAPS_API_KEY; WattTime with WATTTIME_USER, WATTTIME_PASSWORD and --zone. One source a time: average
and marginal, lifecycle and direct are never mixed.
A file is CSV: start (ISO 8601 with Z or offset), value, unit (gCO2e/kWh), basis (average, marginal), kind (lifecycle,
direct), estimated (true, false), zone, source; also horizon_h (hours told ahead, 0: afterwards).
""",
)
@click.option("--duration", "long", default="30m", show_default=True, metavar="30m", help="How long the work takes.")
@click.option("--by", required=True, metavar="TIME", help="When it must be done, local time: 08:00, 2026-11-27T08:00.")
@click.option("--from", "since", default="", metavar="TIME", help="Earliest start, and what 'now' is; default: now.")
@options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    long: str, by: str, since: str, place: str, file: Path | None, source: str | None, zone: str, form: str
) -> None:
    """Say when work that can wait makes the least carbon: now, the best start, or in parts with pauses."""
    from jevons.factors.places import cloud_of
    from jevons.factors.signal import SignalError
    from jevons.report.when import text

    length_s = duration(long, "--duration")
    now = int(time.time()) // 60 * 60
    begin = moment(since, now, "--from", past=True) if since else Moment(now)
    due = moment(by, begin.unix, "--by")
    root, settings, home = find()
    try:
        chosen = choose(root, settings, begin.unix, place=place, file=file, source=source, zone=zone)
        plan = plan_of(chosen, begin.unix, due, length_s)
    except SignalError as error:
        raise CouldNotError(str(error)) from None
    made = document(chosen, plan, due, [begin.note, due.note])
    if not cloud_of(chosen.place):
        made.calls_here, made.calls_elsewhere = _calls(home)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())
    else:
        click.echo(text(made), nl=False)


def document(chosen: Chosen, plan: Plan, due: Moment, said: list[str]) -> Document:
    """What is said of a plan."""
    from jevons.factors.signal import UNIT
    from jevons.footprint import METHOD_VERSION
    from jevons.report.when import Document, Told

    signal = chosen.signal
    at, by = local(plan.begin), local(due.unix)
    notes = [*said, *chosen.notes]
    if at.utcoffset() != by.utcoffset():
        notes.append(f"the clocks change in between: {at:%z} before, {by:%z} after; times carry their offset")
    if plan.end < due.unix:
        notes.append(f"the signal ends {_iso(plan.end)}: later hours are not looked at")
    if plan.missing_s:
        notes.append(
            f"{span(plan.missing_s)} in between have no value (rows hold {span(signal.step_s)}, their shortest "
            "distance): never chosen, nor filled in"
        )
    if plan.forecast:
        notes.append("what a forecast saves is known afterwards; its source tells no interval")
    elif plan.begin > time.time() - 3600:
        notes.append("the signal does not say whether it is a forecast (column horizon_h)")
    if signal.basis == "average":
        notes.append("an average tells how clean the mix is; which plants answer to one more job, only a marginal one")
    ahead = [
        told
        for start, told in zip(signal.starts, signal.horizons_h, strict=False)
        if told is not None and plan.begin - signal.step_s < start < plan.end
    ]
    return Document(
        method=METHOD_VERSION,
        place=chosen.place,
        begin=_iso(plan.begin),
        by=_iso(due.unix),
        timezone=f"{by:%Z}, this machine's clock",
        duration_s=plan.length_s,
        duration=span(plan.length_s),
        signal=Told(
            source=signal.source,
            file=signal.file,
            zone=signal.zone,
            unit=UNIT,
            basis=signal.basis,
            kind=signal.kind,
            forecast=plan.forecast,
            estimated=plan.estimated,
            horizon_h=max(ahead, default=None),
            step_s=signal.step_s,
            start=_iso(signal.starts[0]),
            end=_iso(signal.end),
        ),
        now=_way(plan.now),
        start=_way(plan.start),
        pause_resume=_way(plan.parts),
        notes=[note for note in notes if note],
    )


def _way(choice: Choice | None) -> Way | None:
    from jevons.report.when import Between, Way

    if choice is None:
        return None
    spans = [Between(_iso(one.start), _iso(one.end), one.g_per_kwh) for one in choice.spans]
    return Way(spans, choice.g_per_kwh, choice.saving)


def _calls(home: Home) -> tuple[int | None, int | None]:
    """Live calls of the latest run that this machine answered, and the others."""
    from jevons.ledger.compacted import files
    from jevons.ledger.read import each, events
    from jevons.record import Call

    latest = max(known_runs([home]), key=lambda run: run.started_us, default=None)
    listed = files(home, latest.id) if latest else []
    wanted = {latest.id} if latest else set()
    found = each(events(listed, [], runs=wanted))
    calls = [call for call in found if isinstance(call, Call) and call.mode == "live"]
    if not calls:
        return None, None
    here = sum(call.host_class != "cloud" for call in calls)
    return here, len(calls) - here


def _iso(unix: int) -> str:
    return local(unix).isoformat(timespec="minutes")
