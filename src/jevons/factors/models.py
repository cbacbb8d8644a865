"""Models: what is known of the size behind a name.

A name is first brought to one spelling (`names`). Then, in this order: a row of ``models.csv`` of the size that
the name says (or that says none) > parameters read from the name (``-70b``, ``8x7b``, ``30b-a3b``) > size tier of
a closed model, by its output price > unknown, the widest. Add a model by adding a row:

    llama-3.1         a name that is this or goes on after "-"
    qwen-3$           this and nothing more (but words like "instruct"): a default size
    qwen-3*32b        "32b" somewhere after it

The longest pattern that a name begins with wins; a name that begins with none may hold one (a deployment called
``prod-gpt-4o``, a fine-tune called ``hermes-3-llama-3.1-8b``). ``model_prices.csv`` (written by
``tools/derive_models.py``) has the output prices, ``model_kinds.csv`` the names that make no text.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec

from jevons.factors.names import normalise, parameters, spelling, weight_bits
from jevons.factors.table import index, rows, source

TIER_BELOW_USD = {"small": 1.0, "medium": 6.0, "large": 20.0, "extra large": math.inf}
"""Size tier of a model of unknown size: the first whose output price at release, in US dollars per million tokens,
is not exceeded. Its sizes were set to hold 90 % of the open models sold at that price (``tools/derive_models.py``)."""
SPARSE_ABOVE_B = 410.0
"""Every served model above 405 billion parameters whose card is published is a mixture of experts."""
SPARSE_ACTIVE = (0.03, 0.07, 0.14)
"""Active over total parameters there: Kimi K2 32 / 1000, Qwen3-Coder 35 / 480, Hunyuan-Large 52 / 389."""
ROUNDING = 1.1
"""A name rounds its parameter count by up to 10 %."""
SAME_SIZE = 1.25
"""Two figures this close mean one size: ``a3b`` of Nemotron 3 Nano is 3.5."""
INSIDE = 5
"""Letters of the shortest pattern that is looked for inside a name."""
_NEUTRAL = re.compile(
    r"(?:-(?:instruct|instruction|chat|it|text|base|hf|gguf|ggml|awq|gptq|mlx|bnb|[2-8]bit|bf16|fp16|f16|fp32|fp8|fp4"
    r"|nvfp4|mxfp4|int4|int8|i?q\d(?:-(?:[01k]|xxs|xs|s|m|nl))?(?:-[sml])?|v\d(?:\.\d)?|thinking|preview|exp|maas))+$"
)
"""Words that make no other model of a name."""


class Size(msgspec.Struct, frozen=True):
    """Parameters in billions, with their 90 % interval."""

    low: float
    value: float
    high: float


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model."""

    name: str
    """Name without provider, route, date and version."""
    lineage: str
    maker: str
    kind: str
    """``chat`` or ``embeddings``; ``rerank``, ``moderation``, ``image``, ``audio``, ``video`` or ``other`` where
    the name says so: what the laws of text do not describe."""
    knowledge: str
    """``known``, ``name`` (size read from the name), ``tier`` (closed) or ``unknown``."""
    tier: str
    """Size tier of a closed model; empty where parameters are known."""
    total_b: Size
    active_b: Size
    """Parameters that one token uses: fewer than all in a mixture of experts."""
    architecture: str = ""
    """``dense``, ``moe``, ``hybrid`` (few layers of attention), ``encdec``, ``embedding``; empty where unknown."""
    weight_bits: float | None = None
    """Bits of a weight as the name states them, else as its maker releases it; None where unknown."""
    layers: int | None = None
    kv_bytes_per_token: float | None = None
    """Bytes that one token of context takes in a 16-bit cache, all layers of attention counted whole (a sliding
    window makes it less once full); None where unknown."""
    source: str
    source_url: str
    """The model's card where there is one."""
    licence: str
    note: str = ""
    steps: tuple[str, ...] = ()


class _Pattern(NamedTuple):
    head: str
    words: tuple[str, ...]
    whole: bool
    row: dict[str, str]

    @property
    def length(self) -> int:
        return len(self.head) + sum(map(len, self.words)) + self.whole


@cache
def _patterns(table: str) -> list[_Pattern]:
    """Patterns of a table, the longest first."""
    found = []
    for row in rows(table):
        head, *words = row["pattern"].removesuffix("$").split("*")
        if ":" not in head:  # the tiers themselves
            found.append(_Pattern(head, tuple(words), row["pattern"].endswith("$"), row))
    return sorted(found, key=lambda pattern: -pattern.length)


def _match(table: str, key: str, inside: bool = False) -> _Pattern | None:
    bare = _NEUTRAL.sub("", key)
    padded = f"-{key}-"
    for pattern in _patterns(table):
        if pattern.whole:
            if not inside and pattern.head in (key, bare):
                return pattern
            continue
        if inside and not _telling(table, pattern.head):
            continue
        _, found, after = padded.partition(f"-{pattern.head}-")
        if found and (inside or padded.startswith(found)) and all(f"-{word}-" in f"-{after}" for word in pattern.words):
            return pattern
    return None


def _telling(table: str, head: str) -> bool:
    """Whether a pattern inside a name is no chance: words like ``step`` and ``router`` are."""
    return table == "model_kinds" or (len(head) >= INSIDE and (table == "models" or any(map(str.isdigit, head))))


def tier_of(price_usd: float) -> str:
    """Size tier of a model that sells a million output tokens at this price."""
    return next(tier for tier, below in TIER_BELOW_USD.items() if price_usd <= below)


