"""The page: whole in itself, true to the document, harmless whatever a name is made of."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from report.test_build import calls
from report.whole import record, whole
from rich.cells import cell_len

from jevons.cut.burn import Burn, Day
from jevons.cut.caps import Verdict
from jevons.cut.gate import Outcome as Gate
from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run
from jevons.report import comparison
from jevons.report.build import build
from jevons.report.comparison import answer
from jevons.report.complete import tables_of
from jevons.report.document import Advice, Document
from jevons.report.explain import explain
from jevons.report.numbers import between
from jevons.report.places import markdown as places_md
from jevons.report.places import text as places_text
from jevons.report.render import FILES, render
from jevons.report.sentences import counted
from jevons.weigh.compare import Change, Counted, Driver, Outcome
from jevons.weigh.society.places import places

pytest.importorskip("jinja2", reason="the page needs jinja2: extra report")

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
NASTY = (
    "<script>alert(1)</script>", "</title><img src=x onerror=alert(1)>", "'\"><svg onload=alert(1)>", "{{7*7}}{%raw%}",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07", "\u202eevil\u2066", "=cmd|'/c calc'!A1", "a|b`c*d", "x" * 10_000,
    "<b>" * 3_000, "@octocat", "@org/team #1 GH-12", "＝1+1", "\ufffe\uffff\U0001f600",
    "]]><!--", "&lt;script&gt;", "\x00\ud800",
)  # fmt: skip


class Parsed(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._code = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._code = tag in ("script", "style")
        self.text += " " if tag in ("td", "th", "p", "li", "dt", "dd", "div") else ""

    def handle_endtag(self, tag: str) -> None:
        self._code = False

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.text += data


def named(name: str) -> Document:
    """A document in which everything that may be named bears the name."""
    facts = {"provider": "openai", "usage": "reported", "status": 200, "input_tokens": 1000, "output_tokens": 100}
    call = Call(id="1", run="r", model=name, test=name, file=name, role="judge", **facts)  # type: ignore[arg-type]
    other = Call(id="2", run="r", model="gpt-4o", test="t.py::other", region=name[:50], **facts)  # type: ignore[arg-type]
    run = Run(id=name, project=name, unseen=[name])
    document = build([of_calls(run, [call, other])], extra_notes=[name])
    document.tables = tables_of(document, [of_calls(run, [call, other])])
    document.derivations = explain([of_calls(run, [call, other])], name, "total").derivations
    document.places = places([of_calls(run, [call, other])], name=name)
    document.change = Outcome(
        before=Counted(name=name, amount=1.0), after=Counted(name=name, amount=2.0), figure="carbon_g", mode="live",
        per_run=Change(verdict="more", ratio=2.0, low=1.5, high=3.0), total=None, newcomers=[], leavers=[], moved=[],
        drivers=[Driver(name="grid", effect=1.0, ratio=2.0)], cancels=[name], remains=[name], notes=[name],
    )  # fmt: skip
    document.gate = Gate(
        run=name, exit_code=0, regressions=[], base="",
        caps=[Verdict(span="test", name=name, unit="calls", used=1, cap=2, coverage=1)],
    )  # fmt: skip
    document.burn = [
        Burn(
            span="month",
            name=name,
            unit="calls",
            cap=2,
            days=[Day("2026-11-02", 1)],
            first="2026-11-01",
            last="2026-11-30",
        )
    ]
    document.advice = [Advice(what=name, do=name, saves=name, calls=1, carbon=None, risk=name)]
    document.left_out = {"part": name}
    return document


def harmless(shown: str, most: int) -> None:
    assert not STEERING.search(shown)
    assert len(shown) < most


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=60) | st.sampled_from(NASTY))
@example("<script>alert(1)</script>")
@example("\u202e" * 5)
@example("@octocat of @org/team, see #1 and GH-12")
@example("\ufffe\uffff\U0001f600")
@example("\xdf")  # whose upper case is the code of South Sudan
def test_no_name_does_anything_in_any_rendering(name: str) -> None:
    document, plain = named(name), named("plain")
    page = render(document, "html")
    harmless(page, 300_000)
    made, without = Parsed(page), Parsed(render(plain, "html"))
    assert made.tags.count("script") == 2
    assert set(made.tags) <= set(without.tags)
    assert {one for one, _ in made.attributes} <= {one for one, _ in without.attributes}
    marked = render(document, "markdown")
    harmless(marked, 60_000)
    assert not re.search(r"<(?!/?sub>)", marked)
    shown = render(document, "term")
    harmless(shown, 60_000)
    assert max(map(cell_len, shown.splitlines())) <= 80  # columns: some signs take none, others two
    sheet = render(document, "csv")
    harmless(sheet, 50_000)
    assert not any(
        cell.startswith(tuple("=+-@＝＋－＠\t\r")) for row in csv.reader(io.StringIO(sheet)) for cell in row[:2]
    )
    assert not re.search(r"[@#][\w]|GH-\d", unescape(re.sub(r"&#(\d+);", read_by_a_forge, marked)), re.IGNORECASE)
    assert document.change is not None
    assert document.places is not None
    for page in (comparison.markdown(document.change), places_md(document.places)):
        harmless(page, 60_000)
        assert "<" not in page
    for shown in (comparison.text(document.change), places_text(document.places)):
        harmless(shown, 60_000)
    for form in ("junit", "badge"):  # well-formed, and no tag that a plain name has not
        made_of_xml, plain_xml = (render(one, form) for one in (document, plain))
        harmless(made_of_xml, 60_000)
        assert {one.tag for one in ElementTree.fromstring(made_of_xml).iter()} == {
            one.tag for one in ElementTree.fromstring(plain_xml).iter()
        }
    assert re.fullmatch(r"([a-z_]+=[\d.e+-]*\n)+", render(document, "dotenv"))
    assert render(document, "shields") == render(plain, "shields")


def read_by_a_forge(entity: re.Match[str]) -> str:
    return chr(int(entity[1]))


@settings(max_examples=40)
@given(st.lists(calls, min_size=1, max_size=12))
def test_every_rendering_shows_the_same_totals(made: list[Call]) -> None:
    document = build([of_calls(Run(id="r", project="p"), made)])
    told = json.loads(render(document, "json"))
    texts = {
        "html": " ".join(Parsed(render(document, "html")).text.split()),
        "term": " ".join(render(document, "term").split()),
        "markdown": " ".join(unescape(render(document, "markdown")).split()),
    }
    for line in counted(document):
        for form, text in texts.items():
            assert line in text, form
    counts = told["counts"]
    for form, text in texts.items():
        assert f"{counts['calls']:,} calls" in text, form
        assert f"{counts['input_tokens']:,} tokens in" in text, form
    if not document.at_least:
        for name, unit in (("energy_wh", "Wh"), ("carbon_g", "g"), ("embodied_g", "g"), ("water_l", "L")):
            for form, text in texts.items():
                assert between(getattr(document.level, name), unit) in text, (form, name)
    lines = dict(line.split("=") for line in render(document, "dotenv").splitlines())
    assert int(lines["calls"]) == counts["calls"]
    assert int(lines["input_tokens"]) == counts["input_tokens"]
    assert lines["coverage"] == f"{told['coverage']:.4g}"
    if document.coverage:
        assert float(lines["energy_wh"]) == pytest.approx(told["level"]["energy_wh"]["mid"], rel=1e-5)
        assert float(lines["carbon_g_high"]) == pytest.approx(told["level"]["carbon_g"]["high"], rel=1e-5)
    cases = ElementTree.fromstring(render(document, "junit")).findall(".//testcase/properties/property")
    used = [float(one.get("value", "")) for one in cases if one.get("name") == "jevons.calls"]
    assert sum(used) == pytest.approx(counts["calls"], rel=1e-4)
    for form in ("badge", "shields"):
        assert f"{counts['calls']:,} call" in render(document, form)
    rows = list(csv.DictReader(io.StringIO(render(document, "csv"))))
    assert sum(float(row["calls"]) + float(row["shared_calls"]) for row in rows) == pytest.approx(counts["calls"])
    total = sum(float(row["energy_wh_mid"]) for row in rows)
    assert total == pytest.approx(told["level"]["energy_wh"]["mid"], rel=1e-9, abs=1e-15)


def test_a_lower_bound_reads_as_one() -> None:
    known = Call(id="1", run="r", model="gpt-4o", usage="reported", status=200, input_tokens=900, output_tokens=90)
    unknown = Call(id="2", run="r", model="gpt-4o", usage="unknown", status=200)
    document = build([of_calls(Run(id="r"), [known, unknown])])
    text = Parsed(render(document, "html")).text
    assert text.count("at least") >= 4
    assert "figures for 50 % of calls" in text
    low = document.level.energy_wh.low
    assert f"at least {between(type(document.level.energy_wh)(low, low, low), 'Wh')}" in text


@pytest.mark.parametrize("modes", [("live", "replayed"), ("replayed",)])
def test_what_replays_avoided_is_derived_apart_from_what_was_spent(modes: tuple[str, ...]) -> None:
    facts = {"run": "r", "model": "gpt-4o", "usage": "reported", "status": 200, "output_tokens": 90}
    made = [Call(id=mode, mode=mode, input_tokens=len(mode) * 100, **facts) for mode in modes]  # type: ignore[arg-type]
    run = of_calls(Run(id="r"), made)
    document = build([run])
    document.derivations = explain([run], "r", "total").derivations
    text = Parsed(render(document, "html")).text
    spent, said, avoided = text.partition("Avoided by 1 replayed call")
    assert said
    assert "800 input tokens read" in avoided
    assert "400 input tokens read" not in avoided
    assert "800 input tokens read" not in spent
    assert ("400 input tokens read" in spent) == ("live" in modes)


def test_first_screen_says_what_the_document_says(tmp_path: Path) -> None:
    for extra in ("scipy", "duckdb"):
        pytest.importorskip(extra, reason="changes and plans need the extra report")
    (tmp_path / "pyproject.toml").write_text("[tool.jevons.budget]\nrun = {calls = 2}\nmonth = {calls = 9}\n")
    record(tmp_path, 1, ["t.py::a", "t.py::b"])
    record(tmp_path, 2, ["t.py::a", "t.py::b", "u.py::c"])
    document = whole(tmp_path)
    text = " ".join(Parsed(render(document, "html")).text.split())
    change = document.change
    assert change is not None
    assert change.per_run is not None
    assert answer(change.per_run, "carbon_g", change.remains) in text
    assert document.advice
    for one in document.advice:
        assert one.what in text
        assert f"saves {one.saves}" in text
        assert one.do in text
    assert "calls of the run 3 2 exceeded" in text
    assert "calls of the month 2026-11: what is left of 9" in text
    assert "56 % of the cap is used by 2026-11-06, with 20 % of the month gone" in text
    assert "2026-11-06: 5 used so far, 4 left" in text
    steps = re.search(r"From run .*?before (.*?) after", text)
    assert steps is not None
    assert "calls per run +" in steps[1]


def test_lighter_per_run_and_heavier_in_total_is_said_so(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="changes need the extra report")
    (tmp_path / "pyproject.toml").write_text("")
    record(tmp_path, 1, [f"t.py::{n}" for n in range(10)])
    for number in range(2, 6):
        record(tmp_path, number, [f"t.py::{n}" for n in range(6)])
    from jevons.ledger.home import Home
    from jevons.ledger.read import runs
    from jevons.ledger.recorded import recorded
    from jevons.ledger.spans import of_span, pick
    from jevons.weigh.compare import Party, compare

    home = Home(tmp_path / ".jevons")
    known = list(runs(home))
    sides = [[known[0]], known[1:]]
    parties = [
        Party(name, [one for one in recorded(of_span(home, pick(known, "2026"))) if one.run in side])
        for name, side in zip(("before", "after"), sides, strict=True)
    ]
    document = whole(tmp_path)
    document.change = compare(*parties)
    assert "lighter per run, heavier in total" in Parsed(render(document, "html")).text


def test_the_page_is_whole_in_itself(tmp_path: Path) -> None:
    record(tmp_path, 1, [f"tests/test_{n % 30}.py::test_answers_question_number_{n}" for n in range(1_000)])
    page = render(whole(tmp_path), "html")
    assert len(page.encode()) < 1_000_000
    made = Parsed(page)
    links = [value for name, value in made.attributes if name in ("href", "src", "srcset", "action", "data")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert set(links) <= {f"#{value}" for name, value in made.attributes if name == "id"}
    assert not re.search(r"@import|url\(|https?://[^<]*\.(js|css|woff2?)", page)
    assert made.tags.count("script") == 2
    assert not any(name.startswith("on") or name == "style" for name, _ in made.attributes)
    ids = [value for name, value in made.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_pytest_writes_a_page_into_a_folder() -> None:
    from jevons.pytest_plugin.summary import parse_reports

    assert parse_reports(["html:out"], Path("/r")) == [("html", Path("/r/out/index.html"))]
    assert parse_reports(["html"], Path("/r")) == [("html", Path("/r") / FILES["html"])]
