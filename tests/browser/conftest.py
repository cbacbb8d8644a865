"""A real Chromium, with no network; skipped, saying so, where it or Playwright is missing (group ``browser``)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command import jevons
from report.whole import record, whole

from jevons.report.render import render

SCENARIOS = Path(__file__).resolve().parents[2] / "examples" / "scenarios"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="pages are looked at with playwright: group browser")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = os.environ.get("JEVONS_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium is installed (or name one in JEVONS_CHROMIUM)")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with all parts: a change, a plan, a cap, a name that is up to no good, more tests than fit a screen."""
    for extra in ("jinja2", "scipy", "duckdb"):
        pytest.importorskip(extra, reason="a page with all parts needs the extra report")
    folder = tmp_path_factory.mktemp("page")
    (folder / "pyproject.toml").write_text(
        "[tool.jevons.budget]\nrun = {calls = 40, tokens = 1}\nmonth = {calls = 50, carbon_g = 900}\n"
    )
    tests = [f"tests/test_{n % 4}.py::test_answers_question_number_{n}" for n in range(30)]
    record(folder, 1, tests)
    record(folder, 2, [*tests, "t.py::<script>document.title='bad'</script>"], model="gpt-4o-mini")
    document = whole(folder)
    assert not document.left_out
    assert len(document.burn) == 2
    file = folder / "index.html"
    file.write_text(render(document, "html"), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def pages(page_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of every kind, as the commands write them."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    asked = {
        "scenario": ("weigh", str(SCENARIOS / "writers-equal.toml")),
        "train or reuse": ("weigh", str(SCENARIOS / "cheaper.toml")),
        "shelf": ("shelf", "list"),
        "card": ("shelf", "show", "bloom"),
    }
    made = {"report": page_file}
    for name, command in asked.items():
        done = jevons(folder, *command, "--format", "html", "-o", f"{name}.html")
        assert done.returncode == 0, done.stderr
        made[name] = folder / f"{name}.html"
    return made
