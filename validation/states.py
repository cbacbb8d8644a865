"""What the product says of measured rows in each state of knowledge, and how far off it is on lineages left out.

The product itself is asked (`generation.estimate`), with the constants of the fold: what is judged is what ships.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
from rows import GPUS, MEMORY_GB, Rows

from jevons.footprint import step as law
from jevons.footprint.generation import Setting, estimate

SERVING, BOTH, LATENCY, MODEL = "serving", "serving and latency", "latency", "model"
MODEL_LATENCY = "model and latency"
STATES = (SERVING, BOTH, LATENCY, f"{LATENCY}, noisy", MODEL, MODEL_LATENCY, f"{MODEL_LATENCY}, noisy")
SHIFTS = {MODEL: "model_shift", MODEL_LATENCY: "model_latency_shift"}
"""Median of log measured / predicted where the serving is a judgement."""
UNIT = {state: {"known lineage": 1.0, "new lineage": 1.0} for state in STATES}


def say(rows: Rows, fit: law.Fit, at: np.ndarray, state: str) -> np.ndarray:
    """Log joules per output token that the product says of the rows `at`."""
    known, noisy = state.removesuffix(", noisy"), state.endswith(", noisy")
    if known == SERVING:  # the same as one step, and many rows at once
        return rows.predict(fit.constants, at)[0]
    seconds = np.exp(rows.noisy if noisy else rows.seconds)
    made = []
    for i, network in rows.told(at):
        told = {}
        if known in (BOTH, LATENCY):
            name = str(rows.gpu[i])
            told = {"gpu": GPUS[name], "gpu_name": name, "memory_gb": MEMORY_GB[name]}
            told["gpus"] = float(rows.inputs["gpus"][i])
        if known == BOTH:
            told["batch"] = float(rows.batch[i])
        if known != MODEL:  # the engine's generation by the date of the call
            told |= {"latency_s": float(seconds[i]), "old_engine": bool(rows.inputs["old_engine"][i])}
        one = estimate(network, Setting(**told), rows.input[i], rows.output[i], fit=fit)
        if one.known != known:
            raise AssertionError(f"the product takes {known} for {one.known}")
        made.append(np.log(one.joules.mid / rows.output[i]))
    return np.array(made)


def with_prior(rows: Rows, fit: law.Fit, constants: law.Constants, train: np.ndarray) -> law.Fit:
    """`fit` with other constants, and the batches of the rows `train` as the prior."""
    logs = np.log(rows.batch[train])
    return msgspec.structs.replace(
        fit, constants=constants, batch_log_mean=float(logs.mean()), batch_log_sd=float(logs.std())
    )


def inner(
    rows: Rows, train: np.ndarray, fits: dict[str, law.Constants], wanted: Iterable[str] = STATES
) -> tuple[law.Fit, dict[str, np.ndarray]]:
    """Errors (log measured - log said) of the training rows, each said without its lineage, NaN elsewhere; and a fit
    with what they teach: spread, slope, shifts. Its constants are nobody's."""
    joules, seconds = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for lineage, constants in fits.items():
        test = train & (rows.lineage == lineage)
        made = rows.predict(constants, test)
        joules[test], seconds[test] = rows.joules[test] - made[0], rows.seconds[test] - made[1]
    time = seconds[train]
    learnt = law.Fit(
        constants=next(iter(fits.values())), log_covariance=[], batch_log_mean=0.0, batch_log_sd=0.0,
        energy_sd=float(np.std(joules[train])), time_sd=float(np.std(time)),
        correlation=float(np.cov(joules[train], time)[0, 1] / np.var(time)),
        model_shift=0.0, model_latency_shift=0.0, bands=UNIT, causes={}, lineages={}, rows=0, data_sha256="", source="",
    )  # fmt: skip
    off = {state: np.full(len(rows), np.nan) for state in wanted}
    for lineage, constants in fits.items():
        test = train & (rows.lineage == lineage)
        fold = with_prior(rows, learnt, constants, train & (rows.lineage != lineage))
        for state in wanted:
            off[state][test] = rows.joules[test] - say(rows, fold, test, state)
    for state, name in SHIFTS.items():
        if state in off:
            shift = float(np.median(off[state][train]))
            learnt = msgspec.structs.replace(learnt, **{name: shift})
            for moved in (state, f"{state}, noisy"):
                if moved in off:
                    off[moved] -= shift
    return learnt, off
