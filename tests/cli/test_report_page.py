"""`jevons report` as a page and as the document behind it: processes of their own, over a ledger of two runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import jevons
from report.whole import record

SCENARIOS = Path(__file__).resolve().parents[2] / "examples" / "scenarios"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(tmp_path, 1, ["t.py::a", "t.py::b"])
    record(tmp_path, 2, ["t.py::a", "t.py::b", "t.py::c"])
    return tmp_path


@pytest.mark.slow
def test_a_page_beside_the_run_before(project: Path) -> None:
    for extra in ("jinja2", "scipy", "duckdb"):
        pytest.importorskip(extra, reason="a whole page needs the extra report")
    done = jevons(project, "report", "--format", "html", "-o", "page.html")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    page = (project / "page.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert "Beside run 20261106T010000-000001" in page
    told = json.loads(jevons(project, "report", "--format", "json").stdout)
    assert told["change"]["after"]["calls"] == 3
    assert told["change"]["before"]["calls"] == 2
    first = json.loads(jevons(project, "report", "--run", "20261106T01", "--format", "json").stdout)
    assert first["change"] is None
    assert first["left_out"]["change"].startswith("nothing to compare with")
    against = json.loads(
        jevons(project, "report", "--run", "20261106T01", "--against", "latest", "--format", "json").stdout
    )
    assert against["change"]["before"]["calls"] == 3


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["--against", "latest", "--format", "json"], "name the same runs"),
        (["--against", "latest"], "jevons compare latest latest says it in text"),
        (["--places", "--format", "html"], "--places as text, json or markdown"),
    ],
)
def test_what_cannot_be_done_says_why(project: Path, asked: list[str], why: str) -> None:
    done = jevons(project, "report", *asked)
    assert done.returncode == 2
    assert why in done.stderr


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["weigh", str(SCENARIOS / "writers-equal.toml")], "What decides, and what would turn it"),
        (["shelf", "list"], "Models as assets"),
        (["shelf", "show", "bloom"], "50.53 t CO2e"),
    ],
    ids=["weigh", "shelf list", "shelf show"],
)
def test_scenarios_and_the_shelf_are_pages_too(project: Path, asked: list[str], says: str) -> None:
    for extra in ("jinja2", "scipy"):
        pytest.importorskip(extra, reason="pages need the extra report")
    done = jevons(project, *asked, "--format", "html", "-o", "page.html")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    page = (project / "page.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert says in page
    told = jevons(project, *asked, "--format", "json", "-o", "page.json")
    assert (told.returncode, told.stdout) == (0, ""), told.stderr
    document = json.loads((project / "page.json").read_text("utf-8"))
    assert document["schema"] in page
