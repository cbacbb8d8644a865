"""The latency half of the step, judged on the measured points of others (`points`)."""

from __future__ import annotations

import msgspec
import numpy as np
from fitting import NAMES, fit
from rows import Rows
from tables import table

BATCHES = ((1, 4), (5, 16), (17, 64), (65, 256), (257, 4096))
ALONE = 4
"""Most requests at once for which time to first token is prefill and not waiting for others."""


LONG = 4096


class Latency(msgspec.Struct):
    """Log measured over predicted seconds of each point."""

    alone: np.ndarray
    """By constants fitted to the rows of energy alone: no point was seen."""
    joint: np.ndarray
    """By constants fitted to rows and points, all of the point's lineage left out."""
    first: np.ndarray
    """Seconds to the first token, as `joint`."""


def judge(rows: Rows) -> Latency:
    """Errors of the points; `rows.points` is there."""
    points = rows.points
    assert points is not None
    everything = np.ones(len(rows), bool)
    whole = np.ones(len(points), bool)
    rows.points = None
    alone = points.seconds - points.predict(fit(rows, everything, NAMES), whole)
    rows.points = points
    joint, first = np.zeros(len(points)), np.zeros(len(points))
    for lineage in sorted(set(points.lineage)):
        test = points.lineage == lineage
        constants = fit(rows, rows.lineage != lineage, NAMES, without=lineage)
        joint[test] = points.seconds[test] - points.predict(constants, test)
        first[test] = points.first[test] - points.predict_first(constants, test)
    return Latency(alone, joint, first)


def section(rows: Rows, found: Latency) -> str:
    """The chapter of VALIDATION.md."""
    points = rows.points
    assert points is not None
    fitted = np.isin(points.gpu, sorted(set(rows.gpu)))
    classes = {f"{low} to {high} at once": (points.batch >= low) & (points.batch <= high) for low, high in BATCHES}
    groups = {
        "all, GPUs of the fit": fitted, "all, extrapolated GPUs": ~fitted,
        **{f"{g}{'' if g in set(rows.gpu) else ' (extrapolated)'}": points.gpu == g for g in sorted(set(points.gpu))},
        **{name: fitted & at for name, at in classes.items()},
        **{name: fitted & (points.lineage == name) for name in sorted(set(points.lineage))},
        **{name: fitted & (points.engine == name) for name in sorted(set(points.engine))},
    }  # fmt: skip
    body = [[name, *line(found.alone, at), *line(found.joint, at)[1:]] for name, at in groups.items() if at.any()]
    quiet = points.batch <= ALONE
    long = quiet & (points.input >= LONG) & (points.inputs["mixture"] == 0)
    firsts = [[name, *line(found.first, at)] for name, at in (
        ("all", quiet), (f"dense models, prompts of {LONG} tokens and more", long)
    )]  # fmt: skip
    left = "; ".join(f"{count} {why}" for why, count in points.left.most_common())
    return "\n\n".join([
        f"Seconds per output token on points measured by NVIDIA (aiconfigurator-core {points.version}, Apache-2.0): "
        f"{points.read} points, {len(points)} settings. Not comparable: {left}. Classes of requests at once, lineages "
        "and engines: GPUs of the fit.",
        table(["points", "settings", "rows alone: MAPE %", "median APE %", "pred/meas",
               "with points, lineage left out: MAPE %", "median APE %", "pred/meas"], body),
        f"Seconds to the first token, at most {ALONE} requests at once, lineage left out. None was fitted: beside "
        "prefill they hold what the step does not know (client, tokenizer, scheduler, up to four prompts in a row), 30 "
        "to 400 ms, which is most of it but for long prompts of dense models:",
        table(["points", "settings", "MAPE %", "median APE %", "pred/meas"], firsts),
        f"SHA-256 of the file {points.digest}.",
    ])  # fmt: skip


def line(off: np.ndarray, at: np.ndarray) -> list[str]:
    """Count, MAPE, median APE, median of predicted over measured."""
    ape = np.abs(np.expm1(-off[at])) * 100
    return [f"{at.sum()}", f"{ape.mean():.1f}", f"{np.median(ape):.1f}", f"{np.median(np.exp(-off[at])):.2f}"]
