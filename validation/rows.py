"""The measured rows, as arrays and as what the product is told of each."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterator

import numpy as np
from points import Points

from jevons.footprint import step as law
from jevons.footprint.generation import Network

HERE = pathlib.Path(__file__).parent
GPUS = {  # TDP W, bandwidth GB/s, bf16 TFLOP/s: NVIDIA data sheets
    "A100-SXM-40GB": law.Accelerator(400.0, 1555.0, 312.0),
    "H100-SXM-80GB": law.Accelerator(700.0, 3350.0, 989.0),
    "B200": law.Accelerator(1000.0, 7700.0, 2250.0),
}
MEMORY_GB = {"A100-SXM-40GB": 40.0, "H100-SXM-80GB": 80.0, "B200": 180.0}
INPUT = {"chat": 150, "lm-arena-chat": 150, "gpqa": 250, "code": 150, "sourcegraph-fim": 2000}


def models() -> dict[str, dict[str, str]]:
    """``models.csv`` by the benchmark's name of a model."""
    return {row["model_id"]: row for row in csv.DictReader((HERE / "models.csv").open(encoding="utf-8"))}


class Rows:
    """Columns of the measured rows, as arrays of one length."""

    def __init__(self, path: pathlib.Path, points: Points | None = None, **assume: int) -> None:
        self.points = points
        """Measured latencies of others that the constants are fitted to, too."""
        known = models()
        tokens = INPUT | assume
        rows = [
            row
            for row in csv.DictReader(path.open(encoding="utf-8"))
            if row["source"] in ("ml.energy-v2", "ml.energy-v3")
            and row["workload"].rpartition("/")[2] in tokens
            and row["workload"].partition("/")[0] in (*tokens, "llm_text_generation")
        ]
        number = lambda name: np.array([float(row[name]) for row in rows])  # noqa: E731
        self.model = np.array([row["model_id"] for row in rows])
        self.lineage = np.array([known[m]["lineage"] for m in self.model])
        self.gpu = np.array([row["gpu"] for row in rows])
        self.batch = number("batch_avg")
        self.output = number("output_tokens")
        self.joules = np.log(number("j_per_output_token"))
        self.seconds = np.log(number("itl_s"))
        noise = np.random.default_rng(0).standard_normal(len(rows))
        self.noisy = self.seconds + 0.25 * noise
        workload = np.array([row["workload"].rpartition("/")[2] for row in rows])
        self.input = np.array([float(tokens[w]) for w in workload])
        self.active_b = number("active_params_b")
        sheets = [GPUS[gpu] for gpu in self.gpu]
        self.accelerator = law.Accelerator(
            *(np.array([getattr(sheet, name) for sheet in sheets]) for name in law.Accelerator.__struct_fields__)
        )
        self.inputs = {
            "total_b": number("total_params_b"),
            "active_b": self.active_b,
            "weight_bytes": number("weight_bits") / 8,
            "layers": np.array([float(known[m]["layers"]) for m in self.model]),
            "kv_bytes": np.array([float(known[m]["kv_bytes"]) for m in self.model]),
            "mixture": np.array([float(row["architecture"] == "moe") for row in rows]),
            "gpus": number("n_gpus"),
            "context": self.input + self.output / 2,
            "fresh_per_output": self.input / self.output,
            "old_engine": np.array([float(row["source"] == "ml.energy-v2") for row in rows]),
        }

    def __len__(self) -> int:
        return len(self.joules)

    def without_configs(self) -> None:
        """Forget layers and key-value sizes: what is known of a model that no table lists."""
        self.inputs["layers"] = law.layers_of(self.inputs["total_b"])
        self.inputs["kv_bytes"] = law.kv_bytes_of(self.active_b)

    def predict(self, constants: law.Constants, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log joules per output token and log seconds of the rows `at`, the serving known."""
        gpu = law.Accelerator(*(getattr(self.accelerator, name)[at] for name in law.Accelerator.__struct_fields__))
        given = {name: column[at] for name, column in self.inputs.items()}
        made = law.step(constants, gpu, **given, batch=self.batch[at])
        return np.log(made.joules / self.batch[at]), np.log(made.seconds)

    def told(self, at: np.ndarray) -> Iterator[tuple[int, Network]]:
        """Number of each row `at`, and its model as the product takes it."""
        for i in np.flatnonzero(at):
            names = ("total_b", "active_b", "weight_bytes", "layers", "kv_bytes")
            yield int(i), Network(**{name: float(self.inputs[name][i]) for name in names})
