"""Accelerators by the names that drivers, clouds and people give them."""

import csv

import pytest

from jevons.factors.gpus import gpu
from jevons.factors.table import rows


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("H100", "H100-SXM-80GB"), ("NVIDIA H100 80GB HBM3", "H100-SXM-80GB"), ("h100-pcie-80gb", "H100-PCIe-80GB"),
        ("NVIDIA H100 PCIe", "H100-PCIe-80GB"), ("A100", "A100-SXM-80GB"), ("A100-SXM-40GB", "A100-SXM-40GB"),
        ("NVIDIA A100-SXM4-40GB", "A100-SXM-40GB"), ("B200", "B200"),
        ("NVIDIA L4", "L4"), ("L40S", "L40S"), ("MI300X", "MI300X"),
    ],
)  # fmt: skip
def test_names(said, meant):
    assert gpu(said).name == meant


@pytest.mark.parametrize("said", ["", "Cerebras WSE-3", "GPU", "80GB", "?"])
def test_what_is_no_gpu_that_is_known(said):
    assert gpu(said) is None


def test_every_row_has_a_source_and_can_be():
    for row in rows("gpus"):
        assert row["source"]
        assert row["licence"]
        assert 50 <= float(row["tdp_w"]) <= 2000
        assert gpu(row["name"]).name == row["name"]


def test_figures_are_those_measured_with(shared_data):
    """The accelerators of the measurements, as independently listed."""
    with (shared_data / "energy" / "gpus.csv").open(encoding="utf-8") as file:
        listed = {row["name"]: row for row in csv.DictReader(file)}
    for row in rows("gpus"):
        assert float(row["tdp_w"]) == float(listed[row["name"]]["tdp_w"])
        assert float(row["bandwidth_gb_s"]) == float(listed[row["name"]]["bandwidth_gb_s"])
