"""`jevons compact` as people use it: what every other command says stays the same, to the byte."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cli.test_commands import project, recorded
from command import jevons, process

pytest.importorskip("duckdb", reason="Parquet needs the extra report")
__all__ = ["project", "recorded"]

ASKED = [("report", "--format", "json"), ("cut", "--format", "json"), ("calls",)]


@pytest.mark.slow
def test_all_commands_say_the_same_before_and_after(recorded: Path) -> None:
    before = [jevons(recorded, *command).stdout for command in ASKED]
    waiting = jevons(recorded, "compact")
    assert "waiting:   1 spool files" in waiting.stdout
    done = jevons(recorded, "compact", "--quiet-for", "0", "--format", "json")
    assert done.returncode == 0
    made = json.loads(done.stdout)
    assert (made["schema"], made["spools"], made["events"], made["files"]) == ("jevons.compact/1", 1, 5, 1)
    for spool in (recorded / ".jevons" / "spool").iterdir():
        spool.unlink()  # as the next compaction does, later
    assert [jevons(recorded, *command).stdout for command in ASKED] == before
    assert len(list((recorded / ".jevons").rglob("*.parquet"))) == 1
    jevons(recorded, "purge", "--older-than", "10000", "--yes")
    assert len(list((recorded / ".jevons").rglob("*.parquet"))) == 1
    jevons(recorded, "purge", "--older-than", "1", "--yes")
    assert list((recorded / ".jevons").rglob("*.parquet")) == []


def test_what_cannot_be_done_is_said(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    for arguments, said in [
        (("--keep", "soon"), "name a number of days (90d)"),
        ((str(empty),), "holds no ledger"),
    ]:
        done = jevons(recorded, "compact", *arguments)
        assert done.returncode == 2
        assert said in done.stderr
    (recorded / ".jevons" / "parquet").mkdir()
    (recorded / ".jevons" / "parquet" / "manifest.json").write_text('{"files": 1}')
    done = jevons(recorded, "report")
    assert done.returncode == 2
    assert "manifest.json is broken, or of a newer jevons" in done.stderr


def test_without_duckdb_the_remedy_is_said(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A ledger with Parquet is never read as an empty one."""
    assert jevons(recorded, "compact", "--quiet-for", "0").returncode == 0
    hidden = tmp_path_factory.mktemp("hidden")
    (hidden / "duckdb.py").write_text("raise ImportError('not installed')\n")
    path = os.pathsep.join([str(hidden), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = process(recorded, "report", PYTHONPATH=path)
    assert done.returncode == 2
    assert done.stderr == "jevons: this ledger holds Parquet, which needs duckdb: pip install 'jevons[report]'\n"
