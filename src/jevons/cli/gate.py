"""`jevons gate`: caps and regressions; exit 1 fails the job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from jevons.cli.project import find, pick_run

DEFAULT_BRANCHES = ("main", "master", "trunk", "develop")
SET = ("calls", "tokens", "judge_calls", "repeats", "carbon_g")


@click.command(
    "gate",
    epilog="""\b
Examples:
  jevons gate                        the latest run against [tool.jevons.budget], jevons-budget.toml and its base
  jevons gate --set                  today's level becomes the cap: a ratchet (commit jevons-budget.toml)
  jevons gate --against main         more than the runs of that branch, beyond what these scatter by?
  jevons gate --against ../base/.jevons
  jevons gate --format markdown >> "$GITHUB_STEP_SUMMARY"

\b
Caps: [tool.jevons.budget] run = {calls = 500, carbon_g = 20}; spans run, test, day, month, project; units calls,
tokens, judge_calls, repeats, energy_wh, carbon_g, water_l, money_usd.
Exit 0: within budget (or no base yet: a warning). 1: over it, or shown to use more than its base. 2: too little is
known to say.
""",
)
@click.option("--run", default="latest", show_default=True, help="Run id or its beginning, or 'latest'.")
@click.option(
    "--against", default="", metavar="BASE", help="Runs to hold it against: branch, commit, date, run or path."
)
@click.option("--set", "ratchet", is_flag=True, help="Write this run's level to jevons-budget.toml as the cap.")
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def command(run: str, against: str, ratchet: bool, place: str, form: str) -> None:
    """Fail when a run uses more AI than was agreed, or shown to use more than its base."""
    import msgspec

    from jevons.cut import agreed
    from jevons.cut.gate import Recorded, gate
    from jevons.cut.money import Dollars, NoPricesError
    from jevons.footprint import overrides
    from jevons.ledger.read import read
    from jevons.record import Run
    from jevons.report.gate import markdown, text
    from jevons.settings import SPANS

    root, settings, home = find()
    chosen = pick_run(home, run)
    known = overrides(settings, root)
    reading = read(home, chosen)
    record = reading.runs.get(chosen) or Run(id=chosen)
    this = Recorded(record, reading.calls, reading.tests)
    place = place or record.place or settings.place
    if ratchet:
        _set(root, this, place, known)
        return
    budget = settings.budget
    stated = {span: dict(getattr(budget, span)) for span in SPANS}
    set_before, pinned = agreed.read(root)
    caps = agreed.lower(stated, set_before)
    name, base, warning = _base(home, record, against)
    long = any(caps.get(span) for span in ("day", "month", "project"))
    try:
        price = Dollars() if any("money_usd" in units for units in caps.values()) else None
    except NoPricesError as error:
        raise click.ClickException(str(error)) from error
    made = gate(
        this,
        read(home).calls if long else reading.calls,
        caps,
        base=base,
        base_name=name,
        growth=budget.growth,
        floor=budget.coverage,
        pinned=pinned if set_before else "",
        place=place,
        overrides=known,
        price=price,
    )
    if warning:
        made.warnings = [warning if one.startswith("no base") else one for one in made.warnings]
    if not any(caps.values()):
        made.warnings.append("no cap is set: jevons gate --set makes today's level the cap")
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())
    else:
        click.echo((text if form == "text" else markdown)(made), nl=False)
    sys.exit(made.exit_code)


def _set(root: Path, this: Any, place: str, known: Any) -> None:
    from jevons.cut import agreed
    from jevons.cut.caps import use

    level = use(this.calls, place=place, overrides=known)
    before, _ = agreed.read(root)
    units = {
        unit: level.amounts[unit] for unit in dict.fromkeys((*SET, *before.get("run", {}))) if unit in level.amounts
    }
    path = agreed.write(root, {**before, "run": units})
    for unit, cap in units.items():
        was = before.get("run", {}).get(unit)
        click.echo(f"{unit:<12} {cap:.6g}" + (f"  (was {was:.6g})" if was is not None else ""))
    click.echo(f"wrote {path.name}: commit it, and jevons gate fails above it")


def _base(home: Any, record: Any, against: str) -> tuple[str, list[Any], str]:
    """(name, base runs, warning) of what to hold a run against; runs of the same project and kind that came before."""
    from jevons.cut.gate import Recorded
    from jevons.ledger.read import runs
    from jevons.ledger.spans import SpanError, of_span, pick, started

    every = [run for run in runs(home) if run.id != record.id]
    earlier = [run for run in every if started(run) <= started(record) or not started(record)]
    names = [against] if against else [name for name in DEFAULT_BRANCHES if any(run.branch == name for run in earlier)]
    if not names:
        return "", [], "no base: no run of a default branch is in this ledger yet (name one with --against)"
    try:
        span = pick(every if against else earlier, names[0])
    except SpanError as error:
        return "", [], f"no base: {error}"
    reading = of_span(home, span)
    like = [
        run
        for run in span.runs
        if run.id != record.id and (run.project, bool(run.ci)) == (record.project, bool(record.ci))
    ]
    found = [
        Recorded(
            run,
            [call for call in reading.calls if call.run == run.id],
            [test for test in reading.tests if test.run == run.id],
        )
        for run in like
    ]
    if not found:
        return (
            span.name,
            [],
            f"no base: {span.name} holds no other run of this project, {'in CI' if record.ci else 'on a desk'}",
        )
    return span.name, found, ""
