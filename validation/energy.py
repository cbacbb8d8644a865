"""The energy of a serving step, judged by PROTOCOL.md on lineages left out; and the constants that ship.

`section` is the chapter of VALIDATION.md, `write` makes ``src/jevons/footprint/fitted.json``. Needs numpy, scipy and
ecologits 0.11.3 (dependency group `validation`); run by ``document.py``.
"""

from __future__ import annotations

import itertools
import pathlib
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec
import numpy as np
from ecologits.impacts import llm as ecologits
from fitting import FORMS, NAMES, choose, fit, leave_out
from intervals import CAUSES, LINEAGES, PAIRS, bands, boot, of_ratio, pairs, ratio_bands, split
from rows import GPUS, HERE, Rows, models
from states import BOTH, LATENCY, MODEL, MODEL_LATENCY, SERVING, STATES, inner, say, with_prior
from tables import Bar, sha256, table

from jevons.factors import look_up
from jevons.footprint import generation
from jevons.footprint import step as law

FITTED = HERE.parent / "src" / "jevons" / "footprint" / "fitted.json"
PAIRED = (SERVING, BOTH, LATENCY, MODEL, MODEL_LATENCY)
MOST = {SERVING: (25, 22, 17, 16, 2.0), LATENCY: (55, 45, 38, 30, 3.2)}
"""Bars: MAPE, median APE (each with its stretch goal), half-width for a known lineage."""
HEAD = ["known", "MAPE %", "median APE %", "pred/meas", "lineage mean %", "worst lineage", "bootstrap",
        "known lineage: cover %", "bootstrap", "half-width",
        "new lineage: cover %", "bootstrap", "half-width"]  # fmt: skip


class Judged(msgspec.Struct):
    """What the nested run found."""

    off: dict[str, np.ndarray]
    """Log measured over predicted of each row, by state."""
    width: dict[tuple[str, str], np.ndarray]
    """Log half-width of each row, by state and kind of lineage."""
    ratios: list[tuple[str, str, str, float, float, float]]
    """State, kind of pair, left-out lineage; half-width as measured and by the causes, and the pair's log error."""
    chosen: dict[str, str]


class Fold(msgspec.Struct):
    """One lineage left out: what was found of its rows, and the half-widths learnt on the others."""

    form: str
    off: dict[str, np.ndarray]
    level: dict[str, dict[str, float]]
    ratio: dict[tuple[str, str], tuple[float, float]]
    """By state and kind of pair: as measured, and by the causes."""


def fold(rows: Rows, lineage: str, seed: int) -> Fold:
    """Fitted and chosen without a lineage."""
    test, train = rows.lineage == lineage, rows.lineage != lineage
    chosen = choose(rows, train)
    learnt, inside = inner(rows, train, chosen.inner)
    made = with_prior(rows, learnt, chosen.constants, train)
    found = Fold(chosen.form, {}, {}, {})
    for state in STATES:
        found.off[state] = rows.joules[test] - say(rows, made, test, state)
        found.level[state] = bands(np.abs(inside[state][train]), rows.lineage[train])
        if state in PAIRED:
            ratios = {pair: of["known lineage"] for pair, of in ratio_bands(rows, inside[state], train, seed).items()}
            causes = split(found.level[state]["known lineage"], ratios)
            found.ratio |= {(state, pair): (half, of_ratio(causes, pair)) for pair, half in ratios.items()}
    return found


def judge(rows: Rows) -> Judged:
    """Nested leave-one-lineage-out, a process for each processor."""
    everything = np.ones(len(rows), bool)
    lineages = sorted(set(rows.lineage))
    with ProcessPoolExecutor() as pool:
        folds = list(pool.map(fold, itertools.repeat(rows), lineages, range(len(lineages))))
    found = Judged(
        {s: np.zeros(len(rows)) for s in STATES}, {(s, k): np.zeros(len(rows)) for s in STATES for k in LINEAGES}, [],
        {lineage: one.form for lineage, one in zip(lineages, folds, strict=True)},
    )  # fmt: skip
    for lineage, one in zip(lineages, folds, strict=True):
        test = rows.lineage == lineage
        for state in STATES:
            found.off[state][test] = one.off[state]
            for kind in LINEAGES:
                found.width[state, kind][test] = one.level[state][kind]
    for n, (lineage, one) in enumerate(zip(lineages, folds, strict=True)):
        for (state, pair), halves in one.ratio.items():
            a, b = pairs(rows, rows.lineage == lineage, everything, pair, 100 + n)
            apart = np.abs(found.off[state][a] - found.off[state][b])
            found.ratios += [(state, pair, lineage, *halves, float(off)) for off in apart]
    return found


