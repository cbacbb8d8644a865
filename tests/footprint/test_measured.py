"""The law of local models against measurements; what a server does is judged by ``validation/``. Checks, not fits."""

import csv
import math
import statistics

import pytest

from jevons.footprint import energy


@pytest.fixture(scope="module")
def measured(shared_data):
    path = shared_data / "energy" / "measurements.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_local_machines_lie_in_the_band(measured):
    ratios = [
        joules(energy.local(float(row["active_params_b"])), float(row["input_tokens"]), float(row["output_tokens"]))
        / (float(row["j_per_output_token"]) * float(row["output_tokens"]))
        for row in measured
        if row["source"] == "gguf-lopez-2026" and row["output_tokens"] and float(row["output_tokens"]) > 20
    ]
    inside = sum(abs(math.log(ratio)) <= math.log(energy.LOCAL_BAND) for ratio in ratios) / len(ratios)
    print(f"local: {len(ratios)} rows, median {statistics.median(ratios):.2f}, in band {inside:.0%}")
    assert inside >= 0.85


def joules(law, prompt, output):
    return law.joules(1, prompt, 0, output, prompt * (prompt - 1) / 2, output * prompt + output * (output - 1) / 2)
