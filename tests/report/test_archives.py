"""Pages of real suites: what the first screen says is what the JSON document says, and the page stays small."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli.test_commands import jevons
from report.test_html import Parsed

from jevons.report.document import Range
from jevons.report.numbers import between

for extra in ("jinja2", "duckdb", "scipy"):
    pytest.importorskip(extra, reason="a whole page needs the extra report")


@pytest.mark.slow
@pytest.mark.parametrize("suite", ["pydantic+pydantic-ai", "crewAIInc+crewAI"])
def test_first_screen_is_true(suite: str, shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    scanned = jevons(tmp_path, "scan", str(shared_data / "suites" / f"{suite}.tar.zst"))
    assert scanned.returncode == 0, scanned.stderr
    for form, file in (("html", "page.html"), ("json", "page.json")):
        done = jevons(tmp_path, "report", "--format", form, "-o", file)
        assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text("utf-8")
    told = json.loads((tmp_path / "page.json").read_text("utf-8"))
    text = " ".join(Parsed(page).text.split())
    first = text[: text.index("Where it goes By")]
    counts = told["counts"]
    assert counts["calls"] == counts["recorded"] > 1_000
    for shown in (
        f"{counts['calls']:,} calls: all found in recordings, {counts['failed']:,} failed",
        f"{counts['input_tokens']:,} tokens in ({counts['cached_tokens']:,} cached), {counts['output_tokens']:,} out",
        f"{counts['repeats']:,} exact repeats",
        f"{told['tests']:,} tests",
    ):
        assert shown in first
    for name, unit in (("energy_wh", "Wh"), ("carbon_g", "g"), ("embodied_g", "g"), ("water_l", "L")):
        level = told["level"][name]
        ends = [level["low"]] * 3 if told["at_least"] else [level["low"], level["mid"], level["high"]]
        assert ("at least " * told["at_least"]) + between(Range(*ends), unit) in first
    assert len(told["advice"]) == 3
    for one in told["advice"]:
        assert one["what"] in first
        assert f"saves {one['saves']}" in first
        if one["calls"]:
            assert re.search(rf"\b{one['calls']:,} calls?\b", one["saves"])
    rows = sum(len(table["rows"]) for table in [told, *told["tables"]])
    assert page.count('<tr><th scope="row">') >= rows
    assert len(page.encode()) < 1_000 * max(rows, 1_000)
