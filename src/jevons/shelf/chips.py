"""Chips that models are trained on: those of `factors.gpus`, and older ones of ``tables/chips.csv``; and what a card's
words say of them."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import msgspec

from jevons.factors.gpus import gpu
from jevons.factors.table import rows

_TABLE = Path(__file__).parent / "tables" / "chips.csv"
_COUNT = re.compile(r"^\W*(\d+)\s*(?:[x×*]\s*)?(?=[a-z])|(?<![\w.])[x×]\s?(\d+)(?![\w.])", re.IGNORECASE)
_HOURS = re.compile(r"(?:for\s+)?(?:about\s+|~\s*)?(\d[\d,]*(?:\.\d+)?)\s*(?:h|hrs?|hours?)\b", re.IGNORECASE)
_TPU = re.compile(r"tpu[\s-]*v(\d[ep]?)(?:[\s-]*(\d+))?", re.IGNORECASE)
_WORD = re.compile(
    r"(?:RTX\s?(?:A?\d{4})(?:\s?(?:Ti|Ada))?|[ABHLTVP]\d{1,3}[A-Z]?|G?B[23]00|MI\d{3}X?|Gaudi\s?\d|TPU[\s-]*v\d[ep]?)",
    re.IGNORECASE,
)
CORES_PER_CHIP = 2
"""TPU v2 to v4 are counted in cores: a v3-8 has four chips (Google Cloud, TPU documentation)."""


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """One accelerator."""

    name: str
    tdp_w: float
    bf16_tflops: float
    """Dense, in 16 bits."""
    source: str

    @property
    def flop_per_j(self) -> float:
        """Operations per joule at peak and TDP: more is not possible."""
        return self.bf16_tflops * 1e12 / self.tdp_w


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What words say of hardware."""

    chip: Chip | None
    count: float | None
    hours: float | None


@cache
def _older() -> tuple[Chip, ...]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Chip(
                name=row["name"],
                tdp_w=float(row["tdp_w"]),
                bf16_tflops=float(row["bf16_tflops"]),
                source=f"{row['source']} {row['url']}",
            )
            for row in csv.DictReader(file)
        )


def chip(name: str) -> Chip | None:
    """A chip by the name that people give it; None where it is not known."""
    found = gpu(name)
    if found is not None:
        return Chip(name=found.name, tdp_w=found.tdp_w, bf16_tflops=found.bf16_tflops, source=found.source)
    short = _short(name)
    return next((one for one in _older() if short and _short(one.name).startswith(short)), None)


def _short(name: str) -> str:
    return re.sub(r"NVIDIA|TESLA|GEFORCE|GOOGLE|\d+GB|[^A-Z0-9]", "", name.upper())


def names() -> list[str]:
    """All chips that are known."""
    return [row["name"] for row in rows("gpus")] + [one.name for one in _older()]


def best_flop_per_j() -> float:
    """The most operations per joule of any chip that is known."""
    known = [chip(name) for name in names()]
    return max(one.flop_per_j for one in known if one is not None)


def said(words: str) -> Said:
    """What words say: ``8 v100 16GB``, ``1 x NVIDIA GeForce RTX 3090``, ``P100 for about 1.5 hours``."""
    hours = _HOURS.search(words)
    tpu = _TPU.search(words)
    count = _COUNT.search(words)
    number = float(count[1] or count[2]) if count else None
    if tpu:
        cores = float(tpu[2]) if tpu[2] else None
        chips = cores / CORES_PER_CHIP * (number or 1) if cores and tpu[1] in "234" else number
        found, number = chip(f"TPU-v{tpu[1]}"), chips
    else:
        word = _WORD.search(words)
        found = (chip(words) or chip(word[0])) if word else None
    return Said(chip=found, count=number, hours=float(hours[1].replace(",", "")) if hours else None)
