"""Trains a small router: which team answers a question? Multinomial logistic regression on the model's embeddings.

    python train_router.py router.npz

It learns from `router.csv` (the rows marked train), with the settings of `router.toml`, and writes the share of the
other rows that it gets right beside the weights, as `router.json`. ROUTER_SETTINGS names other settings.
"""

import csv
import json
import os
import sys
import tomllib
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from minilm import MiniLM

HERE = Path(__file__).resolve().parent
TELL_EVERY = 1000


def softmax(scores: np.ndarray) -> np.ndarray:
    made = np.exp(scores - scores.max(axis=1, keepdims=True))
    return made / made.sum(axis=1, keepdims=True)


def train(x: np.ndarray, y: np.ndarray, epochs: int, rate: float, decay: float) -> np.ndarray:
    """Weights (features x teams) by gradient descent on the cross entropy; rows of `y` are 1 for the team, else 0."""
    weights = np.zeros((x.shape[1], y.shape[1]))
    for epoch in range(epochs):
        guess = softmax(x @ weights)
        if epoch % TELL_EVERY == 0:
            print(f"epoch {epoch}: loss {-np.log((guess * y).sum(axis=1)).mean():.3f}", flush=True)
        weights -= rate * (x.T @ (guess - y) / len(x) + decay * weights)
    return weights


def main(output: Path) -> None:
    settings = tomllib.loads(Path(os.environ.get("ROUTER_SETTINGS", HERE / "router.toml")).read_text(encoding="utf-8"))
    with (HERE / "router.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    teams = sorted({row["team"] for row in rows})
    embedded, _ = MiniLM().embed([row["question"] for row in rows])
    x = np.hstack([embedded, np.ones((len(rows), 1))]).astype(float)  # the last column is the bias
    y = np.array([[float(row["team"] == team) for team in teams] for row in rows])
    learns = np.array([row["part"] == "train" for row in rows])
    weights = train(x[learns], y[learns], **settings)
    right = (x[~learns] @ weights).argmax(axis=1) == y[~learns].argmax(axis=1)
    with output.open("wb") as file:
        np.savez(file, weights=weights, teams=teams)
    output.with_suffix(".json").write_text(json.dumps({"router accuracy": float(right.mean())}), encoding="utf-8")
    print(f"{right.sum()} of {len(right)} questions to the right team")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
