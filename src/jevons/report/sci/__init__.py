"""Software Carbon Intensity of the AI in tests: SCI = (E x I + M) / R.

ISO/IEC 21031:2024, with the personas of the Green Software Foundation's SCI for AI (sections 6 and 8): who uses a
service is its Consumer (operation), who makes a model its Provider (evaluation, benchmarking and testing are in its
boundary). AI calls of tests are a Consumer's, but for tests that call a model of one's own: they evaluate it. Training
is in neither: the Consumer's score leaves it out, and of the Provider's these calls are one component.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from jevons import factors
from jevons.footprint import Overrides, sci
from jevons.footprint.account import Account, priced, total
from jevons.footprint.causes import Term as Cause
from jevons.footprint.causes import interval
from jevons.footprint.derivation import LEDGER, NEEDS
from jevons.footprint.figures import Figures
from jevons.footprint.interval import Interval, product
from jevons.ledger.recorded import Recorded
from jevons.report.build import measured
from jevons.report.document import Range
from jevons.report.sci.document import CONSUMER, PROVIDER, Coefficient, Document, Score, Term
from jevons.report.sci.personas import NoScoreError, Used, parts

__all__ = ["PER", "NoScoreError", "report"]

PER = {
    "calls": ("1,000 calls", 1_000.0, "requests to a model are what is counted in every run, and what services bill"),
    "run": ("run of the suite", 1.0, "a run is what a team decides to start"),
    "verdict": ("verdict", 1.0, "a verdict (a test that passed or failed with the help of AI) is what tests are for"),
    "tokens": ("million tokens", 1e6, "SCI for AI suggests tokens for language models; input and output count alike"),
}
"""Functional units of a Consumer: name, how many of what is counted, why."""
_PARAMETERS = (
    "billion parameters",
    "SCI for AI has a Provider choose FLOP, training token or parameter; of these, parameters alone are known of a "
    "model that is only called. Gross: all parameters, not only those that a token uses",
)
_BOUNDARY = {
    CONSUMER: ["inference for the live calls of these tests: in data centres with hosts, idle reserve and cooling"],
    PROVIDER: ["evaluation and testing of {own}: all live calls of the tests that call it, those of judges included"],
}
_NEVER = {
    CONSUMER: "training of the models that were called: the Provider's, and never spread over those who use them",
    PROVIDER: "training, data and deployment of {own}: in a Provider's score in full, never in parts. These calls are "
    "one component of it; What training took, a card of the shelf may say (jevons shelf show)",
}


def report(
    runs: Sequence[Recorded],
    *,
    name: str,
    started: str = "",
    per: str = "calls",
    own: str = "",
    place: str = "",
    overrides: Overrides | None = None,
) -> Document:
    """Score the live calls of runs per one of `PER`; tests that call the model `own` are its Provider's part.

    Raises NoScoreError where no call is live, or none is of `own`.
    """
    made = priced(runs, place=place, overrides=overrides)
    scores = [
        _score(persona, part, runs, per, own, overrides or Overrides())
        for persona, part in parts(runs, made, own).items()
        if part.part.calls
    ]
    if not scores:
        raise NoScoreError("no live AI call: what replays and mocks answered emitted nothing, and has no score")
    return Document(
        run=name,
        project=", ".join(dict.fromkeys(one.run.project for one in runs if one.run.project)),
        started=started,
        grid=(overrides or Overrides()).grid,
        scores=scores,
    )


def _score(persona: str, part: Used, runs: Sequence[Recorded], per: str, own: str, overrides: Overrides) -> Score:
    figures = part.part.figures
    operational, made = figures.interval("carbon_g"), figures.interval("embodied_g")
    carbon = figures.interval("carbon_g", "embodied_g")
    if persona == PROVIDER:
        (unit, why), many = _PARAMETERS, 1.0
        size, none, where = _parameters(own, overrides)
        what, how = f"parameters of {own}, all of them, in billions", "looked up"
    else:
        unit, many, why = PER[per]
        size, none, what = _units(part, per, len(runs))
        how, where = "counted", LEDGER
    if not figures:
        size, none = None, "no call has a figure: its tokens or its kind of model are not known"
    terms, found = _terms(part, operational, made), None
    if size is not None:
        terms.append(
            Term(letter="R", what=what, figure=_range(size), unit="", method=how, sources=[where] if where else [])
        )
        by_count = Interval(*(sci.rate(mass, 0.0, size.mid, many) for mass in carbon.ends))
        found = by_count if size.low == size.high else product(by_count, (size * (1 / size.mid)).inverse())
    return Score(
        persona=persona,
        boundary=[line.format(own=own) for line in _BOUNDARY[persona]],
        unit=unit,
        why_unit=why,
        sci_g=_range(found) if found else None,
        why_none=none,
        at_least=part.part.at_least and unit != PER["tokens"][0],
        coverage=part.part.coverage,
        trust=total(part.accounts).trust,
        calls=part.part.calls,
        terms=terms,
        left_out=list(_left_out(persona, part, runs, own, unit)),
        coefficients=_coefficients(figures, part.accounts),
    )


def _terms(part: Used, operational: Interval, made: Interval) -> list[Term]:
    figures = part.part.figures
    trust = total(part.accounts).trust

    def sources(*needs: str) -> list[str]:
        return list(dict.fromkeys(one.source for one in figures.factors if one.name in needs))

    basis = (source for one in part.accounts for _, source in one.serving.basis)
    models = (one.serving.model.source for one in part.accounts if one.serving.model is not None)
    laws = list(dict.fromkeys(filter(None, (*models, *basis))))
    return [
        Term(
            letter="E", what="electricity of the facilities", figure=_range(figures.interval("energy_wh") * 1e-3),
            unit="kWh", sources=[*laws, *sources(*NEEDS["energy_wh"])],
            method=f"modelled from counted tokens, at worst by: {trust}" if trust != "measured" else "measured",
        ),
        Term(
            letter="I", what="carbon intensity, location-based, weighted by E", figure=_range(_intensity(figures)),
            unit="g/kWh", sources=sources(*NEEDS["carbon_g"]), method="looked up by where the calls were served",
        ),
        Term(
            letter="O", what="operational carbon, E x I", figure=_range(operational), unit="g",
            sources=[], method="computed",
        ),
        Term(
            letter="M", what="hardware's making, share by time of use", figure=_range(made), unit="g",
            sources=sources(*NEEDS["embodied_g"]),
            method="modelled: TE x TiR / (EL x utilisation), a whole GPU and its share of the server reserved",
        ),
    ]  # fmt: skip


def _intensity(figures: Figures) -> Interval:
    """gCO2e/kWh: O over E in the middle; its interval is of what is not known of O beside E."""
    kwh = figures.amount("energy_wh") / 1e3
    terms = []
    for rates, joules in figures.spent.items():
        shared = {one.key for term in rates.terms["energy_wh"] for one in term.causes}
        for term in rates.terms["carbon_g"]:
            alone = tuple(one for one in term.causes if one.key not in shared)
            terms.append(Cause(term.amount * joules / kwh, alone) if kwh else Cause(0.0, ()))
    return interval(terms)


def _units(part: Used, per: str, runs: int) -> tuple[Interval | None, str, str]:
    """(R as counted, why it is not known, what it counts)."""
    counts = {"calls": (part.part.calls, "live calls"), "run": (runs, "runs of the suite"),
              "verdict": (part.verdicts, "verdicts that live or replayed calls served"),
              "tokens": (part.tokens, "tokens in and out of calls that have figures")}  # fmt: skip
    count, what = counts[per]
    if count is None:
        return None, "nobody counted these runs' verdicts: score them per 1,000 calls (--per calls)", what
    if not count:
        return None, f"no {what.partition(' ')[0]}: nothing to divide by (--per calls)", what
    return Interval(count, count, count), "", what


def _parameters(own: str, overrides: Overrides) -> tuple[Interval | None, str, str]:
    """(Billions of parameters of a model, why they are not known, who says so)."""
    model = factors.look_up(own)
    told = overrides.models.get(own) or overrides.models.get(model.name)
    if told:
        return Interval(told[0], told[0], told[0]), "", "the user's settings"
    if model.knowledge not in ("known", "name"):
        return None, f"parameters of {own} are not known: [tool.jevons.models] states them", ""
    size = model.total_b
    return Interval(size.low, size.value, size.high), "", model.source


def _left_out(persona: str, part: Used, runs: Sequence[Recorded], own: str, unit: str) -> Iterator[str]:
    yield _NEVER[persona].format(own=own)
    counts = {
        mode: sum(cell.sums.calls for one in runs for cell in one.cells if cell.key.mode == mode)
        for mode in ("replayed", "mocked", "recorded")
    }
    said = ", ".join(f"{count:,} {mode}" for mode, count in counts.items() if count)
    if said:
        yield f"calls that asked no model now: {said}"
    without = part.part.due - part.part.covered
    if without > 1e-6:
        of = "of the others" if unit == PER["tokens"][0] else "a lower bound"
        yield f"{without:,.6g} live calls without a figure (tokens or kind of model not known): the score is {of}"
    yield "the machines that ran the tests, networks, storage and devices: score them apart and add, per the same unit"
    yield from measured(one.run for one in runs)
    yield "disposal of hardware: its sources count from cradle to gate"
    yield "contracts, certificates and offsets: the standard has no place for market-based measures"


def _coefficients(figures: Figures, accounts: Iterable[Account]) -> list[Coefficient]:
    needs = [*NEEDS["energy_wh"], *NEEDS["carbon_g"], *NEEDS["embodied_g"]]
    found = [
        Coefficient(
            name=one.name, of=one.place, figure=Range(one.low, one.value, one.high), unit=one.unit, source=one.source,
            source_url=one.source_url, licence=one.licence,
        )
        for one in sorted(figures.factors, key=lambda one: (needs.index(one.name) if one.name in needs else -1))
        if one.name in needs
    ]  # fmt: skip
    models = {one.serving.model.name: one.serving.model for one in accounts if one.serving.model is not None}
    sizes = [
        Coefficient(
            name="active parameters", of=name, figure=Range(*msgspec.structs.astuple(model.active_b)), unit="billion",
            source=model.source, source_url=model.source_url, licence=model.licence,
        )
        for name, model in sorted(models.items())
    ]  # fmt: skip
    return found + sizes


def _range(made: Interval) -> Range:
    return Range(*made.ends)
