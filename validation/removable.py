"""The finder of `jevons cut` on recorded suites: beside an independent count, and the footprint that need not be.

    python validation/removable.py [FOLDER of .tar.zst and stats.csv]

Each archive is scanned into a ledger of its own and goes through the finder: what asking each thing once, and a
provider's prompt cache, would leave out when the suite is recorded anew. The suites are not part of the project; the
README of their folder defines what its stats.csv counts.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tables import Bar, sha256, table

from jevons.cut.waste import Plan, Store, plan
from jevons.cut.waste.plan import Saving
from jevons.cut.waste.prefixes import LEAST, serve
from jevons.ledger.home import Home
from jevons.ledger.read import runs
from jevons.ledger.spans import pick
from jevons.ledger.spool import Spool
from jevons.record import Run
from jevons.report.numbers import digits, percent
from jevons.sources.calls import Options
from jevons.sources.scan import scan

SUITES = Path(__file__).parents[2] / "shared" / "data" / "suites"
REPEATS, PREFIXES = 1.0, 3.0
"""Points that a share may be apart from the independent count."""
COUNTED = {
    "exact": ("exact_dup_share", REPEATS),
    "meaning": ("content_dup_share", REPEATS),
    "any prefix": ("prefix_share_suite_nomin", PREFIXES),
    f"prefix from {LEAST:,}": ("prefix_share_suite_min1024", PREFIXES),
}
APART = (
    "Where a share is a point or more apart, that is known. llama-stack: of 39 recordings (Messages, Gemini "
    "interactions) the other count reads neither body nor status and takes 37 for repeats; of the 2,842 others both "
    "count 585. It also takes 31 answers with HTTP 400 for successes, 15 of them among these 39. openinference: 26 "
    "calls to Bedrock agents, a third of the suite's input, are calls here and none there. Elsewhere prefixes differ "
    "by what is cut: texts there, the canonical prompt with its JSON here, in blocks that grow."
)


class Found(NamedTuple):
    """What the finder found in one archive."""

    name: str
    plan: Plan
    shares: dict[str, float]
    """Per cent, by the names of `COUNTED`."""


def looked_through(archive: Path) -> Found:
    """One archive through the finder."""
    run = Run(id="20261101T000000-0001-scan-0123456789ab", started_us=1, ended_us=2)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / ".jevons")
        spool = Spool(home, run.id)
        spool(run)
        scan([archive], Options(run.id, "k", b"secret", True), root=archive.parent, sink=spool)
        spool.close()
        known = runs(home)
        with Store([home], pick(known, "latest"), known) as store:
            made = plan(store)
            good = store.one("SELECT count(*) FROM target WHERE ok")
            parts = (made.repeats / good, made.same_meaning / good, _served(store, 0), _served(store, LEAST))
    shares = {name: 100 * part for name, part in zip(COUNTED, parts, strict=True)}
    return Found(archive.name.removesuffix(".tar.zst").replace("+", "/"), made, shares)


def _served(store: Store, minimum: int) -> float:
    """Part of the input of all generation calls that a cache that forgets nothing would serve."""
    store.con.execute("DELETE FROM hits")
    serve(store, minimum, lifetime_us=None, any_host=True, net=False)
    kinds = "ok AND usage = 'reported' AND kind IN ('chat', 'completion')"
    return float(store.one(f"SELECT (SELECT coalesce(sum(more), 0) FROM hits) / sum(i) FROM target WHERE {kinds}"))


def row(found: Found) -> list[str]:
    """A line of the table: calls, then parts of calls and of carbon."""
    made = found.plan
    levels = {one.risk: one.saves for one in made.together}
    neutral = levels.get("neutral")
    repeats = [percent(made.repeats / made.calls), percent(made.same_meaning / made.calls)]
    return [found.name, f"{made.calls:,}", *repeats, _part(neutral), _part(levels.get("check", neutral))]


def _part(one: Saving | None) -> str:
    if one is None or one.carbon is None:
        return "0 %" if one is None else "no figure"
    low, high = (digits(100 * end) for end in (one.carbon.low, one.carbon.high))
    return percent(one.carbon.mid) + (f" ({low} to {high})" if low != high else "")


def bars(every: list[Found], counted: dict[str, dict[str, str]]) -> Iterator[Bar]:
    """Each share beside the independent count, the suite that is farthest from it named."""
    for name, (column, points) in COUNTED.items():
        apart = {one.name: one.shares[name] - 100 * float(counted[one.name][column]) for one in every}
        worst = max(apart, key=lambda suite: abs(apart[suite]))
        held = sum(abs(by) <= points for by in apart.values())
        told = f"{held} of {len(apart)} suites; most {apart[worst]:+.1f} ({worst})"
        yield Bar(f"{name}: share beside an independent count", f"within {points:g} points", told, held == len(apart))


def section(folder: Path) -> str:
    """The chapter of VALIDATION.md."""
    archives = sorted(folder.glob("*.tar.zst"))
    if not archives:
        return "No recorded suites were at hand."
    with (folder / "stats.csv").open(newline="", encoding="utf-8") as file:
        counted = {line["repo"]: line for line in csv.DictReader(file)}
    every = [looked_through(archive) for archive in archives]
    beside = [
        [one.name, *(f"{one.shares[name]:.1f} ({100 * float(counted[one.name][column]):.1f})"
                     for name, (column, _) in COUNTED.items())]
        for one in every
    ]  # fmt: skip
    return "\n\n".join([
        "Recorded traffic of public test suites, each through `jevons scan` and the finder of `jevons cut`.",
        table(["what", "bar", "found", ""], [bar.cells() for bar in bars(every, counted)]),
        "Shares in per cent, the independent count in brackets: of calls asked before, word for word or in meaning; of "
        f"input tokens that begin as a prompt before them, at all or for {LEAST:,} tokens or more.",
        table(["suite", *COUNTED], beside),
        APART,
        "### Share of footprint removable",
        "If the suite is recorded anew: neutral needs no look at the tests, the rest does.",
        table(["suite", "calls", "asked before", "or in meaning", "carbon, neutral", "carbon, with a check"],
              map(row, every)),
        f"SHA-256 of stats.csv {sha256(folder / 'stats.csv')}.",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=SUITES)
    print(section(parser.parse_args().folder))


if __name__ == "__main__":
    main()
