"""`jevons gate`: caps and regressions; exit 1 fails the job."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from jevons.cli.project import CouldNotError, default_branches, find, known_runs, ledgers, pick_runs, read_runs
from jevons.ledger.home import Home
from jevons.ledger.spans import Span, started
from jevons.record import Run
from jevons.settings import Settings

if TYPE_CHECKING:
    from jevons.ledger.recorded import Recorded

MOST = 20
"""Base runs that are looked at, the latest: older ones tell of another suite."""
SET = ("calls", "tokens", "judge_calls", "repeats", "carbon_g")


@click.command(
    "gate",
    epilog="""\b
Examples:
  jevons gate                        the latest run against [tool.jevons.budget], jevons-budget.toml and its base
  jevons gate --set                  today's level becomes the cap: a ratchet (commit jevons-budget.toml)
  jevons gate --against main         more than the runs of that branch, beyond what these scatter by? (also a tag)
  jevons gate --against ../base/.jevons
  jevons gate --format markdown >> "$GITHUB_STEP_SUMMARY"
  jevons gate --format junit > jevons-gate.xml     a test case for each cap, as GitLab shows them

\b
Caps: [tool.jevons.budget] run = {calls = 500, carbon_g = 20}; spans run, test, day, month, project; units calls,
tokens, judge_calls, repeats, energy_wh, carbon_g, water_l, money_usd.
Base: --against; else the default branch's runs of the same job, in this ledger or the shared one (setting `shared`).
Exit 0: within budget (or no base yet: a warning). 1: over it, or shown to use more than its base. 2: too little is
known to say.
""",
)
@click.option("--run", default="latest", show_default=True, help="Run id or its beginning, or 'latest'.")
@click.option(
    "--against", default="", metavar="BASE", help="Runs to hold it against: branch, tag, commit, date, run or path."
)
@click.option("--set", "ratchet", is_flag=True, help="Write this run's level to jevons-budget.toml as the cap.")
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown", "junit"]), default="text", show_default=True
)
def command(run: str, against: str, ratchet: bool, place: str, form: str) -> None:
    """Fail when a run uses more AI than was agreed, or shown to use more than its base."""
    from jevons.cut import agreed
    from jevons.cut.gate import gate
    from jevons.cut.money import Dollars, NoPricesError
    from jevons.footprint import overrides
    from jevons.report.gate import markdown, text
    from jevons.report.junit import gate as junit

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    span = pick_runs(homes, run)
    if len(span.runs) != 1:
        raise CouldNotError(f"{span.name} is {len(span.runs)} runs: name one (--run latest, or an id)")
    known = overrides(settings, root)
    this = read_runs(homes, span, settings)[0][0]
    if ratchet:
        _set(root, this, place, known)
        return
    budget = settings.budget
    caps, pinned = agreed.caps(root, settings)
    name, base, warning = _base(homes, root, settings, this.run, against)
    long = any(caps.get(span) for span in ("day", "month", "project"))
    try:
        price = Dollars() if any("money_usd" in units for units in caps.values()) else None
    except NoPricesError as error:
        raise CouldNotError(str(error)) from error
    made = gate(
        this,
        _project(homes, settings, this.run) if long else (),
        caps,
        base=base,
        base_name=name,
        growth=budget.growth,
        floor=budget.coverage,
        pinned=pinned,
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
        click.echo({"text": text, "markdown": markdown, "junit": junit}[form](made), nl=False)
    sys.exit(made.exit_code)


def _set(root: Path, this: Any, place: str, known: Any) -> None:
    from jevons.cut import agreed
    from jevons.cut.caps import use

    level = use([this], place=place, overrides=known)
    before, _ = agreed.read(root)
    units = {
        unit: level.amounts[unit] for unit in dict.fromkeys((*SET, *before.get("run", {}))) if unit in level.amounts
    }
    path = agreed.write(root, {**before, "run": units})
    for unit, cap in units.items():
        was = before.get("run", {}).get(unit)
        click.echo(f"{unit:<12} {cap:.6g}" + (f"  (was {was:.6g})" if was is not None else ""))
    click.echo(f"wrote {path.name}: commit it, and jevons gate fails above it")


def _project(homes: Sequence[Home], settings: Settings, run: Run) -> list[Recorded]:
    """All runs of a run's project."""
    of_project = [one for one in known_runs(homes) if one.project == run.project]
    return read_runs(homes, Span("all", of_project, 0, 0), settings)[0]


def _base(
    homes: Sequence[Home], root: Path, settings: Settings, run: Run, against: str
) -> tuple[str, list[Recorded], str]:
    """(name, base runs, warning) of what to hold a run against: runs of the same project and job, on CI or not as it is
    itself; of the default branch those that came before it and were no pull request's (a fork's branch may bear that
    name, too)."""
    if against:
        try:
            span = pick_runs(homes, against)
        except CouldNotError as error:
            return "", [], f"no base: {error.message}"
    else:
        before = [
            one
            for one in known_runs(homes)
            if not one.pull_request and (started(one) <= started(run) or not started(run))
        ]
        branch = next((name for name in default_branches(root) if any(one.branch == name for one in before)), "")
        if not branch:
            return "", [], "no base: no run of the default branch is recorded here yet (name a base with --against)"
        span = Span(f"branch {branch}", [one for one in before if one.branch == branch], 0, 0)
    like = [
        one
        for one in span.runs
        if one.id != run.id
        and (one.project, one.source, bool(one.ci), one.job) == (run.project, run.source, bool(run.ci), run.job)
    ]
    kind = f"in CI{f', job {run.job}' if run.job else ''}" if run.ci else "on a desk"
    if not like:
        return span.name, [], f"no base: {span.name} holds no other run of this project, {kind}"
    latest = msgspec.structs.replace(span, runs=sorted(like, key=started)[-MOST:])
    return span.name, read_runs(homes, latest, settings)[0], ""