def summary(name: str, off: np.ndarray, lineage: np.ndarray, *widths: np.ndarray) -> list[str]:
    """One line of the table."""
    ape = np.abs(np.expm1(-off)) * 100
    family = {n: ape[lineage == n].mean() for n in sorted(set(lineage))}
    worst = max(family, key=lambda n: family[n])
    low, high = boot(ape, lineage)
    cells = [
        name, f"{ape.mean():.1f}", f"{np.median(ape):.1f}", f"{np.median(np.exp(-off)):.2f}",
        f"{np.mean(list(family.values())):.1f}", f"{worst} {family[worst]:.0f}", f"{low:.0f} to {high:.0f}",
    ]  # fmt: skip
    for half in widths:
        cells += [*covered(np.abs(off) <= half, lineage)[0], f"x{np.exp(np.median(half)):.2f}"]
    return cells


def covered(inside: np.ndarray, lineage: np.ndarray) -> tuple[list[str], bool]:
    """Coverage in percent with its bootstrap range, as text; and whether it meets the bar."""
    share = inside * 100.0
    low, high = boot(share, lineage)
    return [f"{share.mean():.1f}", f"{low:.1f} to {high:.1f}"], bool(share.mean() >= 85 and low <= 90 <= high)


def others(rows: Rows) -> np.ndarray:
    """Log measured over EcoLogits 0.11.3: its GPUs x its energy per GPU; no batch, no input tokens."""
    made = []
    for total, active in zip(rows.inputs["total_b"], rows.active_b, strict=True):
        memory = ecologits.model_required_memory(total, ecologits.MODEL_QUANTIZATION_BITS)
        gpus = ecologits.gpu_required_count(memory, ecologits.GPU_MEMORY)
        kwh = ecologits.gpu_energy(
            active, 1, ecologits.BATCH_SIZE,
            ecologits.GPU_ENERGY_ALPHA, ecologits.GPU_ENERGY_BETA, ecologits.GPU_ENERGY_GAMMA,
        )  # fmt: skip
        made.append(gpus * float(kwh) * 3.6e6)
    return rows.joules - np.log(made)


def checks(measurements: pathlib.Path, rows: Rows) -> list[list[str]]:
    """Other inputs, and GPUs left out: each row said without its lineage, or without its GPU; not nested."""
    wanted = (SERVING, LATENCY)
    everything = np.ones(len(rows), bool)
    blind, long = Rows(measurements, rows.points), Rows(measurements, rows.points, code=2000)
    blind.without_configs()
    found = []
    for name, other in (("layers and key-value sizes not known", blind), ("2,000 input tokens in v2 code, too", long)):
        _, inside = inner(other, everything, leave_out(other, other.lineage, everything, NAMES), wanted)
        found += [summary(f"{name}: {state}", inside[state], rows.lineage) for state in wanted]
    for gpu in GPUS:
        test, train = rows.gpu == gpu, rows.gpu != gpu
        learnt, _ = inner(rows, train, leave_out(rows, rows.lineage, train, NAMES), ())
        made = with_prior(rows, learnt, fit(rows, train, NAMES), train)
        for state in wanted:
            off = rows.joules[test] - say(rows, made, test, state)
            found.append(summary(f"{gpu} left out: {state}", off, rows.lineage[test]))
    return found


