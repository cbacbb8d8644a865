"""`jevons.scan`: what `jevons scan` counts, as calls; the ledger is written only where it is asked for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import jevons
from jevons.cli import cli

EXAMPLE = Path(__file__).parents[2] / "examples" / "places" / "calls.har"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "recordings").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "recordings")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_counts_what_the_command_counts(folder: Path) -> None:
    told = json.loads(CliRunner().invoke(cli, ["scan", "recordings", "--format", "json", "--no-save"]).output)
    found = jevons.scan("recordings")
    assert len(found.calls) == found.found.calls == told["calls"] == 8
    rows = {(row["provider"], row["model"]): row["input_tokens"] for row in told["models"]}
    assert {key: row.input_tokens for key, row in found.found.rows.items()} == rows
    assert sum(cell.sums.calls for cell in found.cells(by="file")) == 8
    assert found.footprint().mode == "recorded"
    assert found.footprint().energy_wh.ends == pytest.approx(jevons.footprint(found.calls).energy_wh.ends)
    assert not found.saved
    assert not (folder / ".jevons").exists()


def test_saved_it_is_the_ledgers_and_takes_the_place_of_the_scan_before(folder: Path) -> None:
    for _ in range(2):
        found = jevons.scan([folder / "recordings"], save=True)
        assert found.saved
        ledger = jevons.Ledger(folder)
        assert [run.id for run in ledger.runs] == [found.run.id]
        assert ledger.footprint().energy_wh.ends == pytest.approx(found.footprint().energy_wh.ends)
    assert sum(cell.sums.calls for cell in jevons.Ledger(folder).cells()) == 8


def test_a_path_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere is not there"):
        jevons.scan("nowhere")
