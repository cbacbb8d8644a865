"""`jevons.Ledger`: the same sums by every grouping, and the figures that the reports have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.test_compare import record
from click.testing import CliRunner

import jevons
from jevons.api.cells import BY, OF_RUN
from jevons.cli import cli
from jevons.footprint.rates import FIGURES
from jevons.ledger.cells import Sums
from jevons.ledger.spans import SpanError


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(folder, 1, 10, judges=4)
    record(folder, 2, 6, branch="less", judges=1)
    record(folder, 3, 5, branch="less", model="gpt-4o-mini", input_tokens=300_000)
    record(folder, 4, 3, mode="replayed")
    (folder / "src").mkdir()
    return folder


def sums(cells: jevons.api.Cells) -> dict[str, int]:
    return {name: sum(getattr(cell.sums, name) for cell in cells) for name in Sums.__struct_fields__}


@pytest.mark.parametrize("by", [(), *((name,) for name in BY), ("test", "role", "run"), ("day", "day")])
def test_every_grouping_adds_up_to_the_same(project: Path, by: tuple[str, ...]) -> None:
    ledger = jevons.Ledger(project)
    made = ledger.cells(by=by)
    assert sums(made) == sums(ledger.cells())
    assert sums(made)["calls"] == 29
    columns = made.columns()
    assert {len(column) for column in columns.values()} == {len(made)}
    assert set(made.by) <= columns.keys()
    assert len({(cell.key, cell.group) for cell in made}) == len(made)
    whole = ledger.footprint()
    live = [at for at, mode in enumerate(columns["mode"]) if mode == "live"]
    for figure in FIGURES:
        added = sum(columns[f"{figure}_mid"][at] for at in live)
        assert added == pytest.approx(getattr(whole, figure).mid)


def test_groups_are_those_of_the_runs_and_tests(project: Path) -> None:
    ledger = jevons.Ledger(project)
    by_branch = ledger.cells(by="branch").columns()
    calls = {}
    for branch, count in zip(by_branch["branch"], by_branch["calls"], strict=True):
        calls[branch] = calls.get(branch, 0) + count
    assert calls == {"main": 17, "less": 12}
    assert {cell.group for cell in ledger.cells("less", by=("role",))} == {("product",), ("judge",)}
    assert ledger.cells("less")[0] == next(iter(ledger.cells("less")))
    assert len(ledger.cells(by="run")[:2]) == 2
    assert set(OF_RUN) < set(BY)


@pytest.mark.parametrize("asked", ["latest", "main", "less", "2026"])
def test_figures_are_those_of_the_report(project: Path, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    report = json.loads(CliRunner().invoke(cli, ["report", "--run", asked, "--format", "json"]).output)
    made = jevons.Ledger(project).footprint(asked)
    for figure in FIGURES:
        assert list(getattr(made, figure).ends) == pytest.approx(list(report["level"][figure].values()))
    assert (made.mode, made.coverage, made.trust) == (report["mode"], report["coverage"], report["trust"])
    assert (made.calls, made.place, made.method) == (report["counts"]["live"], report["place"], report["method"])


def test_money_is_the_price_of_each_call(project: Path) -> None:
    """Prompts above a length at which prices change among them: 0.15 and 0.60 USD a million tokens, 2.50 and 10."""
    pytest.importorskip("genai_prices", reason="list prices: extra report")
    mini = 5 * (300_000 * 0.15 + 100 * 0.60) / 1e6
    large = 7 * (900 * 2.5 + 100 * 10) / 1e6
    assert jevons.Ledger(project).footprint("less").usd == pytest.approx(mini + large)


@pytest.mark.parametrize("path", [".", "src", ".jevons"])
def test_a_project_a_folder_in_it_and_its_ledger_are_the_same(project: Path, path: str) -> None:
    ledger = jevons.Ledger(project / path)
    assert ledger.path == (project / ".jevons").resolve()
    assert [run.branch for run in ledger.runs] == ["main", "less", "less", "main"]


def test_place_and_grid_are_the_users(project: Path) -> None:
    (project / "local").mkdir(exist_ok=True)
    average, margin = (jevons.Ledger(project, grid=grid).footprint("main") for grid in ("average", "operating"))
    assert margin.grid == "operating"
    assert margin.carbon_g.mid > average.carbon_g.mid  # of the world's clouds
    assert margin.energy_wh == average.energy_wh


def test_what_is_not_there_is_said_and_nothing_is_written(tmp_path: Path, project: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder"):
        jevons.Ledger(tmp_path / "nowhere")
    empty = jevons.Ledger(tmp_path)
    assert empty.runs == []
    assert "nothing is recorded yet" in str(empty)
    assert empty.footprint().calls == 0
    with pytest.raises(SpanError, match="nothing is recorded yet"):
        empty.cells("latest")
    with pytest.raises(ValueError, match="by owner: some of run, project"):
        jevons.Ledger(project).cells(by="owner")
    assert list(tmp_path.iterdir()) == []
