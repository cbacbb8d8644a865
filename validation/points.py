"""Latencies that others measured: ``silicon_sample.csv`` of aiconfigurator-core, as arrays.

5,221 points of time to first token and time per output token (NVIDIA, Apache-2.0; PyPI package aiconfigurator-core
0.12.0): vLLM, SGLang and TensorRT-LLM on H100, H200, B200, GB200, B300 and GB300, a closed loop of `concurrency` equal
requests. The package's file is read, its code is not run. No joules are in it.

A point is comparable where one group of GPUs in one node both prefills and decodes, its columns of parallelism
multiply to one number of GPUs, keys and values of all requests fit in memory beside the weights, and a request waits
at most a quarter of its time for its first token: else the batch is not the concurrency. Repeats of one setting
count once (median).
"""

from __future__ import annotations

import csv
import pathlib
import re
from collections import Counter
from importlib.metadata import distribution
from typing import Any

import numpy as np
from tables import sha256

from jevons.factors import look_up
from jevons.factors.gpus import gpu
from jevons.footprint import step as law

SYSTEMS = {
    "h100_sxm": "H100-SXM-80GB", "b200_sxm": "B200", "h200_sxm": "H200-SXM-141GB", "gb200": "GB200", "b300_sxm": "B300",
    "gb300": "GB300",
}  # fmt: skip
LINEAGES = {"qwen-3": "qwen3"}
"""The product's names of lineages that ``models.csv`` spells in another way."""
BITS = {"bf16": 16.0, "fp8": 8.0, "fp4": 4.5, "int4": 4.5, "": 16.0}
"""Bits of a weight with its scales: a byte for 16 weights, two for 32."""
NODE = 8
MEMORY = 0.9
"""Share of a GPU's memory that an engine takes for weights, keys and values."""
WAIT = 0.25


class Points:
    """Comparable points, as arrays of one length."""

    def __init__(self) -> None:
        found = distribution("aiconfigurator-core")
        path = pathlib.Path(str(found.locate_file("aiconfigurator_core/systems/silicon_sample.csv")))
        self.version, self.digest = found.version, sha256(path)
        self.left: Counter[str] = Counter()
        """Points that are not comparable, by the reason."""
        kept: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
        for row in csv.DictReader(path.open(encoding="utf-8")):
            why, setting, measured = _read(row)
            if why:
                self.left[why] += 1
            else:
                kept.setdefault(setting, []).append(measured)
        self.read = sum(map(len, kept.values()))
        columns = [np.array(column) for column in zip(*kept, strict=True)]
        name, self.gpu, self.engine, bits, self.input, self.output, self.batch, gpus = columns
        models = [look_up(str(n)) for n in name]
        self.lineage = np.array([LINEAGES.get(model.lineage, model.lineage) for model in models])
        self.seconds, self.first = np.log(np.array([np.median(runs, axis=0) for runs in kept.values()])).T
        sheets = {g: gpu(str(g)) for g in set(self.gpu)}
        self.sheet = law.Accelerator(
            *(np.array([getattr(sheets[g], name) for g in self.gpu]) for name in law.Accelerator.__struct_fields__)
        )
        total, active = (np.array([size.value for size in sizes]) for sizes in zip(
            *((model.total_b, model.active_b) for model in models), strict=True)
        )  # fmt: skip
        self.inputs = {
            "total_b": total, "active_b": active, "weight_bytes": bits / 8, "gpus": gpus,
            "layers": np.array([m.layers or law.layers_of(m.total_b.value) for m in models]),
            "kv_bytes": np.array([m.kv_bytes_per_token or law.kv_bytes_of(m.active_b.value) for m in models]),
            "mixture": (active < 0.99 * total).astype(float),
        }  # fmt: skip

    def __len__(self) -> int:
        return len(self.seconds)

    def of(self, lineages: set[str], gpus: set[str]) -> np.ndarray:
        """Which points are of these lineages and GPUs."""
        return np.isin(self.lineage, sorted(lineages)) & np.isin(self.gpu, sorted(gpus))

    def shares(self, at: np.ndarray) -> np.ndarray:
        """Weights of the points `at`, their sum 1: a group of one lineage, engine and GPU by the root of its size."""
        groups = [f"{a}|{b}|{c}" for a, b, c in zip(self.lineage[at], self.engine[at], self.gpu[at], strict=True)]
        counts = Counter(groups)
        weights = np.array([counts[group] ** -0.5 for group in groups])
        return weights / weights.sum()

    def predict(self, constants: law.Constants, at: np.ndarray) -> np.ndarray:
        """Log seconds per output token of the points `at`."""
        return self._step(constants, at, self.batch[at], self.input + self.output / 2, self.input / self.output)

    def predict_first(self, constants: law.Constants, at: np.ndarray) -> np.ndarray:
        """Log seconds to the first token, nobody else there: one step that computes one whole prompt."""
        return self._step(constants, at, 1.0, self.input, self.input)

    def _step(self, constants: law.Constants, at: np.ndarray, batch: Any, context: Any, fresh: Any) -> np.ndarray:
        sheet = law.Accelerator(*(getattr(self.sheet, name)[at] for name in law.Accelerator.__struct_fields__))
        given = {name: column[at] for name, column in self.inputs.items()}
        made = law.step(constants, sheet, **given, batch=batch, context=context[at], fresh_per_output=fresh[at])
        return np.log(made.seconds)


def _read(row: dict[str, str]) -> tuple[str, tuple[Any, ...], tuple[float, float]]:
    """Why a point is not comparable; else its setting, and its seconds per output token and to the first."""
    seconds, first = float(row["silicon_tpot_ms"]) / 1000, float(row["silicon_ttft_ms"]) / 1000
    if row["mode"] != "agg":
        return "prefill and decoding on different GPUs", (), (seconds, first)
    model, name = look_up(row["model_path"]), SYSTEMS[row["system"]]
    data = int(row["attention_dp_size"] or 1)
    gpus = int(row["tp_size"]) * int(row["pp_size"]) * data
    experts = int(row["moe_tp_size"]) * int(row["moe_ep_size"])
    if not 0 < gpus <= NODE or (model.architecture == "moe" and experts != gpus):
        return "more than a node, or columns of parallelism that disagree", (), (seconds, first)
    asked = re.search(r"concurrency=(\d+)", row["silicon_data_source"])
    batch = float(asked[1]) if asked else float(row["batch_size"]) * data
    bits = BITS[row["precision"] or ("fp8" if "FP8" in row["model_path"] else "")]
    prompt, output = float(row["isl"]), float(row["osl"])
    cache = batch * (prompt + output / 2) * (model.kv_bytes_per_token or law.kv_bytes_of(model.active_b.value))
    card = gpu(name)
    if card is None or model.total_b.value * bits / 8 + cache / 1e9 > MEMORY * card.memory_gb * gpus:
        return "more keys and values than memory", (), (seconds, first)
    if first > WAIT * (first + output * seconds):
        return "more than a quarter of the time spent before the first token", (), (seconds, first)
    return "", (row["model_path"], name, row["backend"], bits, prompt, output, batch, float(gpus)), (seconds, first)
