"""VALIDATION.md: every bar, interval and failure of the energy model, each table with the digest of its data.

python validation/document.py MEASUREMENTS.csv             print it
python validation/document.py MEASUREMENTS.csv --write     and write it, and src/jevons/footprint/fitted.json
python validation/document.py MEASUREMENTS.csv --constants only say whether what ships is what these rows give
"""

from __future__ import annotations

import argparse
import importlib
import pathlib

import energy
import latency
import numpy as np
from points import Points
from rows import HERE, Rows
from states import SERVING, say
from tables import Bar, table

from jevons.footprint import step as law

NOTE = (
    "# How well the energy model predicts\n\nWritten by `make validate WRITE=--write`, not by hand. "
    "What the columns mean, and the bars: `validation/PROTOCOL.md`."
)
MORE = {  # chapters that read other data: module, heading
    "accounting": "Accounting",
    "outside": "Other engines and machines",
    "forward": "Forward passes: embeddings and rerankers",
    "disclosures": "What providers disclose",
    "published": "Published results",
    "verdicts": "Verdicts",
    "removable": "Waste in recorded suites",
    "rebound": "Rebound",
}


def main() -> None:
    """Command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("measurements", type=pathlib.Path)
    asked.add_argument("--disclosures", type=pathlib.Path, help="published figures of a query (CSV)")
    asked.add_argument("--cases", type=pathlib.Path, help="published results (JSON)")
    asked.add_argument("--evals", type=pathlib.Path, help="folder of per-item results of evaluations")
    asked.add_argument("--suites", type=pathlib.Path, help="folder of recorded suites, with their counts")
    asked.add_argument("--factors", type=pathlib.Path, help="folder of impact factors that came from elsewhere")
    asked.add_argument("--write", action="store_true")
    asked.add_argument("--constants", action="store_true", help="fit, compare with what ships, and judge nothing")
    told = asked.parse_args()
    rows = Rows(told.measurements, Points())
    fitted = energy.ship(told.measurements, rows)
    if told.write:
        energy.write(fitted)
        law.fitted.cache_clear()
    elif different(rows, fitted, law.fitted()):
        raise SystemExit("what ships is not what is judged: run with --write")
    elif told.constants:
        print("what ships is what these rows give")
        return
    judged = energy.judge(rows)
    bars: list[Bar] = energy.bars(rows, judged)
    chapters = [
        ("Energy of a serving step", energy.section(told.measurements, rows, judged, fitted)),
        ("Latency", latency.section(rows, latency.judge(rows))),
    ]
    data = {
        "accounting": told.factors,
        "outside": told.measurements,
        "forward": told.measurements,
        "disclosures": told.disclosures,
        "published": told.cases,
        "verdicts": told.evals,
        "removable": told.suites,
        "rebound": HERE,  # simulated: it reads nothing
    }
    for name, heading in MORE.items():
        path = data[name]
        if path is not None and path.exists():
            chapters.append((heading, importlib.import_module(name).section(path)))
    missed = sum(not bar.met for bar in bars)
    text = "\n\n".join([
        NOTE,
        f"## Bars of the energy model\n\n{len(bars) - missed} met, {missed} missed.",
        table(["what", "bar", "found", ""], [bar.cells() for bar in bars]),
        *(f"## {heading}\n\n{chapter.strip()}" for heading, chapter in chapters),
    ])  # fmt: skip
    print(text)
    if told.write:
        (HERE.parent / "VALIDATION.md").write_text(text + "\n", encoding="utf-8")


def different(rows: Rows, one: law.Fit, other: law.Fit) -> bool:
    """Whether two fits say other joules of the rows, or other intervals: constants are written with six digits."""
    everything = np.ones(len(rows), bool)
    apart = np.abs(say(rows, one, everything, SERVING) - say(rows, other, everything, SERVING)).max()
    halves = [(one.bands[s][k], other.bands[s][k]) for s in one.bands for k in one.bands[s] if s in other.bands]
    return bool(apart > 1e-4 or set(one.bands) != set(other.bands) or any(abs(a / b - 1) > 1e-3 for a, b in halves))


if __name__ == "__main__":
    main()
