"""The page on places: it fits, nothing unknown reads as zero, and every number in brackets is a source."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from jevons.factors.sites import Indicator, Site, shipped
from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run
from jevons.report.bounds import PERCENT, TINY, USD, bounded
from jevons.report.places import markdown, text
from jevons.report.site import derivation
from jevons.weigh.society.jobs import Ratio
from jevons.weigh.society.places import Society, places


def society(*wheres: tuple[str, str], usage: str = "reported") -> Society:
    tokens = 600 if usage == "reported" else None
    calls = [
        Call(
            id=str(number), run="r", provider=provider, region=region, model="gpt-4o", usage=usage, status=200,
            input_tokens=tokens, output_tokens=tokens, started_us=1_790_000_000_000_000,
        )
        for number, (provider, region) in enumerate(wheres)
    ]  # fmt: skip
    return places([of_calls(Run(id="r"), calls)])


WHERES = (("openai", ""), ("openai", "eu"), ("aws.bedrock", "us-east-1"), ("gcp.gemini", ""), ("anthropic", ""))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_too_long(width: int) -> None:
    shown = text(society(*WHERES), width)
    assert max(map(cell_len, shown.splitlines())) <= width


def test_every_source_that_is_named_is_listed() -> None:
    for shown in (text(society(*WHERES)), markdown(society(*WHERES)).replace("&#91;", "[").replace("&#93;", "]")):
        before, _, after = shown.partition("\nSources\n") if "\nSources\n" in shown else shown.partition("**Sources**")
        named = set(re.findall(r"\[(\d+)\]", before))
        assert named == set(re.findall(r"\[(\d+)\]", after)) == {str(n + 1) for n in range(len(named))}
        assert len(named) > 10
    assert after.count("http") >= len(named)


def test_what_is_unknown_reads_as_unknown() -> None:
    shown = text(society(("anthropic", "us"), usage="unknown"))
    assert "energy     unknown, unknown of all" in shown
    assert "water      unknown" in shown
    assert "0 Wh" not in shown
    assert "0 L" not in shown


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_name_steers_a_terminal_or_becomes_markup(provider: str, region: str) -> None:
    made = society((provider, region), ("openai", ""))
    for shown in (text(made), markdown(made)):
        assert not any(sign in shown for sign in "\x1b\x07\x08\r\u202e\u2066")
    assert "<script" not in markdown(society(("<script>", "")))


def ratio(low: float | None, value: float | None, high: float | None) -> Ratio:
    return Ratio(low=low, value=value, high=high, unit="", formula="")


@pytest.mark.parametrize(
    ("figure", "steps", "words"),
    [
        (ratio(None, None, None), USD, "unknown"),
        (ratio(5e5, 5e5, 5e5), USD, "500,000 USD"),
        (ratio(1.9e6, 1.9e6, None), USD, "at least 1.9 million USD"),
        (ratio(None, 1.95e6, 2.5e6), USD, "1.95 (at most 2.5) million USD"),
        (ratio(1e9, 2e9, 4e9), USD, "2 (1 to 4) billion USD"),
        (ratio(None, None, 0.15), PERCENT, "at most 15 %"),
        (ratio(0.1, None, 0.15), PERCENT, "at least 10 and at most 15 %"),
        (ratio(3e-13, None, None), TINY, "at least 300 per quadrillion"),
        (ratio(0.0, 0.0, 0.0), PERCENT, "0 %"),
        (ratio(None, 0.5, None), PERCENT, "about 50 %"),
    ],
)
def test_bounds_in_words(figure: Ratio, steps: tuple[tuple[float, str], ...], words: str) -> None:
    assert bounded(figure, steps) == words


def test_a_derivation_holds_every_indicator_and_ends_in_sources() -> None:
    def told(site: Site) -> list[str]:
        return [leaf.what for leaf in derivation(site).leaves()]

    for site in shipped():
        assert all(leaf.source and leaf.licence for leaf in derivation(site).leaves())
        for one in site.indicators:
            assert any(line.startswith(f"{one.name}, {one.year}: ") for line in told(site))
    assert isinstance(shipped()[0].indicators[0], Indicator)
