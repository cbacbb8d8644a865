"""`jevons cut --models` on results that others recorded: the right answer on all items, and few wrong ones on parts."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

np = pytest.importorskip("numpy", reason="choosing a model needs numpy: extra report")
pytest.importorskip("scipy", reason="footprints drawn together need scipy: extra report")

from jevons.cli import cli  # noqa: E402
from jevons.cut.models.judged import decide  # noqa: E402
from jevons.cut.verdict.family import confidence_of_each  # noqa: E402

GPT4, MIXTRAL = "gpt-4-1106-preview", "mistralai/Mixtral-8x7B-Instruct-v0.1"


def rows(file: Path) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@pytest.fixture(scope="module")
def route(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("route") / "route.csv"
    found = rows(shared_data / "evals" / "routellm_mmlu_gsm8k.csv.gz")
    lines = [f"{row['eval']} {row['item']},{row['system']},{row['correct']}" for row in found]
    path.write_text("item,model,pass\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("margin", "said"), [(0.01, "worse"), (0.02, "worse"), (0.05, "worse"), (0.1, "worse"), (0.15, "not worse")]
)
def test_two_models_of_routellm(route: Path, margin: float, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smaller one solves 13.3 points less of all 15,361 items."""
    monkeypatch.chdir(route.parent)
    pytest.importorskip("duckdb", reason="jevons cut needs duckdb: extra report")
    for estimand in ("rate", "list")[: 1 + (margin == 0.1)]:
        done = CliRunner().invoke(cli, [
            "cut", "--models", route.name, "--in-use", GPT4, "--margin", str(margin), "--estimand", estimand,
            "--format", "json",
        ])  # fmt: skip
        assert done.exit_code == 0, done.output
        made = json.loads(done.output)
        (one,) = made["models"]
        assert (one["items"], one["judged"]["said"]) == (15_361, said)
        assert one["judged"]["difference"] == pytest.approx(-0.1326, abs=5e-4)
        assert made["pick"] == (MIXTRAL if said == "not worse" else "")
        assert one["judged"]["enough"] < 15_361


@pytest.mark.slow
@pytest.mark.parametrize("size", [100, 800])
def test_decisions_on_parts_of_a_list_against_all_of_it(shared_data: Path, size: int) -> None:
    """BFCL: some models against one in use, all answers of a part right in 19 of 20 parts; at margins that all items
    just meet or just miss, too, which are hardest."""
    scores: dict[str, dict[str, float]] = {}
    for row in rows(shared_data / "evals" / "bfcl_per_item.csv.gz"):
        if row["date"] == "2024-08-11" and row["valid"]:
            scores.setdefault(row["system"], {})[f"{row['category']} {row['item']}"] = float(row["valid"])
    in_use = "gpt-4-0125-preview"
    names = [name for name in sorted(scores) if name != in_use][::18]
    items = sorted(set.intersection(*(set(scores[name]) for name in (in_use, *names))))
    array = {name: np.array([scores[name][item] for item in items]) for name in (in_use, *names)}
    truth = {name: array[name].mean() - array[in_use].mean() for name in names}
    alpha = 1 - confidence_of_each(0.95, len(names))
    draw, times, wrong, shown = np.random.default_rng(1), 40, Counter(), Counter()
    for _ in range(times):
        part = draw.permutation(len(items))[:size]
        for margin in (0.01, 0.05, "met", "missed"):
            bad = False
            for name in names:
                at = margin
                if isinstance(margin, str):
                    if truth[name] >= -1 / len(items):
                        continue
                    at = -truth[name] - (margin == "missed") / (2 * len(items))
                said, _ = decide((1 + array[name][part] - array[in_use][part]) / 2, at, alpha)
                right = "not worse" if truth[name] >= -at - 1e-9 else "worse"
                shown[margin] += said == right
                bad |= said not in (right, "not shown")
            wrong[margin] += bad
    limit = 0.05 + 3 * (0.05 * 0.95 / times) ** 0.5
    assert max(wrong.values()) / times <= limit
    assert sum(wrong.values()) / (4 * times) <= 0.05
    assert shown[0.05] > times * len(names) / 5  # and it does say something
