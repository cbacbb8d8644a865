"""Write model_prices.csv of `jevons.factors` from genai-prices, and judge the size tiers on open models.

    python tools/derive_models.py            (needs the package genai-prices)

model_prices.csv  output price at release, US dollars per million tokens, of every model of genai-prices whose size
                  no row of models.csv and no name tells. The maker's own price where it sells the model itself,
                  else the median over those who do. Batch and free offers are left out.

A tier is chosen by that price (`jevons.factors.models.TIER_BELOW_USD`). Its sizes are judged on the models whose
size is known: one point per size of a lineage, at the median price over hosts and variants. The script prints the
rank correlation of price with size, and by tier the sizes found and the share that the tier's interval holds.
"""

from __future__ import annotations

import csv
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from genai_prices import data

from jevons.factors import models, names, table

TABLES = Path(table.TABLES)
MAKERS = {
    "x-ai": "x_ai", "moonshotai": "moonshot_ai", "mistral": "mistral_ai", "mistralai": "mistral_ai", "z-ai": "zai",
    "aws": "amazon", "zhipuai": "zai", "qwen": "alibaba", "bytedance-seed": "bytedance", "01-ai": "01_ai",
}  # fmt: skip
"""Providers and owners of repositories under the name of the maker in models.csv."""
SKIPPED = (":batch", ":free", "-contributor", "ft:", ".ft-", "~", "-latest", "-highspeed", "-ultraspeed", "-flash-us")
"""Marks of offers whose price tells of the service, and of names that mean another model every month."""
DOUBTED = {"gemini-pro", "gemini-pro-vision", "gemini-1.0-pro", "gemini-1.0-pro-vision", "mistral-medium"}
"""Priced by the character when released; a name that has meant several models."""


def output_price(prices: object) -> float | None:
    """Dollars per million output tokens, of the first price where there were several, for a short prompt."""
    first = prices[0].prices if isinstance(prices, list) else prices
    price = getattr(first, "output_mtok", None)
    price = getattr(price, "base", price)
    return float(price) if price else None


def offers() -> dict[str, list[tuple[str, str, float]]]:
    """By spelled name: maker or provider, id and price of each offer."""
    found = defaultdict(list)
    for provider in data.providers:
        for model in provider.models:
            price = output_price(model.prices)
            key = names.spelling(names.normalise(model.id))
            if price and key and not any(mark in model.id for mark in SKIPPED) and key not in DOUBTED:
                found[key].append((MAKERS.get(provider.id, provider.id), model.id, price))
    for key in list(found):
        base = found.get(key.removesuffix("-fast").removesuffix("-prime").removesuffix("-us"))
        if base and median(found[key]) > median(base):  # the same model, served first
            del found[key]
    return dict(found)


def median(offered: list[tuple[str, str, float]]) -> float:
    return statistics.median(price for _, _, price in offered)


def own_price(maker: str, offered: list[tuple[str, str, float]]) -> float | None:
    """What the maker itself asks."""
    return next((price for provider, _, price in offered if provider == maker), None)


def maker(offered: list[tuple[str, str, float]]) -> str:
    scoped = [id_.split("/")[0].lower() for _, id_, _ in offered if id_.count("/") == 1]
    return MAKERS.get(scoped[0], scoped[0]).replace("-", "_") if scoped else ""


def ranks(values: list[float]) -> list[float]:
    """Ranks, ties sharing their mean."""
    return [sum(other < value for other in values) + (values.count(value) + 1) / 2 for value in values]


def known(offered: dict[str, list[tuple[str, str, float]]], own: bool) -> list[tuple[float, float, float]]:
    """Price, total and active parameters: one point per size of a lineage whose size is known."""
    points = defaultdict(list)
    for key, those in offered.items():
        model = models.look_up(key)
        if (
            model.knowledge in ("known", "name")
            and model.kind == "chat"
            and model.total_b.high <= 1.3 * model.total_b.low
        ):
            price = own_price(model.maker, those) if own else median(those)
            if price:
                points[model.lineage or key, model.total_b.value, model.active_b.value].append(price)
    return [(statistics.median(prices), total, active) for (_, total, active), prices in points.items()]


def judge(points: list[tuple[float, float, float]]) -> None:
    price, total, active = (ranks([point[i] for point in points]) for i in range(3))
    for name, size in (("total", total), ("active", active)):
        print(f"  rank correlation of price with {name} parameters {statistics.correlation(price, size):.2f}")
    held = 0
    for tier in models.TIER_BELOW_USD:
        row = table.index("models", "pattern")[f"tier:{tier}"]
        inside = [point for point in points if models.tier_of(point[0]) == tier]
        both = [True] * len(inside)
        text = [f"  {tier}: {len(inside)} models"]
        for which, size in ((1, "total"), (2, "active")):
            low, high = (float(row[f"{size}_{bound}_b"]) for bound in ("low", "high"))
            kept = [low <= point[which] <= high for point in inside]
            both = [a and b for a, b in zip(both, kept, strict=True)]
            sizes = sorted(point[which] for point in inside)
            cut = [f"{sizes[round(share * (len(sizes) - 1))]:g}" for share in (0.05, 0.25, 0.5, 0.75, 0.95) if sizes]
            text.append(f"{size} 5, 25, 50, 75, 95 %: {', '.join(cut)}; {low:g} to {high:g} holds {sum(kept)}")
        held += sum(both)
        print("; ".join(text))
    print(f"  both sizes within their tier: {held} of {len(points)}, {held / len(points):.1%}")


def write(offered: dict[str, list[tuple[str, str, float]]]) -> None:
    """Write the table anew; rows that are there would hide what is not known without them."""
    path = TABLES / "model_prices.csv"
    path.write_text("pattern,provider,usd_per_mtok\n", encoding="utf-8")
    lines: dict[str, list[str]] = {}
    for key, those in sorted(offered.items()):
        model = models.look_up(key)
        if model.knowledge in ("tier", "unknown") and model.kind == "chat":
            price = own_price(model.maker, those) or median(those)
            pattern = key if model.maker or any(map(str.isdigit, key)) else f"{key}$"
            shorter = next(
                (key[:end] for end in range(len(key) - 1, 0, -1) if key[end] == "-" and key[:end] in lines), ""
            )
            if not shorter or lines[shorter][2] != f"{price:g}":
                lines[pattern] = [pattern, model.maker or maker(those), f"{price:g}"]
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines.values())
    print(f"{path.name}: {len(lines)} rows")


def main() -> None:
    offered = offers()
    write(offered)
    for own, title in ((False, "median over hosts"), (True, "sold by its maker")):
        points = known(offered, own)
        print(f"{len(points)} open models of known size, {title}:")
        judge(points)


if __name__ == "__main__":
    sys.exit(main())
