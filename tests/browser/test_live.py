"""`jevons report --live` as people use it: from all projects down to a test, while a run goes on, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser.test_page import DESKTOP, PHONE, axe, until
from report.whole import START_US, record
from server.shown import Shown, showing

from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run

__all__ = ["axe"]
NUMBERS = range(30)
LATEST = "20261106T090000-000009"


class Going:
    """A run that goes on: every call is one more line of its spool."""

    def __init__(self, folder: Path, project: str = "y") -> None:
        self.spool = Spool(Home(folder / ".jevons"), LATEST)
        self.begun = START_US + 9 * 3_600_000_000
        self.run = Run(id=LATEST, project=project, started_us=self.begun)
        self.spool(self.run)
        self.calls = 0
        for number in NUMBERS:
            self.asks(f"tests/test_{number % 4}.py::test_answers_question_number_{number}", 500 + number)

    def asks(self, test: str, tokens: int) -> None:
        self.calls += 1
        self.spool(
            Call(
                id=str(self.calls), run=LATEST, index=self.calls, provider="openai", model="gpt-4o", test=test,
                usage="reported", status=200, input_tokens=tokens, output_tokens=10,
                started_us=self.begun + self.calls * 1_000, duration_us=10,
            )
        )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(tmp_path, 1, ["t.py::a", "t.py::b"])
    record(tmp_path, 2, ["t.py::a", "t.py::b", "t.py::<script>document.title='bad'</script>"])
    return tmp_path


@pytest.fixture
def going(folder: Path) -> Going:
    return Going(folder)


@pytest.fixture
def shown(going: Going, folder: Path) -> Iterator[Shown]:
    with showing(folder) as made:
        yield made


@contextmanager
def visiting(
    chromium: Any, shown: Shown, path: str, *, clock: bool = False, missing: bool = False, **more: Any
) -> Iterator[Any]:
    """A page in a context of its own. What it asks of others, and an error on it, is a failure. With `clock`, time
    stands still but where a test lets it run. `missing`: there is no such page, which the console tells."""
    expected = "404" if missing else "ERR_CONNECTION_REFUSED"
    context = chromium.new_context(**{"viewport": DESKTOP, **more})
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda one: wrong.append(one.url) if not one.url.startswith(shown.url) else None)
    page.on("console", lambda one: wrong.append(one.text) if expected not in one.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    if clock:
        page.clock.install()
    page.goto(shown.url + path)
    yield page
    context.close()
    assert not wrong


def texts(page: Any) -> list[str]:
    every = page.locator("h1, h2, h3, caption, td, th, main p, dd, footer li, .trail li").all_inner_texts()
    return [" ".join(one.replace("↕", "").split()) for one in every]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/", f"/r/{LATEST}", "/p/x/2020"])
def test_axe_finds_no_violation(chromium: Any, shown: Shown, axe: str, path: str) -> None:
    with visiting(chromium, shown, path, bypass_csp=True, missing=path == "/p/x/2020") as page:
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        page.evaluate(axe)
        for viewport in (PHONE, DESKTOP):
            page.set_viewport_size(viewport)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
            for scheme in ("light", "dark"):  # which changes colours alone
                page.emulate_media(color_scheme=scheme)
                rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if scheme == "dark" else {}
                found = page.evaluate("(rules) => axe.run(rules)", rules)
                told = [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
                assert not told, (viewport, scheme)
                assert any(one["id"] == "color-contrast" for one in found["passes"])


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_from_all_projects_down_to_a_test_by_keyboard_alone(chromium: Any, shown: Shown, script: bool) -> None:
    with visiting(chromium, shown, "/", java_script_enabled=script) as page:
        for address in ("/p/x", "/p/x/2026Q4", "/p/x/2026-11", "/p/x/2026-11-06", "/r/20261106T020000-000002", "/t/"):
            reach(page, f"main th a[href*='{address}']", script)
            page.keyboard.press("Enter")
            page.wait_for_url(lambda url, address=address: address in url)
        assert page.locator(".trail li").count() == 7
        assert page.locator(".trail [aria-current]").inner_text() in page.locator("header p").first.inner_text()
        reach(page, ".trail a[href='/p/x/2026Q4']", script)
        page.keyboard.press("Enter")
        page.wait_for_url("**/p/x/2026Q4")


def reach(page: Any, selector: str, script: bool) -> None:
    """Press Tab until a link has the focus; without JavaScript, a page tells of its focus by style alone."""
    if script:
        page.wait_for_function("document.documentElement.classList.contains('early') === false")
        until(page, selector)
        return
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def test_nothing_is_missing_without_javascript_but_that_pages_change_by_themselves(
    chromium: Any, shown: Shown, going: Going
) -> None:
    path = f"/r/{LATEST}"
    with visiting(chromium, shown, path, clock=True) as page:
        with_it = texts(page)
    with visiting(chromium, shown, path, java_script_enabled=False) as page:
        assert texts(page) == with_it
        assert "A run goes on" in page.locator(".live").inner_text()
        going.asks("tests/new.py::test_that_came_later", 100)
        shown.until(path, lambda body: "test_that_came_later" in body)
        page.get_by_text("Read the ledger again").click()
        page.get_by_text("test_that_came_later").first.wait_for()


def test_what_came_is_shown_and_what_was_done_stays(chromium: Any, shown: Shown, going: Going) -> None:
    """Sorted, filtered, opened, scrolled and with the focus where it was."""
    with visiting(chromium, shown, f"/r/{LATEST}", clock=True) as page:
        table = page.locator("table.rows").first
        until(page, "table.rows th:nth-child(3) button")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.locator("input[type=search]").first.fill("number_1")
        page.locator(".derivation > summary").first.click()
        row = table.locator("tbody tr").filter(has=page.locator("th", has_text="question_number_11"))
        row.locator("summary").click()
        row.locator("summary").focus()
        before = page.evaluate("scrollY")
        assert before > 0
        going.asks("tests/test_3.py::test_answers_question_number_11", 5_000)
        going.asks("tests/new.py::number_1_that_came_later", 100)
        shown.until(f"/r/{LATEST}", lambda body: "number_1_that_came_later" in body)
        page.clock.run_for(6_000)
        page.locator(".numbers dd", has_text="32").first.wait_for()
        assert table.locator("tbody tr th").all_inner_texts() == [
            "tests/new.py::number_1_that_came_later",
            *(f"tests/test_{n % 4}.py::test_answers_question_number_{n}" for n in (1, 10, *range(12, 20), 11)),
        ]
        assert page.locator("table.rows th:nth-child(3)").first.get_attribute("aria-sort") == "ascending"
        assert "12 of 31 fit" in page.locator(".filter").first.inner_text()
        assert row.locator("details").get_attribute("open") is not None
        assert "5,531" in row.inner_text()
        assert page.locator(".derivation").first.get_attribute("open") is not None
        assert page.evaluate("scrollY") == before
        assert page.evaluate("document.activeElement.closest('tr')?.textContent.includes('number_11')")
        assert "32 calls so far" in page.locator(".live").inner_text()
        going.spool(Run(id=LATEST, project="y", started_us=going.begun, ended_us=going.begun + 10_000_000))
        shown.until(f"/r/{LATEST}", lambda body: "No run goes on here" in body)
        page.clock.run_for(60_000)
        page.get_by_text("No run goes on here").wait_for()


def test_the_first_run_is_shown_by_itself(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / ".jevons").mkdir()
    with showing(tmp_path) as shown, visiting(chromium, shown, "/", clock=True) as page:
        assert "Nothing is recorded yet" in page.locator("main").inner_text()
        Going(tmp_path)
        shown.until("/", lambda body: "Where it goes" in body)
        page.clock.run_for(3_000)
        page.get_by_role("heading", name="Where it goes").wait_for()
        assert page.locator("table.rows thead button").count() > 0


def test_paused_it_asks_for_nothing(chromium: Any, shown: Shown, going: Going) -> None:
    with visiting(chromium, shown, f"/r/{LATEST}", clock=True) as page:
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        until(page, ".pause")
        page.keyboard.press("Enter")
        assert page.locator(".pause").inner_text() == "Go on"
        going.asks("tests/new.py::test_that_came_later", 100)
        shown.until(f"/r/{LATEST}", lambda body: "test_that_came_later" in body)
        page.clock.run_for(600_000)
        assert not asked
        page.keyboard.press("Enter")
        page.get_by_text("test_that_came_later").first.wait_for()
        assert len(asked) == 1


def test_a_server_that_ended_is_told(chromium: Any, shown: Shown) -> None:
    with visiting(chromium, shown, "/", clock=True) as page:
        figures = texts(page)
        assert shown.stop() == 0
        page.clock.run_for(6_000)
        page.get_by_role("status").filter(has_text="jevons no longer answers").wait_for()
        assert texts(page) == figures
