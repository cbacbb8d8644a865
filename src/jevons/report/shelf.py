"""What `jevons shelf` says, in 80 columns; and a card as Markdown."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from jevons.footprint import METHOD_VERSION
from jevons.footprint.breakeven import BreakEven, Side
from jevons.footprint.interval import Interval
from jevons.report.markdown import escape
from jevons.report.numbers import digits
from jevons.report.text import printable
from jevons.shelf.checks import Finding
from jevons.shelf.find import Answer, Found, Wanted
from jevons.shelf.life import TEAMS, YEARS, Life
from jevons.shelf.show import LEDGER, OWN, SHIPPED, Listed, Row, Shown
from jevons.shelf.used import PerCall

WIDE = 80
_LADDERS = {
    "kWh": ((1e-9, "µWh"), (1e-6, "mWh"), (1e-3, "Wh"), (1.0, "kWh"), (1e3, "MWh"), (1e6, "GWh")),
    "g": ((1e-6, "µg"), (1e-3, "mg"), (1.0, "g"), (1e3, "kg"), (1e6, "t"), (1e9, "kt")),
    "L": ((1e-6, "µL"), (1e-3, "mL"), (1.0, "L"), (1e3, "m³")),
}
_NAMES = {"energy": ("energy", "kWh"), "carbon": ("carbon", "g"), "water": ("water", "L")}
_EXAMPLES = 5


class Added(msgspec.Struct, kw_only=True):
    """What `shelf add` read, doubted and wrote."""

    source: str
    kind: str
    read: int
    """Models."""
    footprints: int
    """Of them with one."""
    missing: list[tuple[str, str]]
    """(where, why not)."""
    findings: list[Finding]
    notes: tuple[str, ...]
    written: list[str]
    dry_run: bool
    schema: str = "jevons.shelf.add/1"
    method: str = METHOD_VERSION


# -- numbers ----------------------------------------------------------------------------------------------------


def one(value: float, unit: str, significant: int = 4) -> str:
    """A number with the prefix that suits it: ``24.69 t``."""
    if value == 0:
        return f"0 {unit}"
    ladder = _LADDERS[unit]
    scale, name = next((step for step in reversed(ladder) if value >= step[0]), ladder[0])
    return f"{digits(value / scale, significant)} {name}"


def ranged(figure: Interval | None, unit: str) -> str:
    """A figure: ``24.69 t`` where its source prints one number, ``31 t (12-72)`` where there is an interval."""
    if figure is None:
        return "-"
    if digits(figure.low) == digits(figure.high):
        return one(figure.mid, unit)
    ladder = _LADDERS[unit]
    scale, name = next((step for step in reversed(ladder) if figure.mid >= step[0]), ladder[0])
    return f"{digits(figure.mid / scale)} {name} ({digits(figure.low / scale)}-{digits(figure.high / scale)})"


def _wrapped(text: str, first: str = "  ", then: str | None = None) -> str:
    then = " " * len(first) if then is None else then
    return textwrap.fill(printable(text), WIDE, initial_indent=first, subsequent_indent=then, break_on_hyphens=False)


# -- show -------------------------------------------------------------------------------------------------------


def show(made: Shown) -> str:
    """One card."""
    return "\n".join(_show(made)) + "\n"


def _show(made: Shown) -> Iterator[str]:
    card = made.card
    yield f"{printable(card.name)}{'' if card.id == card.name else f'  ({card.id})'}, {made.where}"
    size = f"{card.parameters_b:g} billion parameters" if card.parameters_b else ""
    about = [card.task, size, card.maker, card.licence and f"licence {card.licence}"]
    if any(about):
        yield _wrapped(", ".join(filter(None, about)))
    for algorithm, value in card.hashes.items():
        yield _wrapped(f"{algorithm} {value}")
    if card.retired:
        yield f"  retired {card.retired}"
    if card.incomplete:
        yield "  its training was cut short: what it took counts, the model is no use"
    if card.note:
        yield _wrapped(card.note)
    yield from _training(made)
    yield from _lineage(made)
    if made.findings:
        yield "\nWhat its figures contradict"
        for finding in made.findings:
            yield _wrapped(f"{finding}", "  ! " if finding.impossible else "  ? ", "    ")
    yield from _use(made)
    if made.life is not None:
        yield from _life(made.life, made.each)
    elif made.totals:
        yield "\nTraining per call\n  not known how often it is called: state --calls-a-day N of one team"
    if made.break_evens:
        yield from _break_evens(made.break_evens)
    if card.evals:
        yield "\nQuality"
        for result in card.evals:
            yield _wrapped(f"{result.value:g}  {result.name}, {result.metric}".rstrip(", "))


def _training(made: Shown) -> Iterator[str]:
    yield "\nTraining"
    if not made.rows:
        yield "  nothing is known of it"
        return
    yield f"  {'':34}{'energy':>21}{'carbon':>21}"
    for row in made.rows:
        what = row.part if row.part != "all" else row.activity
        label = f"{what}, {row.how}" + (f", {row.scope}" if row.scope else "")
        yield f"  {label:34}{ranged(row.energy_kwh, 'kWh'):>21}{ranged(row.carbon_g, 'g'):>21}"
    if len(made.rows) > 1:
        energy, carbon = made.totals.get("energy"), made.totals.get("carbon")
        yield f"  {'together':34}{ranged(energy, 'kWh'):>21}{ranged(carbon, 'g'):>21}"
    if "water" in made.totals:
        yield f"  water {ranged(made.totals['water'], 'L')}"
    for row in made.rows:
        yield from _origin(row, made.rows)


def _origin(row: Row, rows: Sequence[Row]) -> Iterator[str]:
    what = f"{row.part}: " if row.part != "all" else ""
    for step in row.steps:
        yield _wrapped(f"{what}{step}", "  ", "    ")
    if row.note:
        yield _wrapped(f"{what}{row.note}", "  ", "    ")
    if row is next(other for other in reversed(rows) if other.source == row.source):  # told once
        licence = f" ({row.licence})" if row.licence else ""
        yield _wrapped(f"{row.source}{licence}", "  source: ", "          ")
        if row.url:
            yield f"          {printable(row.url)}"


def _lineage(made: Shown) -> Iterator[str]:
    if not (made.bases or made.bases_without_card or made.descendants):
        return
    yield "\nLineage"
    relation = f" ({made.card.relation})" if made.card.relation else ""
    if made.bases:
        yield _wrapped(f"made from {', '.join(made.bases)}{relation}")
    if made.bases_without_card:
        yield _wrapped(f"and from {', '.join(made.bases_without_card)}, of which there is no card: not counted")
    if made.with_bases:
        figures = [ranged(figure, _NAMES[name][1]) for name, figure in made.with_bases.items()]
        silent = f"; nothing is known of {', '.join(made.silent)}" if made.silent else ""
        yield _wrapped(f"with all that it was made from, each once: {', '.join(figures)}{silent}")
    if made.descendants:
        many = f" and {len(made.descendants) - 6} more" if len(made.descendants) > 6 else ""
        yield _wrapped(f"{', '.join(made.descendants[:6])}{many} made from it: its training counts once for all")


def _use(made: Shown) -> Iterator[str]:
    card = made.card
    yield "\nUse"
    if card.calls:
        more = f" and {len(card.users) - 4} more" if len(card.users) > 4 else ""
        users = f" by {', '.join(card.users[:4])}{more}" if card.users else ""
        span = f", {card.first_use} to {card.last_use}" if card.first_use else ""
        yield _wrapped(f"{card.calls:,.0f} calls{users}{span}")
    if made.each is None:
        yield f"  footprint of a call not known: {made.each_unknown}"
    else:
        yield f"  a call takes {_call(made.each)}"
        yield _wrapped(f"{made.each.how}, {made.each.what}", "    ")
    for note in dict.fromkeys(use.note for use in card.use if use.note):
        yield _wrapped(note, "    ")
    for source in dict.fromkeys(f"{use.source} ({use.licence or 'licence not stated'})" for use in card.use):
        yield _wrapped(source, "    source: ", "            ")


def _call(each: PerCall) -> str:
    energy = ranged(each.energy_wh * 1e-3, "kWh") if each.energy_wh.mid else ""
    return ", ".join(filter(None, (energy, f"{ranged(each.carbon_g, 'g')} CO2e" if each.carbon_g.mid else "")))


def _life(life: Life, each: PerCall | None) -> Iterator[str]:
    gas = " CO2e" if life.indicator == "carbon" else ""
    yield f"\nTraining per call: {ranged(life.training, life.unit)}{gas} ({life.boundary}), spread"
    yield _wrapped(f"{life.calls_a_day:,.0f} calls a day of each team ({life.rate})")
    yield "  " + f"{'used for':10}" + "".join(f"{f'{teams} team' + 's' * (teams > 1):>15}" for teams in TEAMS)
    for years in YEARS:
        row = [one(share.each.mid, life.unit, 3) for share in life.shares if share.years == years]
        yield f"  {f'{years} year' + 's' * (years > 1):10}" + "".join(f"{cell:>15}" for cell in row)
    if life.served_each is not None:
        yield f"  so far: {life.served:,.0f} calls, {one(life.served_each.mid, life.unit, 3)} each"
    if each is not None and life.indicator == "carbon" and each.carbon_g.mid:
        yield f"  beside {one(each.carbon_g.mid, 'g', 3)} that the call itself takes"
    after = f"after {life.years:g} year" + "s" * (life.years != 1)
    yield _wrapped(
        f"{after}, one more year takes {one(life.one_more_year, life.unit, 3)} off each call; one more team "
        f"{one(life.one_more_team, life.unit, 3)}, and saves {ranged(life.training, life.unit)} where it would have "
        "trained its own"
    )
    yield "  (a life-cycle view: in a decision, training that is done is sunk)"


def _break_evens(made: Sequence[BreakEven]) -> Iterator[str]:
    yield "\nBreak-even: how much use equals training. What is counted decides"
    for unit in ("years", "calls"):
        rows = [row for row in made if row.unit == unit]
        if not rows:
            continue
        per = "a day" if unit == "years" else "a call"
        yield f"  {unit:>9}  {'by':7} {'training':>13}  {'use ' + per:>13}  of training counted"
        for row in rows:
            count = digits(row.count, 3) if row.count < 1e5 else f"{row.count:.3g}"
            sides = [one_side(side.amount, side.unit) for side in (row.training, row.use)]
            lines = textwrap.wrap(printable(row.training.boundary), WIDE - 52)
            yield f"  {count:>9}  {row.indicator:7} {sides[0]:>13}  {sides[1]:>13}  {lines[0]}"
            for more in lines[1:]:
                yield " " * 52 + more
    for name, of in (("training", [row.training for row in made]), ("use", [row.use for row in made])):
        for words in dict.fromkeys(_words(side, name == "use") for side in of):
            yield _wrapped(words, f"  {name}: ", "    ")


def _words(side: Side, with_boundary: bool) -> str:
    boundary = side.boundary if with_boundary else ""
    return "; ".join(filter(None, (boundary, f"grid {side.grid}", side.request_rate)))


def one_side(amount: float, unit: str) -> str:
    """One side of a break-even."""
    return one(amount * 1e3, "g") if unit == "kg" else one(amount, unit)


# -- list, find, add --------------------------------------------------------------------------------------------


def listing(made: Listed, places: Sequence[str] = (OWN, LEDGER, SHIPPED)) -> str:
    """All cards."""
    lines = [f"  {'':28}{'training':>17}  {'how':10}{'calls':>9}  last use"]
    for where in places:
        cards = [line for line in made.cards if line.where == where]
        if not cards:
            continue
        lines.append(f"{where} ({made.location})" if where == OWN else where)
        for line in cards:
            training = ranged(line.carbon_g, "g") if line.carbon_g else ranged(line.energy_kwh, "kWh")
            calls = f"{line.calls:,.0f}" if line.calls else "-"
            mark = "!" if line.findings else "x" if line.retired or line.incomplete else " "
            name, how = printable(line.id)[:28], line.how[:9]
            lines.append(f"{mark} {name:28}{training:>17}  {how:10}{calls:>9}  {line.last_use:10}".rstrip())
    total = ranged(made.carbon_g, "g")
    silent = f"; {made.silent} say nothing of it" if made.silent else ""
    lines.append(
        f"training of all, each once: {total} CO2e{silent}" if made.carbon_g else "training: nothing is known of it"
    )
    if any(line.findings for line in made.cards):
        lines.append("! a figure of it cannot be right: jevons shelf show ID says why")
    if any(line.retired or line.incomplete for line in made.cards):
        lines.append("x retired, or its training was cut short")
    return "\n".join(lines) + "\n"


def finding(made: Answer, task: str, asked: Sequence[Wanted]) -> str:
    """What exists for a task."""
    wants = ", ".join(f"{want.name} {'>=' if want.at_least else '<='} {want.value:g}" for want in asked)
    head = ", ".join(filter(None, (task or "any task", wants)))
    lines = [f"{head}: {len(made.ranked)} ranked by carbon of a call, without training"]
    for rank, found in enumerate(made.ranked, 1):
        lines += _found(f"{rank:>3}", found)
    if made.unranked:
        lines.append("not ranked")
        for why in dict.fromkeys(found.unknown for found in made.unranked):
            ids = [found.card.id for found in made.unranked if found.unknown == why]
            lines.append(_wrapped(f"{why}: {_some(ids)}", "    ", "      "))
    if made.worse:
        lines.append(_wrapped(f"not good enough: {_some([found.card.id for found in made.worse])}", ""))
    if not made.ranked:
        lines.append("nothing that is known to be good enough: jevons shelf list shows all there is")
    elif len(made.ranked) > 1:
        first, *others = made.ranked
        low = [o.card.id for o in others if o.each and first.each and o.each.carbon_g.low <= first.each.carbon_g.high]
        if low:
            lines.append(_wrapped(f"not shown to be better than the next {len(low)}: their intervals meet", ""))
    return "\n".join(lines) + "\n"


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 20} more" if len(ids) > 20 else ""
    return f"{', '.join(ids[:20])}{more}"


def _found(rank: str, found: Found) -> Iterator[str]:
    if found.each is None:
        return
    results = "  ".join(f"{result.name} {result.value:g}" for result in found.results)
    energy = ranged(found.each.energy_wh * 1e-3, "kWh") if found.each.energy_wh.mid else "-"
    yield f"{rank} {printable(found.card.id):28}{ranged(found.each.carbon_g, 'g'):>22}{energy:>24}".rstrip()
    yield _wrapped(f"{found.each.how}, {found.each.what}" + (f"; {results}" if results else ""), "    ")


def added(made: Added) -> str:
    """What was read, doubted and written."""
    lines = [_wrapped(f"{made.source}: {made.kind}, {made.read:,} model{'s' * (made.read != 1)}", "", "  ")]
    lines.append(f"  with a footprint {made.footprints:,}, without {len(made.missing):,}")
    reasons = Counter(why for _, why in made.missing)
    for why, count in reasons.most_common():
        where = next(place for place, reason in made.missing if reason == why)
        lines.append(_wrapped(f"{count:,} {why}: {where}", "    ", "      "))
    for impossible, head in ((True, "cannot be right"), (False, "hard to believe")):
        of = [found for found in made.findings if found.impossible == impossible]
        if of:
            lines.append(f"  {head}: {len({found.card for found in of}):,}")
            lines += _examples(of)
    for note in made.notes[:_EXAMPLES]:
        lines.append(_wrapped(note, "  note: ", "    "))
    if len(made.notes) > _EXAMPLES:
        lines.append(f"  and {len(made.notes) - _EXAMPLES} notes more")
    if made.dry_run or not made.written:
        lines.append("nothing was written" + " (--dry-run)" * made.dry_run)
    elif len(made.written) == 1:
        lines.append(_wrapped(f"wrote {made.written[0]}", "", "  "))
    else:
        lines.append(f"wrote {len(made.written):,} cards")
    return "\n".join(lines) + "\n"


def _examples(findings: Iterable[Finding]) -> Iterator[str]:
    by_rule: dict[str, list[Finding]] = {}
    for found in findings:
        by_rule.setdefault(found.rule, []).append(found)
    for rule, of in sorted(by_rule.items(), key=lambda item: len(item[1])):
        cards = len({found.card for found in of})
        yield f"    {cards:,} {rule}"
        for found in of[:2]:
            yield _wrapped(f"{found.card}: {found.what}", "      ", "        ")


# -- Markdown ---------------------------------------------------------------------------------------------------


def markdown(made: Shown) -> str:
    """A card as a section of a page."""
    card = made.card
    lines = [f"# {escape(card.name)}", ""]
    facts = [
        ("Task", card.task), ("Made by", card.maker), ("Licence", card.licence), ("Version", card.version),
        ("Parameters", f"{card.parameters_b:g} billion" if card.parameters_b else ""),
        ("Made from", ", ".join(card.base)), ("How", card.relation),
        ("Calls", f"{card.calls:,.0f}" if card.calls else ""),
        ("In use", f"{card.first_use} to {card.last_use}" if card.first_use else ""), ("Users", ", ".join(card.users)),
        ("Retired", card.retired), *card.hashes.items(), ("Note", card.note),
    ]  # fmt: skip
    lines += [f"- **{name}**: {escape(value)}" for name, value in facts if value]
    lines += ["", "## Training", ""]
    if made.rows:
        lines += ["| what | how | scope | energy | carbon | water | source |", "|---|---|---|---|---|---|---|"]
        for row in made.rows:
            what = row.activity if row.part == "all" else f"{row.activity}, {row.part}"
            source = ", ".join(filter(None, (row.source, row.url, row.licence)))
            cells = [
                what, row.how, row.scope or "-", ranged(row.energy_kwh, "kWh"), ranged(row.carbon_g, "g"),
                ranged(row.water_l, "L"), source,
            ]  # fmt: skip
            lines.append("| " + " | ".join(escape(cell) for cell in cells) + " |")
    else:
        lines.append("Nothing is known of it.")
    if made.each is not None:
        lines += ["", "## A call", "", f"{_call(made.each)} ({made.each.how}, {escape(made.each.what)})."]
    if card.evals:
        lines += ["", "## Quality", "", "| evaluation | metric | value |", "|---|---|---|"]
        lines += [f"| {escape(one.name)} | {escape(one.metric)} | {one.value:g} |" for one in card.evals]
    if made.break_evens:
        lines += ["", "## Break-even", ""]
        lines += ["| after | by | training | counted | grid | use | counted | grid | rate |", "|" + "---|" * 9]
        for even in made.break_evens:
            per = "day" if even.unit == "years" else "call"
            cells = [
                f"{digits(even.count, 3)} {even.unit}", even.indicator,
                one_side(even.training.amount, even.training.unit), even.training.boundary, even.training.grid,
                f"{one_side(even.use.amount, even.use.unit)} a {per}", even.use.boundary, even.use.grid,
                even.use.request_rate or "-",
            ]  # fmt: skip
            lines.append("| " + " | ".join(escape(cell) for cell in cells) + " |")
    if made.findings:
        lines += ["", "## What its figures contradict", ""]
        lines += [
            f"- {'cannot be right' if one.impossible else 'hard to believe'}: {escape(str(one))}"
            for one in made.findings
        ]
    lines += ["", f"Method {made.method}."]
    return "\n".join(lines) + "\n"
