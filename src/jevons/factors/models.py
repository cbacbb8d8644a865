"""Models: what is known of the size behind a name.

Order: a row of ``models.csv`` that names the size > parameters read from the name (``-70b``, ``:7b``,
``8x7b``, ``30b-a3b``) > size of the lineage > size tier of a closed model > unknown, the widest.
A pattern matches a whole name or its beginning up to ``-``, ``.``, ``:``, ``_`` or ``@``; ``a*b`` needs
the words b somewhere after a. The longest pattern wins.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from jevons.factors.table import index, rows, source

_ROUTE = re.compile(r"^(?:us|us-gov|eu|apac|au|jp|ca|global)\.")
_MAKER = re.compile(
    r"^(?:(?:anthropic|amazon|meta|mistral|cohere|openai|qwen|deepseek|ai21|google|nvidia|minimax|moonshot|moonshotai"
    r"|zai|writer|stability|luma|twelvelabs)\.|(?:openai|anthropic|google|meta|mistralai|zai|xai|amazon)-)"
)
_DATE = re.compile(r"[-@](?:20\d{2}-?[01]\d-?[0-3]\d|\d{4})(?=$|[-:@])")
_TAIL = re.compile(r"(?:-v\d+)?:\d+(?:k)?$|[:-]latest$|:free$|-\d{3}$|@.*$")
_MIX = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z0-9])")
_SIZE = re.compile(r"(?<![0-9.])(?<!a)(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")
_ACTIVE = re.compile(r"-a(\d+(?:\.\d+)?)b(?![a-z0-9])")
_BREAK = "-.:_@"

MIXTURE_TOTAL = 0.82
"""Parameters of an NxS mixture over N x S, as experts share attention: 46.7 / 56 and 141 / 176 in Mixtral."""
MIXTURE_ACTIVE = 0.277
"""Active over total parameters of a mixture with two experts of eight: 12.9 / 46.7 and 39 / 141 in Mixtral."""
ROUNDING = 1.1
"""A name rounds its parameter count by up to 10 %."""
SAME_SIZE = 1.15
"""Two figures this close mean one size."""


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
    """``chat`` or ``embeddings``."""
    knowledge: str
    """``known``, ``name`` (size read from the name), ``tier`` (closed) or ``unknown``."""
    tier: str
    """Size tier of a closed model; empty where parameters are known."""
    total_b: Size
    active_b: Size
    """Parameters that one token uses: fewer than all in a mixture of experts."""
    source: str
    source_url: str
    licence: str
    note: str = ""
    steps: tuple[str, ...] = ()


def normalise(name: str) -> str:
    """A model's name without provider, route, date and version: ``us.anthropic.claude-3-5-haiku-20241022-v1:0``."""
    short = name.strip().lower().rpartition("/")[2]
    short = _MAKER.sub("", _ROUTE.sub("", short))
    while True:
        shorter = _DATE.sub("", _TAIL.sub("", short))
        if shorter == short or not shorter:
            return short
        short = shorter


def parameters(name: str) -> tuple[float, float] | None:
    """Total and active parameters in billions, read from a normalised name; None where it shows none."""
    mixture = _MIX.search(name)
    if mixture:
        total = int(mixture[1]) * float(mixture[2]) * MIXTURE_TOTAL
        return total, total * MIXTURE_ACTIVE
    size = _SIZE.search(name)
    if not size:
        return None
    total = float(size[1]) * (1.0 if size[2] == "b" else 1e-3)
    active = _ACTIVE.search(name)
    return (total, min(float(active[1]), total)) if total > 0 and active else ((total, total) if total > 0 else None)


@lru_cache(maxsize=1)
def _patterns() -> tuple[dict[str, dict[str, str]], list[tuple[str, str, dict[str, str]]]]:
    plain: dict[str, dict[str, str]] = {}
    starred = []
    for row in rows("models"):
        before, star, after = row["pattern"].partition("*")
        if star:
            starred.append((before, after, row))
        else:
            plain[before] = row
    return plain, starred


def _match(name: str) -> dict[str, str] | None:
    plain, starred = _patterns()
    best: dict[str, str] | None = None
    length = 0
    for end in range(len(name), 0, -1):
        if end == len(name) or name[end] in _BREAK:
            best = plain.get(name[:end])
            if best:
                length = end
                break
    words = re.sub(r"[.:_@]", "-", name)
    for before, after, row in starred:
        size = len(before) + len(after)
        if size > length and name.startswith(before) and f"-{after}-" in f"-{words[len(before) :]}-":
            best, length = row, size
    return best


def _sizes(row: dict[str, str]) -> tuple[Size, Size]:
    if row["tier"]:
        row = index("models", "pattern")[f"tier:{row['tier']}"]
    total = Size(float(row["total_low_b"]), float(row["total_b"]), float(row["total_high_b"]))
    active = Size(float(row["active_low_b"]), float(row["active_b"]), float(row["active_high_b"]))
    return total, active


def _model(name: str, row: dict[str, str], kind: str, **fields: object) -> Model:
    total, active = _sizes(row)
    of = source(row["source"])
    base: dict[str, object] = {
        "name": name,
        "lineage": row["lineage"],
        "maker": row["provider"],
        "kind": row["kind"] or kind,
        "knowledge": "tier" if row["tier"] else "known",
        "tier": row["tier"],
        "total_b": total,
        "active_b": active,
        "source": of.title,
        "source_url": of.url,
        "licence": of.licence,
        "note": row["note"],
    }
    return Model(**{**base, **fields})  # type: ignore[arg-type]


@lru_cache(maxsize=2048)
def look_up(name: str, kind: str = "chat") -> Model:
    """What is known of a model by the name that a caller or a server gave it.

    `kind` (``chat`` or ``embeddings``) chooses the tier of a name that tells nothing.
    """
    short = normalise(name)
    row = _match(short)
    read = parameters(short)
    if row and row["fixed"] and not row["pattern"].startswith("tier:"):
        return _model(short, row, kind, steps=(f"{name} > row {row['pattern']}",))
    if read:
        total, active = read
        if row and not row["tier"] and 1 / SAME_SIZE <= total / float(row["total_b"]) <= SAME_SIZE:
            return _model(short, row, kind, steps=(f"{name} > row {row['pattern']}, of the size that the name says",))
        of = source("named")
        return Model(
            name=short,
            lineage=row["lineage"] if row else "",
            maker=row["provider"] if row else "",
            kind=row["kind"] if row else kind,
            knowledge="name",
            tier="",
            total_b=Size(total / ROUNDING, total, total * ROUNDING),
            active_b=Size(active / ROUNDING, active, active * ROUNDING),
            source=of.title,
            source_url=of.url,
            licence=of.licence,
            steps=(f"{name} > {total:g} billion parameters in the name",),
        )
    if row and not row["pattern"].startswith("tier:"):
        step = f"{name} > row {row['pattern']}" + (f" > size tier {row['tier']}" if row["tier"] else "")
        return _model(short, row, kind, steps=(step,))
    tier = "embedding" if kind == "embeddings" else "unknown"
    row = index("models", "pattern")[f"tier:{tier}"]
    steps = (f"{name or '(no name)'} > nothing known, the widest tier",)
    return _model(short, row, kind, knowledge="unknown", steps=steps)
