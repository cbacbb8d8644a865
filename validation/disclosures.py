"""What providers and others publish of one query, against what the product says of such a call. Checks, never fits.

    python validation/disclosures.py DISCLOSURES.csv

- Compared: figures that state a boundary which the product has, too: accelerators; accelerators and hosts with PUE but
  without machines in reserve; the facility. One that states none is compared with the facility, and marked.
- Not compared: market-based carbon with anything (the product's is location-based); a site's water with a basin's; what
  gives no tokens, nor is an ordinary chat; what no law describes; sessions of unknown length. `LEFT` says why of each.
- Tokens: output as published, else `CHAT` (judgement; Epoch and Mistral take 500 and 400), and the verdict at half and
  at twice the output, too; input as published, else 300. The model is the one that stood behind the service at the
  time, as far as known.
- A figure outside is reported, and nothing is tuned to it.
"""

from __future__ import annotations

import csv
import math
import pathlib
import re
import sys
from typing import NamedTuple

from tables import sha256, table

from jevons.footprint import account
from jevons.footprint.causes import Term, interval
from jevons.footprint.interval import Interval
from jevons.ledger.cells import cells
from jevons.record import Call

CHAT = (300, 400)
"""Input and output tokens of a chat where the publisher gives none."""
GPU, RUNNING, FACILITY = "GPU", "server and PUE, no reserve", "facility"
WITHOUT = {GPU: {"host", "idle", "pue"}, RUNNING: {"idle"}, FACILITY: set()}
"""Factors of the chain that a boundary leaves out."""
CARBON, SITE_WATER = "carbon, hardware included", "water on site"


class Claim(NamedTuple):
    """One published figure: where it stands in the file, and the call that it speaks of."""

    row: tuple[str, str]
    """How actor and service begin."""
    of: str
    """Column, or a pattern whose group is the figure in ``other``."""
    boundary: str
    provider: str
    model: str
    tokens: tuple[int, int] | None = None
    """Input, and output as published; None: `CHAT`."""
    note: str = ""
    scale: float = 1.0


CLAIMS = (
    Claim(("Google", "Gemini"), "energy_wh", FACILITY, "gcp.gemini", "gemini-2.5-flash"),
    Claim(("Google", "Gemini"), "energy_wh", FACILITY, "gcp.gemini", "gemini-2.5-pro"),
    Claim(("Google", "Gemini"), r"boundary ([\d.]+) Wh", GPU, "gcp.gemini", "gemini-2.5-flash"),
    Claim(("Google", "Gemini"), "water_ml", SITE_WATER, "gcp.gemini", "gemini-2.5-flash", note="WUE is Google's own"),
    Claim(("OpenAI", "ChatGPT"), "energy_wh", FACILITY, "openai", "gpt-4o", note="boundary not stated"),
    Claim(("Mistral", "Mistral Large 2"), "co2e_g", CARBON, "mistral_ai", "mistral-large-2", (300, 400)),
    Claim(("Microsoft", "frontier LLM"), "energy_wh", FACILITY, "azure.ai.openai", "gpt-4o"),
    Claim(("Microsoft researchers", "frontier"), "energy_wh", FACILITY, "azure.ai.openai", "gpt-4o"),
    Claim(("Epoch", "GPT-4o"), "energy_wh", RUNNING, "openai", "gpt-4o", (300, 500)),
    Claim(("Epoch", "GPT-4o"), r"10k input: ([\d.]+) Wh", RUNNING, "openai", "gpt-4o", (10_000, 500)),
    Claim(("Epoch", "GPT-4o"), r"100k input: ~([\d.]+) Wh", RUNNING, "openai", "gpt-4o", (100_000, 500)),
    Claim(("Jegham", "GPT-4o"), "energy_wh", FACILITY, "openai", "gpt-4o", (100, 300)),
    Claim(("Jegham", "GPT-4o"), r"Sonnet ~([\d.]+) /", FACILITY, "anthropic", "claude-3-7-sonnet-latest", (100, 300)),
    Claim(("Jegham", "GPT-4o"), r"Sonnet ~[\d.]+ / ([\d.]+)", FACILITY, "anthropic", "claude-3-7-sonnet-latest",
          (1_000, 1_000)),
    Claim(("Jegham", "GPT-4o"), r"Sonnet ~[\d.]+ / [\d.]+ / ([\d.]+)", FACILITY, "anthropic",
          "claude-3-7-sonnet-latest", (10_000, 1_500)),
    Claim(("MIT", "Llama 3.1 8B"), "energy_wh", GPU, "", "llama-3.1-8b-instruct", note="fitted data", scale=0.5),
    Claim(("MIT", "Llama 3.1 405B"), "energy_wh", GPU, "", "llama-3.1-405b-instruct", note="fitted data", scale=0.5),
)  # fmt: skip
"""MIT's figures are the GPU's doubled: halved here; of ML.ENERGY, whose rows are fitted to. Prompts of Jegham et al.
2025: short 100 tokens in and 300 out, medium 1,000 and 1,000, long 10,000 and 1,500."""
LEFT = (
    (("Google", "Gemini"), "co2e_g", "market-based"),
    (("OpenAI", "ChatGPT"), "water_ml", "neither site nor basin stated"),
    (("Mistral", "Mistral Large 2"), "water_ml", "water of making the hardware included"),
    (("MIT", "Stable Diffusion"), "energy_wh", "no law for images"),
    (("MIT", "CogVideoX"), "energy_wh", "no law for video"),
    (("Hugging Face", ""), "energy_wh", "no tokens given; answers of thousands of hidden tokens, one at a time"),
    (("Simon", "Claude Code"), "energy_wh", "a session, no tokens given"),
    (("Luccioni", "BLOOM"), "energy_wh", "16 GPUs, mostly waiting: idle time is most of it"),
    (("Luccioni", "BLOOM"), "co2e_g", "16 GPUs, mostly waiting: idle time is most of it"),
    (("de Vries", "ChatGPT"), "energy_wh", "derived from sales of servers, called outdated"),
)
"""Figures that are not compared, and why."""


