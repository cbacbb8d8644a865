"""Pages of scenarios and of the shelf: true to their documents, whole in themselves, harmless whatever a name is."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("jinja2", reason="pages need the extra report")
pytest.importorskip("scipy", reason="scenarios need the extra report")

from report.test_html import NASTY, Parsed, harmless
from weigh.test_scenario_examples import made as example

from jevons.report import html, shelf
from jevons.report.html.pages import amount
from jevons.report.scenario import MOST, UNITS, said, turns
from jevons.shelf.folder import seeds
from jevons.shelf.lineage import Family
from jevons.shelf.show import SHIPPED, Listed, Shown, listed, show
from jevons.weigh.scenario.document import Weighed
from jevons.weigh.scenario.over_time import Train

SCENARIOS = ("writers-equal", "rubric", "cheaper")
TERMS = {
    "indicator", "measure", "view", "order", "sign", "verdict", "shape", "schema", "unit", "id", "url", "how", "scope",
    "place", "grid", "first_use", "last_use", "retired", "relation", "rule", "role", "part",
}  # fmt: skip
"""Fields that hold our words or forms of their own, not people's."""


@cache
def cards() -> tuple[Family, dict[str, str]]:
    family = Family(seeds())
    return family, dict.fromkeys(family.cards, SHIPPED)


def shown(name: str) -> Shown:
    family, _ = cards()
    return show(family.cards[name], SHIPPED, family, {}, calls_a_day=1000.0)


def every() -> Listed:
    family, where = cards()
    return listed(family, where, "shelf")


def text(page: str) -> str:
    return " ".join(Parsed(page).text.split())


def same(line: str) -> str:
    return " ".join(line.split())


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_says_what_its_document_says(name: str) -> None:
    made = example(name)
    page = text(html.weighed(made))
    assert same(made.title) in page
    for view in made.views:
        for level in view.levels:
            assert same(level.title) in page
            assert level.figure is None or amount(level.figure, UNITS[made.measure]) in page
        for one in view.verdicts:
            assert same(said(one, made, view)) in page
            if view.claims and one.break_evens:
                assert same(turns(one.break_evens))[:500] in page
                assert all(part.what in page for part in one.decides[:MOST])
    for line in (*made.notes, *(one.source for one in made.inputs), *(one["source"] for one in made.factors)):
        assert same(line) in page
    if made.train is not None:
        assert same(made.train.recommendation) in page
        assert all(same(one.title) in page for one in made.train.candidates)


@pytest.mark.parametrize("name", ["bloom", "llama-3.1-8b", "olmo-7b", "gpt-3"])
def test_a_card_says_what_its_document_says(name: str) -> None:
    made = shown(name)
    page = text(html.shown(made))
    units = {"energy": "kWh", "carbon": "g", "water": "L"}
    for indicator, figure in made.totals.items():
        assert shelf.ranged(figure, units[indicator]) in page
    for row in made.rows:
        assert all(same(line) in page for line in (row.source, row.url, row.licence))
    for even in made.break_evens:
        assert shelf.one_side(even.training.amount, even.training.unit) in page
        assert same(even.training.boundary) in page
    assert made.life is None or shelf.one(made.life.shares[0].each.mid, made.life.unit, 3) in page
    assert all(same(str(one)) in page for one in made.findings)


def test_the_shelf_lists_every_card_and_what_is_unknown_is_not_zero() -> None:
    made = every()
    page = html.listed(made)
    assert page.count("<details><summary>") == len(made.cards)
    assert shelf.ranged(made.carbon_g, "g") in text(page)
    assert f"{made.silent} models say nothing" in text(page)
    [row] = re.findall(r"<tr [^>]*><th scope=\"row\"><details><summary>bigscience/bloom-3b<.*?</tr>", page, re.DOTALL)
    assert "25.63 MWh" in row
    assert '<td class="n">unknown</td>' in row


def whole(page: str) -> Parsed:
    made = Parsed(page)
    assert made.tags.count("script") == 2
    links = [value for name, value in made.attributes if name in ("href", "src", "srcset", "action", "data")]
    ids = [value for name, value in made.attributes if name == "id"]
    assert set(links) <= {f"#{one}" for one in ids}
    assert len(ids) == len(set(ids))
    assert not any(name.startswith("on") or name == "style" for name, _ in made.attributes)
    return made


def test_pages_are_whole_in_themselves() -> None:
    pages = [html.weighed(example(name)) for name in SCENARIOS] + [html.shown(shown("bloom")), html.listed(every())]
    for page in pages:
        whole(page)
        assert len(page) < 200_000


def renamed(of: Any, name: str, field: str = "") -> Any:
    """A document's plain values with `name` in place of every text that people may write."""
    if isinstance(of, dict):
        return {key: renamed(value, name, key) for key, value in of.items()}
    if isinstance(of, list):
        return [renamed(value, name, field) for value in of]
    return name if isinstance(of, str) and of and field not in TERMS else of


def plain(made: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(made))


def as_scenario(name: str) -> str:
    values = renamed(plain(example("cheaper")), name)
    of = values.pop("train")
    made = msgspec.convert(values, Weighed)
    made.train = msgspec.convert(of, Train)
    return html.weighed(made)


def as_card(name: str) -> str:
    return html.shown(msgspec.convert(renamed(plain(shown("bloom")), name[:500]), Shown))


def as_shelf(name: str) -> str:
    return html.listed(msgspec.convert(renamed(plain(every()), name), Listed))


NAMES = st.text(min_size=1, max_size=60) | st.sampled_from(NASTY).map(lambda name: name.replace("\ud800", ""))


@settings(max_examples=10)
@given(NAMES.filter(str.strip))
def test_no_name_does_anything_on_a_page(name: str) -> None:
    for render in (as_scenario, as_card, as_shelf):
        page = render(name)
        harmless(page, 1_000_000)
        made, without = whole(page), Parsed(render("plain"))
        assert set(made.tags) <= set(without.tags)
        assert {one for one, _ in made.attributes} <= {one for one, _ in without.attributes}
