"""Bars of the accounting: linear prices against the step, partitions, places, draws against written intervals.

    python validation/accounting.py [FOLDER of the impact factors that came from elsewhere]

Nothing here is fitted. The tests assert what this measures (tests/footprint/test_accounting.py).
"""

from __future__ import annotations

import csv
import math
import pathlib
import random
import sys
from collections.abc import Iterator

from tables import Bar, sha256, table

from jevons import factors
from jevons.footprint import Figures, account, total
from jevons.footprint.generation import TRAFFIC_INPUT, TRAFFIC_OUTPUT, Network, Setting, coefficients, served_by
from jevons.footprint.rates import FIGURES
from jevons.footprint.step import fitted, kv_bytes_of, layers_of, step
from jevons.footprint.timing import states
from jevons.footprint.uncertainty import Joint
from jevons.ledger.cells import cells
from jevons.record import Call

USUAL = TRAFFIC_INPUT + TRAFFIC_OUTPUT / 2
SIZES = ((8.0, 8.0), (70.0, 70.0), (405.0, 405.0), (235.0, 22.0), (30.0, 3.0))
BATCHES = (4.0, 16.0, 64.0, 256.0)
PLACES = {"FR": "FRA", "DE": "DEU", "US": "USA", "PL": "POL", "IN": "IND", "SE": "SWE"}
MODELS = ("gpt-4o", "claude-sonnet-4-5", "llama-3.1-70b", "qwen3-32b", "text-embedding-3-small", "nobody-knows")


def unlinearised(network: Network, served: Setting, calls: list[tuple[int, int]]) -> float:
    """Joules of calls, each in a batch of usual requests: what the step takes with it, less what it takes of theirs."""
    gpu, gpus, batch = served.gpu, served.gpus, served.batch
    assert gpu is not None
    assert batch is not None

    def joules(context: float, fresh_per_output: float) -> float:
        made = step(
            fitted().constants, gpu, total_b=network.total_b, active_b=network.active_b,
            weight_bytes=network.weight_bytes, layers=layers_of(network.total_b),
            kv_bytes=kv_bytes_of(network.active_b), mixture=int(network.active_b < network.total_b), gpus=gpus,
            batch=batch, context=context, fresh_per_output=fresh_per_output,
        )  # fmt: skip
        return float(made.joules)

    usual = joules(USUAL, 0.0)
    prefill = (joules(USUAL, 1.0) - usual) / batch
    spent = 0.0
    for fresh, output in calls:
        context = fresh + output / 2
        own = joules(((batch - 1) * USUAL + context) / batch, 0.0) - usual * (batch - 1) / batch
        spent += output * own + fresh * prefill
    return spent


