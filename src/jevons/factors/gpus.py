"""Accelerators: what their makers say of them, by the names that people and drivers give them."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from jevons.factors.table import rows

_NOISE = re.compile(r"NVIDIA|AMD|INTEL|INSTINCT|TESLA|GEFORCE|HBM\d?E?|\d+GB|[^A-Z0-9]")


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """One accelerator."""

    name: str
    tdp_w: float
    memory_gb: float
    bandwidth_gb_s: float
    bf16_tflops: float
    """Dense."""
    source: str


@lru_cache(maxsize=256)
def gpu(name: str) -> Gpu | None:
    """An accelerator by its name: `H100`, `NVIDIA H100 80GB HBM3`, `A100-SXM-40GB`; None where it is not known.

    A short name means the first row of ``gpus.csv`` that begins with it: the commonest variant.
    """
    table = rows("gpus")
    asked = re.sub(r"[^A-Z0-9]", "", name.upper())
    row = next((row for row in table if re.sub(r"[^A-Z0-9]", "", row["name"].upper()) == asked), None)
    memory = re.search(r"(\d+)\s*GB", name.upper())
    short = _NOISE.sub("", re.sub(r"SXM\d", "SXM", name.upper()))
    if row is None and short:
        alike = [row for row in table if _NOISE.sub("", row["name"].upper()).startswith(short)]
        same = [row for row in alike if memory and float(row["memory_gb"]) == float(memory[1])]
        row = next(iter(same or alike), None)
    if row is None:
        return None
    numbers = {field: float(row[field]) for field in ("tdp_w", "memory_gb", "bandwidth_gb_s", "bf16_tflops")}
    return Gpu(name=row["name"], source=row["source"], **numbers)
