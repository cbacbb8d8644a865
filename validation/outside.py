"""The product's table of estimates on measurements of others: other engines, GPUs and machines than those fitted.

Checks, never fitted row by row. The factor for code without a serving engine (`generation.EAGER`) and the law of local
models (`energy.local`) were set with some of these sources in view, which are marked.
"""

from __future__ import annotations

import csv
import pathlib
from collections import defaultdict

import numpy as np
from tables import sha256, table

from jevons.footprint.table import ARCHITECTURES, COLUMNS, row

FITTED = ("ml.energy-v2", "ml.energy-v3")
IN_VIEW = ("ai-energy-score-v1", "wilkins-2024", "ml.energy-v1", "columbia-zeus-2025", "gguf-lopez-2026")
NOT_ALIKE = {
    "luccioni-2023": "seven idle GPUs are in it",
    "mlperf-power-v4.1": "wall power of the server",
    "mlperf-power-v5.1": "wall power of the server",
    "dfki-2026": "processor included",
}
FEWEST = 5


def section(measurements: pathlib.Path) -> str:
    """The chapter of VALIDATION.md."""
    found: dict[tuple[str, str], list[tuple[float, bool, float]]] = defaultdict(list)
    with measurements.open(encoding="utf-8", newline="") as file:
        for given in csv.DictReader(file):
            told = {name: given.get(name, "") for name in COLUMNS} | {"model": given["model_id"], "itl_s": ""}
            told["architecture"] = told["architecture"] if told["architecture"] in ARCHITECTURES else ""
            told["batch_avg"] = told["batch_avg"] or given["batch_max"]
            measured = [given["j_per_output_token"], given["output_tokens"], given["total_params_b"]]
            if given["source"] in FITTED or not all(measured):
                continue
            made = row(told)
            low, middle, high = (float(made[f"gpu_energy_j_{end}"]) for end in ("low", "mid", "high"))
            joules = float(measured[0]) * float(measured[1])
            engine = given["engine"].partition("(")[0].strip()
            found[given["source"], engine].append((middle / joules, low <= joules <= high, high / middle))
    lines = []
    for (source, engine), made in sorted(found.items()):
        if len(made) < FEWEST:
            continue
        ratio, inside, half = np.array(made).T
        low, high = np.quantile(ratio, [0.05, 0.95])
        note = NOT_ALIKE.get(source, "in view" if source in IN_VIEW else "")
        lines.append([source, engine, f"{len(made)}", f"{np.median(ratio):.2f}", f"{low:.2f} to {high:.2f}",
                      f"{inside.mean() * 100:.0f}", f"x{np.median(half):.1f}", note])  # fmt: skip
    head = ["source", "engine", "rows", "predicted/measured", "5 to 95 %", "inside 90 % interval, %", "upper width", ""]
    return "\n\n".join([
        "`jevons estimate` on rows of others, everything that they state given (no latency). `In view`: a factor or a "
        f"law was set with this source known. Sources with fewer than {FEWEST} rows of an engine are left out.",
        table(head, lines),
        f"SHA-256 of the file {sha256(measurements)}.",
    ])  # fmt: skip
