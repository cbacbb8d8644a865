"""`jevons report --places` and the worked example: three providers' calls, with no key and no network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command import jevons

EXAMPLE = Path(__file__).parents[2] / "examples" / "places"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("places") / "example"
    shutil.copytree(EXAMPLE, folder)
    assert jevons(folder, "scan", "calls.har").returncode == 0
    return folder


def test_the_example_shows_where_three_providers_calls_ran(project: Path) -> None:
    done = jevons(project, "report", "--places", "--format", "json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["schema"], made["mode"], made["calls"]) == ("jevons.places/1", "recorded", 8)
    by = {(provider, place["status"]) for place in made["places"] for provider in place["providers"]}
    assert by == {
        ("openai", "assumed"), ("openai", "known"), ("anthropic", "unknown"), ("anthropic", "known"),
        ("aws.bedrock", "known"), ("aws.bedrock", "assumed"), ("gcp.gemini", "unknown"), ("gcp.vertex_ai", "known"),
    }  # fmt: skip
    assert [one["calls"] for one in made["by_status"]] == [4, 2, 2]
    assert {one["site"] for one in made["deals"]} >= {"AWS New Carlisle", "Google", "Virginia, data-centre exemption"}


def test_text_and_markdown_and_no_csv(project: Path) -> None:
    shown = jevons(project, "report", "--places").stdout
    assert "by calls   known 4 (50 %), assumed 2 (25 %), unknown 2 (25 %)" in shown
    assert max(map(len, shown.splitlines())) <= 80
    jevons(project, "report", "--places", "--format", "markdown", "-o", "places.md")
    assert (project / "places.md").read_text(encoding="utf-8").startswith("### Where the calls ran\n")
    refused = jevons(project, "report", "--places", "--format", "csv")
    assert refused.returncode == 2
    assert "text, json or markdown" in refused.stderr


def test_sites_of_ones_own(project: Path) -> None:
    settings = project / "pyproject.toml"
    settings.write_text('[tool.jevons]\nsites = ["sites.csv"]\n', encoding="utf-8")
    told = jevons(project, "explain", "Our region's data centre")
    assert told.returncode == 0, told.stderr
    assert "2.5 million USD = subsidy_usd / jobs_promised" in " ".join(told.stdout.replace("│", " ").split())
    rows = (project / "sites.csv").read_text(encoding="utf-8").replace("USD,", "EUR,", 1)
    (project / "wrong.csv").write_text(rows, encoding="utf-8")
    settings.write_text('[tool.jevons]\nsites = ["wrong.csv"]\n', encoding="utf-8")
    for command in (("report", "--places"), ("explain", "total")):
        failed = jevons(project, *command)
        assert failed.returncode == 2
        assert "wrong.csv, row 2: unit 'EUR'; subsidy_usd is in 'USD': convert it" in failed.stderr
        assert "Traceback" not in failed.stderr