def _sizes(row: dict[str, str]) -> dict[str, Any]:
    """Sizes and shape of a row. `cache` is layers x heads x width, for keys and values; or layers x latent (MLA)."""
    shape = [int(number) for number in row["cache"].split("x")] if row["cache"] else []
    return {
        "total_b": _size(row, "total"),
        "active_b": _size(row, "active"),
        "architecture": row["architecture"],
        "weight_bits": float(row["weight_bits"]) if row["weight_bits"] else None,
        "layers": int(row["layers"]) if row["layers"] else None,
        "kv_bytes_per_token": float(math.prod(shape) * (4 if len(shape) == 3 else 2)) if shape else None,
    }


def _size(row: dict[str, str], of: str) -> Size:
    return Size(float(row[f"{of}_low_b"]), float(row[f"{of}_b"]), float(row[f"{of}_high_b"]))


def _named(total: float, active: float | None) -> dict[str, Any]:
    """Sizes that a name says."""
    if active is not None:
        low, used, high = active / ROUNDING, active, active * ROUNDING
    elif total > SPARSE_ABOVE_B:
        low, used, high = (total * share for share in SPARSE_ACTIVE)
    else:
        low, used, high = total / ROUNDING, total, total * ROUNDING
    return {
        "total_b": Size(total / ROUNDING, total, total * ROUNDING),
        "active_b": Size(low, used, high),
        "architecture": "moe" if used < total else "",
    }


def _same(found: _Pattern, read: tuple[float, float | None]) -> bool:
    """Whether a row is of the size that the name says: its pattern names that size, or its figures are close."""

    def close(of: str, said: float) -> bool:
        size = _size(found.row, of)
        return size.high <= size.low * SAME_SIZE and 1 / SAME_SIZE <= said / size.value <= SAME_SIZE

    total = any(map(parameters, found.words)) or close("total", read[0])
    return bool(found.row["fixed"]) or (total and (read[1] is None or close("active", read[1])))


def _resolve(key: str, kind: str) -> tuple[dict[str, Any], str]:
    """Fields of a model by the one spelling of its name, and the step that led there."""
    found, priced, held = _match("models", key), _match("model_prices", key), "begins with"
    if not found and not priced:
        found, priced, held = _match("models", key, True), _match("model_prices", key, True), "holds"
    row = found.row if found else None
    base = {"lineage": row["lineage"], "maker": row["provider"], "kind": row["kind"]} if row else {}
    read = parameters(key)
    if found and row and not row["tier"] and (_same(found, read) if read else not _nearer(priced, found)):
        address = {"source_url": f"https://huggingface.co/{row['card']}"} if row["card"] else {}
        fields = {**base, **_of("known", row["source"], note=row["note"]), **_sizes(row), **address}
        return fields, f"{held} {row['pattern']}"
    if read:
        size = f"{read[0]:g} billion parameters" + (f", {read[1]:g} active" if read[1] else "")
        return {**base, **_of("name", "named"), **_named(*read)}, f"{size} in the name"
    if priced and _nearer(priced, found):
        price = float(priced.row["usd_per_mtok"])
        tier = tier_of(price)
        fields = {"lineage": key.split("-")[0], "maker": priced.row["provider"], "kind": "chat", **base}
        fields |= _of("tier", "prices", tier, f"sold at {price:g} US dollars per million output tokens")
        return fields, f"output price of {priced.row['pattern']}, ${price:g} per million tokens > size tier {tier}"
    if row:
        step = f"{held} {row['pattern']} > size tier {row['tier']}"
        return {**base, **_of("tier", row["source"], row["tier"], row["note"])}, step
    return _of("unknown", "tiers", "embedding" if kind == "embeddings" else "unknown"), "nothing known, the widest tier"


def _nearer(priced: _Pattern | None, found: _Pattern | None) -> bool:
    """Whether a price is of a longer name than a row of models.csv, or as long as one that knows no size."""
    if priced is None or found is None:
        return priced is not None
    return priced.length + bool(found.row["tier"]) > found.length


def _of(knowledge: str, key: str, tier: str = "", note: str = "") -> dict[str, Any]:
    of = source(key)
    sizes = _sizes(index("models", "pattern")[f"tier:{tier}"]) if tier else {}
    told = {"source": of.title, "source_url": of.url, "licence": of.licence, "note": note}
    return {**sizes, "knowledge": knowledge, "tier": tier, **told}


@lru_cache(maxsize=4096)
def look_up(name: str, kind: str = "chat") -> Model:
    """What is known of a model by the name that a caller or a server gave it; never raises.

    `kind` (``chat`` or ``embeddings``) chooses the tier of a name that tells nothing.
    """
    short = normalise(name)
    key = spelling(short)
    fields, step = _resolve(key, kind)
    steps = [" > ".join([name or "(no name)", *([key] if key not in ("", name) else []), step])]
    bits = weight_bits(key)
    if bits is not None:
        fields["weight_bits"] = bits
        steps.append(f"{bits:g} bits a weight in the name")
    makes = _match("model_kinds", key) or _match("model_kinds", key, inside=True)
    if makes:
        fields["kind"] = makes.row["kind"]
        steps.append(f"{makes.row['pattern']} > kind {makes.row['kind']}")
    return Model(**{"name": short, "lineage": "", "maker": "", "kind": kind, **fields, "steps": tuple(steps)})