def bars(rows: Rows, found: Judged) -> list[Bar]:
    """Each bar of the protocol, and what was found."""
    made = []
    for state in PAIRED:
        off = found.off[state]
        ape = np.abs(np.expm1(-off)) * 100
        if state in MOST:
            for name, figure, most, stretch in (
                ("MAPE", ape.mean(), *MOST[state][:2]), ("median APE", np.median(ape), *MOST[state][2:4])
            ):  # fmt: skip
                goal = "met" if figure <= stretch else "not met"
                made.append(Bar(f"{state}: {name}", f"<= {most} %", f"{figure:.1f} %", figure <= most))
                made[-1].figure += f" (stretch {stretch}: {goal})"
            half = np.exp(np.median(found.width[state, "known lineage"]))
            made.append(Bar(f"{state}: half-width", f"<= x{MOST[state][4]}", f"x{half:.2f}", half <= MOST[state][4]))
        median = np.median(np.exp(-off))
        made.append(Bar(f"{state}: median predicted/measured", "0.9 to 1.1", f"{median:.2f}", 0.9 <= median <= 1.1))
        for kind in LINEAGES:
            text, met = covered(np.abs(off) <= found.width[state, kind], rows.lineage)
            if kind == "new lineage":  # wider than asked is no failure of a bound for lineages never seen
                met = float(text[0]) >= 85
            bar = ">= 85 %" + (", bootstrap contains 90" if kind == "known lineage" else "")
            made.append(Bar(f"{state}: coverage, {kind}", bar, f"{text[0]} % ({text[1]})", met))
    for state, kind, of in ratio_tests(found):
        for name, (text, met, half) in of.items():
            said = f"{text[0]} % ({text[1]}), x{half:.2f}"
            made.append(Bar(f"{state}: ratio, {kind}, {name}", ">= 85 %, bootstrap contains 90", said, met))
    return made


def ratio_tests(found: Judged) -> list[tuple[str, str, dict[str, tuple[list[str], bool, float]]]]:
    """By state and kind of pair: coverage, whether it meets the bar, half-width; as measured, and by the causes."""
    made = []
    for state in PAIRED:
        for kind in PAIRS:
            tested = [line for line in found.ratios if line[:2] == (state, kind)]
            names = np.array([line[2] for line in tested])
            measured, caused, off = np.array([line[3:] for line in tested]).T
            of = {
                name: (*covered(off <= half, names), float(np.exp(np.median(half))))
                for name, half in (("measured", measured), ("by causes", caused))
            }
            made.append((state, kind, of))
    return made


def section(measurements: pathlib.Path, rows: Rows, found: Judged, shipped: law.Fit) -> str:
    """The chapter of VALIDATION.md."""
    body = [summary(s, found.off[s], rows.lineage, *(found.width[s, kind] for kind in LINEAGES)) for s in STATES]
    body.append([*summary("EcoLogits 0.11.3", others(rows), rows.lineage), "none", *[""] * 5])
    ratios = [
        [state, kind, *(cell for text, _, half in of.values() for cell in (*text, f"x{half:.2f}"))]
        for state, kind, of in ratio_tests(found)
    ]
    causes = [
        [state, kind, f"x{shipped.bands[state][kind]:.2f}", *(f"x{np.exp(half):.2f}" for half in split_.values()),
         *(f"x{np.exp(of_ratio(split_, pair)):.2f}" for pair in PAIRS)]
        for state, kinds in shipped.causes.items() for kind, split_ in kinds.items()
    ]  # fmt: skip
    counts = {form: sum(f == form for f in found.chosen.values()) for form in FORMS}
    return "\n\n".join([
        "Joules of GPU per output token, nested: each lineage is said by what was fitted and chosen on the others.",
        table(HEAD, body),
        "Not nested (P3, each row said without its lineage, or without its GPU; points of latency likewise):",
        table(HEAD[:7], checks(measurements, rows)),
        "Ratios of two rows, 90 % intervals, nested: as wide as the ratios of the inner errors are, and as the causes "
        "make them. Same serving: GPU, count, and batch within a factor of two.",
        table(["known", "pair", "measured: cover %", "bootstrap", "half-width",
               "by causes: cover %", "bootstrap", "half-width"], ratios),
        "Causes of a level that ship (half-widths): `serving` is what a serving adds, `lineage` what a model's family "
        "adds, `form` what is common to all. Two models of one lineage are no closer to each other than any two (see "
        "above), so `lineage` is shared by calls of one model only. Beside them the ratios that they give.",
        table(["known", "lineage", "level", *CAUSES, *PAIRS], causes),
        linear(rows),
        "Forms chosen by the inner errors: " + ", ".join(f"{form} {n}" for form, n in counts.items() if n) + ".",
        f"{len(rows)} rows of {len(set(rows.model))} models in {len(set(rows.lineage))} lineages; "
        f"SHA-256 of the file {sha256(measurements)}.",
    ])  # fmt: skip