def linear_errors() -> Iterator[tuple[tuple[float, float], float, float]]:
    """Sizes, batch, and the worst of 20 groups of 50 calls, contexts to 200,000 tokens: linear over step, less 1."""
    draw = random.Random(3)
    for sizes in SIZES:
        network = Network(total_b=sizes[0], active_b=sizes[1])
        for batch in BATCHES:
            served = served_by("H100", gpus=8, batch=batch)
            law, worst = coefficients(network, served).coefficients, 0.0
            for _ in range(20):
                group = [
                    (int(10 ** draw.uniform(1, math.log10(200_000))), int(10 ** draw.uniform(0, 4))) for _ in range(50)
                ]
                linear = sum(
                    law.joules(1, fresh, 0, output, 0, output * fresh + output * (output - 1) // 2)
                    for fresh, output in group
                )
                worst = max(worst, abs(linear / unlinearised(network, served, group) - 1))
            yield sizes, batch, worst


def some_calls(count: int = 10_000) -> list[Call]:
    """Random calls, half of them timed, with prompts to 200,000 tokens."""
    draw = random.Random(7)
    made = []
    for number in range(count):
        whole, timed, model = draw.randrange(200_000), draw.random() < 0.5, draw.choice(MODELS)
        made.append(
            Call(
                id=str(number), run="r", provider=draw.choice(["openai", "anthropic", "aws.bedrock"]), model=model,
                kind="embeddings" if "embedding" in model else "chat", status=draw.choice([200, 200, 200, 500]),
                usage=draw.choice(["reported", "estimated"]), input_tokens=whole,
                cached_tokens=draw.randrange(whole + 1), output_tokens=draw.randrange(8_000),
                region=draw.choice(["", "eu-west-3", "us-east-1"]), started_us=1_790_000_000_000_000,
                timed=timed, first_us=10 if timed else None, decode_us=draw.randrange(1, 10**8) if timed else None,
            )
        )  # fmt: skip
    return made


def partition_error(calls: list[Call]) -> float:
    """Largest relative difference between a figure of all calls and the sum over 2, 17 or 1,000 random groups."""
    draw = random.Random(8)
    whole = cells(calls)
    timings = states(whole)
    reference = total(account(whole, timings=timings)).live.figures
    worst = 0.0
    for count in (2, 17, 1_000):
        group = {one.id: draw.randrange(count) for one in calls}
        parts = [Figures() for _ in range(count)]
        for one in account(cells(calls, lambda call, group=group: (group[call.id],)), timings=timings):
            parts[one.cell.group[0]].add(one.figures)
        for name in FIGURES:
            summed = math.fsum(part.amount(name) for part in parts)
            worst = max(worst, abs(summed / reference.amount(name) - 1))
    return worst


def draws_apart(calls: list[Call]) -> tuple[float, float, float]:
    """By how much written intervals are at most narrower and wider, at an end, than 16,384 joint draws make them, in
    parts of the width in logs; and the error of the draws."""
    figures = total(account(cells(calls))).live.figures
    joint, outward, error = Joint([figures]), [], 0.0
    for name in FIGURES:
        written, drawn = figures.interval(name), joint.spread(name)
        width = math.log(drawn.high / drawn.low)
        outward += [math.log(drawn.low / written.low) / width, math.log(written.high / drawn.high) / width]
        error = max(error, drawn.error)
    return max(-min(outward), 0.0), max(max(outward), 0.0), error


def grid_apart(folder: pathlib.Path) -> float:
    """Largest difference, gCO2e/kWh, between the product's default and Ember's 2025 figure for six countries."""
    with (folder / "grid_intensity.csv").open(encoding="utf-8", newline="") as file:
        ember = {
            row["iso3"]: float(row["gco2e_per_kwh"])
            for row in csv.DictReader(file)
            if row["source_title"].startswith("Ember") and row["year"] == "2025"
        }
    return max(abs(factors.intensity(iso2).value - ember[iso3]) for iso2, iso3 in PLACES.items())


def section(folder: pathlib.Path) -> str:
    """The chapter of VALIDATION.md."""
    linear = max(worst for *_, worst in linear_errors())
    calls = some_calls()
    parts = partition_error(calls)
    narrower, wider, error = draws_apart(calls)
    grid = grid_apart(folder)
    kinds = {kind: factors.marginal("SE", kind) for kind in ("operating", "build")}
    sweden = factors.intensity("SE")
    norway = {hydro: factors.water("NO", hydro=hydro) for hydro in ("with", "without")}
    bars = [
        Bar("linear prices over the step, worst group, contexts to 200,000", "<= 2 %", f"{linear:.2%}", linear <= 0.02),
        Bar("sum of the parts of 10,000 calls over the whole, less 1", "<= 1e-12", f"{parts:.0e}", parts <= 1e-12),
        Bar("FR, DE, US, PL, IN, SE over Ember's 2025, largest difference", "0 g", f"{grid:.2g} g", grid < 0.005),
    ]
    sources = [
        [f"SE, {name}", f"{one.value:.3g} ({one.low:.3g} to {one.high:.3g}) {one.unit}", f"{one.year}", one.source]
        for name, one in {"average": sweden, **{f"{kind} margin": one for kind, one in kinds.items()}}.items()
    ] + [
        [f"NO, water {hydro} reservoirs", f"{one.value:.3g} ({one.low:.3g} to {one.high:.3g}) {one.unit}",
         f"{one.year}", one.source]
        for hydro, one in norway.items()
    ]  # fmt: skip
    return "\n\n".join([
        table(["what", "bar", "found", ""], [bar.cells() for bar in bars]),
        f"Intervals are written without draws. Beside 16,384 joint draws of these calls ({len(MODELS)} models, one of "
        f"them unknown, of three providers in three places) their ends are narrower by {narrower:.1%} of the width in "
        f"logs and wider by {wider:.1%} at most; the draws' own error is {error:.1%} of the width.",
        "Average and margin are different things and name different sources, and so do waters:",
        table(["what", "figure", "year", "source"], sources),
        f"SHA-256 of the grid file {sha256(folder / 'grid_intensity.csv')}.",
    ])  # fmt: skip


if __name__ == "__main__":
    print(section(pathlib.Path(sys.argv[1])))
