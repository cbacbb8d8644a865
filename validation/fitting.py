"""Constants of the step from measured rows: the forms that PROTOCOL.md considers, and how each is fitted."""

from __future__ import annotations

import msgspec
import numpy as np
from rows import Rows
from scipy.optimize import least_squares

from jevons.footprint import step as law

START = law.Constants(
    memory=0.6, compute=0.4, norm=1.0, base_s=1e-3, layer_s=1e-4, exchange_s=3e-4, sequence_s=1e-5, mixture=1.0,
    old_engine=1.6, old_sequence=1.6, idle_share=0.25, memory_share=0.35, compute_share=0.5, prefill=1.0, kv=1.0,
)  # fmt: skip
MOST = {"memory": 0.95, "compute": 0.8, "idle_share": 0.4, "memory_share": 0.6, "compute_share": 0.6}
"""No GPU reaches more of its data sheet; memory or compute alone draw no more than TDP."""
NAMES = list(START.__struct_fields__)
FORMS = {  # constants that are fitted; the others stay at their start
    "P2 without layers": [n for n in NAMES if n not in ("layer_s", "exchange_s", "prefill", "kv")],
    "P3 without key-value factor": [n for n in NAMES if n != "kv"],
    "P3": NAMES,
}


POINTS = 0.5
"""What all points of latency weigh together, over what the rows' latencies do: they are many, and of few models."""


def fit(rows: Rows, at: np.ndarray, names: list[str], without: str = "", near: law.Constants = START) -> law.Constants:
    """Constants that fit the rows `at`: log joules and half-weighted log seconds, soft L1, weak pull to the start.

    Points of latency take part where there are any (`Rows.points`), but those of lineages and GPUs that `at` has none
    of, and of the lineage `without`. The search begins at `near`.
    """
    start = np.log([getattr(START, name) for name in names])
    points = rows.points
    if points is not None:
        held = points.of(
            set(rows.lineage[at]) | (set(points.lineage) - set(rows.lineage)) - {without}, set(rows.gpu[at])
        )
        weight = 0.5 * np.sqrt(points.shares(held) * POINTS * at.sum())

    def constants(x: np.ndarray) -> law.Constants:
        fields = {name: getattr(START, name) for name in NAMES} | dict(zip(names, np.exp(x).tolist(), strict=True))
        return law.Constants(**fields)

    def residuals(x: np.ndarray) -> np.ndarray:
        joules, seconds = rows.predict(constants(x), at)
        pull = 0.01 * np.sqrt(at.sum()) * (x - start)
        off = [joules - rows.joules[at], 0.5 * (seconds - rows.seconds[at]), pull]
        if points is not None:
            off.append(weight * (points.predict(constants(x), held) - points.seconds[held]))
        return np.concatenate(off)

    most = np.log([MOST.get(name, np.inf) for name in names])
    begin = np.log([getattr(near, name) for name in names])
    with np.errstate(over="ignore"):  # a trial far off, that the search then leaves
        found = least_squares(
            residuals, np.minimum(begin, most - 1e-3), bounds=(-np.inf, most),
            loss="soft_l1", f_scale=0.3, x_scale="jac", max_nfev=200,
        )  # fmt: skip
    return constants(found.x)


def leave_out(
    rows: Rows, groups: np.ndarray, train: np.ndarray, names: list[str], near: law.Constants = START
) -> dict[str, law.Constants]:
    """Fits to the training rows without each of their groups in turn."""
    return {g: fit(rows, train & (groups != g), names, near=near) for g in sorted(set(groups[train]))}


class Chosen(msgspec.Struct):
    """The form with the least inner error, its fit to the training rows, and to these without each lineage."""

    form: str
    constants: law.Constants
    inner: dict[str, law.Constants]


def choose(rows: Rows, train: np.ndarray) -> Chosen:
    """Of the forms; none of them needs more than arithmetic."""
    scores, found = {}, {}
    for form, names in FORMS.items():
        constants = fit(rows, train, names)
        found[form] = Chosen(form, constants, leave_out(rows, rows.lineage, train, names, constants))
        errors = []
        for lineage, inner in found[form].inner.items():
            test = train & (rows.lineage == lineage)
            errors.append(np.abs(np.expm1(rows.predict(inner, test)[0] - rows.joules[test])))
        scores[form] = np.concatenate(errors).mean()
    return found[min(FORMS, key=lambda form: scores[form])]
