"""How long a page takes to open in a real Chromium, with JavaScript and without.

    python benchmarks/pages.py [PAGE.html ...] [--tests 1000 10000] [--times 7]

Without files, pages of made-up suites of so many tests are opened. `seen` is the first paint with something on it,
`usable` when the document is parsed and its script has run, `loaded` the end of loading, all on the wall clock, from
the start of navigation; `busy` is processor time of the page's thread until then, which other processes do not
lengthen. Medians; needs the group ``browser`` and a Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from figures import machine

MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")


def made(tests: int, folder: Path) -> Path:
    """A page of so many tests in 300 modules, that ask three models from 40 files."""
    from jevons.ledger.recorded import of_calls
    from jevons.record import Call, Run
    from jevons.report.build import build
    from jevons.report.complete import tables_of
    from jevons.report.render import render

    calls = [
        Call(
            id=str(n), run="r", provider="openai", model=MODELS[n % 3], usage="reported", status=200,
            test=f"tests/unit/test_module_{n % 300}.py::TestAnswers::test_answers_question_number_{n}",
            file=f"src/app_{n % 40}.py", input_tokens=100 + n * 7 % 5_000, output_tokens=100 + n % 900,
        )
        for n in range(tests)
    ]  # fmt: skip
    runs = [of_calls(Run(id="r", project="made up"), calls)]
    document = build(runs)
    document.tables = tables_of(document, runs)
    file = folder / f"{tests}.html"
    file.write_text(render(document, "html"), encoding="utf-8")
    return file


def opened(browser: Any, file: Path, script: bool) -> list[float]:
    """(seen, usable, loaded, busy) in ms, of one opening in a context of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=script, offline=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(file.as_uri())
    page.wait_for_timeout(100)  # for the paint, where loading was quicker
    seen, usable, loaded = page.evaluate(
        "() => { const of = performance.getEntriesByType('navigation')[0];"
        " return [performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,"
        " of.domContentLoadedEventEnd, of.loadEventEnd]; }"
    )
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    context.close()
    return [seen, usable, loaded, told["TaskDuration"] * 1_000]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("pages", nargs="*", type=Path)
    asked.add_argument("--tests", nargs="*", type=int, default=[1_000, 10_000])
    asked.add_argument("--times", type=int, default=7)
    given = asked.parse_args()
    from playwright.sync_api import sync_playwright

    program = os.environ.get("JEVONS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    print(machine())
    print("\n| page | kB | JavaScript | seen, ms | usable, ms | loaded, ms | busy, ms |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for file in given.pages or [made(tests, Path(folder)) for tests in given.tests]:
            for script in (True, False):
                times = [opened(browser, file.resolve(), script) for _ in range(given.times)]
                medians = " | ".join(f"{statistics.median(one):,.0f}" for one in zip(*times, strict=True))
                name, size = f"{file.resolve().parent.name}/{file.stem}", f"{file.stat().st_size / 1_000:,.0f}"
                print(f"| {name} | {size} | {'yes' if script else 'no'} | {medians} |")
        browser.close()


if __name__ == "__main__":
    main()