def says(claim: Claim, times: float = 1.0) -> Interval:
    """What the product says of such a call within the claim's boundary, in its unit; `times` its output tokens.

    Through the same doors as any call of a suite: one call, its cell, its account.
    """
    fresh, output = claim.tokens or CHAT
    call = Call(
        id="1", run="r", provider=claim.provider, model=claim.model, usage="reported", status=200,
        input_tokens=fresh, output_tokens=round(output * times),
    )  # fmt: skip
    (made,) = account(cells([call]))
    if claim.boundary == CARBON:
        return interval([*made.figures.terms("carbon_g"), *made.figures.terms("embodied_g")])
    if claim.boundary == SITE_WATER:
        return interval([next(made.figures.terms("water_l"))]) * 1_000
    without = WITHOUT[claim.boundary]
    (term,) = made.figures.terms("energy_wh")
    taken = math.prod(factor.value for factor in made.factors if factor.name in without)
    return interval([Term(term.amount / taken, tuple(one for one in term.causes if one.name not in without))])


def rows_of(file: list[dict[str, str]], of: tuple[str, str]) -> list[dict[str, str]]:
    """Rows whose actor and service begin like this."""
    return [row for row in file if row["actor"].startswith(of[0]) and row["model_or_service"].startswith(of[1])]


def published(file: list[dict[str, str]], claim: Claim) -> float:
    """The figure that a claim speaks of; ValueError where the file has it no more."""
    for row in rows_of(file, claim.row):
        found = (
            re.search(f"^()({row[claim.of]})$", row[claim.of]) if claim.of in row else re.search(claim.of, row["other"])
        )
        if found and found[0]:
            return float(found[found.re.groups]) * claim.scale
    raise ValueError(f"{claim.row}: no {claim.of}")


def unaccounted(file: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """Figures (actor, service, column) that are neither compared nor left out with a reason."""
    known = [(claim.row, claim.of) for claim in CLAIMS] + [(of, column) for of, column, _ in LEFT]
    return [
        (row["actor"], row["model_or_service"], column)
        for row in file
        for column in ("energy_wh", "co2e_g", "water_ml")
        if row[column] and not any(column == named and row in rows_of(file, of) for of, named in known)
    ]


def verdict(figure: float, said: Interval) -> str:
    """Whether an interval holds a figure."""
    return "inside" if said.low <= figure <= said.high else "below" if figure < said.low else "above"


def section(disclosures_csv: pathlib.Path) -> str:
    """The table as Markdown, and what is left out of it. ValueError where a figure of the file is in neither."""
    with disclosures_csv.open(encoding="utf-8", newline="") as opened:
        file = list(csv.DictReader(opened))
    forgotten = unaccounted(file)
    if forgotten:
        raise ValueError(f"neither compared nor left out: {forgotten}")
    lines, held = [], 0
    for claim in CLAIMS:
        figure = published(file, claim)
        half, said, twice = (says(claim, times) for times in (0.5, 1.0, 2.0))
        held += verdict(figure, said) == "inside"
        unit = {CARBON: "g", SITE_WATER: "mL"}.get(claim.boundary, "Wh")
        fresh, output = claim.tokens or CHAT
        lines.append([
            f"{claim.row[0]}: {claim.model}", f"{figure:.3g} {unit}",
            f"{said.low:.2g} to **{said.mid:.2g}** to {said.high:.2g}", f"{said.mid / figure:.2g}",
            verdict(figure, said),
            f"{verdict(figure, half)}, {verdict(figure, twice)}",
            f"{fresh:,} + {output:,}{'' if claim.tokens else ' (assumed)'}",
            "; ".join(filter(None, (claim.boundary, claim.note))),
        ])  # fmt: skip
    head = [
        "disclosure",
        "published",
        "ours (90 %)",
        "ours/published",
        "published is",
        "at half, twice the output",
        "tokens",
        "boundary",
    ]
    left = [f"- {actor}{', ' * bool(service)}{service} ({column}): {why}" for (actor, service), column, why in LEFT]
    return "\n".join([
        table(head, lines),
        f"\n{held} of {len(CLAIMS)} inside. Sizes of closed models are known to a tier only and intervals are wide: "
        "a figure inside confirms little, one outside refutes.",
        "\nNot compared:\n", *left,
        f"\nSHA-256 of the file {sha256(disclosures_csv)}.",
    ])  # fmt: skip


if __name__ == "__main__":
    print(section(pathlib.Path(sys.argv[1])))