def linear(rows: Rows) -> str:
    """How far the linear prices of reports are from `estimate`, both with the model alone known."""
    off = []
    for i, network in rows.told(np.ones(len(rows), bool)):
        fresh, output = float(rows.input[i]), float(rows.output[i])
        pairs, reads = fresh * (fresh - 1) / 2, output * fresh + output * (output - 1) / 2
        linear_j = generation.coefficients(network, generation.Setting()).coefficients.joules(
            1, fresh, 0, output, pairs, reads
        )
        off.append(linear_j / generation.estimate(network, generation.Setting(), fresh, output).joules.mid)
    low, middle, high = np.quantile(off, [0.05, 0.5, 0.95])
    return (
        "Reports price a call by coefficients that are linear at a server's usual traffic. Over what is judged above, "
        f"model alone known, that is {middle:.2f} ({low:.2f} to {high:.2f} for 90 % of rows)."
    )


def ship(measurements: pathlib.Path, rows: Rows) -> law.Fit:
    """What ships: chosen and fitted on all rows; spread, bands and causes from each lineage left out."""
    everything = np.ones(len(rows), bool)
    chosen = choose(rows, everything)
    learnt, inside = inner(rows, everything, chosen.inner)
    logs = np.log([[getattr(c, n) for n in NAMES] for c in chosen.inner.values()])
    k = len(logs)
    spread = (logs - logs.mean(0)).T @ (logs - logs.mean(0)) * (k - 1) / k
    levels = {state: bands(np.abs(inside[state]), rows.lineage) for state in PAIRED}
    causes = {}
    for state in PAIRED:
        ratios = ratio_bands(rows, inside[state], everything, 0)
        causes[state] = {
            kind: split(levels[state][kind], {pair: of[kind] for pair, of in ratios.items()}) for kind in LINEAGES
        }
    fitted = msgspec.structs.replace(
        with_prior(rows, learnt, chosen.constants, everything), log_covariance=spread.tolist(), causes=causes,
        bands={state: {kind: float(np.exp(half)) for kind, half in of.items()} for state, of in levels.items()},
        lineages=lineages(), rows=len(rows), data_sha256=sha256(measurements),
        source="ML.ENERGY benchmark v2 and v3 (Chung et al. 2025, arXiv 2505.06371) and points of latency of "
        f"aiconfigurator-core {rows.points.version} (NVIDIA, Apache-2.0), fitted by validation/energy.py",
    )  # fmt: skip
    return msgspec.convert(short(msgspec.to_builtins(fitted)), law.Fit)


def lineages() -> dict[str, str]:
    """Lineages by the product's name; without those whose name it uses more widely (column `known_as` empty)."""
    found = {}
    for name, row in models().items():
        if row["known_as"]:
            if look_up(name).lineage != row["known_as"]:
                raise SystemExit(f"models.csv: {name} is {look_up(name).lineage} to the product, not {row['known_as']}")
            found[row["known_as"]] = row["lineage"]
    return dict(sorted(found.items()))


def short(value: Any) -> Any:
    """Numbers to six digits."""
    if isinstance(value, dict):
        return {name: short(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [short(inner) for inner in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def write(fitted: law.Fit) -> None:
    """Put what ships where it ships."""
    FITTED.write_bytes(msgspec.json.format(msgspec.json.encode(fitted), indent=1) + b"\n")
