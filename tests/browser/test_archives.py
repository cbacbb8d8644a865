"""Pages of real suites in a real Chromium: axe-core finds no violation, and what is folded up opens by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser.test_page import OPEN, opened, until, violations
from browser.test_page import axe as axe
from report.test_archives import SUITES, reported


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_a_real_suite(suite: str, chromium: Any, axe: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    reported(suite, tmp_path, request)
    with opened(chromium, tmp_path / "page.html", bypass_csp=True) as page:
        until(page, ".rough .derivation > summary")
        page.keyboard.press("Enter")
        until(page, "table.rows td summary")
        page.keyboard.press("Enter")
        assert page.locator(".calls details[open]").first.inner_text().strip()
        page.evaluate(OPEN)
        violations(page, axe)
