"""The page as people see and use it: by eye, by keyboard, without JavaScript, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run
from jevons.report.build import build
from jevons.report.render import render

KINDS = ("report", "scenario", "train or reuse", "shelf", "card")
ALIKE = ".calls tbody tr:nth-child(n+8)"
"""Rows that are as those before them: of thousands the first are looked at."""
OPEN = f"document.querySelectorAll('main details:not({ALIKE} details)').forEach((one) => {{ one.open = true; }})"
"""All that folds."""
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@contextmanager
def opened(chromium: Any, file: Path, **more: Any) -> Iterator[Any]:
    """The page in a context of its own that reaches no network; a request or an error on it is a failure."""
    context = chromium.new_context(**{"viewport": DESKTOP, "offline": True, **more})
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda request: wrong.append(request.url) if request.url != file.as_uri() else None)
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert not wrong


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, as its package brings it."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is in group browser")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Any, axe: str) -> None:
    """None, by axe-core, on a phone and a desktop, light and dark."""
    page.evaluate(axe)
    for viewport in (PHONE, DESKTOP):
        page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):  # which changes colours alone
            page.emulate_media(color_scheme=scheme)
            rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if scheme == "dark" else {}
            found = page.evaluate("([alike, rules]) => axe.run({exclude: [[alike]]}, rules)", [ALIKE, rules])
            told = [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
            assert not told, (viewport, scheme)
            assert len(found["passes"]) > 20 or rules
            assert any(one["id"] == "color-contrast" for one in found["passes"])


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_violation(chromium: Any, pages: dict[str, Path], axe: str, kind: str) -> None:
    with opened(chromium, pages[kind], bypass_csp=True) as page:
        page.evaluate(OPEN)
        violations(page, axe)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_missing_without_javascript(chromium: Any, pages: dict[str, Path], kind: str) -> None:
    def seen(**more: Any) -> list[str]:
        with opened(chromium, pages[kind], **more) as page:
            page.set_viewport_size(PHONE)
            on_phone = texts(page)
            page.set_viewport_size(DESKTOP)
            assert texts(page) == on_phone
            return on_phone

    def texts(page: Any) -> list[str]:
        every = page.locator("h1, h2, h3, h4, caption, td, th, p, dd, li").all_inner_texts()
        return [" ".join(one.replace("↕", "").split()) for one in every]

    without = seen(java_script_enabled=False)
    assert seen() == without
    assert "Notes" in without


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_never_wider_than_its_screen(chromium: Any, pages: dict[str, Path], kind: str) -> None:
    with opened(chromium, pages[kind]) as page:
        for viewport in ({"width": 320, "height": 600}, PHONE, DESKTOP):
            page.set_viewport_size(viewport)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def names(page: Any) -> list[str]:
    """Of the rows by test that are shown."""
    shown: list[str] = page.locator(".where").first.locator("tbody tr:visible th").all_inner_texts()
    return shown


def until(page: Any, selector: str, key: str = "Tab") -> None:
    """Press a key until what has the focus is `selector`, as somebody without a mouse does."""
    for _ in range(60):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} is not reached by {key}")


def test_by_keyboard_alone(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as page:
        until(page, ".rough .derivation > summary")
        page.keyboard.press("Enter")
        assert "GPU" in page.locator(".rough .derivation").first.inner_text()
        until(page, "input[type=search]")
        page.keyboard.type("test_1 number_13")
        assert [one for one in names(page) if "number_13" in one] == names(page)
        assert "1 of 31 fit" in page.locator(".filter").first.inner_text()
        page.keyboard.press("Escape")
        assert len(names(page)) == 31
        until(page, "table.rows th:nth-child(3) button")
        page.keyboard.press("Enter")
        column = page.locator("table.rows").first.locator("tbody tr td:nth-child(3)")
        falling = [int(one.replace(",", "")) for one in column.all_inner_texts()]
        assert falling == sorted(falling, reverse=True)
        page.keyboard.press("Enter")
        assert column.all_inner_texts()[0] == f"{falling[-1]:,}"
        head = page.locator("table.rows").first.locator("th:nth-child(3)")
        assert head.get_attribute("aria-sort") == "ascending"
        until(page, "table.rows td summary")
        page.keyboard.press("Enter")
        assert "calls of gpt-4o-mini" in page.locator("table.rows td details[open]").first.inner_text()


def test_the_shelf_by_keyboard_alone(chromium: Any, pages: dict[str, Path]) -> None:
    with opened(chromium, pages["shelf"]) as page:
        rows = page.locator("tbody tr")
        until(page, "input[type=search]")
        page.keyboard.type("llama 70b")
        assert rows.count() == 3
        page.keyboard.press("Escape")
        until(page, "th:nth-child(2) button")
        page.keyboard.press("Enter")
        first, *_, last = rows.all_inner_texts()
        assert "Llama-3.1-405B" in first
        assert "unknown" in last.split("\t")[1]
        until(page, "th:nth-child(5) button")
        page.keyboard.press("Enter")
        assert rows.first.locator("td:nth-child(5)").inner_text() == "estimated"
        until(page, "tbody summary")
        page.keyboard.press("Enter")
        assert "jevons shelf show" in rows.first.locator("details[open]").inner_text()


def test_of_thousands_of_rows_the_heaviest_are_shown_then_all(chromium: Any, tmp_path: Path) -> None:
    calls = [
        Call(id=str(n), run="r", model="gpt-4o", test=f"t.py::test_{n}", usage="reported", status=200, input_tokens=n)
        for n in range(1, 2_001)
    ]
    file = tmp_path / "index.html"
    file.write_text(render(build([of_calls(Run(id="r"), calls)]), "html"), encoding="utf-8")
    with opened(chromium, file) as page:
        rows = page.locator("table.rows").first.locator("tbody tr")
        assert rows.count() == 200
        assert rows.first.inner_text().startswith("t.py::test_2000")
        until(page, "input[type=search]")
        page.keyboard.type("::test_7")
        assert "111 of 2,000 fit" in page.locator(".filter").inner_text()
        assert len(names(page)) == 111
        page.keyboard.press("Escape")
        page.locator(".more-rows").focus()
        page.keyboard.press("Enter")
        assert rows.count() == 2_000
        assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 201
    with opened(chromium, file, java_script_enabled=False) as page:
        assert len(names(page)) == 2_000
    with opened(chromium, file) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("table.rows").first.locator("tbody tr").count() == 2_000


def test_focus_is_seen(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as page:
        for selector in ("a.skip", "nav a", "button.theme", ".derivation > summary", "input[type=search]"):
            until(page, selector)
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", selector


def test_light_or_dark_as_the_system_or_as_chosen(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, color_scheme="dark") as page:
        paper = "getComputedStyle(document.body).backgroundColor"
        dark = page.evaluate(paper)
        until(page, "button.theme")
        page.keyboard.press("Enter")
        light = page.evaluate(paper)
        assert dark != light == "rgb(255, 255, 255)"
        page.reload()
        assert page.evaluate(paper) == light


def test_a_name_made_of_script_is_a_name(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as page:
        assert "what the AI" in page.title()
        assert page.locator("th", has_text="<script>").count() == 1


def test_on_paper_all_is_there_and_dark_is_not(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, color_scheme="dark") as page:
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator("table.rows").first.locator("tbody tr:visible").count() == 31
        assert not page.locator("button.theme").is_visible()
        page.set_viewport_size({"width": 718, "height": 1_000})  # A4 less its margins
        ends = page.evaluate("[...document.querySelectorAll('table')].map((one) => one.getBoundingClientRect().right)")
        assert max(ends) <= 718
        assert page.pdf(format="A4")[:4] == b"%PDF"
